"""Bytes to messages and back, and the handshakes as state tables. Pure."""

"""Who somebody is: Ed25519 keys, log-in signatures, and the servers one knows."""

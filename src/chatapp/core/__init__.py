"""The server's decisions. Pure: inputs and `now` in, effects out; nothing waits, reads a clock or draws a number."""

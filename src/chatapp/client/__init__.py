"""What every face shares: the conversation with the server and with peers, and the archive behind it."""

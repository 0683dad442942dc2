"""User interfaces. A face imports `client` and `model` only."""

"""Group chat for a network you own: a group is a log, a member is a cursor in it."""

__version__ = "0.1.0"

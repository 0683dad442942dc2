"""What everything else speaks of: messages, names, limits, errors, lines. Pure: no I/O, no clock, no randomness."""

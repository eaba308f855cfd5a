"""One time tokens."""

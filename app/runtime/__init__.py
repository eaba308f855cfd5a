"""Process state, units of work, and the type of a feature."""

"""State of a process, units of work (transactions), and types of the parts of a feature."""

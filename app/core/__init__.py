"""Code that no feature owns: settings, database, errors, logs, keys, and rate limits."""

"""Code that no feature owns: settings, database, errors, logs, keys, rate limits, mail."""

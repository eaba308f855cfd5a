"""What knows no feature: settings, database, errors, logs, keys, limits, mail."""

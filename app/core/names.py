"""Names of the service, from which all others derive."""

NAME = "plumbline"
"""Name in lower case, of the database file, metrics, keys and connections."""
TITLE = "Plumbline"
"""Name as people read it."""

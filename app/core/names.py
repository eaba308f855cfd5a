"""Names of the service, which everything derives from. `make new` replaces them."""

NAME = "plumbline"
"""Name in lower case, of the database file, metrics, keys and connections."""
TITLE = "Plumbline"
"""Name as people read it."""

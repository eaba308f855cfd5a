"""The queries. Only here are statements built."""

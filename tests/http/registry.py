"""Registry of the routes that belong to no feature."""

from tests.support.registry import Entry, Registry, public

registry = Registry({"GET /livez": Entry(public(200)), "GET /readyz": Entry(public(200))})

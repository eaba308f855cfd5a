"""Agreement of the registries with the operations of the API."""

from fastapi.routing import iter_route_contexts

from app.main import create_app
from tests.support.operations import OPERATIONS, SETTINGS
from tests.support.registries import ENTRIES
from tests.support.registry import API


def folder_of(operation: str) -> str:
    """Return the folder of the feature that an operation belongs to."""
    method, path = operation.split()
    [handler] = [
        route.endpoint
        for route in iter_route_contexts(create_app(SETTINGS).routes)
        if route.endpoint and route.path == path and method in (route.methods or ())
    ]
    return handler.__module__.split(".")[1]


def test_each_operation_has_an_entry_in_the_registry_of_its_feature() -> None:
    missing = [
        f'tests/{folder_of(operation.id)}/registry.py: add `f"{operation.id}": Entry(...)`'
        for operation in OPERATIONS
        if operation.id not in ENTRIES
    ]

    assert missing == []


def test_each_entry_of_a_registry_has_an_operation() -> None:
    operations = {operation.id for operation in OPERATIONS}

    assert [f"no operation: {id_}" for id_ in ENTRIES if id_ not in operations] == []


def test_each_read_registers_its_number_of_statements() -> None:
    reads = [id_ for id_ in ENTRIES if id_.startswith(f"GET {API}")]

    assert [id_ for id_ in reads if ENTRIES[id_].statements is None] == []

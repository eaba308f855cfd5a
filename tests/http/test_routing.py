"""Routes of the application."""

import re

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from app.http.post_processing import PostProcessedRoute
from tests.support.operations import OPERATIONS


def test_each_route_belongs_to_a_router_of_create_router(app: FastAPI) -> None:
    routes = [route.original_route for route in iter_route_contexts(app.routes)]

    others = [route for route in routes if type(route) is APIRoute]

    assert others == []
    assert sum(isinstance(route, PostProcessedRoute) for route in routes) >= len(OPERATIONS)


def test_no_route_is_shadowed_by_an_earlier_one(app: FastAPI) -> None:
    routes = [
        (route.path or "", route.methods or set())
        for route in iter_route_contexts(app.routes)
        if route.endpoint
    ]
    patterns = [re.compile(re.sub(r"{\w+}", "[^/]+", path)) for path, _ in routes]

    shadowed = [
        (path, earlier.pattern)
        for number, (path, methods) in enumerate(routes)
        for earlier, (_, earlier_methods) in zip(patterns[:number], routes, strict=False)
        if methods & earlier_methods and earlier.fullmatch(path)
    ]

    assert shadowed == []

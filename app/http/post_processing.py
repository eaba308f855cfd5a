"""Answers that dependencies finish: after they were serialised, before anything is committed."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

FINISHES = "finishes"
"""Where the functions stand in the ASGI scope's state."""

Finish = Callable[[Response], Awaitable[Response]]


class Answered(Exception):
    """Raised by a dependency that has the answer: the handler is not called."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class FinishedRoute(APIRoute):
    """A route whose dependencies may look at the answer, and change it, with its session open.

    `APIRouter(route_class=FinishedRoute)`.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, followed by what its dependencies have asked for with `finish_with`."""
        handle = super().get_route_handler()

        async def handle_and_finish(request: Request) -> Response:
            finishes: list[Finish] = []
            request.scope["state"][FINISHES] = finishes
            try:
                response = await handle(request)
            except Answered as answered:
                response = answered.response
            for finish in finishes:
                response = await finish(response)
            return response

        return handle_and_finish


def finish_with(request: Request, finish: Finish) -> None:
    """Have the answer finished by this function, after those that were given before.

    On a route of another class this is a KeyError: nobody would call the function.
    """
    request.scope["state"][FINISHES].append(finish)

"""Routes whose dependencies can change the response, or respond instead of the handler.

Post-processors run after the response has been serialised and before the transaction is committed.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

POST_PROCESSORS = "post_processors"
"""Key of a request's post-processors in the ASGI scope's state."""

PostProcessor = Callable[[Response], Awaitable[Response]]


class EarlyResponse(Exception):
    """Exception that a dependency raises to respond itself. The handler is then not called."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class PostProcessedRoute(APIRoute):
    """Route that calls the post-processors of its dependencies."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return a function that calls the handler and then the post-processors."""
        handle = super().get_route_handler()

        async def handle_and_post_process(request: Request) -> Response:
            post_processors: list[PostProcessor] = []
            request.scope["state"][POST_PROCESSORS] = post_processors
            try:
                response = await handle(request)
            except EarlyResponse as early:
                response = early.response
            for post_process in post_processors:
                response = await post_process(response)
            return response

        return handle_and_post_process


def post_process_response(request: Request, post_process: PostProcessor) -> None:
    """Add a function that changes the response, after the functions that were added before."""
    request.scope["state"][POST_PROCESSORS].append(post_process)

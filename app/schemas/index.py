"""The entry points of the service on the wire."""

from app.schemas.base import Output


class Index(Output):
    """The name of the service, and where to go from here."""

    name: str
    version: str
    links: dict[str, str]

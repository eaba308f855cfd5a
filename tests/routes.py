"""What the suite knows of the API by itself: its operations, as its document declares them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.core.config import Settings
from app.main import create_app


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    details: dict[str, Any]

    @property
    def id(self) -> str:
        """What names it in a test's id."""
        return f"{self.method} {self.path}"

    @property
    def is_authenticated(self) -> bool:
        """Whether it asks for an access token."""
        return "security" in self.details

    @property
    def parameters(self) -> list[str]:
        """The parameters of its path."""
        return re.findall(r"{(\w+)}", self.path)

    def path_with(self, value: object) -> str:
        """The path with `value` for each of its parameters."""
        return self.path.format_map(dict.fromkeys(self.parameters, value))

    def takes(self, parameter: str) -> bool:
        """Whether it has a parameter of this name, wherever."""
        return any(each["name"] == parameter for each in self.details.get("parameters", []))

    @property
    def body_schema(self) -> dict[str, Any] | None:
        """The schema of its JSON body, if it takes one."""
        content = self.details.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None
        name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        schema: dict[str, Any] = DOCUMENT["components"]["schemas"][name]
        return schema


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    """All operations of the API."""
    for path, methods in document["paths"].items():
        for method, details in methods.items():
            yield Operation(method.upper(), path, details)


# For parametrisation, which happens before any fixture.
DOCUMENT = create_app(Settings(_env_file=None, secret_key="x" * 32)).openapi()
OPERATIONS = list(_operations(DOCUMENT))

"""Operations of the API, read from its OpenAPI document."""

import re
from dataclasses import dataclass
from typing import Any

from app.features import ServiceSettings
from app.main import create_app


@dataclass(frozen=True)
class Operation:
    """One HTTP method of one path."""

    method: str
    path: str
    details: dict[str, Any]

    @property
    def id(self) -> str:
        """The name of the operation in test ids."""
        return f"{self.method} {self.path}"

    @property
    def is_authenticated(self) -> bool:
        return "security" in self.details

    @property
    def parameters(self) -> list[str]:
        """The names of the path parameters."""
        return re.findall(r"{(\w+)}", self.path)

    def path_with(self, value: object) -> str:
        """Return the path with `value` for each of its parameters."""
        return self.path.format_map(dict.fromkeys(self.parameters, value))

    def takes(self, parameter: str) -> bool:
        return any(declared["name"] == parameter for declared in self.details.get("parameters", []))

    @property
    def body_schema(self) -> dict[str, Any] | None:
        """The schema of the JSON request body, or None if the operation takes none."""
        content = self.details.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None
        name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        schema: dict[str, Any] = DOCUMENT["components"]["schemas"][name]
        return schema


def describe(parameter: object) -> str:
    """Return the id of a test that is parametrised by operations."""
    return parameter.id if isinstance(parameter, Operation) else str(parameter)[:20]


# Created on import, because tests are parametrised before any fixture runs.
SETTINGS = ServiceSettings(_env_file=None, secret_key="x" * 32)
APPLICATION = create_app(SETTINGS)
DOCUMENT = APPLICATION.openapi()
OPERATIONS = [
    Operation(method.upper(), path, details)
    for path, methods in DOCUMENT["paths"].items()
    for method, details in methods.items()
]

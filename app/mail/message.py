"""Mails and the templates that they are rendered from.

The only module that imports Jinja2.
"""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
)


@dataclass(frozen=True)
class Mail:
    """Message to one address, as text and as HTML."""

    to: str
    subject: str
    text: str
    html: str
    curl: str | None = None
    """Command that does the same as the link, for developers without a front end."""


def render(template: str, *, to: str, subject: str, curl: str | None = None, **values: str) -> Mail:
    """Return the mail that a pair of templates, such as `users/templates/welcome`, renders."""
    return Mail(
        to=to,
        subject=subject,
        text=_templates.get_template(f"{template}.txt").render(values),
        html=_templates.get_template(f"{template}.html").render(values, subject=subject),
        curl=curl,
    )


def curl_command(url: str, body: Mapping[str, str]) -> str:
    """Return a command that sends the body to the URL."""
    return f"curl --json {shlex.quote(json.dumps(body))} {url}"

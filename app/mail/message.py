"""Mails and the templates that they are rendered from.

The only module that imports Jinja2.
"""

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

TEMPLATES = Path(__file__).parent.parent / "templates"
_templates = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
)


@dataclass(frozen=True)
class Mail:
    """One message to one person, as text and as HTML."""

    to: str
    subject: str
    text: str
    html: str
    curl: str | None = None
    """For developers: the request that the mail's link stands for, as there is no front end."""


def render(template: str, *, to: str, subject: str, curl: str | None = None, **values: str) -> Mail:
    """The mail that `templates/{template}.txt` and `.html` make of the values."""
    return Mail(
        to=to,
        subject=subject,
        text=_templates.get_template(f"{template}.txt").render(values),
        html=_templates.get_template(f"{template}.html").render(values, subject=subject),
        curl=curl,
    )

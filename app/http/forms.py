"""Parser of request bodies in the form `application/x-www-form-urlencoded`."""

from urllib.parse import unquote_to_bytes

FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"
MAX_FIELDS = 1000
"""Maximum number of fields of a form."""


class MalformedForm(Exception):
    """Raised for a form with too many fields or with a repeated field."""


def parse_form(body: bytes) -> dict[str, str]:
    """Return the fields of a form. Raises MalformedForm.

    All bytes, also percent-encoded ones, are decoded as UTF-8. The charset of the media type is
    ignored. Invalid bytes become U+FFFD (WHATWG URL standard §5.1).
    """
    if body.count(b"&") >= MAX_FIELDS:
        raise MalformedForm
    pairs = [part.partition(b"=") for part in body.split(b"&") if part]
    form = {_decode(name): _decode(value) for name, _, value in pairs}
    # RFC 6749 §3.2 forbids repeated parameters.
    if len(form) != len(pairs):
        raise MalformedForm
    return form


def _decode(encoded: bytes) -> str:
    return unquote_to_bytes(encoded.replace(b"+", b" ")).decode(errors="replace")

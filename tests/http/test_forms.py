"""Decoding of forms, and the forms that are rejected."""

import pytest

from app.http.forms import MAX_FIELDS, MalformedForm, parse_form


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", {}), (b"a", {"a": ""}), (b"a=", {"a": ""}), (b"=b", {"": "b"}),
        (b"&&a=b&", {"a": "b"}), (b"a=b=c", {"a": "b=c"}), (b"a=b;c=d", {"a": "b;c=d"}),
        (b"a=b+c%20d%2Be", {"a": "b c d+e"}),
        (b"a=100%&b=%zz&c=%4", {"a": "100%", "b": "%zz", "c": "%4"}),
        ("a=grün".encode(), {"a": "grün"}), (b"a=gr%C3%BCn", {"a": "grün"}),
        (b"a=gr\xc3%BCn", {"a": "grün"}), ("grün=a".encode(), {"grün": "a"}),
        ("a=🔑".encode(), {"a": "🔑"}), (b"a=gr\xfcn", {"a": "gr\ufffdn"}),
        (b"a=gr%FCn", {"a": "gr\ufffdn"}), (b"a=%ED%A0%80", {"a": "\ufffd\ufffd\ufffd"}),
        (b"a=%00", {"a": "\x00"}), (b"\xef\xbb\xbfa=b", {"\ufeffa": "b"}),
    ],
)  # fmt: skip
def test_form_fields_are_decoded_as_the_url_standard_requires(
    body: bytes, fields: dict[str, str]
) -> None:
    assert parse_form(body) == fields


@pytest.mark.parametrize("body", [b"a=b&a=c", b"a=b&%61=c", b"a&a=b", b"\xff=a&\xfe=b"])
def test_a_form_with_a_repeated_field_is_rejected(body: bytes) -> None:
    with pytest.raises(MalformedForm):
        parse_form(body)


def test_a_form_with_the_maximum_number_of_fields_is_accepted() -> None:
    body = b"&".join(b"p%d=" % number for number in range(MAX_FIELDS))

    assert len(parse_form(body)) == MAX_FIELDS


@pytest.mark.parametrize("separator", [b"p", b"p=1&", b"&"])
def test_a_form_with_too_many_fields_is_rejected_before_it_is_decoded(separator: bytes) -> None:
    body = b"&".join(b"p%d=" % number for number in range(MAX_FIELDS)) + b"&" + separator

    with pytest.raises(MalformedForm):
        parse_form(body)

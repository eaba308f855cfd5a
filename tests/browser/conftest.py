"""Fixtures of the docs page in a browser."""

from collections.abc import Callable, Iterator

import pytest

from tests.browser.docs_page import DocsPage, docs_in_chromium


@pytest.fixture(scope="session", params=["", "/prefix"], ids=["", "ROOT_PATH"])
def open_docs(request: pytest.FixtureRequest) -> Iterator[Callable[[], DocsPage]]:
    """Serve the API at the root or below a path, and yield a function that opens its docs page."""
    with docs_in_chromium(request.param) as open_docs:
        yield open_docs


@pytest.fixture
def docs(open_docs: Callable[[], DocsPage]) -> Iterator[DocsPage]:
    """Yield the docs page without a logged-in user. Fail if complaints are left at the end."""
    docs = open_docs()
    yield docs
    assert docs.complaints == []

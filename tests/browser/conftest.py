"""A fixture: the docs page, opened."""

from collections.abc import Callable, Iterator

import pytest

from tests.browser.docs_page import DocsPage, docs_in_chromium


@pytest.fixture(scope="session")
def open_docs() -> Iterator[Callable[[], DocsPage]]:
    """One service and one browser for all."""
    with docs_in_chromium() as open_docs:
        yield open_docs


@pytest.fixture
def docs(open_docs: Callable[[], DocsPage]) -> Iterator[DocsPage]:
    """The page, with nobody logged in. Afterwards, nothing is left to complain of."""
    docs = open_docs()
    yield docs
    assert docs.complaints == []

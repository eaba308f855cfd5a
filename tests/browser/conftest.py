"""A fixture: the docs page, opened."""

from collections.abc import Callable, Iterator

import pytest

from tests.browser.docs_page import DocsPage, docs_in_chromium


@pytest.fixture(scope="session", params=["", "/prefix"], ids=["", "ROOT_PATH"])
def open_docs(request: pytest.FixtureRequest) -> Iterator[Callable[[], DocsPage]]:
    """Serve at the root and below a path, where nothing beside that path is asked for."""
    with docs_in_chromium(request.param) as open_docs:
        yield open_docs


@pytest.fixture
def docs(open_docs: Callable[[], DocsPage]) -> Iterator[DocsPage]:
    """The page, with nobody logged in. Afterwards, nothing is left to complain of."""
    docs = open_docs()
    yield docs
    assert docs.complaints == []

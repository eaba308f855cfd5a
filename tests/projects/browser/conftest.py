"""Fixtures of the docs page, which are also those of the tests in `tests/browser/`."""

from tests.browser.conftest import docs, open_docs

__all__ = ["docs", "open_docs"]

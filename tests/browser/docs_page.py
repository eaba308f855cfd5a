"""Docs page, used in Chromium as a reader does."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Locator, Page, Request, sync_playwright

from tests.contract.readme import served


class DocsPage:
    """Docs page in a browser, with the errors that occurred on it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        """Errors, policy violations, failed requests, and requests outside of the served path."""
        self._own = (f"{address}/", "data:")
        page.on("console", self._note_message)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._note_request)
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        page.goto(f"{address}/docs")

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith(self._own):
            self.complaints.append(f"unexpected request: {request.url}")

    def authorise(self, email: str, password: str) -> None:
        """Log in with the dialog, and close it."""
        self.page.get_by_role("button", name="Authorize").click()
        dialog = self.page.locator(".dialog-ux")
        dialog.get_by_label("username:").fill(email)
        dialog.get_by_label("password:").fill(password)
        dialog.get_by_role("button", name="Apply given OAuth2 credentials").click()
        dialog.get_by_role("button", name="Remove authorization").wait_for()
        dialog.get_by_role("button", name="Close", exact=True).click()

    def execute(self, operation: str, body: object = None) -> tuple[str, Any]:
        """Execute the operation with this id, and return the status and the body shown."""
        block = self._open(operation)
        if body is not None:
            block.locator(".body-param textarea").fill(json.dumps(body))
        return self._execute(block)

    def submit(self, operation: str, **fields: str) -> tuple[str, Any]:
        """Send the form of the operation with this id. Return the status and the body shown."""
        block = self._open(operation)
        for name, value in fields.items():
            field = block.locator(f"tr[data-property-name='{name}']")
            if field.locator("select").count():
                field.locator("select").select_option(value)
            else:
                field.locator("input").first.fill(value)
        return self._execute(block)

    def _open(self, operation: str) -> Locator:
        tag = operation.partition("-")[0]
        block = self.page.locator(f"#operations-{tag}-{operation}")
        block.locator(".opblock-summary-control").click()
        return block

    def _execute(self, block: Locator) -> tuple[str, Any]:
        block.get_by_role("button", name="Execute").click()
        response = block.locator(".live-responses-table .response")
        shown = response.locator(".highlight-code code").first.text_content()
        return response.locator(".response-col_status").inner_text(), json.loads(shown or "null")


@contextmanager
def docs_in_chromium(root_path: str = "") -> Iterator[Callable[[], DocsPage]]:
    """Yield a function that opens the docs page of a new service, with an empty database.

    The browser is the installed Chromium, otherwise Chrome. Playwright downloads none.
    """
    with TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.chdir(Path(directory))
        patch.setenv("ROOT_PATH", root_path)
        path = shutil.which("chromium")
        channel = None if path else "chrome"
        with (
            served(Path(directory)) as address,
            sync_playwright() as playwright,
            playwright.chromium.launch(executable_path=path, channel=channel) as browser,
        ):
            yield lambda: DocsPage(browser.new_page(), f"{address}{root_path}")

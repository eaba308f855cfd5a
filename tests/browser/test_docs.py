"""Docs page in a browser: `make browser`."""

from collections.abc import Callable

from tests.browser.docs_page import DocsPage

PASSWORD = "correct horse battery staple"


def test_a_reader_registers_logs_in_and_changes_their_account(docs: DocsPage) -> None:
    email = "ada@example.com"

    registered, _ = docs.execute("users-register_user", {"email": email, "password": PASSWORD})
    docs.authorise(email, PASSWORD)
    changed, _ = docs.execute("users-update_current_user", {"full_name": "Ada Lovelace"})
    read, account = docs.execute("users-read_current_user")

    assert (registered, changed, read) == ("201", "200", "200")
    assert (account["email"], account["full_name"]) == (email, "Ada Lovelace")


def test_a_reader_logs_in_and_refreshes_with_the_form_of_the_token_endpoint(
    docs: DocsPage, open_docs: Callable[[], DocsPage]
) -> None:
    email = "joan@example.com"
    docs.execute("users-register_user", {"email": email, "password": PASSWORD})

    logged_in, pair = docs.submit(
        "auth-issue_token", grant_type="password", username=email, password=PASSWORD
    )
    refreshed, _ = open_docs().submit(
        "auth-issue_token", grant_type="refresh_token", refresh_token=pair["refresh_token"]
    )

    assert (logged_in, refreshed) == ("200", "200")


def test_an_injected_script_is_not_run_and_is_reported(docs: DocsPage) -> None:
    docs.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.injected = true";
            document.body.append(script);
        }"""
    )

    assert docs.page.evaluate("window.injected") is None
    assert "Content Security Policy" in docs.complaints.pop()

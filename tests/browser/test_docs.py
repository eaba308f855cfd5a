"""The docs page in a browser: `make browser`."""

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


# example begins
def test_a_reader_makes_a_project_and_finds_it_in_the_list(docs: DocsPage) -> None:
    email = "grace@example.com"

    docs.execute("users-register_user", {"email": email, "password": PASSWORD})
    docs.authorise(email, PASSWORD)
    created, project = docs.execute("projects-create_project", {"name": "Analytical engine"})
    listed, projects = docs.execute("projects-list_projects")

    assert (created, listed) == ("201", "200")
    assert projects["items"] == [project]


# example ends
def test_what_is_injected_into_the_page_is_not_run_and_is_complained_of(docs: DocsPage) -> None:
    docs.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.injected = true";
            document.body.append(script);
        }"""
    )

    assert docs.page.evaluate("window.injected") is None
    assert "Content Security Policy" in docs.complaints.pop()

"""Projects on the docs page in a browser."""

from tests.browser.docs_page import DocsPage
from tests.browser.test_docs import PASSWORD


def test_a_reader_creates_a_project_and_finds_it_in_the_list(docs: DocsPage) -> None:
    email = "grace@example.com"

    docs.execute("users-register_user", {"email": email, "password": PASSWORD})
    docs.authorise(email, PASSWORD)
    created, project = docs.execute("projects-create_project", {"name": "Analytical engine"})
    listed, projects = docs.execute("projects-list_projects")

    assert (created, listed) == ("201", "200")
    assert projects["items"] == [project]

"""Takes the picture of the docs page that the README shows: `make picture`."""

from app.core.migrations import ROOT
from tests.browser.docs_page import docs_in_chromium

PICTURE = ROOT / "docs" / "images" / "docs.png"
WIDTH, HEIGHT = 1200, 1280
EMAIL, PASSWORD = "ada@example.com", "correct horse battery staple"


def main() -> None:
    """Show what there is to somebody who has logged in, and one part of it in full."""
    with docs_in_chromium() as open_docs:
        open_docs().execute("users-register_user", {"email": EMAIL, "password": PASSWORD})
        docs = open_docs()
        docs.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        docs.authorise(EMAIL, PASSWORD)
        for part in docs.page.locator(".opblock-tag:not(#operations-tag-users)").all():
            part.click()
        docs.page.mouse.move(0, 0)
        docs.page.screenshot(
            path=PICTURE,
            full_page=True,
            clip={"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT},
            animations="disabled",  # finished, not on their way
        )


if __name__ == "__main__":
    main()

"""Correctness of the links of `docs/tour.md`."""

from guardrails.text_rules import find_missing_names
from tests.architecture.project import PROJECT
from tests.contract.tour import PAGE, links, with_lines

TEXT = PAGE.read_text()
LINKS = list(links(TEXT))


def test_each_link_of_the_tour_leads_to_a_file() -> None:
    missing = [link for link in LINKS if not link.path.is_file()]
    # The rule "existing names" reports a feature that was removed.
    removed = {link.path.parent for link in missing if any(find_missing_names(link.text, PROJECT))}

    assert len(LINKS) > 30
    assert [link for link in missing if link.path.parent not in removed] == []


def test_each_symbol_of_the_tour_is_defined_at_the_line_of_its_link() -> None:
    symbols = [link for link in LINKS if link.symbol and link.path.is_file()]

    assert [link for link in symbols if link.line is None] == []
    assert [link for link in symbols if link.line != link.defining_line()] == [], "run `make docs`"


def test_the_lines_of_links_are_updated() -> None:
    moved = "[`new_id`](../app/core/ids.py#L999) of [`app/core/ids.py`](../app/core/ids.py)"

    [symbol, file] = links(with_lines(moved))

    lines = file.path.read_text().splitlines()
    assert symbol.line is not None
    assert lines[symbol.line - 1].startswith("def new_id(")
    assert with_lines(TEXT) == TEXT

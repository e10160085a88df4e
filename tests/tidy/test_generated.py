"""The generated pages of docs/ say what the program says."""

from __future__ import annotations

from tests.tidy.generated import pages


def test_the_generated_pages_are_up_to_date() -> None:
    """Each generated page equals what the program writes today; `make docs` makes it so."""
    stale = [page.name for page, text in pages().items() if not page.exists() or page.read_text("utf-8") != text]
    assert not stale

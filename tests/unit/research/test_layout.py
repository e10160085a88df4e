"""Numbers as a trader writes them."""

from __future__ import annotations

import pytest

from sadari.research import layout, shapes
from sadari.research.layout import WIDTH
from tests.unit.research.stories import D


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1234567.891", "1,234,567.89"), ("-0.5", "-0.50"), ("0", "0.00"), ("-0", "0.00"), (None, "not known"),
        ("0.0012", "0.00120"), ("-0.00000012", "-1.2e-7"), ("123456789012.5", "1.235e+11"), (67.75, "67.75"),
    ],
)  # fmt: skip
def test_an_amount_never_looks_like_zero_unless_it_is(value: str | float | None, shown: str) -> None:
    """Two decimals, more where they are needed, words where it is not known."""
    assert layout.usdt(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("64250.10", "64,250.1"), ("1.80580000", "1.8058"), ("0.00002027", "0.00002027"), ("100", "100"),
        (None, "not known"),
    ],
)  # fmt: skip
def test_a_price_shows_the_decimals_of_its_size(value: str | None, shown: str) -> None:
    """A coin of a fraction of a cent needs eight decimals, bitcoin two."""
    assert layout.price(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.05, "0.05 s"), (59, "59 s"), (90, "2 min"), (3 * 3600 + 720, "3 h 12 min"), (90_000, "1 d 1 h"), (None, "-")],
)
def test_a_duration_is_told_in_its_largest_units(seconds: float | None, shown: str) -> None:
    """As one would say it."""
    assert layout.lasting(seconds) == shown


def test_percentages_and_counts_read_as_words_do() -> None:
    """One position, two positions; a sign where it matters."""
    assert (layout.percent(0.0275), layout.percent(None), layout.signed(0.01)) == ("2.75 %", "-", "+1.00 %")
    assert (layout.count(1, "spell"), layout.count(1200, "spell")) == ("1 spell", "1,200 spells")


def test_a_table_cuts_names_and_never_numbers() -> None:
    """The first column gives way, to the margin."""
    rows = layout.table(("name", "value"), [("x" * 200, "1,234.56"), ("short", "7")])
    assert {len(row) for row in rows} == {WIDTH}
    assert rows[1].endswith("…  1,234.56")


def test_a_long_value_goes_on_below_itself() -> None:
    """Its label stays alone on the left."""
    first, *rest = layout.line("Label", "word " * 40)
    assert first.startswith("  Label ")
    assert all(row.startswith(" " * 28 + "word") for row in rest)


@pytest.mark.parametrize(
    ("time_ns", "shown"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_735_763_400_050_000_000, "2025-01-01T20:30:00.050Z"),
        (1_735_763_400_000_000_001, "2025-01-01T20:30:00.000000001Z"),
        (None, None),
    ],
)
def test_times_are_iso_with_the_digits_that_they_have(time_ns: int | None, shown: str | None) -> None:
    """Seconds, milliseconds or nanoseconds, always UTC."""
    assert shapes.iso(time_ns) == shown


def test_money_is_written_exactly_and_without_an_exponent() -> None:
    """Trailing zeros go, digits stay; a mean price is cut at twelve decimals."""
    assert [shapes.money(D(value)) for value in ("1E+3", "46.00000000", "-0", "0.00000001", "100")] == [
        "1000", "46", "0", "0.00000001", "100",
    ]  # fmt: skip
    assert (shapes.money(None), shapes.rounded(None)) == (None, None)
    assert shapes.rounded(D(1) / D(3)) == "0.333333333333"

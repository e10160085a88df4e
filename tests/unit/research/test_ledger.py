"""The section that adds money up: by day and asset, and both books key by key."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sadari.core.ledger import Entry
from sadari.exchange.accounts import Income
from sadari.model.order import Direction
from sadari.research.ledger import compare, key_of
from sadari.research.report import summarize, text
from tests.unit.research.stories import D, Scribe

LONG = Direction.LONG


def story() -> Scribe:
    """One position over midnight with a payment of funding on the first day."""
    scribe = Scribe()
    scribe.enter(60, "AUSDT", LONG, D(100), D(2))
    scribe.fund(480, "AUSDT", D("-0.25"))
    scribe.exit(1500, "AUSDT", LONG, D(103), "TAKE_PROFIT")
    scribe.record("AUSDT", LONG, 60, 1500, "TAKE_PROFIT")
    return scribe


def entry(income: Income) -> Entry:
    """What a ledger has for an amount of the venue."""
    wallet = f"wallet:{income.asset}"
    debit, credit = (wallet, "other") if income.amount > 0 else ("other", wallet)
    return Entry(key_of(income), income.time_ns, income.asset, debit, credit, abs(income.amount))


def entries(scribe: Scribe) -> list[Entry]:
    """A ledger that has everything that the venue has."""
    return [entry(income) for income in scribe.income if income.amount]


def section(scribe: Scribe, ledger: list[Entry] | None) -> dict[str, Any]:
    """The section of a run with this ledger."""
    found: dict[str, Any] = summarize(scribe.run(ledger=ledger))["ledger"]
    return found


def test_days_carry_the_wallet_from_start_to_end() -> None:
    """Each day begins where the one before ended; the last ends with the wallet of the run."""
    scribe = story()
    found = section(scribe, entries(scribe))
    assert [(row["wallet_start"], row["change"], row["wallet_end"]) for row in found["days"]] == [
        ("10000", "-0.75", "9999.25"),
        ("9999.25", "5.5", "10004.75"),
    ]
    assert [(row["realized_pnl"], row["fees"], row["funding"]) for row in found["days"]] == [
        ("0", "-0.5", "-0.25"),
        ("6", "-0.5", "0"),
    ]
    assert [row["difference"] for row in found["days"]] == ["0", "0"]
    assert (found["adds_up"], found["totals"][0]["change"]) == (True, "4.75")
    assert "equals the wallet's change on each of them" in text(summarize(scribe.run(ledger=entries(scribe))))


def test_a_run_without_a_ledger_says_nothing_about_one() -> None:
    """What is not known is not zero."""
    scribe = story()
    found = section(scribe, None)
    assert found["compared"] is None
    assert [row["difference"] for row in found["days"]] == [None, None]
    assert found["adds_up"]


def test_what_the_books_do_not_share_is_listed() -> None:
    """Missing, doubled, different and unknown, each by its key; the day shows by how much."""
    scribe = story()
    whole = entries(scribe)
    fee, funding, *rest = whole
    changed = funding._replace(amount=funding.amount + D("0.01"))
    strange = fee._replace(key=("COMMISSION", "AUSDT", 999))
    found = section(scribe, [changed, *rest, rest[0], strange])
    compared = found["compared"]
    assert [row["id"] for row in compared["missing"]] == [fee.key[2]]
    assert [row["id"] for row in compared["doubled"]] == [rest[0].key[2]]
    assert [(row["venue"], row["ledger"]) for row in compared["different"]] == [("-0.25", "-0.26")]
    assert [row["id"] for row in compared["unknown"]] == [999]
    assert not found["adds_up"]
    assert found["days"][0]["difference"] == "0.01"


def test_an_amount_of_zero_is_no_entry() -> None:
    """A close at its own price realizes nothing, and nothing is booked."""
    income = [Income(1, "REALIZED_PNL", "AUSDT", Decimal(0), 5)]
    assert compare(income, []) | {"entries": 0, "venue_entries": 0} == compare([], [])

"""The document of a report is as its page in the docs describes it, key by key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from sadari.model.command import Audit, RecordMove, SendAlert
from sadari.model.event import EngineTurned, GateShut, OrderFilled, OrderRejected, OutcomeUnknown
from sadari.model.order import Direction, Purpose, Side
from sadari.model.reason import RejectReason
from sadari.model.units import DAY_NS
from sadari.research.daily.document import VERSION, Source, document
from sadari.research.daily.figures import FIGURES
from sadari.research.daily.spans import day_of, week_of
from sadari.research.daily.text import text
from tests.tidy.sources import ROOT
from tests.unit.research.stories import START, D, Scribe

LONG = Direction.LONG
SOURCE = Source("run.journal", "1", 7, closed=False)
ROW = re.compile(r"^\| *(?:`([^`]*)`)? *\|([^|]*)\|.*\|$")
# Keys that are not of the document, but of what it tells about.
NAMES = {"report.incidents.alerts_by_severity", "report.incidents.engine.in_state_s"}


def everything() -> Scribe:
    """A day on which every list of the document has a row."""
    tale = Scribe()
    tale.write(
        EngineTurned(time_ns=tale.at(0), trigger="reconciled"),
        RecordMove(symbol="", position_id=0, event="reconciled", source="RECONCILING", target="RUNNING"),
        GateShut(time_ns=tale.at(0), cause="multi_assets"),
        SendAlert(severity="critical", code="UNPROTECTED"),
        Audit(code="EXTERNAL_FILL"),
    )
    tale.signal(1, "AUSDT", LONG, D(100), accepted=False, denial="MAX_POSITIONS")
    tale.trade(5, "AUSDT", LONG, D(100), D(103), "HALF_PROFIT", hold=10)
    tale.enter(100, "AUSDT", LONG, D(100), D(1))
    wall = tale.place("AUSDT", Purpose.WALL, Side.SELL, None)
    add = tale.place("AUSDT", Purpose.ADD, Side.BUY, D(1))
    tale.write(
        OutcomeUnknown(time_ns=tale.at(101), symbol="AUSDT", client_order_id=wall),
        OrderRejected(
            time_ns=tale.at(102), symbol="AUSDT", client_order_id=add, code=-2019,
            reason=RejectReason.INSUFFICIENT_MARGIN,
        ),
        OrderFilled(
            time_ns=tale.at(103), symbol="AUSDT", client_order_id="autoclose-1", trade_id=77_777, price=D(90), qty=D(1),
            fee=D(1), realized_pnl=D(-10), buyer=False, cause="LIQUIDATION",
        ),
    )  # fmt: skip
    return tale


def described() -> dict[str, set[str]]:
    """The keys of each object as the page has them."""
    found: dict[str, set[str]] = {}
    page = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
    for line in page.splitlines():
        row = ROW.match(line)
        if row is not None and (keys := re.findall(r"`([a-z_0-9]+)`", row[2])):
            found.setdefault(row[1] or "", set()).update(keys)
    found["report.days[]"] = {"day", *FIGURES}
    return found


def objects(value: Any, path: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every object of a document by its path, with its keys."""
    if isinstance(value, dict) and path not in NAMES:
        yield path, set(value)
        for key, inner in value.items():
            yield from objects(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner, f"{path}[]")


def test_the_page_describes_every_key_and_no_other() -> None:
    """Of a day with everything beside another, and of a week."""
    records = everything().records
    first, second = day_of(START), day_of(START + DAY_NS)
    told = [
        document(SOURCE, records, first, second, with_funnel=True),
        document(SOURCE, records, week_of(START), with_funnel=True),
    ]
    found: dict[str, set[str]] = {}
    for whole in told:
        whole.pop("other")
        for path, keys in objects(whole):
            found.setdefault(path, set()).update(keys)
    found[""].add("other")
    wanted = described()
    # A sound report has no sum that fails.
    assert wanted.pop("checks.failed[]") == found["report.checks[]"]
    assert found == wanted


def test_the_form_of_the_document_has_its_version() -> None:
    """Whoever takes a key away meets this line."""
    whole = document(SOURCE, everything().records, day_of(START))
    assert (VERSION, whole["version"], whole["other"], whole["changes"]) == (1, 1, None, None)
    assert msgspec.json.decode(msgspec.json.encode(whole)) == whole


def test_a_sum_that_fails_is_named_in_the_document_and_on_the_page() -> None:
    """A position that the records lose between two trades: what was booked is not what the ledger has."""
    whole = document(SOURCE, everything().records, day_of(START), day_of(START + DAY_NS))
    assert whole["checks"]["failed"] == []
    whole["checks"]["failed"] = [{"what": "booked", "holds": False, "whole": "1", "parts": "2"}]
    page = text(whole)
    assert "DOES NOT ADD UP: 1 of" in page
    assert "* booked: 1 is not 2" in page


def test_the_page_says_how_far_a_journal_goes_that_is_being_written() -> None:
    """By record and minute; one that has nothing says that."""
    page = text(document(SOURCE, everything().records, day_of(START)))
    assert "cut short: it is told up to record 7, 2023-07-02 01:43" in " ".join(page.split())
    assert "run.journal has no event yet." in text(document(SOURCE, [], day_of(START)))

"""Data of different spans, with holes, cut short or without funding: named in the report, never filled in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from sadari.model.plan import Settings
from sadari.model.units import HOUR_NS
from sadari.research import coverage
from sadari.research.report import summarize
from sadari.run.history.backtest import backtest
from sadari.run.settings.request import Request, SignalSection
from tests.history_script import rates
from tests.reference.tapes import INSTRUMENT, START_NS, Columns, made_up

LONG = {"always": SignalSection(kind="always", direction="long")}
HOURS = 40


def summary(candles: dict[str, Columns], **others: Any) -> dict[str, Any]:
    """The report of a run over several symbols that are entered whenever flat."""
    instruments = {symbol: replace(INSTRUMENT, symbol=symbol) for symbol in candles}
    asked = Request(
        settings=Settings(), balance=Decimal(10_000), candles=candles, instruments=instruments, signals=LONG, **others
    )
    return summarize(backtest(asked))


def rows(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What the report says of each symbol's data."""
    return {row["symbol"]: row for row in found["period"]["symbols"]}


def part(candles: Columns, first: int, last: int) -> Columns:
    """Some hours of candles."""
    return candles.without([row for row in range(len(candles.close)) if not first * 60 <= row < last * 60])


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """One symbol over the whole time, one that starts late, one that is not traded any more after a day, with holes."""
    whole = made_up(9, HOURS * 60)
    gone = part(made_up(3, HOURS * 60), 0, 24).without([100, 101, 200])
    paid = rates(*((START_NS + hour * HOUR_NS, 0.0001) for hour in range(0, 17, 8)))
    return summary({"AAAUSDT": whole, "BBBUSDT": part(made_up(5, HOURS * 60), 6, HOURS), "CCCUSDT": gone},
                   funding={"CCCUSDT": paid})  # fmt: skip


def test_each_symbol_has_its_own_span(found: dict[str, Any]) -> None:
    """How much later than the run it starts, and how much earlier it ends."""
    known = rows(found)
    spans = {symbol: (row["starts_late_s"], row["ends_early_s"]) for symbol, row in known.items()}
    assert spans == {"AAAUSDT": (0, 0), "BBBUSDT": (6 * 3600, 0), "CCCUSDT": (0, 16 * 3600)}


def test_a_position_held_when_the_data_of_its_symbol_end_is_named_and_stays_open(found: dict[str, Any]) -> None:
    """It is valued at the last price; nothing says that it could have been closed."""
    assert {symbol: row["held_at_end"] for symbol, row in rows(found).items()} == {
        "AAAUSDT": False, "BBBUSDT": False, "CCCUSDT": True,
    }  # fmt: skip
    assert "CCCUSDT" in {held["symbol"] for held in found["open_positions"]}
    assert found["result"]["adds_up"]
    assert [one["closed"] for one in found["positions"] if one["symbol"] == "CCCUSDT"] == [None]


def test_missing_candles_are_counted(found: dict[str, Any]) -> None:
    """So many candles in so many holes, in the JSON and in the text."""
    row = rows(found)["CCCUSDT"]
    assert (row["missing"], row["holes"]) == (3, 2)
    assert rows(found)["AAAUSDT"]["missing"] == 0


def test_the_time_without_funding_rates_is_named(found: dict[str, Any]) -> None:
    """From the last payment known to the end; a symbol without any has no rates at all."""
    known = rows(found)
    assert [span["to"] for span in known["CCCUSDT"]["funding_unknown"]] == []
    assert known["CCCUSDT"]["funding_known"]
    told = coverage.text(found["period"]["symbols"])
    assert told[0] == "AAAUSDT has no funding rates"
    assert told[1] == "BBBUSDT starts 6 h 0 min after the run; has no funding rates"
    assert told[2].startswith("CCCUSDT ends 16 h 0 min before the run with a position still held, valued at its last")
    assert told[2].endswith("lacks 3 candles in 2 holes")


def test_a_gap_in_the_funding_rates_is_told_with_its_ends() -> None:
    """Two payments too far apart: what lies between is not known."""
    paid = rates((START_NS + 1, 0.0001), (START_NS + 24 * HOUR_NS, 0.0001), (START_NS + 32 * HOUR_NS, 0.0001))
    found = summary({"AAAUSDT": made_up(9, HOURS * 60)}, funding={"AAAUSDT": paid})
    [row] = found["period"]["symbols"]
    assert not row["funding_known"]
    assert len(row["funding_unknown"]) == 1
    assert row["funding_unknown"][0]["to"] > row["funding_unknown"][0]["from"]
    [told] = coverage.text(found["period"]["symbols"])
    assert told.startswith("AAAUSDT lacks funding rates ")

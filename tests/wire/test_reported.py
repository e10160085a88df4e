"""The report of an engine that runs over sockets, read beside it: it counts what the exchange counts."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sadari.model.event import ForceExitRequested
from sadari.model.units import DAY_NS
from sadari.research.daily.days import Days, Section
from sadari.research.daily.document import Source, document
from sadari.research.daily.spans import day_of
from sadari.run.live.journals import content
from sadari.store.folder import Folder
from tests.live_engine import SYMBOL, Rig, rig
from tests.live_truth import covered, unprotected_ms


async def told(on: Rig) -> list[Section]:
    """The reports of every day that the journal has, made while the engine goes on."""
    read = await asyncio.to_thread(content, Folder(on.folder).journal)
    source = Source("engine.journal", read.build, read.lines, read.closed)
    days = Days(read.records)
    spans = [day_of(at) for at in range(days.first_ns - days.first_ns % DAY_NS, days.last_ns + 1, DAY_NS)]
    found = [document(source, read.records, span, with_funnel=True) for span in spans]
    assert [whole["checks"]["failed"] for whole in found] == [[]] * len(found)
    return found


def total(found: list[Section], *path: str) -> Decimal:
    """A figure over all days."""
    values: list[Any] = [whole["report"] for whole in found]
    for step in path:
        values = [value[step] for value in values]
    return sum((Decimal(value) for value in values), Decimal(0))


def test_the_report_of_a_running_engine_is_what_the_exchange_says(tmp_path: Path) -> None:
    """While a position is held, and after it was closed and the engine has ended: trades, fees, profit, by count."""

    async def main() -> None:
        async with rig(tmp_path) as on:
            async with on.running() as live:
                await on.until(lambda: on.held() > 0 and covered(on, SYMBOL))
                first = await told(on)
                assert not first[-1]["journal"]["closed"]
                assert first[-1]["report"]["positions"]["held_at_end"] == 1
                assert first[-1]["report"]["incidents"]["engine"]["state_at_end"] == "RUNNING"
                live.take(ForceExitRequested(time_ns=live.now_ns(), symbol=SYMBOL, actor="test"))
                await on.until(lambda: live.recent.performance.settled)
            last = await told(on)
            true = on.exchange.desk.trades
            assert last[-1]["journal"]["closed"]
            assert total(last, "fills", "trades") == len(true) > 1
            assert total(last, "booked", "fees") == -sum(trade.fee for trade in true)
            assert total(last, "booked", "price") == sum(trade.realized_pnl for trade in true)
            assert total(last, "results", "ended") >= 1
            assert total(last, "unprotected", "total_s") * 1000 == pytest.approx(sum(unprotected_ms(on)), abs=1)

    asyncio.run(main())

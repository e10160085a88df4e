"""An order that a limit holds back for seconds: what is compared meanwhile must not use up the request weight."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sadari.localexchange.faults.served import FAULTS
from sadari.run.operator.commands import Commands
from tests.faults.rules import rules, table
from tests.live_account import ONCE, Books, entered, quiet, settled
from tests.live_engine import CONFIG, SYMBOL, rig

SELDOM = CONFIG.replace("sync_s = 2", "sync_s = 600")
# One reading: 40 for the open orders, 40 for the conditional ones, 30 for income, 5 each for the rest.
READING = 130
WISHES, APART_S = 5, 0.4
TOO_MANY_ORDERS = next(row.rules[0] for row in FAULTS if row.fault == "F18")


def test_comparisons_wait_with_an_order_that_a_limit_holds_back(tmp_path: Path) -> None:
    """An exit that is sent again after ten seconds; five wishes to compare meanwhile are one reading."""

    async def story() -> None:
        async with rig(tmp_path / "engine", config=SELDOM) as it:
            books = Books(it)
            async with it.running(ONCE) as live:
                await entered(it)
                await quiet(it)
                change = {"contains": "reduceOnly=true", "times": 1, "from_s": None}
                it.exchange.faults.add(rules(table(TOO_MANY_ORDERS), "limit", change), it.exchange.gateway_ns())
                await Commands(live).exit("tester", SYMBOL, "it was enough")
                await it.until(lambda: it.exchange.faults.firings() and it.trading.in_flight)
                budget, server = live.connections.budget, live.connections.server
                before, compared = budget.used_weight(server.ns()), it.trading.compared
                for _ in range(WISHES):
                    live.parts.supervision.compare_soon("", 0.0)
                    await asyncio.sleep(APART_S)
                assert it.held(), "the exit still waits"
                assert budget.used_weight(server.ns()) - before <= READING
                await it.until(lambda: it.position().is_in("CLOSED"))
                await settled(it, books)
                await quiet(it)
                assert it.trading.compared - compared < WISHES, "one that ran, and one for all who had asked meanwhile"

    asyncio.run(story())

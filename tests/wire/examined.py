"""What the tests of the examination share: accounts that are prepared, changed and examined."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from sadari.model.command import PlaceOrder
from sadari.model.order import OrderType, Purpose, Side, TimeInForce
from sadari.model.plan import Settings
from sadari.venue.live.account.examination import examine
from sadari.venue.live.account.findings import Expected, Finding, Severity
from sadari.venue.live.account.preparation import Preparation, Wish
from tests.local_exchange import BTC, ETH
from tests.wire.rest_bench import Bench, bench

SETTINGS = Settings(run_id="doctor")
PLAN = Expected(mode="local", settings=SETTINGS, symbols=(BTC, ETH), acknowledged=Decimal("0.275"))
Arrange = Callable[[Bench], None]


def nothing(_: Bench) -> None:
    """The account as it is prepared."""


async def examined(
    expected: Expected = PLAN,
    faults: str = "",
    arrange: Arrange = nothing,
    *,
    ahead_ns: int = 0,
    wallet_host: bool = False,
    prepared: bool = True,
    **more: Any,
) -> list[Finding]:
    """What is found in an account that was prepared as planned and then changed."""
    async with bench(faults, **more) as one:
        if prepared:
            ladder = SETTINGS.ladder
            wishes = [Wish(symbol, ladder.leverage, ladder.margin_mode) for symbol in (BTC, ETH)]
            assert all(result.ready for result in await Preparation(one.rest).prepare_all(wishes))
        arrange(one)
        return await examine(one.rest, lambda: one.exchange.market.now_ns + ahead_ns, expected, wallet_host=wallet_host)


def examined_now(*arguments: Any, **more: Any) -> list[Finding]:
    """The same, run."""
    return asyncio.run(examined(*arguments, **more))


def about(findings: list[Finding], subject: str, severity: Severity | None = None) -> list[Finding]:
    """The findings about something."""
    return [one for one in findings if one.subject == subject and severity in {None, one.severity}]


def changed(finding: Finding, what: str) -> tuple[Decimal | None, Decimal | None]:
    """A figure as found and as planned."""
    (one,) = (change for change in finding.changes if change.what == what)
    return one.found, one.planned


ORDER = PlaceOrder(
    symbol=BTC, client_order_id="", purpose=Purpose.ENTRY, side=Side.BUY, order_type=OrderType.LIMIT,
    qty=Decimal("0.01"), time_in_force=TimeInForce.GTC,
)  # fmt: skip


def buy(one: Bench) -> None:
    """Hold a position."""
    one.exchange.desk.place(msgspec.structs.replace(ORDER, order_type=OrderType.MARKET, time_in_force=None))

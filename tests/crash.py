"""A live engine with one position, and a recorded tape on which the price falls through its stop."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import msgspec

from sadari.core.engine_table import EngineState
from sadari.localexchange.account.records import Trade
from sadari.localexchange.faults.file import load_faults
from sadari.model.event import SignalRaised
from sadari.model.instrument import Bracket
from sadari.model.order import Direction, Side
from sadari.model.units import MILLISECOND_NS, SECOND_NS, Exact, decimal_of
from sadari.run.feed.played import load
from sadari.run.figures.decisions import EXIT
from sadari.run.local.listings import Listings
from tests.live_engine import CONFIG, rig
from tests.local_market import instrument

D = Decimal
SYMBOL = "BTCUSDT"
START_MS = 1_735_689_600_000
HISTORY_MS = 10 * 60_000
STEP_MS = 100
CALM_MS = 1_500
FALL = 5
# Source: the users' example before streams: a look at the price every three seconds.
LOOK_MS = 3_000

ONE_RUNG = """
[ladder]
weights = [0.02]
dca_trigger = []
stop_by_stage = [0.004]
leverage = 5

[daily]
max_entries = 1
"""


def tape() -> list[tuple[int, Decimal]]:
    """A trade every 100 ms: ten minutes at 50,000, then a fall of 50 a second for two minutes."""
    calm = (HISTORY_MS + CALM_MS) // STEP_MS
    falls = [D(50_000)] * calm + [D(50_000) - FALL * step for step in range(1_200)]
    return [(START_MS + number * STEP_MS, price) for number, price in enumerate(falls)]


def market(folder: Path) -> Listings:
    """The tape as a file of trades, and its contract."""
    lines = [f"{number},{price},1000,1,1,{at_ms},true" for number, (at_ms, price) in enumerate(tape(), 1)]
    (folder / f"{SYMBOL}.csv").write_text("\n".join(lines), encoding="utf-8")
    contract = msgspec.structs.replace(
        instrument(SYMBOL), brackets=(Bracket(D(0), D(10_000_000), 20, D("0.004")),), market_max_qty=D(1000)
    )
    return Listings({SYMBOL: contract}, load([folder]), {})


def looked(stop: Decimal) -> float:
    """The mean price of a market order at the first look at or below a stop, over every way to begin looking."""
    prices = [price for _, price in tape()]
    crossed = next(number for number, price in enumerate(prices) if price <= stop)
    looks = LOOK_MS // STEP_MS
    return mean(float(prices[crossed + after]) for after in range(looks))


class Fallen(NamedTuple):
    """What became of the position.

    Attributes:
        stop: The engine's own stop.
        qty: What was held.
        sold: The exchange's trades that closed it.
        capped: Whether every order of those was one that can only close.
        reasons: Why it was left, in the engine's words.
        after_s: From the trade on the tape that crossed the stop to the first trade that closed.
    """

    stop: Decimal
    qty: Decimal
    sold: list[Trade]
    capped: bool
    reasons: list[str]
    after_s: float

    @property
    def price(self) -> Decimal:
        """The mean price of what was sold."""
        return sum((one.price * one.qty for one in self.sold), D(0)) / sum((one.qty for one in self.sold), D(0))


async def fallen(folder: Path, faults: str = "") -> Fallen:
    """An engine enters at the first price, and the price falls through its stop.

    Args:
        folder: An empty one.
        faults: Rules that stand from the start, as a fault file has them.
    """
    (folder / "market").mkdir()
    made = market(folder / "market")
    async with rig(
        folder / "state", config=CONFIG + ONE_RUNG, speed=1, symbols=(SYMBOL,), market=made,
        history_ns=HISTORY_MS * MILLISECOND_NS, same_hour=False, faults=load_faults(faults) if faults else (),
    ) as one, one.running() as live:  # fmt: skip
        await one.until(lambda: live.state is EngineState.RUNNING and live.symbols.prepared)
        now_ns, price = live.now_ns(), one.exchange.market.symbols[SYMBOL].last_price
        live.take(
            SignalRaised(
                time_ns=now_ns, symbol=SYMBOL, direction=Direction.LONG, strategy="always", signal_id="1",
                price=price, price_time_ns=now_ns, equity=live.parts.balances.equity(),
            )
        )  # fmt: skip
        await one.until(lambda: one.held(SYMBOL) and one.position(SYMBOL).stop is not None)
        stop, qty = decimal_of(one.position(SYMBOL).stop or Exact(0), 8), one.held(SYMBOL)
        await one.until(lambda: not one.held(SYMBOL))
        desk = one.exchange.desk
        sold = [trade for trade in desk.trades if trade.side is Side.SELL]
        orders = [desk.orders[trade.order_id] for trade in sold]
        crossed_ms = next(at_ms for at_ms, price in tape() if price <= stop)
        crossed_ns = crossed_ms * MILLISECOND_NS + one.exchange.market.symbols[SYMBOL].tape.shift_ns
        return Fallen(
            stop,
            qty,
            sold,
            capped=all(order.reduce_only or order.close_position for order in orders),
            reasons=[told.reason.partition(":")[0] for told in live.recent.decisions if told.what == EXIT],
            after_s=(sold[0].time_ns - crossed_ns) / SECOND_NS,
        )

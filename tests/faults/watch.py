"""What is seen of an account while a fault is played, and the judge that all plays have in common.

Everything is read from the exchange's own records; the engine is only asked what it believes, to be set beside them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from decimal import Decimal

from sadari.model.command import Command, RecordPosition
from sadari.model.event import Event
from tests.live_account import Books, agreed
from tests.live_engine import SYMBOL, Rig
from tests.live_truth import covered, same_positions, same_trades, wrongs

# How long exposure may be without a stop (invariant I1), by the wall clock: the market goes on faster than that.
BARE_S = 5.0
# The same request with the same refusal: three tries of each of opening, adding, exiting, protecting (reaction R5).
REFUSALS = 12
_LOOK_S = 0.01
_REFUSING = {"code", "status_503", "retry_after"}
_ORDERS = ("POST /fapi/v1/order", "POST /fapi/v1/algoOrder")


class Watch:
    """What was seen from the engine's start on.

    Args:
        rig: The engine and its exchange.

    Attributes:
        states: Every state that the engine was in.
        ends: What was written down of each ended position.
        bare_s: The longest time that something was held and no stop covered it.
        most: The most that was held.
    """

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.books = Books(rig)
        self.states: set[str] = set()
        self.ends: list[RecordPosition] = []
        self.bare_s = 0.0
        self.most = Decimal(0)
        self._bare: dict[str, float] = {}

    def follow(self) -> asyncio.Task[None]:
        """Look from now on, until canceled."""
        self.rig.live.driver.observers.append(self._seen)
        return asyncio.ensure_future(self._looking())

    def common(self) -> list[str]:
        """What is wrong, by the rules that hold whatever the fault was."""
        rig = self.rig
        found = wrongs(rig) + _unknown(rig)
        if not (same_positions(rig) and agreed(rig)):
            found.append("the engine does not hold what the exchange says, under the stops that it should have")
        if not same_trades(rig):
            found.append("the ledger does not have the exchange's trades")
        if not self.books.agree():
            found.append(f"the ledger has {self.books.ours()}, the exchange {self.books.theirs()}")
        names = [one.position_id for one in self.ends]
        if len(set(names)) < len(names) or not all(one.reason for one in self.ends):
            found.append(f"an ending has not one reason: {[(one.position_id, one.reason) for one in self.ends]}")
        if refused(rig) > REFUSALS:
            found.append(f"{refused(rig)} orders were sent into a refusal")
        return found

    def reasons(self) -> list[str]:
        """Why each position of the symbol ended, in their order."""
        return [one.reason for one in self.ends if one.symbol == SYMBOL]

    def _seen(self, _number: int, _event: Event, commands: Sequence[Command]) -> None:
        self.states.add(self.rig.live.state.value)
        self.ends.extend(one for one in commands if isinstance(one, RecordPosition))

    async def _looking(self) -> None:
        while True:
            now = time.monotonic()
            for symbol in self.rig.exchange.desk.exchange.positions:
                if covered(self.rig, symbol):
                    self._bare.pop(symbol, None)
                else:
                    self.bare_s = max(self.bare_s, now - self._bare.setdefault(symbol, now))
            self.most = max(self.most, abs(self.rig.held()))
            await asyncio.sleep(_LOOK_S)


def _unknown(rig: Rig) -> list[str]:
    """Orders that bear the run's name and are none of the engine's."""
    desk, engine, run = rig.exchange.desk, rig.live.opened.engine, f"{rig.live.opened.settings.run_id}-"
    names = [order.client_order_id for order in desk.orders.values()]
    names += [algo.client_algo_id for algo in desk.algos.values()]
    return [f"{name} is no order of the engine" for name in names if name.startswith(run) and name not in engine.orders]


def refused(rig: Rig) -> int:
    """How many orders the fault has refused."""
    firings = rig.exchange.faults.firings()
    return sum(one.verb in _REFUSING and one.subject.startswith(_ORDERS) for one in firings)

"""A real engine over real sockets that is killed at a request: before it is applied, after that, after its reply, late.

The exchange runs in this process and kills it from within its answer. Source: faults F105 to F107, invariants I3, I16.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from sadari.cli.main import main
from sadari.localexchange.asking.gate import Answer, refusal_body
from sadari.localexchange.serving.server import Address
from sadari.model.event import OrderFilled
from sadari.model.units import DAY_NS
from sadari.run.local.exchange import LocalExchange
from sadari.run.local.listings import LocalSettings
from tests.engine_process import SYMBOL, EngineProcess, until
from tests.faults.rules import rules
from tests.local_exchange import SEED, listings

pytestmark = pytest.mark.e2e

CHANGES = ("POST /fapi/v1/order", "POST /fapi/v1/algoOrder", "DELETE", "order.place", "algoOrder", "order.cancel")
# The so manieth change of the account, from the first entry and its two stops to the add and the stops after it.
CASES = [
    (moment, Random(number).randint(1, 6)) for number, moment in enumerate(("before", "applied", "replied", "late"))
]
LATE_S, REPLIED_S = 1.5, 0.05


class Served:
    """An exchange in a thread of its own.

    Attributes:
        at: Where it is reached, and the keys of its account.
        changes: How many requests to change something have arrived.
        killed: Whether the engine was killed.
    """

    def __init__(self) -> None:
        settings = LocalSettings(history_ns=DAY_NS, seed=SEED, speed=60.0)
        self.exchange = LocalExchange(listings(), settings)
        self.at: dict[str, str] = {}
        self.changes = 0
        self.killed = False
        self._right = self.exchange.server._gate.answer
        self._loop: asyncio.AbstractEventLoop
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        self._ready.wait()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.exchange.serve(self._started)

    def _started(self, address: Address) -> None:
        key, secret, _ = self.exchange.credentials
        ws_api = f"{address.ws}/ws-fapi/v1"
        self.at.update(rest=address.http, ws=address.ws, ws_api=ws_api, key=key, secret=secret)
        self._ready.set()

    def kill_at(self, number: int, moment: str, engine: EngineProcess) -> None:
        """Kill the engine at the so manieth change."""

        def answer(address: str, what: str, read: Any, asked: Any) -> Answer:
            if not what.startswith(CHANGES) or self.killed:
                return self._right(address, what, read, asked)
            self.changes += 1
            if self.changes < number:
                return self._right(address, what, read, asked)
            self.killed = True
            pid = engine.process.pid
            if moment in ("before", "late"):
                os.kill(pid, signal.SIGKILL)
                if moment == "late":
                    self._loop.call_later(LATE_S, lambda: self._right(address, what, read, asked))
                return Answer(503, refusal_body(-1000, ""))
            done = self._right(address, what, read, asked)
            if moment == "applied":
                os.kill(pid, signal.SIGKILL)
            else:
                self._loop.call_later(REPLIED_S, os.kill, pid, signal.SIGKILL)
            return done

        self.exchange.server._gate.answer = answer  # type: ignore[method-assign]

    def fall(self) -> None:
        """Let the price come to the first rung."""
        text = f'fault = [{{ verb = "price_gap", symbol = "{SYMBOL}", fraction = -0.035 }}]'
        faults = self.exchange.faults
        self._loop.call_soon_threadsafe(lambda: faults.add(rules(text, "fall"), self.exchange.gateway_ns()))

    @property
    def held(self) -> Decimal:
        """What is held."""
        position = self.exchange.desk.exchange.positions.get(SYMBOL)
        return Decimal(0) if position is None else position.qty

    def covered(self) -> bool:
        """Whether exactly the two stops of what is held wait."""
        stops = [one.wish for one in list(self.exchange.desk.open_algos(SYMBOL))]
        amounts = [one.qty for one in stops if not one.close_position]
        return len(stops) == 2 and amounts == [self.held] and self.held > 0

    def close(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self.exchange.stop)
        self._thread.join()


@contextmanager
def served() -> Iterator[Served]:
    """An exchange for as long as the block lasts."""
    made = Served()
    try:
        yield made
    finally:
        made.close()


@pytest.mark.requirement("R004-24")
@pytest.mark.parametrize(("moment", "number"), CASES)
def test_a_kill_at_a_request_doubles_and_loses_nothing(tmp_path: Path, moment: str, number: int) -> None:
    """Judged by the exchange's own records, and the journal has every trade once."""
    with served() as venue:
        engine = EngineProcess(tmp_path / "state", venue.at)
        venue.kill_at(number, moment, engine)
        try:
            engine.start()
            fallen = False
            while not venue.killed:
                time.sleep(0.02)
                if not fallen and venue.covered():
                    venue.fall()
                    fallen = True
            until(lambda: engine.process.poll() is not None)
            if not fallen:
                venue.fall()
            engine.start()
            engine.until(lambda: engine.state() == "RUNNING" and venue.covered() and settled(venue, engine))
        finally:
            engine.kill()
        desk = venue.exchange.desk
        names = [one.client_order_id for one in desk.orders.values()]
        names += [one.client_algo_id for one in desk.algos.values()]
        assert len(set(names)) == len(names)
        assert all(one.side == "BUY" and one.filled_qty <= one.qty for one in desk.orders.values())
        assert main(["journal", "replay", "--verify", str(engine.folder / "engine.journal")]) == 0
        # A trade may be told twice, by the stream and by a list; the ledger has it once (I6, in the simulation).
        told = {one.trade_id for one in engine.records() if isinstance(one, OrderFilled)}
        assert told == {one.trade_id for one in desk.trades}


def settled(venue: Served, engine: EngineProcess) -> bool:
    """Whether the engine holds what the exchange says, and the add has been made."""
    positions = engine.status().get("positions", [])
    return len(positions) == 1 and Decimal(positions[0]["qty"]) == venue.held and positions[0]["stage"] == "FIRST_DCA"

"""What happened in a simulation, line by line, for whoever wants to know why a seed fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from sadari.localexchange.faults import Fired
from sadari.model import command as commands
from sadari.model.command import Command
from sadari.model.event import Event
from tests.sim.tap import Asked, Tap
from tests.sim.world import Life, World

NS = 1_000_000_000
SHOWN = (
    commands.PlaceOrder, commands.CancelOrder, commands.RecordExit, commands.RecordMove, commands.RecordPosition,
    commands.SendAlert, commands.QueryOrder, commands.Audit,
)  # fmt: skip


class Story:
    """Follows a world; what it holds is text.

    Args:
        world, tap: What is followed.
    """

    def __init__(self, world: World, tap: Tap) -> None:
        self.lines: list[str] = []
        self._world = world
        self._trades = 0
        self._watched: set[int] = set()
        tap.on_request.append(self._asked)
        tap.on_door.append(self._at_door)
        world.on_begin.append(lambda life: self.say(f"life {life.number} begins"))
        world.on_end.append(self._ended)

    def say(self, text: str) -> None:
        """Add a line."""
        self.lines.append(f"{self._world.now_ns / NS:9.4f} {text}")

    def look(self) -> None:
        """Follow an engine that has been opened meanwhile, and what was traded."""
        life = self._world.life
        if life is not None and life.opened and hasattr(life.live, "_driver") and life.number not in self._watched:
            self._watched.add(life.number)
            life.live.driver.observers.append(self._decided)
        trades = self._world.exchange.desk.trades
        for one in trades[self._trades :]:
            order = self._world.exchange.desk.orders[one.order_id]
            held = self._world.held(one.symbol)
            self.say(f"  TRADE {one.symbol} {one.side} {one.qty} at {one.price} {order.client_order_id}; held {held}")
        self._trades = len(trades)

    def _ended(self, life: Life) -> None:
        self.say(f"life {life.number} is over: {life.killed or life.ended} {life.failure}")

    def _asked(self, asked: Asked) -> None:
        if asked.method != "GET" and "listenKey" not in asked.path:
            values = {key: one for key, one in asked.values.items() if key not in ("signature", "timestamp", "apiKey")}
            self.say(f"  -> {asked.method} {asked.path} {values}")

    def _at_door(self, method: str, path: str, over: str, fired: Fired | None) -> None:
        if fired is not None:
            self.say(f"  !! {method} {path} over {over}: {type(fired.rule).__name__} applied {fired.applied}")

    def _decided(self, _: int, event: Event, told: Sequence[Command]) -> None:
        self.say(f"{type(event).__name__} {_plain(event)}")
        for one in told:
            if isinstance(one, SHOWN):
                self.say(f"    {type(one).__name__} {_plain(one)}")


def _plain(one: Any) -> str:
    fields = msgspec.to_builtins(one)
    return " ".join(f"{key}={value}" for key, value in fields.items() if value and key not in ("type", "time_ns"))

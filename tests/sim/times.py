"""How long things took in a simulation, for `docs/reliability.md`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sadari.localexchange.asking.gate import Answer
from sadari.model.command import Command
from sadari.model.event import Event, OutcomeUnknown
from tests.sim.tap import Asked, Tap
from tests.sim.world import Life, World

AT_EASE = ("RUNNING", "PAUSED")


@dataclass
class Took:
    """Times in seconds, each list by what it is of."""

    restarted: list[float] = field(default_factory=list)
    reconnected: list[float] = field(default_factory=list)
    healed: list[float] = field(default_factory=list)
    resolved: list[float] = field(default_factory=list)


class Times:
    """Measures in one world.

    Args:
        world, tap: Which.
    """

    def __init__(self, world: World, tap: Tap) -> None:
        self.took = Took()
        self._world = world
        self._life: Life | None = None
        self._state = ""
        self._since_ns: int | None = None
        self._unknown: dict[str, int] = {}
        self._dead_key_ns: int | None = None
        tap.on_answered.append(self._answered)
        world.on_end.append(lambda _: self._unknown.clear())
        world.loop.after_turn.append(self._look)

    def _look(self) -> None:
        life = self._world.life
        if life is None or life is self._life or not life.opened or not hasattr(life.live, "_driver"):
            return
        self._life, self._state, self._since_ns = life, "", None
        life.live.driver.observers.append(self._seen)

    def _answered(self, asked: Asked, answer: Answer) -> None:
        if "listenKey" in asked.path and b"-1125" in answer.body and self._dead_key_ns is None:
            self._dead_key_ns = self._world.now_ns

    def _seen(self, _: int, event: Event, __: Sequence[Command]) -> None:
        assert self._life is not None
        now_ns, engine = self._world.now_ns, self._life.live
        state = engine.state.value
        if isinstance(event, OutcomeUnknown):
            self._unknown.setdefault(event.client_order_id, now_ns)
        for name in [one for one in self._unknown if engine.opened.engine.orders[one].state.value != "UNKNOWN"]:
            self.took.resolved.append((now_ns - self._unknown.pop(name)) / 1e9)
        if state == self._state:
            return
        if state in AT_EASE:
            self._at_ease(now_ns)
        elif state == "RECONCILING":
            self._since_ns = now_ns
        self._state = state

    def _at_ease(self, now_ns: int) -> None:
        life = self._life
        if self._since_ns is None or life is None:
            return
        if life.agreed:
            self.took.reconnected.append((now_ns - self._since_ns) / 1e9)
        else:
            life.agreed = True
            self.took.restarted.append((now_ns - life.began_ns) / 1e9)
        if self._dead_key_ns is not None:
            self.took.healed.append((now_ns - self._dead_key_ns) / 1e9)
            self._dead_key_ns = None
        self._since_ns = None

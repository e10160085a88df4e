"""What may happen next in the world of the model check, and what happens then."""

from __future__ import annotations

from collections.abc import Callable

from sadari.core.engine_table import EngineState
from sadari.model.command import CancelOrder
from sadari.model.event import (
    AlarmRang,
    Event,
    ForceExitRequested,
    OperatorRequested,
    WriteOffRequested,
)
from sadari.model.order import OrderType
from tests.ladder_driver import SYMBOL
from tests.model import edge
from tests.model.edge import AT_REST, FAULTS
from tests.model.scope import PRICES
from tests.model.world import World, streamed

_SEEING = (
    EngineState.RUNNING,
    EngineState.PAUSED,
    EngineState.RECONCILING,
    EngineState.STOPPING,
    EngineState.LIQUIDATING,
)


def possible(world: World) -> list[str]:
    """Everything that may happen next, by name."""
    found = _of_the_market(world)
    if world.limbo:
        found.append("arrive")
    found += [f"{what} {at}" for at, name in enumerate(world.truth.orders) if _works(world, name) for what in _WORK]
    if world.down:
        return [*found, "restart"]
    if world.inbox:
        found.append("report")
    if world.late and not world.lost:
        found.append("late report")
    found += ["tick"] * bool(world.crossed) + ["look up"] * bool(world.lookups)
    found += [*_of_the_network(world), *_of_people(world)]
    if not (world.fast or world.slow or world.inbox or world.crossed):
        found += ["compare"] + ["alarm"] * bool(world.alarms)
    if world.lost:
        found.append("stream back")
    if world.faults:
        found += ["crash"] + ["lose stream"] * (not world.lost and world.engine.state in _SEEING)
        found += ["delay"] * bool(world.inbox and streamed(world.inbox[0]))
        found += [f"take {at}" for at, name in enumerate(world.truth.orders) if not _works(world, name)]
    return found


_WORK = ("fill", "expire")


def _works(world: World, name: str) -> bool:
    return world.truth.orders[name][0].order_type is not OrderType.STOP_MARKET


def _of_the_market(world: World) -> list[str]:
    """The price goes where something waits for it, and not back."""
    found = ["price rung"] * (world.at == "entry" and "rung1" in world.levels)
    if world.at in ("entry", "rung"):
        found += ["price up"] * (world.rise and "half" in world.levels) + ["price down"] * bool(world.truth.qty)
    return found


def _of_the_network(world: World) -> list[str]:
    found: list[str] = []
    for name, queue in (("fast", world.fast), ("slow", world.slow)):
        if not queue:
            continue
        found.append(f"{name} arrives")
        order = queue[0]
        if isinstance(order, CancelOrder):
            found += [f"{name} vanish"] * bool(world.faults)
            continue
        if order.trigger_price is None and (order.qty or 0) > 1:
            found.append(f"{name} part")
        if world.faults:
            found += [f"{name} {fault}" for fault in FAULTS]
    return found


def _of_people(world: World) -> list[str]:
    state = world.engine.state
    found = ["resume"] * (state is EngineState.PAUSED)
    if world.wishes > 0 and state not in AT_REST:
        found += ["exit", "stop", "stop and close"] + ["pause"] * (state is EngineState.RUNNING)
    return found + ["drained"] * may_drain(world)


def may_drain(world: World) -> bool:
    """Whether an engine that stops waits for nothing any more."""
    if world.engine.state is not EngineState.STOPPING or world.fast or world.slow or world.unclear:
        return False
    return not any(position.is_in("EXITING") for position in world.engine.positions.values())


def happen(before: World, action: str) -> World:
    """The world after an action."""
    world = before.copy()
    what, _, rest = action.partition(" ")
    if what in ("fast", "slow"):
        edge.transmit(world, what, rest)
    elif what == "price":
        world.at = rest
        world.report(world.truth.move(PRICES[rest], world.now_ns))
        world.cross()
    elif what in (*_WORK, "take"):
        name = list(world.truth.orders)[int(rest)]
        world.faults -= what == "take"
        truth, now_ns = world.truth, world.now_ns
        world.report(truth.trade(name, now_ns) if what == "fill" else truth.cancel(name, now_ns, "EXPIRED"))
    elif what == "arrive":
        world.report(world.truth.submit(world.limbo.pop(0), world.now_ns))
    elif action in _TOLD:
        edge.tell(world, _TOLD[action](world).pop(0))
    else:
        _OTHER[action](world)
    return world


_TOLD: dict[str, Callable[[World], list[Event]]] = {
    "report": lambda w: w.inbox,
    "late report": lambda w: w.late,
    "tick": lambda w: w.crossed,
}


def _alarm(world: World) -> None:
    name = min(world.alarms, key=lambda one: world.alarms[one])
    world.now_ns = max(world.now_ns, world.alarms.pop(name))
    world.give(AlarmRang(time_ns=world.now_ns, name=name))


def _wish(world: World, action: str) -> None:
    world.wishes = max(0, world.wishes - 1)
    if action == "pause":
        world.operate("pause")
    elif action == "exit":
        world.give(ForceExitRequested(time_ns=world.now_ns, symbol=SYMBOL, actor="test"))
    else:
        command = "stop_keep" if action == "stop" else "stop_close"
        world.give(OperatorRequested(time_ns=world.now_ns, command=command, actor="test", cause="asked for"))


def _delay(world: World) -> None:
    world.faults -= 1
    world.late.append(world.inbox.pop(0))


_OTHER: dict[str, Callable[[World], None]] = {
    "alarm": _alarm,
    "look up": edge.look_up,
    "compare": edge.compare,
    "lose stream": edge.lose,
    "stream back": edge.back,
    "crash": edge.crash,
    "drained": edge.drained,
    "restart": edge.restart,
    "delay": _delay,
    "write off": lambda world: world.give(WriteOffRequested(time_ns=world.now_ns, symbol=SYMBOL, actor="test")),
    "pause": lambda world: _wish(world, "pause"),
    "resume": lambda world: world.operate("resume"),
    "exit": lambda world: _wish(world, "exit"),
    "stop": lambda world: _wish(world, "stop"),
    "stop and close": lambda world: _wish(world, "stop and close"),
}

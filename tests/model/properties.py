"""What has to be true in every state of the model check, by the venue's truth, and the way home from there."""

from __future__ import annotations

from sadari.core.engine_table import EngineState
from sadari.model.command import CancelOrder
from sadari.model.order import Purpose
from sadari.model.reason import exit_reasons
from tests.ladder_driver import SYMBOL
from tests.model.actions import may_drain
from tests.model.scope import FAST, PLANNED
from tests.model.world import World

REASONS = exit_reasons(1)
# What the engine sets when something about stops, exits or agreement is to be tried again.
PURSUING = ("protect", "bare", "exit", "compare")


def violations(world: World) -> list[str]:
    """What is wrong with a state by itself."""
    found = list(world.wrong)
    if world.possible > PLANNED and not world.proved:
        found.append(f"{world.possible} may be held, {PLANNED} were planned")
    if unprotected(world) and not pursued(world):
        found.append("held without a stop at the venue, and nothing is under way")
    if at_rest(world) and not has_both_walls(world):
        found.append("held at rest without both walls for the whole quantity")
    if world.truth.qty < 0:
        found.append("a closing order has turned the position")
    found += [f"{reason} is no reason" for reason in world.reasons.values() if reason not in REASONS]
    if is_home(world) and world.filled - set(world.reasons):
        found.append("a position has ended without a reason")
    return found


def unprotected(world: World) -> bool:
    """Something is held, and neither a stop rests that closes all of it nor does an order close it."""
    return not (world.truth.covered or world.truth.exiting)


def at_rest(world: World) -> bool:
    """Something is held and nothing is under way: an engine that sees everything waits for nothing but prices."""
    if not world.truth.qty or not world.quiet or world.engine.state not in (EngineState.RUNNING, EngineState.PAUSED):
        return False
    leaving = any(position.is_in("EXITING") for position in world.engine.positions.values())
    waits = any(name.startswith(PURSUING) for name in world.alarms)
    works = any(order.trigger_price is None for order, _ in world.truth.orders.values())
    return not (leaving or waits or works)


def has_both_walls(world: World) -> bool:
    """A close-position stop rests, and a reduce-only one for exactly what is held, perhaps beside the one before it."""
    resting = [order for order, _ in world.truth.orders.values() if order.trigger_price is not None]
    inner = [order.qty for order in resting if order.reduce_only]
    return world.truth.qty in inner and sum(order.close_position for order in resting) == 1


def pursued(world: World) -> bool:
    """Whether something is under way that leads to a stop or an exit.

    A stop, an exit or a cancel that is looked up if it comes too late, a report that tells the engine, a lookup or
    comparison, an alarm of the engine; or a process or stream that is or was down: whoever watches over it brings it
    back and compares everything.
    """
    orders = any(isinstance(one, CancelOrder) or one.purpose in FAST for one in (*world.fast, *world.slow))
    told = world.inbox or world.late or world.crossed or world.lookups or world.due
    alarms = any(name.startswith(PURSUING) for name in world.alarms)
    blind = world.down or world.lost or world.unseen or world.engine.state is EngineState.RECONCILING
    return bool(orders or told or alarms or blind)


def is_home(world: World) -> bool:
    """Flat at the venue and at the engine, nothing rests and nothing is under way."""
    resting = [order for order, _ in world.truth.orders.values() if order.purpose is not Purpose.ENTRY]
    if world.truth.qty or resting or world.truth.orders or world.engine._desk.unsettled:
        return False
    waits = (world.fast, world.slow, world.inbox, world.late, world.limbo, world.crossed, world.lookups)
    if any(waits) or world.due:
        return False
    return all(position.is_in("FLAT", "CLOSED") for position in world.engine.positions.values())


def homeward(world: World) -> str:
    """The action that comes next if nothing goes wrong any more and the position is to be closed."""
    first = _brought_back(world) or _delivered(world) or _traded(world)
    if first:
        return first
    position = world.engine.positions.get(SYMBOL)
    held = position.qty if position is not None else 0
    unknown = len(world.engine.live) != len(world.truth.orders)
    if world.due or world.engine.state is EngineState.RECONCILING or held != world.truth.qty or unknown:
        return "compare"
    if world.truth.qty and world.truth.covered and world.at != "down":
        return "price down"
    if world.alarms:
        return "alarm"
    if may_drain(world):
        return "drained"
    if world.truth.qty:
        return "exit"
    records = (*world.engine.positions.values(), *world.engine._desk.unsettled)
    return "write off" if any(one.is_in("CLOSED_UNSETTLED") for one in records) else "compare"


def _brought_back(world: World) -> str:
    """What is down comes back first."""
    if world.down:
        return "restart"
    return "stream back" if world.lost else ""


def _traded(world: World) -> str:
    """What works at the venue trades: a market order does not rest."""
    works = (at for at, (order, _) in enumerate(world.truth.orders.values()) if order.trigger_price is None)
    return next((f"fill {at}" for at in works), "")


def _delivered(world: World) -> str:
    """What is under way arrives: reports before orders, closing orders before others."""
    ways = (
        ("report", world.inbox),
        ("tick", world.crossed),
        ("late report", world.late),
        ("fast arrives", world.fast),
        ("slow arrives", world.slow),
        ("look up", world.lookups),
        ("arrive", world.limbo),
    )
    return next((action for action, queue in ways if queue), "")

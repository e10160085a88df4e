"""The name of a state of the world: equal for states from which the same can happen."""

from __future__ import annotations

from typing import Any

from sadari.core.liquidation.course import ALARM
from sadari.model.units import SECOND_NS
from tests.model.remembered import Names
from tests.model.world import World


def _number(world: World, names: Names, kind: str, number: int) -> int:
    """The life that an alarm is about; one of the liquidation is that of its present step, or counts for nothing."""
    found = world.engine.liquidation
    if kind != ALARM or found is None:
        return names.life(number)
    return int(found.under_way and number == found.step)


def key(world: World) -> tuple[Any, ...]:
    """What is equal in equal states: times count from now in tenths of seconds, names by appearance."""
    names = Names(world.engine._desk)
    truth, tenth = world.truth, SECOND_NS // 10
    engine = names.engine()
    orders = tuple((names.order(name), int(filled)) for name, (_, filled) in truth.orders.items())
    ways = tuple(
        tuple((type(one).__name__, names.order(one.client_order_id)) for one in queue)
        for queue in (world.fast, world.slow, world.limbo)
    )
    reports = tuple(names.events(events) for events in (world.inbox, world.late, world.crossed))
    asked = tuple(map(names.order, world.lookups)), tuple(map(names.order, world.proved))
    alarms = sorted(
        (round((at - world.now_ns) / tenth), kind, _number(world, names, kind, int(life)))
        for name, at in world.alarms.items()
        for kind, _, life in [name.split(":")]
    )
    ends = tuple(sorted(world.reasons.values())), len(world.filled - set(world.reasons))
    marks = world.at, int(truth.qty), truth.cost, world.faults, world.wishes
    flags = world.due, world.lost, world.down, world.unseen
    levels = tuple(sorted(world.levels.items()))
    return engine, names.orders(), orders, ways, reports, asked, tuple(alarms), ends, marks, flags, levels, world.wrong

"""Which prices matter next: the levels a position waits for in its present state.

Source: strategies §5.2, §5.3, §5.5.
"""

from __future__ import annotations

from functools import cache

from sadari.core.desk import Desk
from sadari.core.position import Position
from sadari.core.position_table import pending
from sadari.core.targets import next_goal, set_goals
from sadari.core.waiting import levels as entry_levels
from sadari.model.command import ArmLevels, Level, Trail, WatchVerdict
from sadari.model.order import TechExit
from sadari.model.reason import stage_name
from sadari.model.units import MINUTE_NS, Exact, ceil_units, floor_units

STOP = "stop"
HALF = "half"
TARGET = "target"
TRAIL = "trail"
BACK = "back"


def rung_level(rung: int) -> str:
    """The name of the level at which a rung is due."""
    return f"rung{rung}"


def again_level(rung: int) -> str:
    """The name of the level at which a denied rung is asked again."""
    return f"again{rung}"


def recovery_level(rung: int) -> str:
    """The name of the level at which a lot is closed."""
    return f"recovery{rung}"


def sync(desk: Desk, position: Position) -> None:
    """Arm what the position waits for now, if that has changed; one that another has followed waits for nothing."""
    if desk.positions.get(position.symbol) is not position:
        return
    if position.limit is not None:
        set_goals(position, position.limit)
    if position.is_in("RUNNER") and position.trail is None:
        _begin_trail(position)
    levels = _levels(desk, position)
    trail = position.trail if position.is_in("RUNNER") and desk.guards else None
    wanted = (levels, trail)
    if wanted != position.armed:
        desk.out.append(ArmLevels(symbol=position.symbol, levels=levels, trail=trail))
        position.armed = wanted
    command = _verdict(position)
    verdict = command.verdict or ""
    if verdict != position.verdict:
        position.verdict = verdict
        desk.out.append(command)


def _begin_trail(position: Position) -> None:
    """Fix the trail of a new runner: from the tick that closed half, never looser than the stop (strategies §5.5)."""
    ladder = position.rules.ladder
    if ladder.tech_exit not in (TechExit.ATR_TRAIL, TechExit.EITHER) or position.stop is None:
        return
    up = position.side.sign < 0
    position.trail = Trail(
        name=TRAIL,
        up=up,
        k=ladder.tech_atr_k,
        best=floor_units(position.runner_best or position.last_price),
        floor=_units(position.stop, up=up),
        frame_ns=ladder.tech_frame_minutes * MINUTE_NS,
        atr_n=ladder.tech_atr_n,
    )


def _units(price: Exact, *, up: bool) -> int:
    return ceil_units(price) if up else floor_units(price)


@cache
def _states(rungs: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The states in which a ladder of so many rungs climbs, and all in which it waits for a price."""
    stages = tuple(stage_name(stage) for stage in range(rungs + 1))
    waits = tuple(pending(rung) for rung in range(1, rungs + 1))
    return stages, (*stages, "RUNNER", "ENTRY_PENDING", *waits, "REDUCING", "QUARANTINED")


def _levels(desk: Desk, position: Position) -> tuple[Level, ...]:
    if not desk.guards:
        return ()
    if position.qty == 0 or position.stop is None:
        return tuple(entry_levels(position))
    stages, watching = _states(position.rules.ladder.rungs)
    if position.state not in watching:
        return ()
    against, favour = position.side.sign < 0, position.side.sign > 0
    levels = [Level(STOP, against, _units(position.stop, up=against))]
    if position.state in stages:
        levels += _rung(position, against=against)
        if desk.reduces and not position.half_closed:
            levels += _profit(position, favour=favour)
    return tuple(levels + entry_levels(position))


def _profit(position: Position, *, favour: bool) -> list[Level]:
    due = _goals(position, favour=favour) if position.limit is not None else _staged(position, favour=favour)
    if not position.reduction_blocked or not due:
        return due
    if not position.reduction_given_up:
        return []
    nearest = due[0].units
    return [Level(BACK, not favour, nearest - 1 if favour else nearest + 1)]


def _goals(position: Position, *, favour: bool) -> list[Level]:
    goal = next_goal(position)
    return [] if goal is None else [Level(TARGET, favour, _units(goal.price, up=favour))]


def _staged(position: Position, *, favour: bool) -> list[Level]:
    lots = position.open_lots()
    due = [Level(HALF, favour, _units(position.half_level, up=favour))]
    if lots:
        due.insert(0, Level(recovery_level(lots[0]), favour, _units(position.recovery(lots[0]), up=favour)))
    return due


def _rung(position: Position, *, against: bool) -> list[Level]:
    rung = position.next_rung()
    if rung is None:
        return []
    if rung not in position.suspended:
        return [Level(rung_level(rung), against, _units(position.trigger(rung), up=against))]
    again = position.suspended[rung]
    if again is None:
        return []
    return [Level(again_level(rung), not against, _units(again, up=not against))]


def judged(position: Position) -> tuple[str, ...]:
    """The states in which a verdict over closed frames closes what is held."""
    return ("RUNNER",) if position.limit is None else ("INITIAL", "REDUCING")


def _verdict(position: Position) -> WatchVerdict:
    """What to watch for: a cross against a runner, or a turn of structure against what a set-up has opened."""
    symbol, way = position.symbol, "DOWN" if position.side.sign > 0 else "UP"
    ladder, limit = position.rules.ladder, position.limit
    if position.is_in(*judged(position)):
        if limit is not None and limit.frame_ns and position.rules.reward.exit_on_opposite_choch:
            fast, slow = limit.swings
            return WatchVerdict(symbol=symbol, verdict=f"CHOCH_{way}", frame_ns=limit.frame_ns, fast=fast, slow=slow)
        if limit is None and ladder.tech_exit in (TechExit.MA_CROSS, TechExit.EITHER):
            return _cross(position, f"MA_CROSS_{way}")
    return _cross(position, None)


def _cross(position: Position, verdict: str | None) -> WatchVerdict:
    ladder = position.rules.ladder
    return WatchVerdict(
        symbol=position.symbol,
        verdict=verdict,
        frame_ns=ladder.tech_frame_minutes * MINUTE_NS,
        fast=ladder.tech_ma_fast,
        slow=ladder.tech_ma_slow,
    )

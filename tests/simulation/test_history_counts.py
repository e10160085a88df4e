"""How often the engine is asked: by decisions, never by candles."""

from __future__ import annotations

from array import array
from collections import Counter
from decimal import Decimal

import pytest

from sadari.core.engine import Engine
from sadari.model.command import Command
from sadari.model.event import EngineTurned, Event, LevelCrossed
from sadari.model.order import Direction, TechExit
from sadari.model.plan import Ladder, Reentry, Settings
from sadari.model.units import MINUTE_NS
from sadari.run.history.backtest import drive
from sadari.sensors.always import Always
from sadari.sensors.ma_cross import MaCross
from tests.history_script import BTC, both, levels, of, run, venue_over, when
from tests.reference.tapes import INSTRUMENT, START_NS, Columns, joined

MILLION = 1_000_000

# The frame of every run: start, start_ok, the account, one prepared symbol, reconciled; stop_keep and drained.
FRAME = 7

# One life of a ladder, tick by tick: both rungs, both recoveries, half of it, and the break-even stop of the rest.
LIFE = (100.0, 96.9, 93.9, 97.1, 100.1, 110.9, 96.6)
CROSSINGS = len(LIFE) - 1


def calm(rows: int, price: float = 100.0) -> Columns:
    """Candles that move by less than any level of a ladder is away."""
    times = memoryview(array("q", range(START_NS, START_NS + rows * MINUTE_NS, MINUTE_NS)))
    opens, highs, lows = (memoryview(array("d", [price + by]) * rows) for by in (0.0, 0.4, -0.4))
    return joined([times, opens, highs, lows, opens, memoryview(array("d", [1.0]) * rows)])


def lives(count: int, rows: int) -> Columns:
    """Calm candles with some lives of a ladder among them, each step a gap between two minutes."""
    prices = array("d", [100.0]) * rows
    for life in range(count):
        first = (life + 1) * rows // (count + 1)
        steps = 5
        for number, price in enumerate(LIFE):
            for row in range(first + number * steps, first + (number + 1) * steps):
                prices[row] = price
    times = memoryview(array("q", range(START_NS, START_NS + rows * MINUTE_NS, MINUTE_NS)))
    column = memoryview(prices)
    return joined([times, column, column, column, column, memoryview(array("d", [1.0]) * rows)])


def engine() -> Engine:
    """A ladder whose runner is ended by its stop alone."""
    settings = Settings(
        ladder=Ladder(tech_exit=TechExit.OFF),
        reentry=Reentry(cooldown_after_exit_minutes=15),
    )
    return Engine(settings, {BTC: INSTRUMENT})


def asked(candles: Columns, rule: Always | MaCross) -> Counter[str]:
    """How often the engine was asked, by kind of event, and how often in all."""
    counts: Counter[str] = Counter()
    decide = engine().handle

    def handle(event: Event) -> list[Command]:
        counts.update((type(event).__name__, "all"))
        return decide(event)

    drive(venue_over({BTC: candles}, rule=rule), handle, [], lambda _record: None, lambda _time_ns: None)
    return counts


def test_a_million_candles_that_cross_nothing_never_reach_the_engine() -> None:
    """Beyond the frame of the run the engine is asked zero times."""
    rule = MaCross(15 * MINUTE_NS, 20, 80, directions=(Direction.LONG, Direction.SHORT))
    assert asked(calm(MILLION), rule)["all"] == FRAME


def test_a_million_candles_inside_the_levels_of_a_ladder_cross_none_of_them() -> None:
    """A position is held all the time: only its days are counted."""
    counts = asked(calm(MILLION), Always(Direction.LONG))
    days = MILLION // (24 * 60)
    assert counts["LevelCrossed"] == 0
    assert counts["SignalRaised"] == 1
    assert (counts["OrderFilled"], counts["OrderAccepted"], counts["AccountUpdated"]) == (1, 2, 1 + 1)
    assert counts["DayStarted"] == days
    assert counts["all"] == FRAME + 1 + 1 + 2 + 1 + days


@pytest.mark.parametrize("count", [0, 1, 40])
def test_a_ladder_is_asked_once_for_each_level_it_crosses(count: int) -> None:
    """Six crossings a life, in a million candles, and not one more."""
    assert asked(lives(count, MILLION), Always(Direction.LONG))["LevelCrossed"] == count * CROSSINGS


@pytest.mark.parametrize("count", [1, 250])
def test_n_crossings_are_n_events(count: int) -> None:
    """A level that is armed again after each crossing, in a million candles."""
    prices = array("d", [100.0]) * MILLION
    for number in range(count):
        prices[(number + 1) * MILLION // (count + 1)] = 101.0
    column = memoryview(prices)
    flat = calm(MILLION)
    candles = joined([flat.open_time_ns, column, column, column, column, flat.volume])
    first = levels(up=(True, 101.0))
    down = levels(down=(False, 100.0))

    def again(event: Event) -> list[Command]:
        if not isinstance(event, LevelCrossed):
            return []
        return [down] if event.levels == ("up",) else [first]

    crossed = of(run(venue_over({BTC: candles}), both(when(EngineTurned, first), again)), LevelCrossed)
    assert len(crossed) == 2 * count
    assert all(event.price in {Decimal(100), Decimal(101)} for event in crossed if isinstance(event, LevelCrossed))

"""Trailing levels and verdicts of closed frames, over history."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.kernel import Watch
from sadari.model.command import Command, SetAlarm, Trail, WatchVerdict
from sadari.model.event import AlarmRang, EngineTurned, Event, LevelCrossed, VerdictTurned
from sadari.model.units import MINUTE_NS, floor_units, price_of
from sadari.sensors.frames import closed_frames
from sadari.sensors.technical import TrueRange
from tests.history_script import BTC, Silence, both, levels, market, of, run, venue_over, when
from tests.reference.tapes import START_NS, Columns, line, made_up

FRAME_NS = 3 * MINUTE_NS
WARM = 3 * 160
ROWS = WARM + 600


def minute(number: float) -> int:
    """A time in minutes from the start."""
    return START_NS + int(number * MINUTE_NS)


def trailing(best: int, *, up: bool, floor: int, k: str = "3.0") -> Trail:
    """A trail by ATR14 of three-minute frames; best and floor in kernel units."""
    return Trail(name="trail", up=up, k=Decimal(k), best=best, floor=floor, frame_ns=FRAME_NS, atr_n=14)


def kernels_own(candles: Columns, armed_ns: int, rule: Trail) -> tuple[int, int, bool] | None:
    """Where the kernel, given the frames, finds the first crossing of the trail in one call."""
    history = market(BTC, candles, Silence()).history
    frames = closed_frames(candles, FRAME_NS)
    history.attach_frames(FRAME_NS, frames.open_time_ns, frames.high, frames.low, TrueRange(frames, 14).line)
    watch = Watch()
    watch.arm_trail(0, rule.up, float(rule.k), rule.best, rule.floor, None, armed_ns)
    return history.next_crossing(armed_ns, minute(ROWS), watch)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    up=st.booleans(),
    k=st.sampled_from(["0.5", "3.0", "8.0"]),
    after=st.integers(1, 60 * 1_000),
    alarms=st.lists(st.integers(1, 400 * 60), max_size=6),
    rearm=st.booleans(),
)
def test_a_trail_is_met_where_the_kernel_alone_would_meet_it(
    seed: int, up: bool, k: str, after: int, alarms: list[int], rearm: bool
) -> None:
    """Whatever interrupts the run, and if levels are armed again meanwhile: nothing is looked at ahead of time."""
    candles = made_up(seed, ROWS)
    armed_ns = minute(WARM) + after * 1_000_000
    best = market(BTC, candles, Silence()).history.price_at(armed_ns)
    rule = trailing(best, up=up, floor=best * 3 if up else 1, k=k)
    arm = levels(trail=rule)

    def on_alarm(event: Event) -> list[Command]:
        if not isinstance(event, AlarmRang):
            return []
        return [arm] if event.name == "arm" or rearm else []

    interruptions = [SetAlarm(name="x", at_ns=armed_ns + seconds * 10**9) for seconds in alarms]
    set_alarms = when(EngineTurned, SetAlarm(name="arm", at_ns=armed_ns), *interruptions)

    met: list[Event] = []

    def until_met(event: Event) -> list[Command]:
        met.extend(of([event], LevelCrossed))
        return [] if met else on_alarm(event)

    run(venue_over({BTC: candles}), both(set_alarms, until_met))
    expected = kernels_own(candles, armed_ns, rule)
    found = [
        LevelCrossed(time_ns=t, symbol=BTC, price=price_of(p), levels=("trail",))
        for t, p, _ in [expected or (0, 0, False)]
    ]
    assert met[:1] == (found if expected else [])


def test_a_trail_that_is_dropped_is_met_no_more() -> None:
    """Levels without it replace it, also when a frame of it was waited for."""
    candles = line((*[100.0, 101.0] * (WARM // 2), 101.0, *[100.0 - step for step in range(50)]))
    rule = trailing(floor_units(Decimal(101)), up=False, floor=1)
    arm = when(EngineTurned, SetAlarm(name="arm", at_ns=minute(WARM)), SetAlarm(name="drop", at_ns=minute(WARM + 4)))

    def keep(event: Event) -> list[Command]:
        return [levels(trail=rule)] if isinstance(event, AlarmRang) and event.name == "arm" else []

    def drop(event: Event) -> list[Command]:
        return [levels()] if isinstance(event, AlarmRang) and event.name == "drop" else []

    assert len(of(run(venue_over({BTC: candles}), both(arm, keep)), LevelCrossed)) == 1
    assert of(run(venue_over({BTC: candles}), both(arm, keep, drop)), LevelCrossed) == []


def test_a_trail_is_never_looser_than_its_floor() -> None:
    """The range of the frames asks for a lower level; the floor holds (strategies §5.5)."""
    candles = line((*[100.0, 104.0] * (WARM // 2), 104.0, 104.0, 104.0, 104.0, 90.0, 80.0))
    rule = trailing(floor_units(Decimal(104)), up=False, floor=floor_units(Decimal("103.5")), k="8.0")
    arm = both(when(EngineTurned, SetAlarm(name="arm", at_ns=minute(WARM))), when(AlarmRang, levels(trail=rule)))
    [crossed] = of(run(venue_over({BTC: candles}), arm), LevelCrossed)
    assert isinstance(crossed, LevelCrossed)
    assert crossed.price == Decimal("103.5")


@pytest.mark.parametrize(("verdict", "row"), [("MA_CROSS_UP", 7), ("MA_CROSS_DOWN", 4)])
def test_a_verdict_turns_at_the_close_of_its_frame(verdict: str, row: int) -> None:
    """The vector of strategies §2 at MA2 and MA4, told with the last price."""
    candles = line((10, 10, 11, 12, 11, 10, 9, 10, 12, 13, 12))
    watch = WatchVerdict(symbol=BTC, verdict=verdict, frame_ns=MINUTE_NS, fast=2, slow=4)
    events = run(venue_over({BTC: candles}), when(EngineTurned, watch))
    price = Decimal(repr(candles.close[row]))
    assert of(events, VerdictTurned) == [
        VerdictTurned(time_ns=minute(row + 1), symbol=BTC, verdict=verdict, price=price)
    ]


def test_a_verdict_that_is_no_longer_watched_is_not_told() -> None:
    """None stops watching."""
    candles = line((10, 10, 11, 12, 11, 10, 9, 10, 12, 13, 12))
    watch = WatchVerdict(symbol=BTC, verdict="MA_CROSS_UP", frame_ns=MINUTE_NS, fast=2, slow=4)
    answer = both(
        when(EngineTurned, watch, SetAlarm(name="x", at_ns=minute(7))), when(AlarmRang, WatchVerdict(symbol=BTC))
    )
    assert of(run(venue_over({BTC: candles}), answer), VerdictTurned) == []


def test_of_one_closed_frame_the_verdict_comes_before_the_trail() -> None:
    """Both on one event are a cross (strategies §5.5): the engine hears of the cross first."""
    candles = made_up(11, ROWS)
    frames = closed_frames(candles, FRAME_NS)
    history = market(BTC, candles, Silence()).history
    watch = WatchVerdict(symbol=BTC, verdict="MA_CROSS_DOWN", frame_ns=FRAME_NS, fast=3, slow=8)
    at_once = when(EngineTurned, watch)
    turned = [
        event for event in of(run(venue_over({BTC: candles}), at_once), VerdictTurned) if event.time_ns > minute(WARM)
    ]
    close_ns = turned[0].time_ns
    armed_ns = close_ns - MINUTE_NS
    # A best price so far away, and k of nothing, put the trail beyond the market at the next close.
    rule = trailing(10 * history.price_at(armed_ns), up=False, floor=1, k="0.0")
    answer = both(when(EngineTurned, SetAlarm(name="arm", at_ns=armed_ns)), when(AlarmRang, levels(trail=rule), watch))
    told = [event for event in run(venue_over({BTC: candles}), answer) if event.time_ns == close_ns]
    assert [type(event) for event in told] == [VerdictTurned, LevelCrossed]
    assert close_ns in [frames.close_ns(row) for row in range(len(frames.close))]

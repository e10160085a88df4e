"""What holds of the ladder on any path, whatever the venue answers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sadari.core.engine import Engine
from sadari.core.rules import Rules
from sadari.model.command import PlaceOrder, RecordExit, RecordMove, RecordPosition
from sadari.model.event import LevelCrossed, OrderFilled
from sadari.model.order import Direction, OrderType, Purpose
from sadari.model.plan import Fees, Ladder, Reward
from sadari.model.reason import exit_reasons
from sadari.model.units import ceil_units, floor_step, floor_units
from tests.ladder_driver import SYMBOL, Driver, patient

LONG, SHORT = Direction.LONG, Direction.SHORT
OPENING = (Purpose.ENTRY, Purpose.ADD)
D = Decimal

# Moves in thousandths: mostly around the distances of the ladder's own levels.
moves = st.lists(st.sampled_from([-100, -65, -32, -30, -12, -3, 3, 12, 30, 32, 65, 100]), min_size=1, max_size=25)
moods = st.lists(st.sampled_from(["full", "full", "partial", "late", "reject"]), max_size=30)
directions = st.sampled_from(Direction)
plans = st.fixed_dictionaries(
    {
        "dca_rearm": st.booleans(),
        "margin_mode": st.sampled_from(["crossed", "isolated"]),
        "half_close_ratio": st.sampled_from(["0.5", "0.3", "1"]),
        "breakeven_after_half": st.booleans(),
    }
)


class MoodyVenue(Driver):
    """Answers market orders in full, in part, one tick late or with a refusal, as its moods come."""

    def __init__(self, moods: list[str], **changes: Any) -> None:
        self.moods: Iterator[str] = iter(moods)
        self.stopped_at: list[bool] = []
        super().__init__(patient(max_per_symbol_per_day=1000, max_entries=1000, **changes))

    def answer(self, order: PlaceOrder) -> None:
        """Each market order gets the next mood; when there is none left, all is well."""
        mood = next(self.moods, "full") if order.order_type is OrderType.MARKET else "full"
        if mood == "late":
            self.held.append(order)
        elif mood == "reject":
            self.reject(order)
        elif mood == "partial" and order.qty is not None and order.qty > D("0.001"):
            self.fill(order, str(floor_step(order.qty / 2, D("0.001"))), done=False)
            self.end(order.client_order_id, cause="EXPIRED")
        else:
            super().answer(order)

    def live(self, direction: Direction, path: list[int]) -> None:
        """Enter, then one tick for each move; what was late is answered first, what is due rings."""
        price = D(50_000)
        self.signal(direction, str(price))
        for move in path:
            price = (price * (1000 + move) / 1000).quantize(D("0.01"))
            while self.held:
                super().answer(self.held.pop(0))
            for name, at_ns in sorted(self.alarms.items(), key=lambda alarm: alarm[1]):
                if at_ns <= self.now_ns:
                    self.ring(name)
            self.tick(str(price))
            self.check()
            if self.position.is_in("FLAT") and not self.position.may_still_fill():
                self.signal(direction, str(price))

    def check(self) -> None:
        """What must hold after every tick."""
        position = self.position
        assert "ILLEGAL_EVENT" not in self.audits()
        assert position.qty == self.filled(position.direction.entry_side.value == "BUY")
        if position.qty == 0:
            assert self.stops == {}
        elif not position.is_in("EXITING"):
            assert position.stop is not None
            (inner,), (wall,) = self.resting(Purpose.STOP), self.resting(Purpose.WALL)
            for trigger in (inner, wall):
                assert position.side.adverse(Fraction(trigger), position.stop)

    def filled(self, long: bool) -> Decimal:
        """What all trades add up to."""
        total = sum((fill.qty if fill.buyer else -fill.qty for fill in self.fills()), D(0))
        return total if long else -total

    def fills(self) -> list[OrderFilled]:
        """All trades so far."""
        return [event for event in self.events if isinstance(event, OrderFilled)]


@given(directions, moves, moods, plans)
@hypothesis_settings(max_examples=200)
def test_quantities_add_up_and_a_held_position_is_protected_on_any_path(
    direction: Direction, path: list[int], moods: list[str], plan: dict[str, Any]
) -> None:
    """After each tick: Q is the sum of the trades, never negative; both stops rest beyond X; nothing was illegal."""
    venue = MoodyVenue(moods, **plan)
    venue.live(direction, path)
    assert venue.position.qty >= 0


@given(directions, moves, moods, plans)
@hypothesis_settings(max_examples=100)
def test_every_close_has_one_reason_of_the_closed_list(
    direction: Direction, path: list[int], moods: list[str], plan: dict[str, Any]
) -> None:
    """One record for each ended position; every part of it has a reason; an end by exit keeps its first reason."""
    venue = MoodyVenue(moods, **plan)
    venue.live(direction, path)
    records = venue.of(RecordPosition)
    assert len({record.position_id for record in records}) == len(records)
    reasons = {(part.position_id, part.reason) for part in venue.of(RecordExit)}
    for record in records:
        assert record.reason in exit_reasons(2)
        assert (record.position_id, record.reason) in reasons
        assert record.pnl is not None
    assert {reason for _, reason in reasons} <= exit_reasons(2)


@given(directions, moves, moods, plans)
@hypothesis_settings(max_examples=100)
def test_the_same_events_give_the_same_commands_byte_for_byte(
    direction: Direction, path: list[int], moods: list[str], plan: dict[str, Any]
) -> None:
    """A journal replays: nothing but the events decides."""
    venue = MoodyVenue(moods, **plan)
    venue.live(direction, path)
    again = Engine(venue.settings, venue.instruments)
    commands = [command for event in venue.events for command in again.handle(event)]
    assert msgspec.json.encode(commands) == msgspec.json.encode(venue.log)


@pytest.mark.requirement("R004-62")
@given(directions, moves, moods)
@hypothesis_settings(max_examples=100)
def test_the_stop_never_loosens(direction: Direction, path: list[int], moods: list[str]) -> None:
    """With the ratchet and without a guard, X moves toward the market only."""
    venue = MoodyVenue(moods)
    stops: dict[int, Fraction] = {}

    def watch() -> None:
        position = venue.position
        if position.stop is not None and position.qty > 0:
            before = stops.get(position.id, position.stop)
            assert position.side.tighter(before, position.stop) == position.stop
            stops[position.id] = position.stop

    checked = venue.check
    venue.check = lambda: (checked(), watch())[0]  # type: ignore[method-assign,func-returns-value]
    venue.live(direction, path)


@pytest.mark.requirement("R004-52")
@given(directions, moves)
@hypothesis_settings(max_examples=100)
def test_each_part_of_the_ladder_happens_once(direction: Direction, path: list[int]) -> None:
    """Where every order fills, each add, each recovery and the half close happen at most once in a position."""
    venue = MoodyVenue([])
    venue.live(direction, path)
    parts = [(part.position_id, part.reason) for part in venue.of(RecordExit)]
    assert len(set(parts)) == len(parts)
    adds = [(move.position_id, move.event) for move in venue.of(RecordMove) if move.event.startswith("dca")]
    assert len(set(adds)) == len(adds)


@given(directions, moves, moods)
@hypothesis_settings(max_examples=100)
def test_no_client_order_id_is_given_twice(direction: Direction, path: list[int], moods: list[str]) -> None:
    """Not in another life of the symbol either: the venue takes an id again once its order is done (fault F12)."""
    venue = MoodyVenue(moods)
    venue.live(direction, path)
    names = [order.client_order_id for order in venue.of(PlaceOrder)]
    assert len(set(names)) == len(names)


@given(directions, moves, moods)
@hypothesis_settings(max_examples=100)
def test_no_add_goes_out_on_a_tick_that_crosses_the_stop(
    direction: Direction, path: list[int], moods: list[str]
) -> None:
    """Stop beats everything: the tick of an add is on the safe side of X."""
    venue = MoodyVenue(moods)
    handle = venue.engine.handle

    def watched(event: Any) -> list[Any]:
        position = venue.engine.positions.get(SYMBOL)
        stop = position.stop if position is not None and position.qty > 0 else None
        commands = handle(event)
        adding = any(isinstance(c, PlaceOrder) and c.purpose is Purpose.ADD for c in commands)
        if adding and position is not None:
            assert isinstance(event, LevelCrossed)
            assert stop is not None
            assert not position.side.adverse(Fraction(event.price), stop)
        return commands

    venue.engine.handle = watched  # type: ignore[method-assign]
    venue.live(direction, path)


@given(st.lists(st.integers(-320, 150), min_size=1, max_size=20))
@hypothesis_settings(max_examples=100)
def test_a_reflected_path_makes_the_mirrored_decisions(path: list[int]) -> None:
    """With equal quantities on both sides, adds and recoveries of a SHORT are those of a LONG seen in a mirror at e0.

    Triggers and recoveries are distances from e0; the stops and half closes, shares of the average, are out of reach.
    """
    # 22 500 at any price from 45 000 to 55 000 is one step of 0.4.
    plan = patient(weights=("0.00225", "0.00225", "0.00225"), dca_trigger=("0.01", "0.02"), stop_by_stage=("0.3",) * 3)
    step: dict[str, Any] = {"step_size": D("0.4"), "min_qty": D("0.4")}
    long, short = Driver(plan, **step), Driver(plan, **step)
    long.signal(LONG, "50000")
    short.signal(SHORT, "50000")
    for offset in path:
        move = D(offset) * 5
        assert long.tick(str(50_000 + move)) == short.tick(str(50_000 - move))
    assert long.position.qty == short.position.qty
    if long.position.qty:
        assert long.position.average - 50_000 == 50_000 - short.position.average


@pytest.mark.parametrize("direction", Direction)
@given(
    tick=st.sampled_from(["0.01", "0.1", "0.00001", "0.0000001", "0.5"]),
    ticks=st.integers(100, 10**7),
    fill=st.fractions(Fraction(9, 10), 1),
    shares=st.tuples(st.integers(1, 999), st.integers(1, 999)),
)
@hypothesis_settings(max_examples=100)
def test_an_armed_level_says_of_every_grid_price_what_the_exact_comparison_says(
    direction: Direction, tick: str, ticks: int, fill: Fraction, shares: tuple[int, int]
) -> None:
    """Unrounded thresholds, integer units: no price on the grid is on the wrong side, for any level of any average."""
    side = Rules(Ladder(), Fees(), Reward()).side(direction)
    size = Fraction(D(tick))
    first = size * ticks
    second = size * int(ticks * fill)
    average = (first * shares[0] + second * shares[1]) / sum(shares)
    factors = [*side.stop, *side.trigger, side.half, side.breakeven]
    for level in (average * factor for factor in factors):
        nearest = int(level / size)
        for number in range(max(1, nearest - 3), nearest + 4):
            price = D(tick) * number
            units = floor_units(price)
            assert (units <= floor_units(level)) == (Fraction(price) <= level)
            assert (units >= ceil_units(level)) == (Fraction(price) >= level)

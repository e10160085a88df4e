"""The cross of two moving averages as an entry signal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.errors import ConfigError
from sadari.model.order import Direction
from sadari.model.units import MINUTE_NS
from sadari.sensors.ma_cross import MaCross
from sadari.sensors.signals import Candle, Signal
from tests.reference.tapes import START_NS, Columns, flat, line, made_up

BOTH = (Direction.LONG, Direction.SHORT)
# Closes of the vector of strategies §2: the only golden cross of MA2 and MA4 is at row 7, the only dead one at row 4.
VECTOR = (10, 11, 12, 11, 10, 9, 10, 12, 13, 12)


def listed(rule: MaCross, candles: Columns) -> list[Signal]:
    """All signals over columns."""
    found: list[Signal] = []
    signals, time_ns = rule.batch(candles), -1
    while (signal := signals.after(time_ns)) is not None:
        found.append(signal)
        time_ns = signal.close_ns
    return found


def streamed(rule: MaCross, candles: Columns) -> list[Signal]:
    """All signals, candle by candle."""
    stream = rule.stream(candles.interval_ns)
    pushed = (stream.push(Candle(*row)) for row in zip(*candles.columns, strict=True))
    return [signal for signal in pushed if signal is not None]


def closing_at(closes: tuple[float, ...]) -> Columns:
    """Minutes with these closes."""
    return line((closes[0], *closes))


def at(row: int, direction: Direction) -> Signal:
    """A signal at the close of a minute."""
    return Signal(START_NS + (row + 1) * MINUTE_NS, direction)


@pytest.mark.parametrize("drive", [listed, streamed])
def test_a_golden_cross_says_long_and_a_dead_cross_short_at_the_close_of_the_frame(drive: type) -> None:
    """The vector of strategies §2, MA2 and MA4."""
    rule = MaCross(MINUTE_NS, 2, 4, directions=BOTH)
    assert drive(rule, closing_at(VECTOR)) == [at(4, Direction.SHORT), at(7, Direction.LONG)]


@pytest.mark.parametrize("drive", [listed, streamed])
@pytest.mark.parametrize("direction", BOTH)
def test_only_the_wanted_direction_is_raised(drive: type, direction: Direction) -> None:
    """The other cross raises nothing."""
    rule = MaCross(MINUTE_NS, 2, 4, directions=(direction,))
    assert [signal.direction for signal in drive(rule, closing_at(VECTOR))] == [direction]


@pytest.mark.parametrize("drive", [listed, streamed])
@pytest.mark.parametrize(("minutes", "count"), [(3, 2), (4, 1)])
def test_a_cross_inside_the_cooldown_is_no_signal(drive: type, minutes: int, count: int) -> None:
    """The dead cross is three minutes before the golden one: a signal is allowed again at the end of the cool-down."""
    rule = MaCross(MINUTE_NS, 2, 4, directions=BOTH, cooldown_ns=minutes * MINUTE_NS)
    assert len(drive(rule, closing_at(VECTOR))) == count


@pytest.mark.parametrize("drive", [listed, streamed])
def test_a_flat_market_never_crosses(drive: type) -> None:
    """700 bars at 0.1 (strategies §2, D-28)."""
    assert drive(MaCross(MINUTE_NS, 5, 20, directions=BOTH), flat(700, 0.1)) == []


@pytest.mark.parametrize("drive", [listed, streamed])
def test_a_frame_signals_at_its_own_close_and_never_before(drive: type) -> None:
    """Frames of three minutes close every three minutes from the epoch on."""
    rule = MaCross(3 * MINUTE_NS, 2, 5, directions=BOTH)
    signals = drive(rule, made_up(3, 3_000))
    assert len(signals) > 10
    assert all(signal.close_ns % (3 * MINUTE_NS) == 0 for signal in signals)


@pytest.mark.parametrize("drive", [listed, streamed])
def test_a_hole_inside_the_window_makes_the_averages_not_ready(drive: type) -> None:
    """Without row 5 there are too few minutes after the hole for MA4 to have a row before the cross at row 7."""
    rule = MaCross(MINUTE_NS, 2, 4, directions=BOTH)
    assert drive(rule, closing_at(VECTOR).without([5])) == [at(4, Direction.SHORT)]


@pytest.mark.parametrize("drive", [listed, streamed])
@pytest.mark.parametrize(("quiet", "count"), [(5, 1), (6, 0)])
def test_a_market_with_too_few_trades_is_not_read(drive: type, quiet: int, count: int) -> None:
    """More than five of the last twenty frames without a trade (strategies §1.5)."""
    candles = line((*[10.0] * 21, 12.0), quiet=range(8, 8 + quiet))
    assert len(drive(MaCross(MINUTE_NS, 2, 4, directions=BOTH), candles)) == count


@given(
    seed=st.integers(0, 2**32),
    frame=st.sampled_from([1, 3, 5, 15]),
    cooldown=st.sampled_from([0, 7, 60]),
    first=st.integers(0, 40),
    holes=st.sets(st.integers(0, 2_500), max_size=4),
)
def test_columns_and_candles_one_by_one_give_the_same_signals(
    seed: int, frame: int, cooldown: int, first: int, holes: set[int]
) -> None:
    """The two drives of the rule agree, whatever the first minute and wherever minutes are missing."""
    rule = MaCross(frame * MINUTE_NS, 3, 8, directions=BOTH, cooldown_ns=cooldown * MINUTE_NS)
    candles = made_up(seed, 2_500).rows(slice(first, None)).without(holes)
    assert listed(rule, candles) == streamed(rule, candles)


@given(seed=st.integers(0, 2**32), cut=st.integers(1, 1_500))
def test_what_comes_later_changes_no_signal(seed: int, cut: int) -> None:
    """Prefix invariance: the signals of a part are the first signals of the whole."""
    rule = MaCross(5 * MINUTE_NS, 3, 8, directions=BOTH, cooldown_ns=30 * MINUTE_NS)
    candles = made_up(seed, 1_500)
    part = listed(rule, candles.rows(slice(cut)))
    end_ns = START_NS + cut * MINUTE_NS
    assert part == [signal for signal in listed(rule, candles) if signal.close_ns <= end_ns]


def test_a_frame_that_is_no_multiple_of_the_candles_is_refused() -> None:
    """Two-minute candles make no three-minute frame."""
    rule = MaCross(3 * MINUTE_NS, 2, 4, directions=BOTH)
    with pytest.raises(ConfigError, match="3 minutes cannot be built from candles of 2"):
        rule.stream(2 * MINUTE_NS)


@pytest.mark.parametrize(("fast", "slow"), [(4, 4), (5, 4), (0, 4)])
def test_the_fast_average_has_to_be_the_shorter_one(fast: int, slow: int) -> None:
    """Anything else is refused with both numbers."""
    with pytest.raises(ConfigError, match=f"fast is {fast} and slow {slow}"):
        MaCross(MINUTE_NS, fast, slow, directions=BOTH)

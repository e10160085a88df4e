"""The ICT strategy as a signal: terms of the entry, what calls it off, both drives."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sadari.errors import ConfigError
from sadari.model.entry import LimitEntry, Target
from sadari.model.order import Direction
from sadari.model.reason import EntryEnd
from sadari.model.units import MINUTE_NS
from sadari.sensors.ict import Ict
from sadari.sensors.ict_settings import IctSettings
from sadari.sensors.signals import Candle, Signal, Withdrawal
from tests.reference.tapes import START_NS, Columns, made_up, minutes
from tests.unit.kernel.test_ict import LONG, LULL, SHORT

D = Decimal
TICK = D("0.01")


def rule(**changes: Any) -> Ict:
    """The rule over minutes and swings of one candle on either side, as in the vectors."""
    return Ict(IctSettings(frame_minutes=1, swing_left=1, swing_right=1, **changes))


def raised(candles: Columns, **changes: Any) -> tuple[list[Signal], list[Withdrawal]]:
    """Signals and withdrawals, which are the same in both drives."""
    found = rule(**changes).batch(candles, TICK)
    stream = rule(**changes).stream(candles.interval_ns, TICK)
    signals: list[Signal] = []
    withdrawals: list[Withdrawal] = []
    for row in zip(*candles.columns, strict=True):
        signal = stream.push(Candle(*row))
        withdrawals += stream.withdrawn
        if signal is not None:
            signals.append(signal)
    assert signals == list(found.signals)
    assert {one.raised_ns: one for one in withdrawals} == found.withdrawals
    return signals, withdrawals


def closing(row: int) -> int:
    """When a row closes."""
    return START_NS + (row + 1) * MINUTE_NS


@pytest.mark.requirement("R003-21")
def test_the_short_vector_gives_its_entry_stop_and_target() -> None:
    """Strategies §7.7: E 100.85, SL 103.113, R 2.263, first target 99.0396; 24 bars of time."""
    ((signal,), withdrawals) = raised(minutes(SHORT))
    assert withdrawals == []
    assert signal == Signal(
        closing(8), Direction.SHORT, "BOS",
        limit=LimitEntry(
            price=D("100.85"), stop=D("103.1130"), until_ns=closing(32), extreme=D("102.6"),
            targets=(
                Target(D("99.03960"), D("0.4")), Target(D("98.13440"), D("0.3")), Target(D("97.22920"), D("0.3")),
            ),
            frame_ns=MINUTE_NS, swings=(1, 1),
        ),
    )  # fmt: skip


def test_the_long_vector_gives_its_entry_stop_and_target() -> None:
    """Strategies §7.7: E 99.15, SL 96.913, R 2.237, targets 100.9396, 101.8344, 102.7292."""
    ((signal,), _) = raised(minutes(LONG))  # type: ignore[arg-type]
    limit = signal.limit
    assert signal.direction is Direction.LONG
    assert limit is not None
    assert (limit.price, limit.stop, limit.extreme) == (D("99.15"), D("96.913"), D("97.4"))
    assert [one.price for one in limit.targets] == [D("100.9396"), D("101.8344"), D("102.7292")]


@pytest.mark.parametrize(("direction", "rows"), [("long", SHORT), ("short", LONG)])
def test_the_other_direction_raises_nothing(direction: str, rows: Any) -> None:
    """Only what may be entered is raised, and called off."""
    assert raised(minutes(rows), direction=direction) == ([], [])


def test_a_target_in_true_ranges_or_at_liquidity_is_told() -> None:
    """In true ranges it is unknown in a market so young; without liquidity beyond it is a multiple of the risk."""
    assert raised(minutes(SHORT), target="ATR") == ([], [])
    ((signal,), _) = raised(minutes(SHORT), target="STRUCTURE")
    assert signal.limit is not None
    assert (signal.limit.liquidity, signal.limit.target) == (None, D("99.0396"))
    low = [(97.5, 98, 97, 97.5), (97.5, 98, 96.2, 97.5), (97.5, 101, 97, 100)]
    ((signal,), _) = raised(minutes([*low, *SHORT]), target="STRUCTURE")
    assert signal.limit is not None
    assert (signal.limit.liquidity, signal.limit.target) == (D("96.2"), D("96.2"))


def test_a_break_the_other_way_and_a_filled_gap_withdraw_the_signal() -> None:
    """At the close that shows it, naming the close at which it was raised."""
    broken = [*SHORT[:9], (98.6, 98.7, 98.2, 98.4), (98.4, 98.9, 98.3, 98.5), (98.5, 98.6, 98.3, 98.4)]
    (_, withdrawals) = raised(minutes([*broken, (98.4, 99.0, 98.3, 98.95)]))
    assert withdrawals == [Withdrawal(closing(12), closing(8), EntryEnd.OPPOSITE_EVENT)]
    (_, withdrawals) = raised(minutes([*SHORT[:9], (98.6, 101.5, 98.5, 101.4)]))
    assert withdrawals == [Withdrawal(closing(9), closing(8), EntryEnd.GAP_FILLED)]
    (_, withdrawals) = raised(minutes([*SHORT[:9], LULL, LULL]).without([9]))
    assert withdrawals == [Withdrawal(closing(10), closing(8), EntryEnd.DATA_LOST)]
    (_, withdrawals) = raised(minutes([*SHORT[:9], (98.6, 99.3, 98.5, 98.9)]))
    assert withdrawals == [Withdrawal(closing(9), closing(8), EntryEnd.TARGET_FIRST)]


def test_a_fill_and_the_clock_are_left_to_the_engine() -> None:
    """Price at the entry, and time, withdraw nothing."""
    for rows in ([(98.6, 100.9, 98.5, 99.0)], [LULL] * 30):
        assert raised(minutes([*SHORT[:9], *rows]))[1] == []


def test_an_entry_carries_the_trend_of_the_hours_and_the_rank_of_its_range() -> None:
    """Both drives say the same over a long made-up market; range and rank once that market is old enough (D-28)."""
    candles = made_up(11, 20_000)
    plain = Ict(IctSettings(frame_minutes=5))
    found = plain.batch(candles, D("0.1"))
    stream = plain.stream(MINUTE_NS, D("0.1"))
    signals = [stream.push(Candle(*row)) for row in zip(*candles.columns, strict=True)]
    assert [signal for signal in signals if signal is not None] == list(found.signals)
    limits = [signal.limit for signal in found.signals if signal.limit is not None]
    assert {limit.bias for limit in limits} == {"NEUTRAL", "BULLISH", "BEARISH"}
    assert all(0 < limit.volatility <= 100 for limit in limits if limit.volatility is not None)
    before = [(signal.close_ns - candles.open_time_ns[0]) // plain.frame_ns - 1 for signal in found.signals]
    assert [limit.true_range is not None for limit in limits] == [frames >= 150 for frames in before]
    assert [limit.volatility is not None for limit in limits] == [frames >= 650 for frames in before]
    assert min(before) < 150
    assert max(before) > 650
    assert sum(facts.entries for facts in found.facts) == len(found.signals) > 20


def test_hours_from_before_the_candles_count_for_the_trend() -> None:
    """Without them the trend of a young market is neutral."""
    candles = made_up(1, 20_000)
    late = candles.rows(slice(18_800, None))
    plain = Ict(IctSettings(frame_minutes=5))
    alone, informed = plain.batch(late, D("0.1")), plain.batch(late, D("0.1"), candles)
    assert [one.close_ns for one in alone.signals] == [one.close_ns for one in informed.signals]
    assert {one.limit.bias for one in alone.signals if one.limit is not None} == {"NEUTRAL"}
    assert {one.limit.bias for one in informed.signals if one.limit is not None} == {"BULLISH"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"frame_minutes": 7}, "frame_minutes is 7"),
        ({"entry_level": 1.5}, "entry_level is 1.5"),
        ({"stop_buffer": -0.1}, "stop_buffer is -0.1"),
        ({"entry_ttl": 0}, "entry_ttl is 0"),
    ],
)
def test_settings_that_are_none_are_refused(change: dict[str, Any], said: str) -> None:
    """One sentence with the key, its value and what is allowed."""
    with pytest.raises(ConfigError, match=said):
        Ict(IctSettings(**change))


def test_frames_that_the_candles_cannot_make_are_refused() -> None:
    """A frame is a multiple of the candles' interval."""
    with pytest.raises(ConfigError, match="cannot be built"):
        Ict(IctSettings(frame_minutes=1)).stream(5 * MINUTE_NS, TICK)

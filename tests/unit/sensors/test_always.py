"""The signal that is always there."""

from __future__ import annotations

from sadari.model.order import Direction
from sadari.model.units import MINUTE_NS
from sadari.sensors.always import Always
from sadari.sensors.signals import Candle, Signal, signal_id
from tests.reference.tapes import START_NS, flat


def test_the_next_signal_is_at_the_next_close_of_a_candle() -> None:
    """At a close itself, the signal of that close is over."""
    signals = Always(Direction.LONG).batch(flat(3))
    assert signals.after(START_NS) == Signal(START_NS + MINUTE_NS, Direction.LONG)
    assert signals.after(START_NS + MINUTE_NS - 1) == Signal(START_NS + MINUTE_NS, Direction.LONG)
    assert signals.after(START_NS + MINUTE_NS) == Signal(START_NS + 2 * MINUTE_NS, Direction.LONG)
    assert signals.after(START_NS + 3 * MINUTE_NS) is None


def test_a_missing_candle_has_no_signal() -> None:
    """Where a candle is missing the next one that exists has the signal."""
    signals = Always(Direction.SHORT).batch(flat(4).without([1, 2]))
    assert signals.after(START_NS + MINUTE_NS) == Signal(START_NS + 4 * MINUTE_NS, Direction.SHORT)


def test_columns_and_candles_one_by_one_give_the_same_signals() -> None:
    """Both drives say the same."""
    rule, candles = Always(Direction.LONG), flat(5).without([2])
    stream = rule.stream(MINUTE_NS)
    pushed = [stream.push(Candle(time_ns, 1.0, 1.0, 1.0, 1.0, 1.0)) for time_ns in candles.open_time_ns]
    batch, time_ns = rule.batch(candles), START_NS
    for signal in pushed:
        assert batch.after(time_ns) == signal
        assert signal is not None
        time_ns = signal.close_ns


def test_a_signal_is_named_by_strategy_symbol_and_close() -> None:
    """The identity holds the close in milliseconds."""
    assert signal_id("always", "BTCUSDT", START_NS + MINUTE_NS) == "always:BTCUSDT:1688169660000"

"""The rule that raises one signal again."""

from __future__ import annotations

from decimal import Decimal

from sadari.model.event import SignalRaised
from sadari.model.order import Direction
from sadari.model.units import MINUTE_NS
from sadari.sensors.once import Once
from sadari.sensors.signals import Candle
from tests.reference.tapes import START_NS, flat

CLOSE_NS = START_NS + 2 * MINUTE_NS
RAISED = SignalRaised(
    time_ns=CLOSE_NS, symbol="BTCUSDT", direction=Direction.SHORT, strategy="any", signal_id="any", price=Decimal(1),
    price_time_ns=CLOSE_NS, equity=Decimal(1), tag="part", episode=7,
)  # fmt: skip


def test_it_is_raised_at_its_close_and_never_again() -> None:
    """With the direction, tag and episode that it had."""
    signals = Once(RAISED).batch(flat(5))
    found = signals.after(CLOSE_NS - 1)
    assert found is not None
    assert found._asdict() == {"close_ns": CLOSE_NS, "direction": Direction.SHORT, "tag": "part", "episode": 7}
    assert signals.after(CLOSE_NS) is None


def test_candle_by_candle_it_is_the_same_signal() -> None:
    """Both drives say the same."""
    rule, candles = Once(RAISED), flat(5)
    stream = rule.stream(MINUTE_NS)
    pushed = [stream.push(Candle(time_ns, 1.0, 1.0, 1.0, 1.0, 1.0)) for time_ns in candles.open_time_ns]
    assert [signal for signal in pushed if signal] == [rule.batch(candles).after(START_NS)]

"""What the engine waits for, by the market's time."""

from __future__ import annotations

from sadari.model.command import SetAlarm
from sadari.model.event import AlarmRang, Event
from sadari.venue.live.alarms import Alarms
from sadari.venue.live.market_clock import MarketClock
from sadari.venue.live.orders.balances import Balances


def test_an_alarm_that_another_one_puts_off_rings_at_its_new_time() -> None:
    """Both are due at one look; the first one leads to a later time of the second."""
    rung: list[tuple[int, str]] = []
    clock = MarketClock(None)

    def take(event: Event) -> None:
        assert isinstance(event, AlarmRang)
        rung.append((event.time_ns, event.name))
        if event.name == "a":
            alarms.set(SetAlarm(name="b", at_ns=5))

    alarms = Alarms(take, clock, Balances(lambda _: None, lambda: 0))
    for name in ("a", "b"):
        alarms.set(SetAlarm(name=name, at_ns=1))
    for time_ns in (2, 4, 5):
        clock.see(time_ns)
        alarms.look()
    assert rung == [(2, "a"), (5, "b")]

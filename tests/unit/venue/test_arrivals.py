"""Orders and questions that arrive over history: where nothing trades, at one instant with others, and at the end."""

from __future__ import annotations

from decimal import Decimal

from sadari.model import command as commands
from sadari.model.event import (
    AccountUpdated,
    AlarmRang,
    EngineTurned,
    Event,
    LevelCrossed,
    OrderFilled,
    OrderRejected,
)
from sadari.model.order import Side
from sadari.model.units import MINUTE_NS
from tests.history_script import (
    BTC,
    LATENCY_NS,
    both,
    levels,
    of,
    order,
    run,
    venue_over,
    when,
)
from tests.reference.tapes import START_NS, flat, line, minutes

ETH = "ETHUSDT"


def minute(number: float) -> int:
    """An instant of the tape."""
    return START_NS + int(number * MINUTE_NS)


def test_an_order_sent_where_candles_are_missing_meets_the_last_price_before_them() -> None:
    """Nothing trades there, so the last price stands; that such an order was taken is told."""
    candles = line((100.0, 100.0, 200.0, 200.0, 200.0)).without([1, 2])
    answer = when(AlarmRang, order("a", Side.BUY))
    alarm = when(EngineTurned, commands.SetAlarm(name="x", at_ns=minute(1.5)))
    venue = venue_over({BTC: candles})
    [filled] = of(run(venue, both(answer, alarm)), OrderFilled)
    assert isinstance(filled, OrderFilled)
    assert (filled.time_ns, filled.price) == (minute(1.5) + LATENCY_NS, Decimal(100))
    assert venue.in_holes == {BTC: 1}


def test_an_order_that_takes_no_time_arrives_behind_all_that_is_told_together() -> None:
    """Two crossings of one instant are both decided on before either order is filled, as live."""
    candles = {symbol: minutes([(100.0,) * 4, (105.0,) * 4]) for symbol in (ETH, BTC)}
    venue = venue_over(candles, latency_ns=0)
    answer = both(
        when(EngineTurned, levels(BTC, up=(True, 103.0)), levels(ETH, up=(True, 103.0))),
        lambda event: [order(event.symbol, Side.BUY, symbol=event.symbol)] if isinstance(event, LevelCrossed) else [],
    )
    told = [type(event) for event in of(run(venue, answer), LevelCrossed, OrderFilled)]
    assert told == [LevelCrossed, LevelCrossed, OrderFilled, OrderFilled]


def test_the_account_is_shown_when_it_is_asked_for() -> None:
    """A decision waits for that (strategies §9.1)."""
    events = run(venue_over({BTC: flat(2)}), when(EngineTurned, commands.RefreshAccount()))
    told = [event.cause for event in events if isinstance(event, AccountUpdated)]
    assert told[-1] == "REFRESH"


def test_an_order_that_the_data_end_before_stays_in_flight() -> None:
    """Whether its own symbol ends or the whole run: it is named with its due time and nothing is made up."""
    late = order("late", Side.BUY)
    venue = venue_over({BTC: flat(1), ETH: flat(3)})
    alarm = when(EngineTurned, commands.SetAlarm(name="x", at_ns=minute(1)))
    last = both(when(AlarmRang, late, commands.SetAlarm(name="y", at_ns=minute(3))), alarm)
    beyond = order("beyond", Side.BUY, symbol=ETH)

    def at_the_end(event: Event) -> list[commands.Command]:
        return [beyond] if isinstance(event, AlarmRang) and event.name == "y" else []

    events = run(venue, both(last, at_the_end))
    assert of(events, OrderFilled, OrderRejected) == []
    assert venue.in_flight == [(late, minute(1) + LATENCY_NS), (beyond, minute(3) + LATENCY_NS)]

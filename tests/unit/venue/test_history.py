"""The venue over history, driven by small scripts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.errors import ConfigError
from sadari.model import command as commands
from sadari.model.event import (
    AccountUpdated,
    AlarmRang,
    DayStarted,
    EngineTurned,
    Event,
    FundingPaid,
    LevelCrossed,
    OperatorRequested,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    SignalRaised,
    SymbolPrepared,
)
from sadari.model.order import Direction, Purpose, Side
from sadari.model.units import DAY_NS, MINUTE_NS, SECOND_NS
from sadari.sensors.always import Always
from tests.history_script import (
    ALWAYS_LONG,
    BTC,
    LATENCY_NS,
    both,
    levels,
    of,
    order,
    rates,
    run,
    stop,
    venue_over,
    when,
)
from tests.reference.tapes import START_NS, flat, line, minutes

ETH = "ETHUSDT"


def silent(_event: Event) -> tuple[commands.Command, ...]:
    """Decide nothing."""
    return ()


def minute(number: float) -> int:
    """A time in minutes from the start."""
    return START_NS + int(number * MINUTE_NS)


def test_a_run_begins_with_the_operator_and_ends_with_the_data() -> None:
    """The fixed frame of a run: nothing else happens to an engine that does nothing."""
    events = run(venue_over({ETH: flat(5), BTC: flat(3)}), silent)
    assert events == [
        OperatorRequested(time_ns=START_NS, command="start", actor="backtest"),
        EngineTurned(time_ns=START_NS, trigger="start_ok"),
        AccountUpdated(
            time_ns=START_NS, cause="START", wallet_balance=Decimal(10_000), available_balance=Decimal(10_000)
        ),
        SymbolPrepared(time_ns=START_NS, symbol=BTC, leverage=10, max_notional=Decimal(10**9)),
        SymbolPrepared(time_ns=START_NS, symbol=ETH, leverage=10, max_notional=Decimal(10**9)),
        EngineTurned(time_ns=START_NS, trigger="reconciled"),
        OperatorRequested(time_ns=minute(5), command="stop_keep", actor="backtest", cause="end of data"),
        EngineTurned(time_ns=minute(5), trigger="drained"),
    ]


def test_a_symbol_that_the_exchange_does_not_prepare_is_said_to_be_so() -> None:
    """Leverage beyond every bracket: no `SymbolPrepared`, and the exchange's answer is kept."""
    venue = venue_over({BTC: flat(2)}, leverage=126)
    assert of(run(venue, silent), SymbolPrepared) == []
    assert venue.unprepared[BTC].startswith("-4028")


def test_a_level_is_met_at_its_own_price_and_time() -> None:
    """Half way up a straight minute, on the tick grid."""
    arm = when(EngineTurned, levels(half=(True, 105.0), beyond=(True, 110.1)))
    events = run(venue_over({BTC: line((100.0, 110.0, 100.0))}), arm)
    [crossed] = of(events, LevelCrossed)
    assert isinstance(crossed, LevelCrossed)
    assert (crossed.price, crossed.levels) == (Decimal(105), ("half",))
    assert minute(0) < crossed.time_ns < minute(1)


def test_a_gap_meets_every_level_between_nearest_first() -> None:
    """Minute 1 opens far above the close of minute 0."""
    candles = line((100.0, 100.0, 120.0, 120.0)).without([1])
    arm = when(EngineTurned, levels(far=(True, 115.0), near=(True, 101.0), under=(False, 99.0)))
    events = run(venue_over({BTC: candles}), arm)
    assert of(events, LevelCrossed) == [
        LevelCrossed(time_ns=minute(2), symbol=BTC, price=Decimal(120), levels=("near", "far"))
    ]


def test_a_crossed_level_is_disarmed_until_it_is_armed_again() -> None:
    """The price comes back twice; the level is armed once, then once more by the answer to its crossing."""
    waves = {BTC: line((100.0, 110.0, 100.0, 110.0, 100.0, 110.0))}
    armed = levels(level=(True, 105.0))
    assert len(of(run(venue_over(waves), when(EngineTurned, armed)), LevelCrossed)) == 1
    again = both(when(EngineTurned, armed), when(AlarmRang, armed))
    alarm = when(LevelCrossed, commands.SetAlarm(name="again", at_ns=minute(1.99)))
    assert len(of(run(venue_over(waves), both(again, alarm)), LevelCrossed)) == 2


def test_a_level_armed_behind_the_price_is_met_by_the_next_trade() -> None:
    """Not by the trade that the decision was made on (strategies §5.3: a later rung needs a later tick)."""
    answer = both(
        when(EngineTurned, levels(first=(False, 99.0))),
        when(LevelCrossed, levels(second=(False, 99.5))),
    )
    crossed = of(run(venue_over({BTC: line((100.0, 90.0))}), answer), LevelCrossed)
    assert [(event.price, event.levels) for event in crossed if isinstance(event, LevelCrossed)] == [
        (Decimal(99), ("first",)),
        (Decimal("98.9"), ("second",)),
    ]


def test_an_order_reaches_the_exchange_after_its_latency_at_the_price_of_then() -> None:
    """A falling minute: the order pays the price of its arrival, not of its decision."""
    venue = venue_over({BTC: line((100.0, 95.0))}, latency_ns=30 * SECOND_NS)
    events = run(venue, when(EngineTurned, order("a", Side.BUY)))
    [filled] = of(events, OrderFilled)
    assert isinstance(filled, OrderFilled)
    assert filled.time_ns == minute(0.5)
    assert Decimal(95) < filled.price < Decimal(100)
    assert filled.price % Decimal("0.1") == 0


def test_an_outcome_is_known_after_the_way_back() -> None:
    """Filled at its arrival, told later; the account follows its fill."""
    venue = venue_over({BTC: flat(2)}, report_ns=20 * SECOND_NS)
    events = of(run(venue, when(EngineTurned, order("a", Side.BUY))), OrderFilled, AccountUpdated)
    assert [(type(event), event.time_ns) for event in events[1:]] == [
        (OrderFilled, START_NS + LATENCY_NS + 20 * SECOND_NS),
        (AccountUpdated, START_NS + LATENCY_NS + 20 * SECOND_NS),
    ]


def test_what_is_told_after_the_end_of_the_data_is_still_told() -> None:
    """The exchange filled it: the record of the run has to say so."""
    venue = venue_over({BTC: flat(1)}, report_ns=MINUTE_NS)
    assert len(of(run(venue, when(EngineTurned, order("a", Side.BUY))), OrderFilled)) == 1


def test_on_one_trade_the_venue_fills_first_and_the_engine_is_told_after() -> None:
    """A stop and a level at one price: fill, account, crossing (design §1)."""
    answer = both(
        when(EngineTurned, order("a", Side.BUY)),
        when(OrderFilled, stop("s", Side.SELL, "95"), levels(level=(False, 95.0))),
    )
    events = run(venue_over({BTC: line((100.0, 100.0, 90.0))}), answer)
    last = [event for event in events if event.time_ns > minute(1)][:3]
    assert [type(event) for event in last] == [OrderFilled, AccountUpdated, LevelCrossed]
    assert {event.time_ns for event in last} == {last[0].time_ns}


def test_levels_replaced_between_a_fill_and_its_crossing_are_asked_again_at_that_price() -> None:
    """The engine arms anew when it learns of the fill: the trade of this moment still counts for the new levels."""
    rearm = levels(new=(False, 96.0))
    answer = both(
        when(EngineTurned, order("a", Side.BUY)),
        when(OrderFilled, stop("s", Side.SELL, "95"), levels(old=(False, 95.0))),
    )

    def on_stop(event: Event) -> list[commands.Command]:
        return [rearm] if isinstance(event, OrderFilled) and event.client_order_id == "s" else []

    events = run(venue_over({BTC: line((100.0, 100.0, 90.0))}), both(answer, on_stop))
    [crossed] = of(events, LevelCrossed)
    assert isinstance(crossed, LevelCrossed)
    assert (crossed.price, crossed.levels) == (Decimal(95), ("new",))


def test_a_cancel_and_a_query_are_answered() -> None:
    """The cancel after its latency, the query at once, with what is known."""
    answer = both(
        when(EngineTurned, order("a", Side.BUY)),
        when(OrderFilled, stop("s", Side.SELL, "50")),
        when(
            OrderAccepted,
            commands.QueryOrder(symbol=BTC, client_order_id="s"),
            commands.QueryOrder(symbol=BTC, client_order_id="nobody"),
            commands.CancelOrder(symbol=BTC, client_order_id="s"),
        ),
    )
    events = of(run(venue_over({BTC: flat(2)}), answer), OrderAccepted, OrderRejected, OrderCanceled)
    accepted_ns = START_NS + 2 * LATENCY_NS
    assert [(type(event), event.time_ns) for event in events] == [
        (OrderAccepted, accepted_ns),
        (OrderAccepted, accepted_ns),
        (OrderRejected, accepted_ns),
        (OrderCanceled, accepted_ns + LATENCY_NS),
    ]
    assert events[2] == OrderRejected(
        time_ns=accepted_ns,
        symbol=BTC,
        client_order_id="nobody",
        code=-2013,
        reason=events[2].reason,  # type: ignore[attr-defined]
    )


def test_a_signal_that_waits_is_raised_at_the_next_close_once_armed() -> None:
    """First at the first close; then at the first close not before the time given."""
    arm = when(SignalRaised, commands.ArmSignals(symbol=BTC, not_before_ns=minute(3)))
    raised = of(run(venue_over({BTC: flat(6)}, rule=ALWAYS_LONG), arm), SignalRaised)
    assert [event.time_ns for event in raised] == [minute(1), minute(3)]
    assert raised[0] == SignalRaised(
        time_ns=minute(1),
        symbol=BTC,
        direction=Direction.LONG,
        strategy="always",
        signal_id="always:BTCUSDT:1688169660000",
        price=Decimal(100),
        price_time_ns=minute(1),
        equity=Decimal(10_000),
        rearm=True,
    )


def test_arming_twice_raises_one_signal() -> None:
    """The later arming replaces the one before it."""
    twice = [commands.ArmSignals(symbol=BTC, not_before_ns=minute(number)) for number in (3, 4)]
    raised = of(run(venue_over({BTC: flat(6)}, rule=ALWAYS_LONG), when(SignalRaised, *twice)), SignalRaised)
    assert [event.time_ns for event in raised] == [minute(1), minute(4)]


def test_a_signal_tells_the_equity_and_the_age_of_the_price() -> None:
    """A position of ETH up by 10 counts; BTC's last price is from before its missing candles, its signal the last."""
    candles = {BTC: flat(4).without([1, 2]), ETH: line((100.0, 110.0, 110.0, 110.0, 110.0))}
    buy = when(EngineTurned, order("a", Side.BUY, symbol=ETH))
    raised = of(run(venue_over(candles, rule=ALWAYS_LONG, latency_ns=0), buy), SignalRaised)
    [first] = [event for event in raised if isinstance(event, SignalRaised) and event.symbol == BTC]
    assert first.price_time_ns == first.time_ns == minute(1)
    assert first.equity == Decimal(10_000) + 10 - Decimal("0.05")
    late = commands.ArmSignals(symbol=BTC, not_before_ns=minute(2))
    again = of(run(venue_over(candles, rule=Always(Direction.SHORT)), when(SignalRaised, late)), SignalRaised)
    assert [event.time_ns for event in again if isinstance(event, SignalRaised) and event.symbol == BTC] == [minute(4)]


def test_candles_before_the_start_raise_nothing() -> None:
    """They are there to warm up lines."""
    venue = venue_over({BTC: flat(10)}, rule=ALWAYS_LONG, start_ns=minute(4))
    events = run(venue, silent)
    assert events[0].time_ns == minute(4)
    assert [event.time_ns for event in of(events, SignalRaised)] == [minute(5)]


def test_funding_is_paid_at_its_times_by_a_position_that_is_held() -> None:
    """At the mark price where it is known, else at the last price; nothing when flat."""
    funding = rates((minute(0), 0.01), (minute(2), 0.0001), (minute(4), -0.0001), marks=[1.0, 120.0, float("nan")])
    answer = both(when(EngineTurned, order("a", Side.BUY)))
    venue = venue_over({BTC: flat(5)}, funding={BTC: funding})
    events = run(venue, answer)
    assert venue.unmarked == {BTC}
    assert of(events, FundingPaid) == [
        FundingPaid(
            time_ns=minute(2), symbol=BTC, amount=Decimal("-0.012"), rate=Decimal("0.0001"), mark_price=Decimal(120)
        ),
        FundingPaid(
            time_ns=minute(4), symbol=BTC, amount=Decimal("0.01"), rate=Decimal("-0.0001"), mark_price=Decimal(100)
        ),
    ]
    assert [event.time_ns for event in of(events, AccountUpdated)][-2:] == [minute(2), minute(4)]


def test_an_alarm_rings_at_its_time_or_at_once() -> None:
    """One whose time is over rings now."""
    alarms = [commands.SetAlarm(name=name, at_ns=at_ns) for name, at_ns in (("late", 0), ("soon", minute(1)))]
    rung = of(run(venue_over({BTC: flat(2)}), when(EngineTurned, *alarms)), AlarmRang)
    assert rung == [AlarmRang(time_ns=START_NS, name="late"), AlarmRang(time_ns=minute(1), name="soon")]


def test_a_day_begins_with_the_equity_of_its_first_instant() -> None:
    """The position bought at 100 stands at 105 at midnight."""
    before = START_NS + DAY_NS - MINUTE_NS
    candles = line((100.0, 105.0, 110.0), start_ns=before)
    day = both(
        when(EngineTurned, order("a", Side.BUY), commands.CallDay(at_ns=START_NS + DAY_NS)),
    )
    [began] = of(run(venue_over({BTC: candles}, latency_ns=0), day), DayStarted)
    wallet = Decimal("9999.95")
    assert began == DayStarted(time_ns=START_NS + DAY_NS, wallet_balance=wallet, equity=wallet + 5)


@pytest.mark.parametrize(
    ("path", "side", "price", "first"),
    [
        ("adverse", Side.BUY, "90", "low"),
        ("adverse", Side.SELL, "110", "high"),
        ("favourable", Side.BUY, "110", "high"),
        ("favourable", Side.SELL, "90", "low"),
    ],
)
@pytest.mark.parametrize("lead", [0, 1], ids=["the candle of the entry", "the candle after"])
def test_the_bounds_look_at_the_position_held_or_about_to_be(
    path: str, side: Side, price: str, first: str, lead: int
) -> None:
    """The extreme against, or for, the position comes first; a pending entry counts in its own candle (§1.7)."""
    rows = [(100.0,) * 4] * (1 + lead) + [(100.0, 110.0, 90.0, 100.0)]
    enter = both(
        when(EngineTurned, commands.SetAlarm(name="enter", at_ns=minute(1))),
        when(AlarmRang, order("a", side), levels(low=(False, 90.0), high=(True, 110.0))),
    )
    events = run(venue_over({BTC: minutes(rows)}, path=path), enter)
    crossed = of(events, LevelCrossed)[0]
    assert isinstance(crossed, LevelCrossed)
    assert (crossed.levels, crossed.price) == ((first,), Decimal(price))


def test_a_flat_symbol_takes_the_path_of_a_long_one() -> None:
    """Flat counts as LONG (§1.7), also again after a SHORT was closed."""
    rows = [(100.0,) * 4] * 2 + [(100.0, 110.0, 90.0, 100.0)]
    leave = order("b", Side.BUY, purpose=Purpose.EXIT)
    answer = both(
        when(EngineTurned, order("a", Side.SELL), levels(low=(False, 95.0), high=(True, 105.0))),
        when(OrderFilled, leave),
    )
    venue = venue_over({BTC: minutes(rows)}, path="adverse")
    crossed = [event for event in run(venue, answer) if isinstance(event, LevelCrossed)]
    assert [event.levels for event in crossed] == [("low",), ("high",)]
    # What was planned on the path of the SHORT is void: every price told is one of the path taken.
    assert [event.price for event in crossed] == [venue._tracks[BTC].price(event.time_ns) for event in crossed]


def test_events_are_in_their_total_order() -> None:
    """At one instant: fills, account, crossings, signals, alarms; and symbols in order among equals."""
    candles = {symbol: minutes([(100.0,) * 4, (100.0,) * 4, (105.0,) * 4]) for symbol in (ETH, BTC)}
    answer = both(
        when(EngineTurned, commands.SetAlarm(name="x", at_ns=minute(2))),
        when(EngineTurned, levels(BTC, up=(True, 103.0)), levels(ETH, up=(True, 103.0))),
        when(EngineTurned, order("a", Side.SELL), order("b", Side.SELL, symbol=ETH)),
        when(
            OrderFilled,
            stop("c", Side.BUY, "103"),
            stop("d", Side.BUY, "103", symbol=ETH),
        ),
        lambda event: (
            [commands.ArmSignals(symbol=event.symbol, not_before_ns=minute(2))]
            if isinstance(event, SignalRaised) and event.time_ns == minute(1)
            else []
        ),
    )
    events = [event for event in run(venue_over(candles, rule=ALWAYS_LONG), answer) if event.time_ns == minute(2)]
    assert [(type(event).__name__, getattr(event, "symbol", "")) for event in events] == [
        ("OrderFilled", BTC),
        ("OrderFilled", ETH),
        ("AccountUpdated", ""),
        ("AccountUpdated", ""),
        ("LevelCrossed", BTC),
        ("LevelCrossed", ETH),
        ("SignalRaised", BTC),
        ("SignalRaised", ETH),
        ("AlarmRang", ""),
    ]


def test_a_run_needs_candles_after_its_start() -> None:
    """Both mistakes are one sentence."""
    with pytest.raises(ConfigError, match="at least one symbol"):
        venue_over({})
    with pytest.raises(ConfigError, match="the last candle closes"):
        venue_over({BTC: flat(1)}, start_ns=minute(1))

"""Denied signals in shadow: which ones, from what balance, how long, and when there is nothing to follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace as changed

from sadari.errors import ConfigError
from sadari.model.command import Command, RecordDecision
from sadari.model.event import AccountUpdated, Event, SignalRaised
from sadari.model.instrument import Instrument
from sadari.model.order import Direction, MarginMode
from sadari.model.plan import Ladder, Risk, Settings
from sadari.model.reason import DenialCode
from sadari.model.units import DAY_NS, MINUTE_NS
from sadari.research.run_record import Funnel, Shadow, ShadowState
from sadari.run.history.backtest import backtest, bounds
from sadari.run.history.funnel import Denied, alone, denied, follow_denied
from sadari.run.history.markets import markets
from sadari.run.settings.request import FunnelSection, MarketSection, Request, SignalSection
from tests.history_script import BTC
from tests.reference.tapes import INSTRUMENT, START_NS, Columns, flat, made_up, minutes

D = Decimal
LONG, SHORT = Direction.LONG, Direction.SHORT
# The close of the first candle, at which every signal here is raised.
CLOSE_NS = START_NS + MINUTE_NS
DAY_ROWS = 1_440
# The fall is beyond the resting stops, and short of the liquidation price of 90.36.
CALM, FALLEN = (100.0,) * 4, (90.5,) * 4


def asked(candles: Columns, instrument: Instrument = INSTRUMENT, **others: Any) -> Request:
    """One symbol, whose denied signals are followed for a day."""
    request = Request(
        settings=Settings(),
        balance=D(10_000),
        candles={BTC: candles},
        instruments={BTC: instrument},
        market=MarketSection(latency_ms=0, slippage_ticks=0),
        funnel=FunnelSection(enabled=True, days=1),
    )
    return replace(request, **others)


def raised(**fields: Any) -> SignalRaised:
    """A long signal at the close of the first candle, priced at 100."""
    told: dict[str, Any] = {"time_ns": CLOSE_NS, "symbol": BTC, "direction": LONG, "price_time_ns": CLOSE_NS, **fields}
    return SignalRaised(**{"strategy": "any", "signal_id": "any:1", "price": D(100), "equity": D(0), **told})


def decided(signal: SignalRaised, gate: str = "MAX_POSITIONS", **fields: Any) -> RecordDecision:
    """The denial of a signal."""
    told: dict[str, Any] = {"rung": 0, "accepted": False, "denial": gate, **fields}
    return RecordDecision(
        symbol=signal.symbol, direction=signal.direction, strategy=signal.strategy, signal_id=signal.signal_id,
        price=signal.price, **told,
    )  # fmt: skip


def account(wallet: int) -> AccountUpdated:
    """The account as the venue shows it."""
    return AccountUpdated(time_ns=START_NS, cause="ORDER", wallet_balance=D(wallet), available_balance=D(0))


def followed(request: Request, *records: Event | Command) -> Funnel:
    """The funnel of some records over the request's market."""
    traded = markets(request)
    start_ns, end_ns = traded[0].span_ns
    return follow_denied(request, traded, records, start_ns=start_ns, end_ns=end_ns)


def shadow(request: Request, signal: SignalRaised | None = None) -> Shadow:
    """What became of one denied signal."""
    signal = signal or raised()
    [found] = followed(request, account(10_000), signal, decided(signal)).shadows
    return found


# which, and from what balance


def test_a_denied_entry_is_followed_from_the_wallet_of_its_moment() -> None:
    """Neither accepted entries nor adds of any kind are, and balances told later do not count."""
    first, second = raised(), raised(time_ns=CLOSE_NS + MINUTE_NS)
    records: list[Event | Command] = [
        account(900), first, decided(first, "POSITION_EXISTS"), decided(first, "MARGIN_BUFFER", rung=1), account(950),
        raised(), decided(first, "", accepted=True), second, decided(second), account(1_000),
    ]  # fmt: skip
    assert list(denied(records)) == [Denied(first, "POSITION_EXISTS", D(900)), Denied(second, "MAX_POSITIONS", D(950))]


def test_the_wallet_sizes_the_shadow() -> None:
    """Half the balance buys half as much: the fee of the entry is half as high."""
    signal = raised()
    request = asked(flat(10))
    whole, half = (followed(request, account(wallet), signal, decided(signal)).shadows[0] for wallet in (10_000, 5_000))
    assert whole.booked == -D(1_500) * D("0.0005")
    assert half.booked == whole.booked / 2


def test_a_signal_that_is_denied_twice_at_one_close_is_followed_once() -> None:
    """By one gate it is one row; by two gates it is a row of each, with the same outcome."""
    first = again = raised()
    records: list[Event | Command] = [
        account(10_000), first, decided(first), again, decided(again), again, decided(again, "HEDGE_NOT_ALLOWED"),
    ]  # fmt: skip
    funnel = followed(asked(flat(10)), *records)
    assert funnel.followed == 1
    assert [one.gate for one in funnel.shadows] == ["MAX_POSITIONS", "HEDGE_NOT_ALLOWED"]
    assert changed(funnel.shadows[0], gate="") == changed(funnel.shadows[1], gate="")


@pytest.mark.parametrize("fields", [
    {"candidate_age_ns": None}, {"market_trend": "BEARISH"}, {"correlations": (("ETHUSDT", 1.0),)},
    {"direction": SHORT},
    {"equity": D(-9_000)}, {"rearm": True},
])  # fmt: skip
def test_what_only_gates_ask_does_not_deny_a_shadow(fields: dict[str, Any]) -> None:
    """The gate under study has spoken: the shadow is about what would have come of it."""
    settings = Settings(risk=Risk(max_shorts=0))
    assert shadow(asked(flat(10), settings=settings), raised(**fields)).state is ShadowState.OPEN


def test_what_sizes_a_plan_stays_in_the_signal() -> None:
    """Everything else is as it was raised."""
    signal = raised(volatility=90.0, market_trend="BEARISH", tag="part", episode=3, candidate_age_ns=5, rearm=True)
    left = {"equity": D(7), "candidate_age_ns": 0, "rearm": False}
    assert alone(signal, D(7)) == changed(signal, **left)


def test_two_strategies_are_followed_apart() -> None:
    """Each may climb a ladder of its own."""
    first, other = raised(), raised(strategy="other", signal_id="other:1")
    funnel = followed(asked(flat(10)), account(10_000), first, decided(first), other, decided(other))
    assert (funnel.followed, [one.strategy for one in funnel.shadows]) == (2, ["any", "other"])


# how long


def fall_at(row: int) -> Columns:
    """Calm at 100 up to a candle that opens beyond the stops."""
    return minutes([CALM] * row + [FALLEN] * 10)


def test_the_last_instant_of_the_limit_counts() -> None:
    """A day after the signal to the nanosecond the candle of row 1441 opens, and its first price closes the shadow."""
    found = shadow(asked(fall_at(DAY_ROWS + 1)))
    assert (found.state, found.closed_ns) == (ShadowState.ENDED, CLOSE_NS + DAY_NS)
    assert found.reason == "PROTECTIVE_STOP_ORDER"


def test_what_the_exchange_did_by_then_counts_even_if_it_is_told_later() -> None:
    """The outcome of the stop is still under way at the limit."""
    found = shadow(asked(fall_at(DAY_ROWS + 1), market=MarketSection(latency_ms=0, report_ms=100, slippage_ticks=0)))
    assert (found.state, found.closed_ns) == (ShadowState.ENDED, CLOSE_NS + DAY_NS)


def test_after_the_limit_nothing_counts() -> None:
    """The candle of the limit opens at 100 and falls after it: the shadow is open, and nothing but a fee was paid."""
    found = shadow(asked(minutes([CALM] * (DAY_ROWS + 1) + [(100.0, 100.0, 90.5, 90.5)] + [FALLEN] * 10)))
    assert (found.state, found.unrealized, found.closed_ns) == (ShadowState.OPEN, D(0), None)
    assert found.booked == -D(1_500) * D("0.0005")


def test_an_open_shadow_is_valued_at_the_last_price() -> None:
    """15 bought at 100 are worth 30 more at 102."""
    found = shadow(asked(minutes([CALM] * 5 + [(102.0,) * 4] * 5)))
    assert (found.state, found.unrealized) == (ShadowState.OPEN, D(30))


def test_the_end_of_the_run_ends_every_shadow() -> None:
    """Data that go on after it are not looked at."""
    request = asked(fall_at(20))
    traded = markets(request)
    signal = raised()
    records: Sequence[Event | Command] = [account(10_000), signal, decided(signal)]
    for end_ns, state in ((START_NS + 20 * MINUTE_NS - 1, ShadowState.OPEN), (START_NS + 30 * MINUTE_NS, "ended")):
        funnel = follow_denied(request, traded, records, start_ns=START_NS, end_ns=end_ns)
        assert funnel.shadows[0].state == state


# nothing to follow


@pytest.mark.parametrize(("change", "code"), [
    ({"settings": Settings(ladder=Ladder(leverage=126))}, "SYMBOL_NOT_PREPARED"),
    ({"settings": Settings(ladder=Ladder(leverage=25))}, "LEVERAGE_PLAN_INCOMPATIBLE"),
    ({"settings": Settings(risk=Risk(margin_buffer_usdt=D(10_000)))}, "MARGIN_BUFFER"),
    ({"instruments": {BTC: changed(INSTRUMENT, min_notional=D(2_000))}}, "BELOW_MIN_NOTIONAL"),
    ({"instruments": {BTC: changed(INSTRUMENT, status="SETTLING")}}, "SYMBOL_NOT_TRADABLE"),
])  # fmt: skip
def test_what_is_denied_even_alone_is_not_followed(change: dict[str, Any], code: str) -> None:
    """It has the code that denied it and no result."""
    found = shadow(asked(flat(10), **change))
    assert (found.state, found.code, found.booked, found.reason) == (ShadowState.NOT_FOLLOWED, code, D(0), "")


def test_a_signal_with_an_old_price_is_not_followed() -> None:
    """What was stale is stale in shadow."""
    assert shadow(asked(flat(10)), raised(price_time_ns=CLOSE_NS - MINUTE_NS)).code == "MARKET_DATA_STALE"


def test_an_entry_that_the_data_end_before_is_not_followed() -> None:
    """At the last close no price is left to fill it."""
    assert shadow(asked(flat(1))).code == "NOT_FILLED"


def test_an_entry_that_the_exchange_refuses_is_not_followed() -> None:
    """Crossed, with a fee that the margin does not leave room for: the exchange's code says why."""
    settings = Settings(
        ladder=Ladder(weights=(D(1),), dca_trigger=(), stop_by_stage=(D("0.05"),), margin_mode=MarginMode.CROSSED),
        risk=Risk(min_reserve_pct=D(0), max_portfolio_stop_loss_pct=D(1), max_order_margin_pct=D(1),
                  max_usable_pct=D(1), margin_buffer_usdt=D(0)),
    )  # fmt: skip
    # The order is sized at 100 and arrives at 120.
    request = asked(minutes([CALM, (120.0,) * 4, (120.0,) * 4]), settings=settings)
    assert shadow(request).code == "EXCHANGE_REJECTED:-2019"


# as part of a run


def crowded(**others: Any) -> Request:
    """Three made-up symbols of which only one may be held at a time."""
    symbols = ("AAAUSDT", "BBBUSDT", "CCCUSDT")
    return replace(
        Request(
            settings=Settings(risk=Risk(max_positions=1)),
            balance=D(10_000),
            candles={symbol: made_up(number, 3_000) for number, symbol in enumerate(symbols)},
            instruments={symbol: changed(INSTRUMENT, symbol=symbol) for symbol in symbols},
            signals={"ma_cross": SignalSection(frame_minutes=5, fast=3, slow=8)},
            funnel=FunnelSection(enabled=True),
        ),
        **others,
    )


def test_every_denied_signal_of_a_run_has_its_shadow() -> None:
    """In the order of the denials, under the gate that spoke."""
    told: list[float] = []
    run = backtest(crowded(progress=told.append))
    refused = [record for record in run.records if isinstance(record, RecordDecision) and not record.accepted]
    assert run.funnel is not None
    assert {record.denial for record in refused} == {DenialCode.POSITION_EXISTS, DenialCode.MAX_POSITIONS}
    assert [(one.symbol, one.gate) for one in run.funnel.shadows] == [(one.symbol, one.denial) for one in refused]
    assert told[-1] == 1.0


def test_a_run_that_does_not_ask_for_it_has_no_funnel() -> None:
    """Nothing is followed unless asked for, and never on a bound's path."""
    assert backtest(crowded(funnel=FunnelSection())).funnel is None
    assert [run.funnel for run in bounds(crowded())] == [None, None]


def test_a_funnel_on_a_bounds_path_is_refused() -> None:
    """The sentence says what is allowed."""
    with pytest.raises(ConfigError, match=r'\[market\] path is "adverse" with a funnel; allowed: tape'):
        backtest(crowded(market=MarketSection(path="adverse")))

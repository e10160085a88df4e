"""The composition: a whole backtest, small."""

from __future__ import annotations

import socket
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from math import isclose
from pathlib import Path
from typing import Any

import pytest

from sadari.core.engine import Engine
from sadari.errors import ConfigError
from sadari.model.command import PlaceOrder, RecordDecision, RecordMove
from sadari.model.event import Event, FundingPaid, OrderAccepted, OrderFilled, OrderRejected, SignalRaised
from sadari.model.order import Direction, Purpose, TechExit
from sadari.model.plan import Ladder, Settings
from sadari.model.units import HOUR_NS, MINUTE_NS
from sadari.research.funnel import NOT_FILLED
from sadari.research.report import summarize
from sadari.research.text import text
from sadari.run.history.backtest import backtest, bounds
from sadari.run.settings.config import parse
from sadari.run.settings.request import MarketSection, Request, SignalSection
from sadari.store import journal
from tests.history_script import rates
from tests.reference.tapes import INSTRUMENT, START_NS, Columns, flat, line, made_up, minutes

BTC = "BTCUSDT"
LONG = SignalSection(kind="always", direction="long")


def request(candles: Columns | None = None, **others: Any) -> Request:
    """A made-up day and a half of one symbol, entered whenever flat."""
    asked = Request(
        settings=Settings(),
        balance=Decimal(10_000),
        candles={BTC: candles or made_up(9, 2_000)},
        instruments={BTC: INSTRUMENT},
        signals={"always": LONG},
    )
    return replace(asked, **others)


def test_the_same_request_gives_the_same_records() -> None:
    """A run has no chance in it but the seed."""
    assert backtest(request()).records == backtest(request()).records
    other = MarketSection(seed=2)
    assert backtest(request(market=other)).records != backtest(request()).records


def test_the_income_is_the_change_of_the_wallet() -> None:
    """Exactly, and every fill has its place in it."""
    run = backtest(request(made_up(9, 30_000)))
    assert len([record for record in run.records if isinstance(record, OrderFilled)]) > 20
    assert sum(entry.amount for entry in run.income) == run.wallet_end - run.wallet_start


@pytest.mark.requirement("R002-2")
def test_the_records_of_a_run_fed_to_a_fresh_engine_give_its_commands() -> None:
    """In journal order: each event is followed by what it made the engine want."""
    run = backtest(request(made_up(9, 10_000)))
    engine = Engine(run.settings, {BTC: INSTRUMENT})
    again: list[object] = []
    for record in run.records:
        if isinstance(record, Event):
            again += [record, *engine.handle(record)]
    assert again == run.records


def test_the_journal_holds_the_records_in_their_order(tmp_path: Path) -> None:
    """Header, records, footer; the chain is whole."""
    path = tmp_path / "run.journal"
    run = backtest(request(journal=path))
    header, *kept, footer = [journal.decode(body) for _, body in journal.read(path)]
    assert kept == run.records
    assert journal.verify(path).fault == ""
    assert isinstance(header, journal.Header)
    assert isinstance(footer, journal.Footer)
    assert (header.settings, header.instruments) == (run.settings, {BTC: INSTRUMENT})
    assert header.market["latency_ms"] == "50"


def test_equity_is_wallet_plus_unrealized_at_candle_closes_and_fills() -> None:
    """From the balance to the last mark, at most about ten thousand closes, never back in time."""
    run = backtest(request(made_up(9, 25_000)))
    fills = {record.time_ns for record in run.records if isinstance(record, OrderFilled)}
    times = [time_ns for time_ns, _ in run.equity]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert set(times) >= fills
    assert 8_000 <= len(set(times) - fills) <= 10_001
    assert run.equity[0] == (START_NS, 10_000.0)
    unrealized = sum(position.unrealized for position in run.open_positions)
    assert times[-1] == START_NS + 25_000 * MINUTE_NS
    assert isclose(run.equity[-1][1], float(run.wallet_end + unrealized), abs_tol=1e-6)


def test_equity_at_a_fill_has_the_fill_in_it() -> None:
    """The entry costs its fee and the tick of slippage at once."""
    run = backtest(request(flat(3)))
    [filled] = [record for record in run.records if isinstance(record, OrderFilled)]
    cost = float(filled.fee + filled.qty * (filled.price - 100))
    assert isclose(dict(run.equity)[filled.time_ns], 10_000.0 - cost)


def test_what_is_still_held_is_told_with_its_mark() -> None:
    """One rung down, at the end of the data."""
    run = backtest(request(line((100.0, 100.0, 96.0, 96.0))))
    [held] = run.open_positions
    assert (held.symbol, held.direction, held.stage, held.mark_price) == (BTC, Direction.LONG, 1, Decimal(96))
    assert isclose(held.unrealized, (held.mark_price - held.entry_price) * held.qty, abs_tol=1e-6)


def test_an_entry_at_the_last_close_stays_in_flight() -> None:
    """The signal of the last candle is acted on, and its order never arrives."""
    run = backtest(request(flat(1)))
    [order] = run.in_flight
    assert (order.symbol, order.purpose, order.due_ns) == (BTC, "ENTRY", START_NS + MINUTE_NS + 50_000_000)
    assert run.open_positions == ()


def test_funding_is_known_only_where_it_was_given() -> None:
    """Absent funding is no funding of zero: the facts and the assumptions say so."""
    paid = rates(*((START_NS + hours * HOUR_NS, 0.0001) for hours in range(0, 40, 8)))
    known, unknown = backtest(request(funding={BTC: paid})), backtest(request())
    assert [facts.funding_known for run in (known, unknown) for facts in run.symbols] == [True, False]
    assert [record for record in known.records if isinstance(record, FundingPaid)]
    assert any("Funding is not known, and not booked, for BTCUSDT" in sentence for sentence in unknown.assumptions)
    assert any("Funding is paid at the last price" in sentence for sentence in known.assumptions)


def test_candles_before_the_start_are_not_part_of_the_run() -> None:
    """They warm up lines; what the run is said to cover begins with its start."""
    start_ns = START_NS + 300 * MINUTE_NS
    run = backtest(request(start_ns=start_ns))
    [known] = run.symbols
    assert (known.rows, known.start_ns, run.candles) == (1_700, start_ns, 1_700)
    assert run.records[0].time_ns == run.equity[0][0] == start_ns  # type: ignore[union-attr]


def test_missing_candles_are_said_to_be_missing() -> None:
    """How many, in how many holes."""
    run = backtest(request(made_up(9, 50).without([10, 11, 30])))
    assert any("BTCUSDT lacks 3 candle(s) of 1 min in 2 hole(s)" in sentence for sentence in run.assumptions)


def test_a_symbol_that_cannot_be_prepared_is_explained() -> None:
    """Leverage 126 is in no bracket."""
    run = backtest(request(settings=Settings(ladder=Ladder(leverage=126))))
    assert any("BTCUSDT could not be prepared for trading (-4028" in sentence for sentence in run.assumptions)
    assert not [record for record in run.records if isinstance(record, OrderFilled)]


def test_progress_grows_to_the_whole() -> None:
    """By hundredths at most, and it ends at 1."""
    told: list[float] = []
    backtest(request(made_up(9, 5_000), progress=told.append))
    assert told == sorted(set(told))
    assert told[-1] == 1.0


def test_the_bounds_are_the_same_run_on_the_two_extreme_paths(tmp_path: Path) -> None:
    """A candle that reaches the stop and half the profit: for the position first, or against it first."""
    wild = minutes([(100.0,) * 4, (100.0, 112.0, 88.0, 100.0)])
    settings = Settings(ladder=Ladder(tech_exit=TechExit.OFF))
    adverse, favourable = bounds(request(wild, settings=settings, journal=tmp_path / "none"))
    assert (adverse.path, favourable.path) == ("adverse", "favourable")
    assert adverse.wallet_end < Decimal(10_000) < favourable.wallet_end
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"candles": {}}, "there is no symbol to run"),
        ({"candles": {BTC: flat(1).rows(slice(0))}}, "BTCUSDT has no candles in the period"),
        ({"instruments": {}}, "BTCUSDT has candles but no instrument"),
        (
            {"signals": {"always": SignalSection(kind="always", direction="both")}},
            'direction is "both" with kind "always"',
        ),
        ({"signals": {"fast": SignalSection(fast=80, slow=20)}}, "fast is 80 and slow 20"),
        (
            {"candles": {BTC: replace(flat(4), interval_ns=2 * MINUTE_NS)}},
            r"\[ladder\] tech_frame_minutes is 3 for BTCUSDT: a frame of 3 minutes cannot be built from candles of 2",
        ),
    ],
)
def test_a_request_that_cannot_be_run_is_one_sentence(change: dict[str, Any], sentence: str) -> None:
    """Named with what is allowed."""
    with pytest.raises(ConfigError, match=sentence):
        backtest(replace(request(), **change))


@pytest.mark.requirement("R002-2")
def test_a_simulated_run_goes_through_the_whole_pipeline() -> None:
    """Each entry is a signal, a decision on it and an order of that quantity, which the exchange model fills."""
    records = backtest(request(made_up(9, 30_000))).records
    signals = {record.signal_id: record for record in records if isinstance(record, SignalRaised)}
    entered = [
        record for record in records if isinstance(record, RecordDecision) and record.accepted and not record.rung
    ]
    orders = [o for o in records if isinstance(o, PlaceOrder) and o.purpose is Purpose.ENTRY]
    assert len(entered) > 5
    assert all(signals[decision.signal_id].price == decision.price for decision in entered)
    assert [decision.qty for decision in entered] == [order.qty for order in orders]
    filled = {record.client_order_id: record for record in records if isinstance(record, OrderFilled)}
    assert all(filled[order.client_order_id].qty == order.qty for order in orders)


@pytest.mark.requirement("R002-4")
def test_simulated_orders_are_logged_and_answered_and_never_leave_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No connection is opened; every order is in the journal and gets an answer; fills cost a tick and the fee."""

    def refuse(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a simulated run opens a connection")

    monkeypatch.setattr(socket, "socket", refuse)
    path = tmp_path / "run.journal"
    run = backtest(request(made_up(9, 30_000), journal=path))
    orders = {record.client_order_id: record for record in run.records if isinstance(record, PlaceOrder)}
    logged = [journal.decode(body) for _, body in journal.read(path)]
    assert {record.client_order_id for record in logged if isinstance(record, PlaceOrder)} == set(orders)
    answers = (OrderAccepted, OrderFilled, OrderRejected)
    answered = {record.client_order_id for record in run.records if isinstance(record, answers)}
    assert answered | {order.client_order_id for order in run.in_flight} == set(orders)
    entries = [
        fill for fill in run.records
        if isinstance(fill, OrderFilled) and orders[fill.client_order_id].purpose is Purpose.ENTRY
    ]  # fmt: skip
    cheaper = backtest(request(made_up(9, 30_000), market=MarketSection(slippage_ticks=0)))
    first = next(record for record in cheaper.records if isinstance(record, OrderFilled))
    assert entries[0].price - first.price == INSTRUMENT.tick_size
    assert all(fill.fee == fill.price * fill.qty * run.settings.fees.taker for fill in entries)


def test_entries_that_wait_are_reported_with_what_called_them_off() -> None:
    """Each set-up ends in one way, each entry that was called off has one reason, and both are told."""
    config = parse('[signal]\nkind = "ict"\n')
    run = backtest(request(made_up(9, 60_000), settings=config.settings(), signals=config.signals()))
    raised = [record for record in run.records if isinstance(record, SignalRaised)]
    summary = summarize(run)
    told = summary["ict"]
    assert sum(told["entries"].values()) == len(raised) > 40
    moves = [record.event for record in run.records if isinstance(record, RecordMove) and record.target == "FLAT"]
    unfilled = [event for event in moves if event in {"entry_cancelled", "entry_timeout_unfilled"}]
    assert sum(told["called_off"].values()) == len(unfilled) > 20
    assert set(told["called_off"]) == {"ENTRY_EXPIRED", "OPPOSITE_EVENT", "TARGET_FIRST"}
    assert "TARGET_FIRST" in text(summary)
    assert summarize(backtest(request()))["ict"] is None


def test_a_denied_entry_that_waits_is_followed_by_its_own_terms() -> None:
    """In shadow it rests as a limit order too, and ends for one of its reasons or is held by its own stop."""
    config = parse('[signal]\nkind = "ict"\n[funnel]\nenabled = true\n')
    asked = request(made_up(9, 60_000), settings=config.settings(), signals=config.signals(), funnel=config.funnel)
    run = backtest(asked)
    assert run.funnel is not None
    reasons = {shadow.reason for shadow in run.funnel.shadows}
    assert "STOP_LOSS" in reasons
    assert not any(reason.startswith("STOP_LOSS_") for reason in reasons)
    assert any(shadow.code == NOT_FILLED for shadow in run.funnel.shadows)

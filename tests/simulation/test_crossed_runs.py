"""Whole backtests of a crossed account: two made-up symbols, one wallet."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from sadari.core.engine import Engine
from sadari.errors import ConfigError
from sadari.exchange import Collateral, Exchange
from sadari.model.command import Audit, Command, PlaceOrder, RecordPosition
from sadari.model.event import AccountUpdated, Event, OrderFilled, OrderRejected
from sadari.model.order import MarginMode
from sadari.model.plan import Fees, Ladder, Risk, Settings
from sadari.research.book import Book
from sadari.research.report import summarize
from sadari.research.results import result
from sadari.research.run_record import Run
from sadari.run.feed.sensing import sensing
from sadari.run.history.backtest import backtest, drive
from sadari.run.history.markets import markets
from sadari.run.history.simulation import history_venue
from sadari.run.settings.request import Request, SignalSection
from tests.reference.tapes import INSTRUMENT, Columns, line, made_up

D = Decimal
LOSER, HEALTHY = "AUSDT", "BUSDT"


def run_of(loser: Columns, healthy: Columns, mode: MarginMode, *, leverage: int = 20, **others: Any) -> Run:
    """Both symbols are entered LONG with 30 % of what is available as margin."""
    ladder = Ladder(leverage=leverage, weights=(D("0.3"), D("0.01"), D("0.01")), margin_mode=mode)
    risk = Risk(min_reserve_pct=D(0), max_portfolio_stop_loss_pct=D(1000), max_order_margin_pct=D("0.3"))
    return backtest(
        Request(
            settings=Settings(ladder=ladder, risk=risk),
            balance=D(10_000),
            candles={LOSER: loser, HEALTHY: healthy},
            instruments={s: replace(INSTRUMENT, symbol=s, liquidation_fee=D("0.0125")) for s in (LOSER, HEALTHY)},
            signals={"always": SignalSection(kind="always", direction="long")},
            **others,
        )
    )


def fallen(price: float) -> Columns:
    """A price that stands at 100, is missing for a minute, and is lower afterwards."""
    return line([100.0] * 10 + [price] * 10).without([9])


def trades(run: Run) -> list[OrderFilled]:
    """The trades that the exchange forced."""
    return [record for record in run.records if isinstance(record, OrderFilled) and record.cause == "LIQUIDATION"]


def adds_up(run: Run) -> None:
    """The report's parts are the wallet's change, and the wallet is its income."""
    assert result(Book(run))["adds_up"] is True
    moved = sum((end - start for start, end in run.balances.values()), D(0))
    assert moved == sum((entry.amount for entry in run.income), D(0))
    assert summarize(run)["ledger"]["adds_up"]
    assert not [record for record in run.records if isinstance(record, Audit) and record.code == "LEDGER_DIFFERS"]


@pytest.mark.requirement("R001-11")
def test_the_loser_drags_the_healthy_symbol_under() -> None:
    """Its gap costs more than the wallet: both positions end there, and the engine knows why."""
    run = run_of(fallen(70.0), line([100.0] * 20), MarginMode.CROSSED)
    assert [trade.symbol for trade in trades(run)] == [LOSER, HEALTHY]
    assert len({trade.time_ns for trade in trades(run)}) == 1
    assert run.wallet_end == 0
    assert run.open_positions == ()
    ended = [record for record in run.records if isinstance(record, RecordPosition)]
    assert [(life.symbol, life.reason) for life in ended] == [
        (LOSER, "EXCHANGE_LIQUIDATION"),
        (HEALTHY, "EXCHANGE_LIQUIDATION"),
    ]
    assert any(entry.kind == "INSURANCE_CLEAR" and entry.amount > 0 for entry in run.income)
    adds_up(run)


@pytest.mark.requirement("R001-11")
def test_an_isolated_loser_takes_its_own_margin_and_nothing_else() -> None:
    """The same prices, at a leverage that the ladder allows: the healthy position is held to the end."""
    run = run_of(fallen(70.0), line([100.0] * 20), MarginMode.ISOLATED, leverage=5)
    assert [trade.symbol for trade in trades(run)] == [LOSER]
    assert [position.symbol for position in run.open_positions] == [HEALTHY]
    adds_up(run)


def test_the_others_profit_saves_the_account() -> None:
    """The loser's stop takes almost the whole wallet: the other is taken over, but not if it has gained by then."""
    run = run_of(fallen(84.0), line([100.0] * 20), MarginMode.CROSSED)
    assert [trade.symbol for trade in trades(run)] == [HEALTHY]
    adds_up(run)
    run = run_of(fallen(84.0), line([100.0] * 5 + [109.0] * 15), MarginMode.CROSSED)
    assert trades(run) == []
    assert [position.symbol for position in run.open_positions] == [HEALTHY]
    adds_up(run)


@pytest.mark.requirement("R001-6", "R001-7")
def test_isolated_margin_on_a_multi_assets_account_never_trades() -> None:
    """Preparation is refused with -4168, the report says so, and not a single order is sent."""
    run = run_of(made_up(1, 500), made_up(2, 500), MarginMode.ISOLATED, multi_assets=True)
    assert [record for record in run.records if isinstance(record, PlaceOrder)] == []
    assert sum("could not be prepared" in line and "-4168" in line for line in run.assumptions) == 2
    assert run.wallet_end == run.wallet_start


def test_crossed_margin_on_a_multi_assets_account_trades_with_all_of_it() -> None:
    """A tenth of a BTC makes the account larger by its value; income is in USDT and the totals add up."""
    assets = {"BTC": Collateral(balance=D("0.1"), price=D(30_000), ratio=D("0.95"))}
    run = run_of(made_up(1, 3_000), made_up(2, 3_000), MarginMode.CROSSED, multi_assets=True, assets=assets)
    assert run.wallet_start == 12_850
    assert len([record for record in run.records if isinstance(record, OrderFilled)]) > 4
    assert {entry.asset for entry in run.income} == {"USDT"}
    adds_up(run)


def test_a_single_asset_account_runs_contracts_of_one_asset() -> None:
    """Two margin assets are refused in one sentence; as one margin they run together, each with income of its own."""
    instruments = {
        LOSER: replace(INSTRUMENT, symbol=LOSER), HEALTHY: replace(INSTRUMENT, symbol=HEALTHY, quote_asset="USDC")
    }  # fmt: skip
    request = Request(
        settings=Settings(ladder=Ladder(margin_mode=MarginMode.CROSSED)),
        balance=D(10_000),
        candles={LOSER: made_up(1, 2_000), HEALTHY: made_up(2, 2_000)},
        instruments=instruments,
        signals={"always": SignalSection(kind="always", direction="long")},
    )
    with pytest.raises(ConfigError, match="margined in USDC and USDT"):
        backtest(request)
    haircut = {"USDC": Collateral(balance=D(100), price=D("0.999"), ratio=D("0.95"))}
    run = backtest(dataclasses.replace(request, multi_assets=True, assets=haircut))
    assert {entry.asset for entry in run.income} == {"USDC", "USDT"}
    adds_up(run)


def test_a_crossed_run_sizes_by_what_prices_have_left() -> None:
    """Before a size is asked for the account is shown anew; no order is refused for lack of margin."""
    run = run_of(made_up(3, 5_000), made_up(4, 5_000), MarginMode.CROSSED)
    assert any(isinstance(record, AccountUpdated) and record.cause == "PRICES" for record in run.records)
    assert [record for record in run.records if isinstance(record, OrderRejected) and record.code == -2019] == []
    adds_up(run)


@pytest.mark.requirement("R000-21")
def test_the_default_limits_keep_a_crossed_account_far_from_its_maintenance_margin() -> None:
    """At every event of a month of four symbols the margin ratio is below 0.5, where the alert begins (§10)."""
    symbols = ("AUSDT", "BUSDT", "CUSDT", "DUSDT")
    request = Request(
        settings=Settings(ladder=Ladder(margin_mode=MarginMode.CROSSED)),
        balance=D(10_000),
        candles={symbol: made_up(seed, 40_000) for seed, symbol in enumerate(symbols)},
        instruments={symbol: replace(INSTRUMENT, symbol=symbol) for symbol in symbols},
        signals={"always": SignalSection(kind="always", direction="long")},
    )
    exchange = Exchange(request.instruments, Fees(), request.balance)
    traded = markets(request, sensing(request).entries)
    venue = history_venue(request, traded, exchange, start_ns=None)
    engine = Engine(request.settings, request.instruments)
    ratios: list[Decimal] = []

    def handle(event: Event) -> list[Command]:
        for symbol in exchange.crossed:
            exchange.mark(symbol, venue.price(symbol))
        ratio = exchange.margin_ratio()
        if ratio is not None:
            ratios.append(ratio)
        return engine.handle(event)

    drive(venue, handle, [], lambda _record: None, lambda _time_ns: None)
    assert len(ratios) > 300
    assert 0 < max(ratios) < D("0.5")

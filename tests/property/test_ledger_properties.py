"""What holds for any sequence of orders, trades and funding: the wallet, the venue's income and our ledger are one."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sadari.core.engine import Engine
from sadari.core.ledger import Entry, Ledger
from sadari.exchange import NO_SLIPPAGE, Exchange
from sadari.model.command import Audit, Command
from sadari.model.event import AccountUpdated, Event, FundingPaid, OrderFilled
from sadari.model.order import MarginMode, OrderType, Purpose, Side
from sadari.model.plan import Fees, Settings
from sadari.model.units import DAY_NS, HOUR_NS, SECOND_NS
from sadari.research.ledger import compare
from tests.exchange_orders import INSTRUMENT, D, T, order

SYMBOLS = ("AUSDT", "BUSDT")
WALLET = D(10_000)
FINDINGS = ("missing", "doubled", "different", "unknown")

STEP = st.tuples(
    st.sampled_from(SYMBOLS),
    st.sampled_from(["buy", "sell", "reduce", "stop", "touch", "fund"]),
    st.integers(1, 400),
    st.integers(900, 1100),
    st.sampled_from([0, SECOND_NS, HOUR_NS, 9 * HOUR_NS]),
)
STEPS = st.lists(STEP, min_size=1, max_size=12)
# Each example is a market and an engine of its own.
few = settings(max_examples=40)
MODES = st.sampled_from(MarginMode)


class Market:
    """An exchange with two symbols, and what it told at each instant."""

    def __init__(self, mode: MarginMode) -> None:
        contracts = {symbol: replace(INSTRUMENT, symbol=symbol) for symbol in SYMBOLS}
        self.exchange = Exchange(contracts, Fees(), WALLET, slippage=NO_SLIPPAGE)
        for symbol in SYMBOLS:
            if mode is MarginMode.ISOLATED:
                self.exchange.set_margin_mode(symbol, mode)
            self.exchange.set_leverage(symbol, 10)
        self.now_ns = T
        self.orders = 0
        self.prices = dict.fromkeys(SYMBOLS, D(100))
        self.funded: set[tuple[str, int]] = set()
        self.told: list[tuple[int, str, Event]] = []

    def step(self, symbol: str, what: str, size: int, per_mille: int, wait_ns: int) -> None:
        """One thing happens, some time after the last."""
        self.now_ns += wait_ns
        price = self.prices[symbol]
        if what == "touch":
            price = self.prices[symbol] = (price * per_mille / 1000).quantize(D("0.01"))
            self.tell(symbol, self.exchange.touch(symbol, self.now_ns, price))
        elif what == "fund":
            if (symbol, self.now_ns) not in self.funded:
                self.funded.add((symbol, self.now_ns))
                self.tell(symbol, self.exchange.fund(symbol, self.now_ns, D(per_mille - 1000) / 10_000, price))
        else:
            self.tell(symbol, self.exchange.submit(self.order(symbol, what, size, per_mille), self.now_ns, price))

    def order(self, symbol: str, what: str, size: int, per_mille: int) -> Any:
        """A market order, or a stop somewhere near."""
        self.orders += 1
        held = self.exchange.positions.get(symbol)
        closing = Side.SELL if held is not None and held.side > 0 else Side.BUY
        side = {"buy": Side.BUY, "sell": Side.SELL}.get(what, closing)
        fields: dict[str, Any] = {"symbol": symbol, "reduce_only": what in {"reduce", "stop"}}
        if what == "stop":
            trigger = (self.prices[symbol] * per_mille / 1000).quantize(D("0.01"))
            fields |= {"order_type": OrderType.STOP_MARKET, "trigger_price": trigger, "purpose": Purpose.STOP}
        return order(f"x{self.orders}", side, D(size) / 10, **fields)

    def tell(self, symbol: str, happened: Iterable[Event]) -> None:
        """Keep what the exchange says."""
        self.told += [(self.now_ns, symbol, event) for event in happened]

    def reports(self, delay_ns: int = 0) -> list[Event]:
        """What a venue hands out: by time, fills before accounts, by symbol; all of it later by the same delay."""
        ranks: dict[type[Event], int] = {AccountUpdated: 1, FundingPaid: 1}
        ordered = sorted(self.told, key=lambda row: (row[0], ranks.get(type(row[2]), 0), row[1]))
        return [late(event, time_ns + delay_ns) for time_ns, _, event in ordered]

    def wallet_by_day(self) -> dict[int, Decimal]:
        """What the income of each UTC day adds up to, days without a change left out."""
        days: dict[int, Decimal] = {}
        for row in self.exchange.income:
            days[row.time_ns // DAY_NS] = days.get(row.time_ns // DAY_NS, D(0)) + row.amount
        return {day: amount for day, amount in days.items() if amount}


def late(event: Event, time_ns: int) -> Event:
    """A report that is told at a time, with that of its booking."""
    if isinstance(event, OrderFilled | FundingPaid):
        return replace(event, time_ns=time_ns, booked_ns=event.time_ns)
    return replace(event, time_ns=time_ns)


def played(mode: MarginMode, steps: Iterable[tuple[str, str, int, int, int]]) -> Market:
    """A market after some steps."""
    market = Market(mode)
    for step in steps:
        market.step(*step)
    return market


def apart(steps: Iterable[tuple[str, str, int, int, int]]) -> list[tuple[str, str, int, int, int]]:
    """The same steps, no two at one instant: then each account record is the latest of its instant."""
    return [(*what, wait_ns or SECOND_NS) for *what, wait_ns in steps]  # type: ignore[misc]


class Books:
    """An engine that is told reports, its ledger, and what it says about it."""

    def __init__(self, reports: Iterable[Event]) -> None:
        self.entries: list[Entry] = []
        contracts = {symbol: replace(INSTRUMENT, symbol=symbol) for symbol in SYMBOLS}
        self.engine = Engine(Settings(), contracts, Ledger(self.entries))
        self.said: list[Command] = []
        self.give(AccountUpdated(time_ns=T - 1, cause="START", wallet_balance=WALLET, available_balance=WALLET))
        last = T
        for event in reports:
            self.give(event)
            last = max(last, event.time_ns)
        # Another instant, so that the last one is over; what it shows is what was shown.
        self.give(replace(FUNDED, time_ns=last + 1))

    def give(self, event: Event) -> None:
        """One event."""
        self.said += self.engine.handle(event)

    def audits(self, *codes: str) -> list[str]:
        """Audits of these codes."""
        return [said.detail for said in self.said if isinstance(said, Audit) and said.code in codes]

    def by_day(self) -> dict[int, Decimal]:
        """The change of the wallet by UTC day, days without one left out."""
        sums = self.engine.ledger.sums.items()
        return {day: total for (day, _, account), total in sums if account == "wallet:USDT" and total}


FUNDED = FundingPaid(time_ns=0, symbol="AUSDT", amount=D(0), rate=D(0), mark_price=D(100))


def found(market: Market, books: Books) -> dict[str, Any]:
    """What the two books do not share."""
    result = compare(market.exchange.income, books.entries)
    return {name: result[name] for name in FINDINGS if result[name]}


@few
@given(mode=MODES, steps=STEPS, delay_ns=st.sampled_from([0, SECOND_NS, 10 * HOUR_NS]))
def test_the_wallet_is_its_income_and_the_ledger_by_day_and_key_by_key(
    mode: MarginMode, steps: list[tuple[str, str, int, int, int]], delay_ns: int
) -> None:
    """However late reports are told, nothing is lost, doubled or on another day, and no alarm is raised."""
    market = played(mode, steps)
    books = Books(market.reports(delay_ns))
    exchange = market.exchange
    assert exchange.wallet_balance == WALLET + sum((row.amount for row in exchange.income), D(0))
    assert found(market, books) == {}
    assert books.by_day() == market.wallet_by_day()
    assert books.audits("LEDGER_DIFFERS", "SETTLEMENT_MISMATCH") == []


@few
@given(mode=MODES, steps=STEPS)
def test_each_entry_has_two_sides_and_all_accounts_together_are_nothing(
    mode: MarginMode, steps: list[tuple[str, str, int, int, int]]
) -> None:
    """Double entry: what the wallet receives, another account gives, on every day."""
    ledger = Books(played(mode, steps).reports()).engine.ledger
    days = {day for day, _, _ in ledger.sums}
    assert all(sum(ledger.day(day).values(), D(0)) == 0 for day in days)


@few
@given(mode=MODES, steps=STEPS, data=st.data())
def test_doubled_and_reordered_reports_change_no_entry(
    mode: MarginMode, steps: list[tuple[str, str, int, int, int]], data: st.DataObject
) -> None:
    """In any order and any number of times: each key once, and at the end the wallet agrees."""
    market = played(mode, steps)
    reports = market.reports()
    amounts = [event for event in reports if isinstance(event, OrderFilled | FundingPaid)]
    again = data.draw(st.lists(st.sampled_from(amounts), max_size=10)) if amounts else []
    books = Books(data.draw(st.permutations([*amounts, *again])))
    assert found(market, books) == {}
    assert books.engine.ledger.change == market.exchange.wallet_balance - WALLET
    assert books.by_day() == market.wallet_by_day()


@pytest.mark.parametrize("unit", ["1e-8", "-1e-8", "5"])
@few
@given(mode=MODES, steps=STEPS, data=st.data())
def test_an_amount_that_is_not_the_venues_is_found(
    unit: str, mode: MarginMode, steps: list[tuple[str, str, int, int, int]], data: st.DataObject
) -> None:
    """By a single digit in a single report: the alarm names the difference, and the books differ at that key."""
    market = played(mode, apart(steps))
    reports = market.reports()
    numbers = [number for number, event in enumerate(reports) if isinstance(event, OrderFilled | FundingPaid)]
    assume(numbers)
    number = data.draw(st.sampled_from(numbers))
    event = reports[number]
    name = "amount" if isinstance(event, FundingPaid) else "realized_pnl"
    reports[number] = replace(event, **{name: getattr(event, name) + D(unit)})
    books = Books(reports)
    assert found(market, books)
    (said,) = books.audits("LEDGER_DIFFERS")
    assert D(said.split(" by ")[1].split(",")[0]) == -D(unit)


@few
@given(mode=MODES, steps=STEPS, data=st.data())
def test_a_report_that_never_comes_is_found(
    mode: MarginMode, steps: list[tuple[str, str, int, int, int]], data: st.DataObject
) -> None:
    """The account shows what was not told; the missing keys are named."""
    market = played(mode, apart(steps))
    reports = market.reports()
    numbers = [number for number, event in enumerate(reports) if isinstance(event, OrderFilled)]
    assume(numbers)
    gone = reports.pop(data.draw(st.sampled_from(numbers)))
    books = Books(reports)
    assert isinstance(gone, OrderFilled)
    assert {row["id"] for row in found(market, books)["missing"]} == {gone.trade_id}
    assert books.audits("LEDGER_DIFFERS")

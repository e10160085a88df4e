"""Paper trading: live market data, and our own exchange model where the orders go. Nothing is ever sent.

The desk takes the place of a live venue's order gateway and account. An order travels as long as it would to the
venue, is judged and filled by the model at the prices of the live trades, and its outcome comes back as the same
events. Nothing is filled at a price that no trade has had, slippage aside: an order whose symbol has had no trade yet
waits for one.

Source: design §3; strategies §1.7 (what comes first at one instant).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from heapq import heappop, heappush
from itertools import count
from typing import Any

from sadari.exchange import ONE_TICK, Exchange, Refusal, Slippage
from sadari.exchange.clearing import canceled
from sadari.model import command as commands
from sadari.model.command import CancelOrder, Command, PlaceOrder, QueryOrder
from sadari.model.event import (
    PRICES,
    AccountUpdated,
    Event,
    FundingPaid,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderFound,
    OrderRejected,
    PositionRecord,
    PositionsShown,
)
from sadari.model.instrument import Instrument
from sadari.model.order import MarginMode
from sadari.model.plan import Fees
from sadari.model.reason import RejectReason
from sadari.model.units import PRICE_SCALE, SECOND_NS, price_of
from sadari.venue.live.ports import Take
from sadari.venue.port import Latency
from sadari.venue.schedule import RANKS, Rank
from sadari.venue.transit import REFRESH, not_found, told_at

ALREADY_SO = -4046
# Source: `kernel.Watch`.
MOST_PRICE = 2e7
# The price of a symbol that is told to the model, in units; 0 before the first trade.
UNKNOWN = 0

_OUTCOMES = (OrderAccepted, OrderFilled, OrderCanceled, OrderRejected)

Later = Callable[[float, Callable[[], None]], object]
Action = Callable[[Any], None]


class PaperDesk:
    """One account at our own exchange model, driven by live trades.

    The owner tells every trade of each symbol that is held or has orders, before it looks at the engine's own levels,
    and each mark price.

    Args:
        take: Hands an event to the engine.
        instruments: What can be traded.
        fees: Rates of the account.
        balance: The wallet to begin with, in the quote asset.
        slippage: What taking liquidity costs beyond the fee.
        latency: How long orders and outcomes travel.
        now_ns: The time of the market.
        later: Calls back after seconds; what is due is due by the market's time, however late it is called.
        margin_mode: What symbols are prepared with.

    Attributes:
        exchange: The account.
        placed: Orders that were taken in.
        filled: Trades that came of them, liquidations among them.
    """

    def __init__(
        self,
        take: Take,
        instruments: Mapping[str, Instrument],
        fees: Fees,
        balance: Decimal,
        *,
        latency: Latency,
        now_ns: Callable[[], int],
        later: Later,
        slippage: Slippage = ONE_TICK,
        margin_mode: MarginMode = MarginMode.ISOLATED,
    ) -> None:
        self.exchange = Exchange(instruments, fees, balance, slippage=slippage)
        self.placed = 0
        self.filled = 0
        self._take = take
        self._latency = latency
        self._now_ns = now_ns
        self._later = later
        self._margin_mode = margin_mode
        self._prices: dict[str, int] = dict.fromkeys(instruments, UNKNOWN)
        # What is due, in the total order that events have: time, rank, symbol, and when it was planned.
        self._due: list[tuple[int, Rank, str, int, Action, Any]] = []
        self._numbers = count()
        # Orders that wait for the first trade of their symbol.
        self._unpriced: dict[str, list[PlaceOrder]] = {}
        self._outcomes: dict[str, Event] = {}
        self._opened_ns: dict[str, int] = {}
        self._funded_ns: dict[str, int] = {}
        self._funding: dict[str, tuple[int, Decimal]] = {}
        self._serve: dict[type[Command], Action] = {
            PlaceOrder: self._place,
            CancelOrder: self._cancel,
            QueryOrder: self._query,
            commands.Reconcile: lambda command: self.reconcile(command.symbol),
            commands.RefreshAccount: lambda _: self.show_account(),
        }

    def recover(self, records: Iterable[Event | Command]) -> None:
        """Go on where a journal ends, before anything else is told or asked.

        An order of which no outcome was recorded has not reached the account: a query for it says so.

        Raises:
            DataError: The records are not those of an account that began as this one.
        """
        kept = list(records)
        self.exchange.recover(kept, self._margin_mode)
        for record in kept:
            if isinstance(record, Event):
                self._remember(record)

    # What the market says

    def on_trade(self, symbol: str, price: float, time_ns: int) -> None:
        """A trade, in the order of the stream: what was due before it comes first, then what it meets.

        A price that no kernel level can be compared with is no trade.
        """
        if not 0 < price < MOST_PRICE:
            return
        units: int = round(price * PRICE_SCALE)
        if self._due and self._due[0][0] < time_ns:
            self._advance(time_ns - 1)
        first = self._prices[symbol] == UNKNOWN
        self._prices[symbol] = units
        down, up = self.exchange.watch(symbol).nearest()
        if ((down is not None and units <= down) or (up is not None and units >= up)) and self._sighted():
            self._mark()
            self._bring(symbol, self.exchange.touch(symbol, time_ns, price_of(units)), time_ns)
        if first:
            for order in self._unpriced.pop(symbol, ()):
                self._bring(symbol, self._submit(order, time_ns), time_ns)

    def on_mark(self, symbol: str, mark_price: Decimal, rate: Decimal, next_funding_ns: int, time_ns: int) -> None:
        """A mark price with the funding rate that stands and when it will be paid.

        A payment is due once another time is announced, or its own has come: at the rate that was announced last.
        """
        due_ns, announced = self._funding.get(symbol, (next_funding_ns, rate))
        self._funding[symbol] = next_funding_ns, rate
        if due_ns <= time_ns:
            self.fund(symbol, due_ns, rate if due_ns == next_funding_ns else announced, mark_price)

    def fund(self, symbol: str, time_ns: int, rate: Decimal, mark_price: Decimal) -> None:
        """Settle a funding, once; one that was due before the position was opened is not its own."""
        if time_ns <= self._funded_ns.get(symbol, 0):
            return
        self._advance(time_ns - 1)
        self._funded_ns[symbol] = time_ns
        if symbol not in self.exchange.positions or time_ns < self._opened_ns.get(symbol, 0):
            return
        self._mark()
        self._bring(symbol, self.exchange.fund(symbol, time_ns, rate, mark_price), time_ns)

    # What the engine wants

    def execute(self, command: Command) -> bool:
        """Take a command; False for one that has to do with neither orders nor the account."""
        serve = self._serve.get(type(command))
        if serve is not None:
            serve(command)
        return serve is not None

    def prepare(self, symbol: str, leverage: int, margin_mode: MarginMode) -> Decimal:
        """Set what a symbol is traded with.

        Returns:
            The largest notional that is allowed at it.

        Raises:
            Refusal: As the exchange would.
        """
        try:
            self.exchange.set_margin_mode(symbol, margin_mode)
        except Refusal as refusal:
            if refusal.code != ALREADY_SO:
                raise
        return self.exchange.set_leverage(symbol, leverage)

    def relist(self, instrument: Instrument) -> None:
        """Go on with other filters or brackets of a symbol."""
        self.exchange.relist(instrument)

    def reconcile(self, symbol: str = "") -> None:
        """Show every open order and position of a symbol, or of all, as a comparison with the exchange does."""
        now_ns = self._now_ns()
        self._advance(now_ns)
        for name in [symbol] if symbol else sorted(self._prices):
            for waiting in self.exchange.open_orders(name):
                order = waiting.order
                self._take(
                    OrderFound(
                        time_ns=now_ns,
                        symbol=name,
                        client_order_id=order.client_order_id,
                        side=order.side,
                        order_type=order.order_type,
                        ours=True,
                        qty=order.qty,
                        trigger_price=order.trigger_price,
                        reduce_only=order.reduce_only,
                        close_position=order.close_position,
                    )
                )
        self._take(PositionsShown(time_ns=now_ns, positions=self.positions(symbol), symbol=symbol))

    def show_account(self, cause: str = REFRESH) -> None:
        """Tell the balances as they are now."""
        now_ns = self._now_ns()
        self._advance(now_ns)
        self._mark()
        self._take(self.exchange.report(now_ns, cause))

    # What the account shows

    def moved(self, time_ns: int) -> AccountUpdated | None:
        """The balances with what prices have left available; None where no crossed position is held."""
        if not self.exchange.crossed:
            return None
        self._mark()
        return self.exchange.report(time_ns, PRICES)

    def positions(self, symbol: str = "") -> tuple[PositionRecord, ...]:
        """The positions held, of one symbol or of all."""
        held = self.exchange.positions
        return tuple(held[name].record() for name in sorted(held) if symbol in {"", name})

    def equity(self) -> Decimal:
        """Wallet balance plus unrealized profit at the last prices; without a trade yet at the entry price."""
        return self.exchange.equity(
            {
                symbol: price_of(self._prices[symbol]) if self._prices[symbol] else position.entry_price
                for symbol, position in self.exchange.positions.items()
            }
        )

    # How it happens

    def _place(self, order: PlaceOrder) -> None:
        self.placed += 1
        self._send(self._arrive, order)

    def _cancel(self, command: CancelOrder) -> None:
        self._send(self._end, command)

    def _query(self, command: QueryOrder) -> None:
        """Answer with the last that is known; an order that is still on its way is not known yet."""
        now_ns = self._now_ns()
        self._advance(now_ns)
        known = self._outcomes.get(command.client_order_id)
        self._take(not_found(command, now_ns) if known is None else told_at(known, now_ns))

    def _send(self, action: Action, what: PlaceOrder | CancelOrder) -> None:
        due_ns = self._now_ns() + self._latency.order_ns
        self._plan(due_ns, Rank.FILL, what.symbol, action, (what, due_ns))
        self._later(self._latency.order_ns / SECOND_NS, self._wake)

    def _plan(self, due_ns: int, rank: Rank, symbol: str, action: Action, what: object) -> None:
        heappush(self._due, (due_ns, rank, symbol, next(self._numbers), action, what))

    def _wake(self) -> None:
        self._advance(self._now_ns())

    def _advance(self, until_ns: int) -> None:
        """Do what is due until a time, each at its own time."""
        while self._due and self._due[0][0] <= until_ns:
            *_, action, what = heappop(self._due)
            action(what)

    def _arrive(self, what: tuple[PlaceOrder, int]) -> None:
        order, due_ns = what
        if self._prices.get(order.symbol) == UNKNOWN:
            self._unpriced.setdefault(order.symbol, []).append(order)
        else:
            self._report(order.symbol, self._submit(order, due_ns), due_ns)

    def _submit(self, order: PlaceOrder, time_ns: int) -> list[Event]:
        self._mark()
        return self.exchange.submit(order, time_ns, price_of(self._prices.get(order.symbol, UNKNOWN)))

    def _end(self, what: tuple[CancelOrder, int]) -> None:
        command, due_ns = what
        waiting = self._unpriced.get(command.symbol, [])
        for order in waiting:
            if order.client_order_id == command.client_order_id:
                waiting.remove(order)
                self._report(command.symbol, [canceled(order, due_ns, "CANCELED")], due_ns)
                return
        canceling = self.exchange.cancel(command.symbol, command.client_order_id, due_ns)
        self._report(command.symbol, canceling, due_ns)

    def _sighted(self) -> bool:
        """Whether all crossed positions have a price; after a restart none is judged by another's old one.

        What a trade would have met meanwhile is met by the next one that still does.
        """
        return all(self._prices[symbol] for symbol in self.exchange.crossed)

    def _mark(self) -> None:
        """Tell the model where the symbols of its crossed positions stand."""
        for symbol in self.exchange.crossed:
            if self._prices[symbol]:
                self.exchange.mark(symbol, price_of(self._prices[symbol]))

    def _bring(self, symbol: str, happened: Iterable[Event], time_ns: int) -> None:
        """Bring back what a trade or a payment has done; with no way to travel, before anything else is looked at."""
        if self._latency.report_ns:
            self._report(symbol, happened, time_ns)
            return
        for event in sorted(happened, key=lambda event: RANKS[type(event)]):
            self._remember(event)
            self._take(event)

    def _report(self, symbol: str, happened: Iterable[Event], time_ns: int) -> None:
        """Plan to bring back what has happened: at one instant all fills, then the balances."""
        delay_ns = self._latency.report_ns
        for event in happened:
            self._remember(event)
            told = told_at(event, time_ns + delay_ns) if delay_ns else event
            self._plan(time_ns + delay_ns, RANKS[type(event)], symbol, self._take, told)
        if delay_ns:
            self._later(delay_ns / SECOND_NS, self._wake)

    def _remember(self, event: Event) -> None:
        # That an order is not known is the answer to a question, and no outcome.
        unknown = isinstance(event, OrderRejected) and event.reason is RejectReason.NOT_FOUND
        if isinstance(event, _OUTCOMES) and not unknown:
            self._outcomes[event.client_order_id] = event
        if isinstance(event, OrderFilled):
            self.filled += 1
        if isinstance(event, FundingPaid):
            self._funded_ns[event.symbol] = event.booked_ns or event.time_ns
        if isinstance(event, AccountUpdated):
            for record in event.positions:
                if not record.qty:
                    self._opened_ns.pop(record.symbol, None)
                else:
                    self._opened_ns.setdefault(record.symbol, event.time_ns)

"""Trading at the exchange itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from sadari.binance.user_frames import (
    AccountHeard,
    AlgoHeard,
    ConfigHeard,
    MarginCallHeard,
    OrderHeard,
    TradeSign,
    UserFrame,
)
from sadari.errors import SadariError
from sadari.model.command import CancelOrder, PlaceOrder, QueryOrder
from sadari.model.event import AccountUpdated, Event, OrderFilled, StopStuck
from sadari.venue.live.background import Background
from sadari.venue.live.market_clock import MarketClock
from sadari.venue.live.orders.balances import Balances
from sadari.venue.live.orders.comparison import FUNDING, Comparison, Held
from sadari.venue.live.orders.fills import Fills
from sadari.venue.live.orders.gateway import Gateway, Lanes
from sadari.venue.live.orders.lookup import Lookups
from sadari.venue.live.orders.reports import Reports
from sadari.venue.live.ports import Caller, Take

# After a fill the exchange's liquidation price is read, once for fills that come together.
READ_AFTER_S = 0.3
MARGIN_MODE = "MARGIN_TYPE_CHANGE"


class ExchangeTrading:
    """Orders to the exchange, and what it tells of them.

    Args:
        take: Where events go.
        rest: Who asks.
        lanes: The connections of the WebSocket API.
        clock: The exchange's time.
        server_ns: The server's clock, by which requests are judged.
        steady_ns: A clock of this machine that is never set.
        balances: What the account shows.
        known: What the engine has, by symbol.
        unresolved: Whether the engine waits for an order's outcome.
        ours: Whether a client order id is of this engine.
        seen_since: As for `Lookups`.
        half_dead: Told an order that the user stream keeps back.
        differs: Told a symbol that is to be compared with the exchange.
        configured: Told that a setting of a symbol, or of the account if it is empty, has changed.
        report: Told of what is no event.
    """

    meets_trades = False

    def __init__(
        self,
        take: Take,
        rest: Caller,
        lanes: Lanes,
        clock: MarketClock,
        server_ns: Callable[[], int],
        steady_ns: Callable[[], int],
        balances: Balances,
        *,
        known: Callable[[], Mapping[str, Held]],
        unresolved: Callable[[str], bool],
        ours: Callable[[str], bool],
        seen_since: Callable[[int, int], bool],
        half_dead: Callable[[str], None],
        differs: Callable[[str], None],
        configured: Callable[[str], None],
        report: Callable[[str], None],
    ) -> None:
        self.fills = Fills(take, clock.now_ns, steady_ns)
        self.reports = Reports()
        self.gateway = Gateway(
            take, lanes, rest, clock.now_ns, server_ns, self.fills.names, self._look_up,
            lambda name: self.reports.acknowledged(name, steady_ns()),
            unresolved, lambda name: name in self.comparison.conditional,
        )  # fmt: skip
        self.lookups = Lookups(
            take, rest, self.fills, self.gateway.sent.get, unresolved, server_ns, clock.now_ns, self.reports.link,
            seen_since,
        )  # fmt: skip
        self.comparison = Comparison(
            take, rest, self.fills, balances, known, ours, self.lookups.begin, clock.now_ns, server_ns,
            lambda: self.gateway.in_flight, report,
        )  # fmt: skip
        self._take = take
        self._clock = clock
        self._balances = balances
        self._steady_ns = steady_ns
        self._half_dead = half_dead
        self._differs = differs
        self._configured = configured
        self._report = report
        self._background = Background()
        self._reading: asyncio.TimerHandle | None = None

    @property
    def in_flight(self) -> int:
        """How many requests have no answer yet. A lookup may last: what is unresolved the engine knows itself."""
        return self.gateway.in_flight

    @property
    def compared(self) -> int:
        """How many comparisons came to their end."""
        return self.comparison.done

    def place(self, order: PlaceOrder) -> None:
        """Send an order."""
        self.gateway.place(order)

    def cancel(self, command: CancelOrder) -> None:
        """Send a cancel."""
        self.gateway.cancel(command)

    def query(self, command: QueryOrder) -> None:
        """Find out what became of an order."""
        self._look_up(command.symbol, command.client_order_id)

    async def compare(self, symbol: str = "") -> None:
        """See `Comparison.compare`."""
        await self.comparison.compare(symbol)

    async def glance(self) -> None:
        """See `Comparison.glance`."""
        await self.comparison.glance()

    async def refresh(self, cause: str = "REFRESH", *, positions: bool = True) -> None:
        """See `Comparison.refresh`."""
        await self.comparison.refresh(cause, positions=positions)

    def moved(self, time_ns: int) -> AccountUpdated | None:
        """See `Trading`: by what the exchange has told last, at the prices of now."""
        return self._balances.moved(time_ns)

    def trade(self, symbol: str, price: float, time_ns: int) -> None:
        """The exchange meets its trades by itself."""

    def look(self) -> None:
        """Tell of stops of which nothing has come, and look for what the stream keeps back."""
        now_ns, reports = self._steady_ns(), self.reports
        for stuck in reports.due(now_ns):
            self._take(stuck)
        for name in reports.untold(now_ns):
            self._half_dead(name)
            sent = self.gateway.sent.get(name)
            if sent is not None:
                self._look_up(sent.order.symbol, name)
        while reports.gaps:
            self._differs(reports.gaps.pop())
        for fees in (reports.other_fees, self.fills.other_fees):
            for symbol, trade_id, asset, amount in fees:
                self._report(f"{symbol}: trade {trade_id} cost {amount} {asset}, which is in no fee of the ledger")
            fees.clear()

    def seen(self, event: Event) -> None:
        """Keep what an event that was worked on says of trades told and positions changed."""
        if isinstance(event, OrderFilled):
            self.fills.seen(event)
            self.reports.learned(event.client_order_id, event.trade_id, event.qty)
            self._read_soon()
        elif isinstance(event, StopStuck):
            self._read_soon()

    def frame(self, frame: UserFrame) -> None:
        """Take a message of the user stream."""
        if isinstance(frame, OrderHeard | AlgoHeard | TradeSign):
            self._orders(frame)
        elif isinstance(frame, AccountHeard):
            self._account(frame)
        elif isinstance(frame, ConfigHeard):
            self._configured(frame.symbol)
        elif isinstance(frame, MarginCallHeard):
            self._report(f"the exchange warns of the margin of {', '.join(frame.symbols) or 'the account'}")
            self._read_soon()

    def _orders(self, frame: OrderHeard | AlgoHeard | TradeSign) -> None:
        self._clock.see(frame.time_ns)
        for event in self.reports.events(frame, self._steady_ns()):
            if isinstance(frame, OrderHeard):
                self.fills.names[frame.symbol, frame.order_id] = getattr(event, "client_order_id", "")
            self._take(event)

    def _account(self, frame: AccountHeard) -> None:
        self._clock.see(frame.time_ns)
        if frame.cause == MARGIN_MODE:
            for row in frame.positions:
                self._configured(row.symbol)
        if self._balances.read_ns is None:
            return  # Only what has changed is in it: the whole is read first.
        if frame.cause == FUNDING:
            # The message does not say whose funding it was: the list of income does, and is told first.
            self._background.begin(self._funded())
        else:
            self._take(self._balances.changed(frame))

    async def close(self) -> None:
        """Wait for nothing any more."""
        if self._reading is not None:
            self._reading.cancel()
        await asyncio.gather(self.gateway.close(), self.lookups.close(), self._background.close())

    def _look_up(self, symbol: str, client_order_id: str) -> None:
        self.lookups.begin(symbol, client_order_id)

    def _read_soon(self) -> None:
        if self._reading is None:
            self._reading = asyncio.get_running_loop().call_later(READ_AFTER_S, self._read)

    def _read(self) -> None:
        self._reading = None
        self._background.begin(self._refreshed())

    async def _refreshed(self) -> None:
        try:
            await self.comparison.refresh("REFRESH")
        except SadariError as error:
            self._report(f"the account could not be read after a fill: {error}")

    async def _funded(self) -> None:
        try:
            await self.comparison.funding()
            await self.comparison.refresh(FUNDING)
        except SadariError as error:
            self._report(f"funding could not be read; the next comparison tells it: {error}")

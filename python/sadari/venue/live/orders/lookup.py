"""What became of an order whose outcome is not known.

It ends on evidence of the exchange, or on proof of absence: its window has passed by the server's clock; both order
endpoints do not know it, twice; a cancel of it, which the matching engine answers and no reader that lags, does not
find it; the position has not changed since; and the user stream was there all the time. Never on a timer or a count
alone. Source: faults R1, F14, F25, F26, F45.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import NamedTuple

from sadari.binance import account_answers, answers, codes, endpoints, orders
from sadari.binance.orders import Asked
from sadari.binance.values import AlgoShown, OrderShown, TradeShown
from sadari.errors import DataError, RefusedError, SadariError
from sadari.model.command import CancelOrder, QueryOrder
from sadari.model.event import OrderRejected
from sadari.model.reason import RejectReason
from sadari.model.units import SECOND_NS
from sadari.venue.live.orders.fills import Fills
from sadari.venue.live.orders.gateway import Sent
from sadari.venue.live.ports import Caller, Take

PAUSES_S = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
# How long after its window a request counts as one that cannot be executed any more: a margin for clocks.
MARGIN_NS = SECOND_NS
ABSENCES = 2
NOT_THERE = frozenset({codes.ORDER_MISSING, codes.UNKNOWN_ORDER})


class Sight(NamedTuple):
    """What one look has found; ``complete`` if every question was answered."""

    regular: OrderShown | None
    conditional: AlgoShown | None
    trades: list[TradeShown]
    held: Decimal | None
    complete: bool

    @property
    def absent(self) -> bool:
        """Whether everything was asked and nothing of it was there."""
        return self.complete and self.regular is None and self.conditional is None


class Lookups:
    """Looks orders up, each until it is settled.

    Args:
        take: Where what is found goes.
        rest: Who asks.
        fills: Tells the trades of what is found.
        sent: What was sent under an id, None for what this engine never sent.
        unresolved: Whether the engine still waits for the order.
        server_ns: The server's clock, as requests are judged by it.
        now_ns: The exchange's time.
        link: Told which order a conditional one has become.
        seen_since: Whether nothing that the exchange did since a time of the server's clock can have been missed: the
            user stream was there, or everything was compared after a second time, by which all was done.
    """

    def __init__(
        self,
        take: Take,
        rest: Caller,
        fills: Fills,
        sent: Callable[[str], Sent | None],
        unresolved: Callable[[str], bool],
        server_ns: Callable[[], int],
        now_ns: Callable[[], int],
        link: Callable[[str, int], None],
        seen_since: Callable[[int, int], bool],
    ) -> None:
        self._take = take
        self._rest = rest
        self._fills = fills
        self._sent = sent
        self._unresolved = unresolved
        self._server_ns = server_ns
        self._now_ns = now_ns
        self._link = link
        self._seen_since = seen_since
        self._running: dict[str, asyncio.Task[None]] = {}

    @property
    def open(self) -> list[str]:
        """The orders that are looked up now."""
        return list(self._running)

    def begin(self, symbol: str, client_order_id: str) -> None:
        """Look an order up until it is settled, if that is not under way."""
        if client_order_id in self._running:
            return
        task = asyncio.ensure_future(self._settle(symbol, client_order_id))
        self._running[client_order_id] = task
        task.add_done_callback(lambda done: self._ended(client_order_id, done))

    async def close(self) -> None:
        """Look nothing up any more."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, client_order_id: str, task: asyncio.Task[None]) -> None:
        """A lookup has ended; what it raised reaches the loop's exception handler."""
        self._running.pop(client_order_id, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            context = {"message": f"{client_order_id} could not be looked up", "exception": error, "task": task}
            task.get_loop().call_exception_handler(context)

    async def _settle(self, symbol: str, name: str) -> None:
        absences = tries = 0
        held: Decimal | None = None
        while self._unresolved(name):
            sight = await self._look(symbol, name)
            if self._told(sight, name):
                return
            # A position that has moved may have been moved by this order: it is looked at anew from there.
            same, held = held in {None, sight.held}, sight.held
            absences = absences + 1 if sight.absent and same else 0
            if absences >= ABSENCES and await self._is_absent(symbol, name):
                self._give_up(symbol, name)
                return
            await asyncio.sleep(self._pause_s(name, tries))
            tries = tries + 1 if same else 0

    def _pause_s(self, name: str, tries: int) -> float:
        """How long until the next look; one comes as soon as the order cannot be executed any more."""
        pause_s = PAUSES_S[min(tries, len(PAUSES_S) - 1)]
        left_s = (self._over_ns(name) - self._server_ns()) / SECOND_NS
        return min(pause_s, left_s + PAUSES_S[0]) if left_s > 0 else pause_s

    def _over_ns(self, name: str) -> int:
        """From when on an order that is not there will not come any more, by the server's clock."""
        sent = self._sent(name)
        window_ns = orders.window_ns(None if sent is None else sent.order.purpose)
        return (0 if sent is None else sent.last_ns) + window_ns + MARGIN_NS

    async def _look(self, symbol: str, name: str) -> Sight:
        """Ask for everything at once; what fails makes the look incomplete."""
        query = QueryOrder(symbol=symbol, client_order_id=name)
        regular, algo, position = await asyncio.gather(
            self._ask(orders.query(query, conditional=False), answers.order),
            self._ask(orders.query(query, conditional=True), answers.algo_order),
            self._ask(Asked(endpoints.POSITION_RISK, {"symbol": symbol}), account_answers.positions),
        )
        found = [regular, algo, position]
        conditional = algo if isinstance(algo, AlgoShown) else None
        if conditional is not None and conditional.order_id is not None:
            self._link(name, conditional.order_id)
            regular = await self._ask(orders.query_by_id(symbol, conditional.order_id), answers.order)
            found.append(regular)
        order = regular if isinstance(regular, OrderShown) else None
        trades: object = []
        if order is not None and order.filled_qty:
            listing = Asked(endpoints.USER_TRADES, {"symbol": symbol, "orderId": str(order.order_id)})
            trades = await self._ask(listing, answers.trades)
            found.append(trades)
        return Sight(
            order,
            conditional,
            trades if isinstance(trades, list) else [],
            sum((row.qty for row in position), Decimal(0)) if isinstance(position, list) else None,
            not any(isinstance(one, SadariError) for one in found),
        )

    async def _ask(self, asked: Asked, read: Callable[[bytes], object]) -> object:
        """What an answer says, None for what is not there, or the failure: one look keeps what came."""
        found = await _tried(self._rest.call(asked.endpoint, asked.parameters, urgent=True))
        if isinstance(found, RefusedError) and found.code in NOT_THERE:
            return None
        if not isinstance(found, bytes):
            return found
        try:
            return read(found)
        except DataError as error:
            return error

    def _told(self, sight: Sight, name: str) -> bool:
        """Tell what was found; False while a part of it is still to come."""
        if sight.regular is not None:
            return self._fills.order(sight.regular, sight.trades, name)
        if sight.conditional is not None and sight.conditional.order_id is None:
            return self._fills.waiting(sight.conditional)
        return False

    async def _is_absent(self, symbol: str, name: str) -> bool:
        sent = self._sent(name)
        since_ns, over_ns = 0 if sent is None else sent.server_ns, self._over_ns(name)
        if self._server_ns() <= over_ns or not self._seen_since(since_ns, over_ns):
            return False
        families = (True, False) if sent is None else (sent.conditional,)
        for conditional in families:
            asked = orders.cancel(CancelOrder(symbol=symbol, client_order_id=name), conditional=conditional)
            answer = await _tried(self._rest.call(asked.endpoint, asked.parameters, urgent=True))
            if not isinstance(answer, RefusedError) or answer.code not in NOT_THERE:
                return False
        return True

    def _give_up(self, symbol: str, name: str) -> None:
        self._take(
            OrderRejected(
                time_ns=self._now_ns(), symbol=symbol, client_order_id=name, code=codes.ORDER_MISSING,
                reason=RejectReason.NOT_FOUND, message="it is proven that the exchange never had it",
            )
        )  # fmt: skip


async def _tried(asked: Awaitable[bytes]) -> bytes | SadariError:
    """An answer, or the failure as a value."""
    try:
        return await asked
    except SadariError as error:
        return error

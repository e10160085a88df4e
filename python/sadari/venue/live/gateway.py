"""Orders on their way to the exchange: sent once, answered by events, looked up where no answer is clear.

Source: design §3 (Intents, Nothing waits in line), faults R1, F04, F06, F10, F73, F99.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from sadari.binance import answers, codes, orders
from sadari.binance.endpoint import Endpoint
from sadari.binance.values import AlgoShown, OrderShown
from sadari.errors import DataError, FatalError, RefusedError, RetryableError, UnknownOutcomeError
from sadari.model.command import CancelOrder, PlaceOrder
from sadari.model.event import CancelRejected, OrderAccepted, OrderCanceled, OrderRejected, OutcomeUnknown
from sadari.model.order import Purpose
from sadari.model.reason import RejectReason
from sadari.venue.live.background import Background
from sadari.venue.live.ports import Caller, Take

# Source: faults F04: what was definitely not done may be sent again with the same id, so often and so far apart.
RESEND_S = (0.2, 0.4, 0.8, 0.8)
OPENING = (Purpose.ENTRY, Purpose.ADD)


class Lane(Protocol):
    """A connection that orders go out on at once."""

    def request(
        self, endpoint: Endpoint, parameters: Mapping[str, str], *, urgent: bool = False
    ) -> asyncio.Future[bytes]:
        """Write a request now; its answer comes later."""


class Sent(NamedTuple):
    """An order that went out: what it was, when by the server's clock, and whether it is a conditional one."""

    order: PlaceOrder
    server_ns: int
    conditional: bool


class Lanes(NamedTuple):
    """Two connections: exits and protection never wait behind openings."""

    openings: Lane
    exits: Lane

    def of(self, purpose: Purpose) -> Lane:
        """The connection of a purpose."""
        return self.openings if purpose in OPENING else self.exits


class Gateway:
    """Places and cancels orders.

    Args:
        take: Where outcomes go.
        lanes: The connections of the WebSocket API.
        rest: The second path, for what the first one certainly did not send.
        now_ns: The exchange's time.
        server_ns: The server's clock, by which requests are judged.
        names: Where client order ids are kept by symbol and order id.
        look_up: Begins to find out what became of an order.
        acknowledged: Told an order that the exchange has answered: the user stream has to tell of it too.

    Attributes:
        hedge: Whether the account is in hedge mode.
        sent: Orders by their client order id.
        conditional: Ids of conditional orders that rest at the exchange, whoever sent them: they are canceled as such.
    """

    def __init__(
        self,
        take: Take,
        lanes: Lanes,
        rest: Caller,
        now_ns: Callable[[], int],
        server_ns: Callable[[], int],
        names: dict[tuple[str, int], str],
        look_up: Callable[[str, str], None],
        acknowledged: Callable[[str], None],
    ) -> None:
        self.hedge = False
        self.sent: dict[str, Sent] = {}
        self.conditional: set[str] = set()
        self.refusals = 0
        self._take = take
        self._lanes = lanes
        self._rest = rest
        self._now_ns = now_ns
        self._server_ns = server_ns
        self._names = names
        self._look_up = look_up
        self._acknowledged_by = acknowledged
        self._background = Background()

    @property
    def in_flight(self) -> int:
        """Requests without an answer."""
        return len(self._background)

    def remember(self, order: PlaceOrder, server_ns: int) -> None:
        """Know an order of an earlier run of this program."""
        self.sent[order.client_order_id] = Sent(order, server_ns, orders.is_conditional(order))

    def place(self, order: PlaceOrder) -> None:
        """Send an order; it is written before this returns."""
        self.remember(order, self._server_ns())
        endpoint, parameters = orders.place(order, hedge=self.hedge)
        first = self._write(order.purpose, endpoint, parameters)
        self._background.begin(self._placed(order, endpoint, parameters, first))

    def cancel(self, command: CancelOrder) -> None:
        """Send a cancel."""
        conditional = self._is_conditional(command.client_order_id)
        endpoint, parameters = orders.cancel(command, conditional=conditional)
        first = self._write(Purpose.EXIT, endpoint, parameters)
        self._background.begin(self._canceled(command, endpoint, parameters, first))

    async def close(self) -> None:
        """Wait for no answer any more."""
        await self._background.close()

    def _is_conditional(self, name: str) -> bool:
        known = self.sent.get(name)
        return name in self.conditional if known is None else known.conditional

    # sending

    def _write(
        self, purpose: Purpose, endpoint: Endpoint, parameters: Mapping[str, str]
    ) -> asyncio.Future[bytes] | None:
        """The answer to come of a request that was written, None if the connection did not take it."""
        try:
            return self._lanes.of(purpose).request(endpoint, parameters, urgent=purpose not in OPENING)
        except RetryableError:
            return None

    async def _answer(
        self, purpose: Purpose, endpoint: Endpoint, parameters: Mapping[str, str], first: asyncio.Future[bytes] | None
    ) -> bytes:
        """The answer to a request, which goes out again only where nothing was done."""
        urgent = purpose not in OPENING
        waits = RESEND_S if urgent else ()
        try:
            if first is not None:
                return await first
            return await self._rest.call(endpoint, parameters, urgent=urgent)
        except RetryableError as error:
            refused = error
        for wait_s in waits:
            await asyncio.sleep(max(wait_s, refused.after_s))
            try:
                again = self._write(purpose, endpoint, parameters)
                if again is not None:
                    return await again
                return await self._rest.call(endpoint, parameters, urgent=urgent)
            except RetryableError as error:
                refused = error
        raise refused

    # outcomes

    async def _placed(
        self, order: PlaceOrder, endpoint: Endpoint, parameters: Mapping[str, str], first: asyncio.Future[bytes] | None
    ) -> None:
        name = order.client_order_id
        try:
            body = await self._answer(order.purpose, endpoint, parameters, first)
            row = answers.algo_order(body) if orders.is_conditional(order) else answers.order(body)
        except RefusedError as error:
            self._refused(order, error.code, error.message)
        except (RetryableError, FatalError) as error:
            self._refused(order, 0, str(error))
        except (UnknownOutcomeError, DataError):
            self._unknown(order)
        else:
            self._acknowledged(order, row, name)

    def _refused(self, order: PlaceOrder, code: int, message: str) -> None:
        if code == codes.DUPLICATE_ID:
            self._unknown(order)
            return
        self.refusals += 1
        reason = codes.reject_reason(code) if code else RejectReason.OTHER
        self._take(
            OrderRejected(
                time_ns=self._now_ns(), symbol=order.symbol, client_order_id=order.client_order_id,
                code=code, reason=reason, message=message,
            )
        )  # fmt: skip

    def _unknown(self, order: PlaceOrder) -> None:
        self._take(OutcomeUnknown(time_ns=self._now_ns(), symbol=order.symbol, client_order_id=order.client_order_id))

    def _acknowledged(self, order: PlaceOrder, row: OrderShown | AlgoShown, name: str) -> None:
        """The exchange has the order. What is filled of it is told by trades only (faults R6, F11)."""
        now_ns = row.updated_ns or self._now_ns()
        if isinstance(row, OrderShown) and row.ended and not row.filled_qty:
            self._take(OrderCanceled(time_ns=now_ns, symbol=order.symbol, client_order_id=name, cause=row.status))
            return
        self._take(OrderAccepted(time_ns=now_ns, symbol=order.symbol, client_order_id=name))
        if isinstance(row, OrderShown):
            self._names[order.symbol, row.order_id] = name
            self._acknowledged_by(name)

    async def _canceled(
        self,
        command: CancelOrder,
        endpoint: Endpoint,
        parameters: Mapping[str, str],
        first: asyncio.Future[bytes] | None,
    ) -> None:
        symbol, name = command.symbol, command.client_order_id
        try:
            body = await self._answer(Purpose.EXIT, endpoint, parameters, first)
        except RefusedError as error:
            now_ns = self._now_ns()
            self._take(CancelRejected(time_ns=now_ns, symbol=symbol, client_order_id=name, code=error.code))
            self._look_up(symbol, name)
        except (RetryableError, UnknownOutcomeError, FatalError):
            self._look_up(symbol, name)
        else:
            if not self._is_canceled(body, symbol, name):
                self._look_up(symbol, name)

    def _is_canceled(self, body: bytes, symbol: str, name: str) -> bool:
        """Tell the end of an order that the answer shows whole: canceled, and nothing of it filled."""
        if not self._is_conditional(name):
            try:
                row = answers.order(body)
            except DataError:
                return False
            if row.filled_qty or not row.ended:
                return False
        self._take(OrderCanceled(time_ns=self._now_ns(), symbol=symbol, client_order_id=name, cause="CANCELED"))
        return True

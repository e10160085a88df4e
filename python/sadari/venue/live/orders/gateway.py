"""Orders on their way to the exchange: sent once, answered by events, looked up where no answer is clear.

Source: design §3 (Intents, Nothing waits in line), faults R1, F04, F06, F10, F73, F99.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from sadari.binance import answers, codes, orders
from sadari.binance.endpoint import Endpoint
from sadari.binance.values import AlgoShown, OrderShown
from sadari.errors import ClockOffError, DataError, FatalError, RefusedError, RetryableError, UnknownOutcomeError
from sadari.model.command import CancelOrder, PlaceOrder
from sadari.model.event import CancelRejected, OrderAccepted, OrderCanceled, OrderRejected, OutcomeUnknown
from sadari.model.order import Purpose
from sadari.model.reason import RejectReason
from sadari.venue.live.background import Background
from sadari.venue.live.orders.newest import Newest
from sadari.venue.live.ports import Caller, Take

# Source: faults F04: what was definitely not done may be sent again with the same id, so often and so far apart.
RESEND_S = (0.2, 0.4, 0.8, 0.8)
# A limit is waited for so long, not a ban (F17): who decides is to know of that, and decides anew.
PATIENCE_S = 65.0
OPENING = (Purpose.ENTRY, Purpose.ADD)
# So many orders that have ended are remembered, for what is told of them late.
MOST_SENT = 5_000


class Lane(Protocol):
    """A connection that orders go out on at once."""

    def request(
        self, endpoint: Endpoint, parameters: Mapping[str, str], *, urgent: bool = False
    ) -> asyncio.Future[bytes]:
        """Write a request now; its answer comes later."""


class Sent(NamedTuple):
    """An order that went out.

    Attributes:
        order: What it was.
        server_ns: When it was first sent, by the server's clock.
        last_ns: The latest time that a request of it can bear: it may be executed until its window after that is over.
        conditional: Whether it is of the conditional family.
    """

    order: PlaceOrder
    server_ns: int
    last_ns: int
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
        unresolved: Whether the engine waits for what becomes of an order, or for its end.
        found_conditional: Whether the exchange has shown an order among the conditional ones.

    Attributes:
        hedge: Whether the account is in hedge mode.
        sent: Orders by their client order id: those that are unresolved, and the newest others.
    """

    def __init__(
        self,
        take: Take,
        lanes: Lanes,
        rest: Caller,
        now_ns: Callable[[], int],
        server_ns: Callable[[], int],
        names: Newest[tuple[str, int], str],
        look_up: Callable[[str, str], None],
        acknowledged: Callable[[str], None],
        unresolved: Callable[[str], bool],
        found_conditional: Callable[[str], bool],
    ) -> None:
        self.hedge = False
        self.sent: Newest[str, Sent] = Newest(MOST_SENT, unresolved)
        self.refusals = 0
        self._take = take
        self._lanes = lanes
        self._rest = rest
        self._now_ns = now_ns
        self._server_ns = server_ns
        self._names = names
        self._look_up = look_up
        self._acknowledged_by = acknowledged
        self._found_conditional = found_conditional
        self._background = Background()

    @property
    def in_flight(self) -> int:
        """Requests without an answer."""
        return len(self._background)

    def remember(self, order: PlaceOrder, server_ns: int) -> None:
        """Know an order of an earlier run of this program."""
        self.sent[order.client_order_id] = Sent(order, server_ns, server_ns, orders.is_conditional(order))

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

    def _is_conditional(self, client_order_id: str) -> bool:
        known = self.sent.get(client_order_id)
        return self._found_conditional(client_order_id) if known is None else known.conditional

    # sending

    def _goes_out_now(self, client_order_id: str) -> None:
        """No request of an order bears a later time than this one."""
        known = self.sent.get(client_order_id)
        if known is not None:
            self.sent[client_order_id] = known._replace(last_ns=self._server_ns())

    def _write(
        self, purpose: Purpose, endpoint: Endpoint, parameters: Mapping[str, str]
    ) -> asyncio.Future[bytes] | None:
        """The answer to come of a request that was written, None if the connection did not take it."""
        try:
            return self._lanes.of(purpose).request(endpoint, parameters, urgent=purpose not in OPENING)
        except RetryableError:
            return None

    async def _answer(
        self,
        purpose: Purpose,
        endpoint: Endpoint,
        parameters: Mapping[str, str],
        first: asyncio.Future[bytes] | None,
        name: str = "",
    ) -> bytes:
        """The answer to a request, which goes out again only where nothing was done; ``name``: of an order placed."""
        waits = RESEND_S if purpose not in OPENING else ()
        try:
            return await self._once(purpose, endpoint, parameters, first, name)
        except RetryableError as error:
            refused = error
        for wait_s in waits:
            if refused.after_s > PATIENCE_S:
                break
            await asyncio.sleep(max(wait_s, refused.after_s))
            try:
                self._goes_out_now(name)
                again = self._write(purpose, endpoint, parameters)
                return await self._once(purpose, endpoint, parameters, again, name)
            except RetryableError as error:
                refused = error
        raise refused

    async def _once(
        self,
        purpose: Purpose,
        endpoint: Endpoint,
        parameters: Mapping[str, str],
        written: asyncio.Future[bytes] | None,
        name: str,
    ) -> bytes:
        """The answer to one request: over HTTP where it could not be written, or was refused for its time.

        The way over HTTP measures the server's clock, and asks once more (faults F19).
        """
        if written is not None:
            with contextlib.suppress(ClockOffError):
                return await written
        return await self._by_rest(purpose, endpoint, parameters, name)

    async def _by_rest(self, purpose: Purpose, endpoint: Endpoint, parameters: Mapping[str, str], name: str) -> bytes:
        try:
            return await self._rest.call(endpoint, parameters, urgent=purpose not in OPENING)
        finally:
            # It may have been stamped anew on its way there, after the clock was measured.
            self._goes_out_now(name)

    # outcomes

    async def _placed(
        self, order: PlaceOrder, endpoint: Endpoint, parameters: Mapping[str, str], first: asyncio.Future[bytes] | None
    ) -> None:
        name = order.client_order_id
        try:
            body = await self._answer(order.purpose, endpoint, parameters, first, name)
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
        # An order may have ended by the time that its answer is written: a conditional one then covers nothing.
        traded = row.filled_qty if isinstance(row, OrderShown) else row.order_id
        if row.ended and not traded:
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
        except (RetryableError, UnknownOutcomeError, FatalError, DataError):
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

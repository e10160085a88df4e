"""The lives of positions, told by the records of a run: which fill belonged to which, and what it was for.

Profit, fees and funding are the venue's own records (`OrderFilled`, `FundingPaid`), each counted once, so whatever
grouping is asked for adds up to the whole. Sums are as exact as the caller's decimal context, as a rule `EXACT`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

from sadari.model.command import Command, PlaceOrder, RecordDecision, RecordExit, RecordMove, RecordPosition
from sadari.model.event import Event, FundingPaid, OrderFilled, PositionRecord, PositionsShown
from sadari.model.order import Direction, Purpose

ZERO = Decimal(0)
# The venue books money to this.
SMALLEST = Decimal("1e-8")

# What reads the records of a kind, given the time: a command's is that of the event before it.
Arms = Mapping[type, Callable[[int, Any], None]]

# The reason of a closing fill that no record explains; a run that shows it is a finding.
UNRECORDED = "UNRECORDED"
# The move of a position that the venue held and no order of ours has opened.
FOUND = "exchange_position_found"
# What is booked for no reason to close: what opening costs, and what holding brings.
OPENING, FUNDING = "OPENING", "FUNDING"


class Booking(NamedTuple):
    """What the venue booked at a time for a part of a position, and for which reason; fees are negative when paid."""

    time_ns: int
    reason: str
    price: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO


def told_ns(event: OrderFilled | FundingPaid) -> int:
    """When the venue booked something, which may be told later."""
    return event.booked_ns or event.time_ns


def told_once(records: Sequence[Event | Command]) -> Sequence[Event | Command]:
    """The same records without trades and payments that were told before: a reconnect may bring them again."""
    known: set[tuple[str, int]] = set()
    again: set[int] = set()
    for at, record in enumerate(records):
        kind = type(record)
        if kind is OrderFilled or kind is FundingPaid:
            key = _key(record)
            if key in known:
                again.add(at)
            known.add(key)
    return [record for at, record in enumerate(records) if at not in again] if again else records


def _key(event: Any) -> tuple[str, int]:  # noqa: ANN401 - one of the two
    """What the venue tells a trade, or a payment, apart by."""
    return event.symbol, event.trade_id if isinstance(event, OrderFilled) else -told_ns(event)


class Share:
    """What a set of fills did: quantity, value (price times quantity), price profit, and fees (negative when paid)."""

    __slots__ = ("fees", "pnl", "qty", "value")

    def __init__(self) -> None:
        self.qty = self.value = self.pnl = self.fees = ZERO

    def add(self, qty: Decimal, value: Decimal, pnl: Decimal, fees: Decimal) -> None:
        """Count a fill, or a part of one."""
        self.qty += qty
        self.value += value
        self.pnl += pnl
        self.fees += fees

    @property
    def price(self) -> Decimal | None:
        """The quantity-weighted mean price, None without a fill."""
        return self.value / self.qty if self.qty else None


class Part(Share):
    """One recorded reason to close ``asked``, and the fills that did it. ``time_ns`` is the first one's.

    ``bought`` is how many opening fills came before it: the same reason again without one is the same exit going on.
    """

    __slots__ = ("actor", "asked", "bought", "cause", "client_order_id", "reason", "time_ns")

    def __init__(self, reason: str, actor: str = "", cause: str = "", order: str = "", asked: Decimal = ZERO) -> None:
        super().__init__()
        self.reason = reason
        self.actor = actor
        self.cause = cause
        self.client_order_id = order
        self.asked = asked
        self.bought = 0
        self.time_ns = 0

    @property
    def left(self) -> Decimal:
        """What of the asked quantity has not been filled."""
        return max(ZERO, self.asked - self.qty)


class Life:
    """One position from its first order to its record. ``position_id`` 0 is not yet known.

    Attributes:
        opened_ns: When the first fill came.
        bought: How many fills opened or added.
        openings: What the entry (0) and each rung bought, by rung.
        closings: Closing fills, in journal order.
        parts: Why it was closed, by part; complete once the run is read.
        bookings: Everything that the venue booked for it; complete once the run is read.
        pnl: Price profit of everything closed so far, before fees.
        fees: Fees of all fills, negative when paid.
        funding: Funding that the venue booked while it was held.
        record: The engine's own record, None while it is open.
    """

    __slots__ = (
        "bookings", "bought", "closed_ns", "closings", "direction", "fees", "funding", "opened_ns", "openings", "parts",
        "pnl", "position_id", "qty", "record", "signal_id", "strategy", "symbol",
    )  # fmt: skip

    def __init__(self, symbol: str, position_id: int = 0) -> None:
        self.symbol = symbol
        self.position_id = position_id
        self.direction: Direction | None = None
        self.strategy = self.signal_id = ""
        self.opened_ns: int | None = None
        self.closed_ns: int | None = None
        self.qty = self.pnl = self.fees = ZERO
        self.bought = 0
        self.openings: dict[int, Share] = {}
        self.closings: list[OrderFilled] = []
        self.parts: list[Part] = []
        self.bookings: list[Booking] = []
        self.funding = ZERO
        self.record: RecordPosition | None = None

    @property
    def over(self) -> bool:
        """True once it is recorded, or flat after having been held."""
        return self.record is not None or (self.qty == 0 and bool(self.openings))

    @property
    def happened(self) -> bool:
        """True if anything was ever filled, paid or recorded; an entry that was refused leaves nothing."""
        return bool(self.openings or self.closings or self.funding) or self.record is not None

    @property
    def net(self) -> Decimal:
        """What it brought: price profit, fees, and the funding that is known."""
        return self.pnl + self.fees + self.funding

    def find(self, time_ns: int, shown: PositionRecord) -> None:
        """Hold what the venue has shown: its trades were others', and nothing of them is booked here."""
        self.direction = Direction.LONG if shown.qty > 0 else Direction.SHORT
        self.opened_ns = time_ns
        self.qty = abs(shown.qty)
        self.bought += 1
        self.openings.setdefault(0, Share()).add(self.qty, shown.entry_price * self.qty, ZERO, ZERO)

    def book(self, fill: OrderFilled, rung: int) -> None:
        """Book a fill: on the side of the direction it opens, against it it closes."""
        if self.direction is None:
            self.direction = Direction.LONG if fill.buyer else Direction.SHORT
        if self.opened_ns is None:
            self.opened_ns = told_ns(fill)
        self.pnl += fill.realized_pnl
        self.fees -= fill.fee
        if fill.buyer == (self.direction is Direction.LONG):
            share = self.openings.setdefault(rung, Share())
            share.add(fill.qty, fill.price * fill.qty, fill.realized_pnl, -fill.fee)
            self.bookings.append(Booking(told_ns(fill), OPENING, fill.realized_pnl, -fill.fee))
            self.qty += fill.qty
            self.bought += 1
        else:
            self.closings.append(fill)
            self.qty -= fill.qty

    def allot(self) -> None:
        """Give every closing fill to the recorded parts: first those of its order, in their order."""
        by_order: dict[str, list[Part]] = {}
        for part in self.parts:
            if part.client_order_id:
                by_order.setdefault(part.client_order_id, []).append(part)
        for fill in self.closings:
            self.bookings += _split(fill, by_order.get(fill.client_order_id) or [self._last_part()])
        filled = [part for part in self.parts if part.qty]
        self.parts = filled[:1]
        for part in filled[1:]:
            last = self.parts[-1]
            if (part.reason, part.bought) == (last.reason, last.bought):
                last.add(part.qty, part.value, part.pnl, part.fees)
            else:
                self.parts.append(part)

    def _last_part(self) -> Part:
        """The part for a fill whose order no record names: the recorded reason of the position."""
        reason = self.record.reason if self.record is not None else ""
        if not reason:
            reason = self.parts[-1].reason if self.parts else UNRECORDED
        for part in reversed(self.parts):
            if part.reason == reason:
                return part
        part = Part(reason)
        part.bought = self.bought
        self.parts.append(part)
        return part


def _split(fill: OrderFilled, parts: list[Part]) -> Iterator[Booking]:
    """Allot a fill to parts in order, each up to what it asked for; the last one takes what is over."""
    qty, pnl, fees = fill.qty, fill.realized_pnl, -fill.fee
    for part in parts[:-1]:
        take = min(part.left, qty)
        if not take:
            continue
        rate = take / qty
        pnl_share, fee_share = _booked(pnl, rate), _booked(fees, rate)
        yield _given(part, fill, take, pnl_share, fee_share)
        qty, pnl, fees = qty - take, pnl - pnl_share, fees - fee_share
        if not qty:
            return
    yield _given(parts[-1], fill, qty, pnl, fees)


def _booked(money: Decimal, rate: Decimal) -> Decimal:
    """A share of an amount, rounded as the venue books money, so that shares add up to the amount."""
    return (money * rate).quantize(SMALLEST, rounding=ROUND_HALF_EVEN)


def _given(part: Part, fill: OrderFilled, qty: Decimal, pnl: Decimal, fees: Decimal) -> Booking:
    part.time_ns = part.time_ns or fill.time_ns
    part.add(qty, fill.price * qty, pnl, fees)
    return Booking(told_ns(fill), part.reason, pnl, fees)


class Lives:
    """Follows the records of a run and keeps the lives of its positions, in the order of first orders."""

    def __init__(self) -> None:
        self._all: list[Life] = []
        self._current: dict[str, Life] = {}
        self._known: dict[tuple[str, int], Life] = {}
        self._orders: dict[str, Life] = {}
        self._rungs: dict[str, int] = {}
        self._accepted: dict[str, RecordDecision] = {}
        self._shown: dict[str, PositionRecord] = {}
        self.arms: Arms = {
            PositionsShown: self._show,
            PlaceOrder: self._order,
            OrderFilled: self._fill,
            FundingPaid: self._fund,
            RecordDecision: self._decide,
            RecordMove: self._move,
            RecordExit: self._leave,
            RecordPosition: self._close,
        }

    def _life(self, symbol: str, position_id: int) -> Life:
        """The life with this number, or the current one of the symbol; a number not seen yet begins a life."""
        if position_id:
            known = self._known.get((symbol, position_id))
            if known is not None:
                return known
        life = self._current.get(symbol)
        if life is None or (position_id and (life.position_id or life.over)):
            life = self._begin(symbol)
        if position_id:
            life.position_id = position_id
            self._known[symbol, position_id] = life
        return life

    def _begin(self, symbol: str) -> Life:
        life = Life(symbol)
        self._current[symbol] = life
        self._all.append(life)
        return life

    def _order(self, _now: int, order: PlaceOrder) -> None:
        life = self._life(order.symbol, 0)
        if order.purpose is Purpose.ENTRY and life.over:
            life = self._begin(order.symbol)
        self._orders[order.client_order_id] = life
        if order.purpose is Purpose.ENTRY or order.purpose is Purpose.ADD:
            decision = self._accepted.get(order.symbol)
            if decision is not None:
                self._rungs[order.client_order_id] = decision.rung
                life.strategy = life.strategy or decision.strategy
                life.signal_id = life.signal_id or decision.signal_id

    def _fill(self, _now: int, fill: OrderFilled) -> None:
        life, rung = self.bought_for(fill)
        life.book(fill, rung)

    def _fund(self, _now: int, paid: FundingPaid) -> None:
        life = self._life(paid.symbol, 0)
        life.funding += paid.amount
        life.bookings.append(Booking(told_ns(paid), FUNDING, funding=paid.amount))

    def _decide(self, _now: int, decision: RecordDecision) -> None:
        if decision.accepted:
            self._accepted[decision.symbol] = decision

    def _show(self, _now: int, event: PositionsShown) -> None:
        self._shown = {shown.symbol: shown for shown in event.positions}

    def _move(self, now: int, record: RecordMove) -> None:
        if record.event == FOUND and record.symbol in self._shown:
            self._begin(record.symbol).find(now, self._shown[record.symbol])
        if record.position_id and (record.symbol, record.position_id) not in self._known:
            self._life(record.symbol, record.position_id)

    def _leave(self, _now: int, record: RecordExit) -> None:
        life = self._life(record.symbol, record.position_id)
        part = Part(record.reason, record.actor, record.cause, record.client_order_id, record.qty)
        part.bought = life.bought
        life.parts.append(part)

    def _close(self, _now: int, record: RecordPosition) -> None:
        life = self._life(record.symbol, record.position_id)
        life.record = record
        life.direction = record.direction
        life.strategy, life.signal_id = record.strategy, record.signal_id
        life.opened_ns = record.opened_ns if life.opened_ns is None else life.opened_ns
        life.closed_ns = record.closed_ns

    def held(self, symbol: str) -> Life | None:
        """The position of a symbol as of the record read last: the present one or, while there is none, the last."""
        return self._current.get(symbol)

    def bought_for(self, fill: OrderFilled) -> tuple[Life, int]:
        """Whose a fill is, and the rung that its order was sent for, 0 for an entry."""
        order = fill.client_order_id
        return self._orders.get(order) or self._life(fill.symbol, 0), self._rungs.get(order, 0)

    def end(self) -> list[Life]:
        """Every position that was ever held, once all records are read, with each closing fill allotted to a reason."""
        happened = [life for life in self._all if life.happened]
        for life in happened:
            life.allot()
        return happened

"""What the engine did besides holding positions: signals and gates, orders, incidents, margin, protection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from sadari.model.command import Audit, PlaceOrder, RecordDecision, RecordMove, SendAlert
from sadari.model.event import (
    AccountUpdated,
    CancelRejected,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    PositionsShown,
    StopStuck,
)
from sadari.model.order import Purpose
from sadari.research.metrics import Sample
from sadari.research.trades import FOUND, Arms, told_ns

PROTECTIVE = frozenset({Purpose.STOP.value, Purpose.WALL.value})


class Cover:
    """The times for which a symbol's position stood without a stop that the venue had confirmed and that covers it.

    Attributes:
        working: What each confirmed stop covers, by client order id; None is whatever is held.
        spells: From when to when it was bare; without those in which no time passed.
    """

    __slots__ = ("bare_since", "qty", "spells", "working")

    def __init__(self) -> None:
        self.qty = Decimal(0)
        self.working: dict[str, Decimal | None] = {}
        self.bare_since: int | None = None
        self.spells: list[tuple[int, int]] = []

    @property
    def longest_ns(self) -> int:
        """The longest spell that is over."""
        return max((end - start for start, end in self.spells), default=0)

    def look(self, now: int) -> None:
        """Note whether the position is bare from now on."""
        held = abs(self.qty)
        bare = held != 0 and not any(qty is None or qty >= held for qty in self.working.values())
        if bare and self.bare_since is None:
            self.bare_since = now
        elif not bare and self.bare_since is not None:
            if now > self.bare_since:
                self.spells.append((self.bare_since, now))
            self.bare_since = None


class Tally:
    """Counts over the records of a run.

    Attributes:
        decisions: Every decision with its time.
        purposes: What each order was for, by client order id.
        protects: What each protective order covers, by client order id; None is whatever is held.
        accepted, filled, canceled, rejected: The orders of which the venue said so.
        forced: Fills of orders that were not ours.
        margin: (time_ns, share of the wallet balance that is not available for orders).
        covers: Protection, by symbol.
    """

    def __init__(self) -> None:
        self.decisions: list[tuple[int, RecordDecision]] = []
        self.purposes: dict[str, str] = {}
        self.protects: dict[str, Decimal | None] = {}
        self.accepted: set[str] = set()
        self.filled: set[str] = set()
        self.canceled: set[str] = set()
        self.rejected: set[str] = set()
        self.rejections: Counter[tuple[int, str]] = Counter()
        self.cancel_rejections: Counter[int] = Counter()
        self.audits: Counter[str] = Counter()
        self.alerts: Counter[tuple[str, str]] = Counter()
        self.forced: list[OrderFilled] = []
        self.margin: list[Sample] = []
        self.covers: dict[str, Cover] = {}
        self._shown: dict[str, Decimal] = {}
        self.arms: Arms = {
            PlaceOrder: self._order,
            OrderAccepted: self._accept,
            OrderFilled: self._fill,
            OrderCanceled: self._cancel,
            OrderRejected: self._reject,
            CancelRejected: self._refuse_cancel,
            StopStuck: self._stick,
            PositionsShown: self._show,
            RecordMove: self._move,
            AccountUpdated: self._account,
            RecordDecision: self._decide,
            Audit: self._audit,
            SendAlert: self._alert,
        }

    @property
    def answered(self) -> set[str]:
        """Orders of ours that the venue has said anything about."""
        return (self.accepted | self.filled | self.canceled | self.rejected) & self.purposes.keys()

    def _order(self, _now: int, order: PlaceOrder) -> None:
        self.purposes[order.client_order_id] = order.purpose.value
        if order.purpose.value in PROTECTIVE:
            self.protects[order.client_order_id] = order.qty

    def _accept(self, _now: int, event: OrderAccepted) -> None:
        self.accepted.add(event.client_order_id)
        if event.client_order_id in self.protects:
            cover = self._cover(event.symbol)
            cover.working[event.client_order_id] = self.protects[event.client_order_id]
            cover.look(event.time_ns)

    def _fill(self, _now: int, event: OrderFilled) -> None:
        self.filled.add(event.client_order_id)
        if event.client_order_id not in self.purposes:
            self.forced.append(event)
        cover = self._cover(event.symbol)
        cover.qty += event.qty if event.buyer else -event.qty
        stop = cover.working.get(event.client_order_id)
        if event.done:
            cover.working.pop(event.client_order_id, None)
        elif stop is not None:
            cover.working[event.client_order_id] = stop - event.qty
        cover.look(told_ns(event))

    def _cancel(self, _now: int, event: OrderCanceled) -> None:
        self.canceled.add(event.client_order_id)
        cover = self._cover(event.symbol)
        cover.working.pop(event.client_order_id, None)
        cover.look(event.time_ns)

    def _stick(self, _now: int, event: StopStuck) -> None:
        """A stop that has triggered without an order covers nothing, whatever the venue still says."""
        cover = self._cover(event.symbol)
        cover.working.pop(event.client_order_id, None)
        cover.look(event.time_ns)

    def _show(self, _now: int, event: PositionsShown) -> None:
        self._shown = {shown.symbol: shown.qty for shown in event.positions}

    def _move(self, now: int, record: RecordMove) -> None:
        if record.event == FOUND and record.symbol in self._shown:
            cover = self._cover(record.symbol)
            cover.qty = self._shown[record.symbol]
            cover.look(now)

    def _reject(self, _now: int, event: OrderRejected) -> None:
        self.rejected.add(event.client_order_id)
        self.rejections[event.code, str(event.reason)] += 1

    def _refuse_cancel(self, _now: int, event: CancelRejected) -> None:
        self.cancel_rejections[event.code] += 1

    def _account(self, _now: int, event: AccountUpdated) -> None:
        if event.wallet_balance > 0:
            used = 1 - float(event.available_balance) / float(event.wallet_balance)
            self.margin.append((event.time_ns, used))

    def _decide(self, now: int, decision: RecordDecision) -> None:
        self.decisions.append((now, decision))

    def _audit(self, _now: int, audit: Audit) -> None:
        self.audits[audit.code] += 1

    def _alert(self, _now: int, alert: SendAlert) -> None:
        self.alerts[alert.severity, alert.code] += 1

    def _cover(self, symbol: str) -> Cover:
        cover = self.covers.get(symbol)
        if cover is None:
            cover = self.covers[symbol] = Cover()
        return cover


def episodes(denials: Iterable[tuple[str, str]]) -> Counter[str]:
    """How many spells of the same gate there are, by gate, from (symbol, gate) in time order.

    Consecutive denials of one symbol by the same gate are one spell: a gate that stays shut is asked again and again.
    """
    rows = list(denials)
    found = {(gate, spell) for (_, gate), spell in zip(rows, spells(rows), strict=True) if gate}
    return Counter(gate for gate, _ in found)


def spells(denials: Iterable[tuple[str, str]]) -> Iterator[int]:
    """A number for the spell that each denial belongs to, from (symbol, gate) in time order."""
    last: dict[str, tuple[str, int]] = {}
    begun = 0
    for symbol, gate in denials:
        known = last.get(symbol)
        if known is None or known[0] != gate:
            begun += 1
            known = last[symbol] = (gate, begun)
        yield known[1]

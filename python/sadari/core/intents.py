"""Orders of ours on their way: one client order id per intent, each trade booked once."""

from __future__ import annotations

from decimal import Decimal

from sadari.core.intent_table import INTENT, IntentState
from sadari.model.order import Purpose

_FINAL = frozenset(
    {IntentState.DENIED, IntentState.FILLED, IntentState.CANCELED, IntentState.EXPIRED, IntentState.REJECTED}
)


class Part:
    """A share of a reduction with its own reason: the lot of a rung, or half of the rest (rung 0)."""

    __slots__ = ("filled", "qty", "reason", "rung")

    def __init__(self, reason: str, qty: Decimal, rung: int) -> None:
        self.reason = reason
        self.qty = qty
        self.rung = rung
        self.filled = Decimal(0)


class Intent:
    """A journaled wish to change one order. Its state follows `INTENT`, by the lookup compiled from that table.

    Attributes:
        qty: What was asked for; None for a close-position order.
        filled: What its trades add up to.
        parts: What a reduction consists of, in the order in which fills are allotted.
        target: The state a complete reduction leads to.
        continues: It carries a reduction on of which something is filled.
        position_id: The life of the position that it was made for.
        trigger_price: Where a resting stop lies, None for any other order.
        before_target: Price has been on its side of the first target since it waits for its price.
        called_off: Why it waits no more, empty while it does.
        absent: It was given up: by proof that the venue never had it, or because its answer took too long.
        shown: It was live when the venue showed another quantity than ours: trades of it may be in that already.
    """

    __slots__ = (
        "absent",
        "before_target",
        "called_off",
        "client_order_id",
        "continues",
        "filled",
        "parts",
        "position_id",
        "purpose",
        "qty",
        "rung",
        "shown",
        "state",
        "symbol",
        "target",
        "trade_ids",
        "trigger_price",
    )

    def __init__(
        self, symbol: str, position_id: int, client_order_id: str, purpose: Purpose, qty: Decimal | None, rung: int = 0
    ) -> None:
        self.symbol = symbol
        self.position_id = position_id
        self.client_order_id = client_order_id
        self.purpose = purpose
        self.qty = qty
        self.rung = rung
        self.filled = Decimal(0)
        self.parts: list[Part] = []
        self.target = ""
        self.continues = False
        self.trade_ids: set[int] = set()
        self.trigger_price: Decimal | None = None
        self.before_target = self.absent = self.shown = False
        self.called_off = ""
        self.state = INTENT.initial

    @property
    def final(self) -> bool:
        """True once the venue has said its last word."""
        return self.state in _FINAL

    def move(self, event: str, guard: str = "") -> bool:
        """Follow the table; False if the state does not list the event (a late or doubled report)."""
        after = INTENT.lookup.get((self.state, event, guard))
        if after is None:
            return False
        self.state = after
        return True

    def book(self, trade_id: int, qty: Decimal, *, done: bool) -> bool:
        """Book a trade once; False if this trade is known already."""
        if trade_id in self.trade_ids:
            return False
        self.trade_ids.add(trade_id)
        self.filled += qty
        self.move("fill", "last" if done else "part")
        return True

"""What a liquidation would do if it were asked for now. Asking changes nothing. Source: strategies §11."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import msgspec

from sadari.core.desk import Desk
from sadari.core.liquidation.course import PASSES, SPACING_NS
from sadari.core.liquidation.request import Marks, refusal_now
from sadari.core.position import Position
from sadari.model.order import Direction, Purpose
from sadari.model.reason import LiquidationReason
from sadari.model.units import SECOND_NS, Exact, decimal_of, exact


class PlannedCancel(msgspec.Struct, frozen=True, kw_only=True):
    """An order that would be canceled."""

    symbol: str
    client_order_id: str
    purpose: Purpose


class PlannedClose(msgspec.Struct, frozen=True, kw_only=True):
    """A position that would be closed, after so many seconds. What is not known is None."""

    symbol: str
    direction: Direction
    qty: Decimal
    after_s: Decimal
    last_price: Decimal | None
    notional: Decimal | None
    unrealized: Decimal | None
    stops: int


class LiquidationPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The whole, in the order in which it would happen.

    Attributes:
        refusal: Why it would be refused now, "" if it would not.
        notice_s: How long it would be announced before.
        cancels: Orders that would be canceled; stops stay until their position is flat.
        closes: Positions in the order in which they would be closed.
        passes: How often the venue would be asked before something left is told.
        unrealized: What closing them would bring at the last prices; None if one is not known.
    """

    refusal: str
    notice_s: int
    cancels: tuple[PlannedCancel, ...] = ()
    closes: tuple[PlannedClose, ...] = ()
    passes: int = PASSES
    unrealized: Decimal | None = None


class _Valued(NamedTuple):
    position: Position
    price: Exact | None

    @property
    def notional(self) -> Exact:
        """What counts for the order: without a price, at the average."""
        return exact(self.position.qty) * (self.position.average if self.price is None else self.price)


def plan(desk: Desk, reason: str, marks: Marks) -> LiquidationPlan:
    """What would happen for a reason at these prices."""
    prices = dict(marks)
    held = [_valued(position, prices) for position in desk.positions.values() if position.qty > 0]
    held.sort(key=lambda one: (one.notional, one.position.symbol))
    times = desk.settings.liquidation
    critical = reason == LiquidationReason.MARGIN_CRITICAL
    notice_s = times.margin_critical_notice_s if critical else times.notice_s
    spacing = Decimal(SPACING_NS) / SECOND_NS
    closes = tuple(_close(one, notice_s + number * spacing) for number, one in enumerate(held))
    amounts = [one.unrealized for one in closes if one.unrealized is not None]
    return LiquidationPlan(
        refusal=refusal_now(desk, reason),
        notice_s=notice_s,
        cancels=tuple(_cancels(desk)),
        closes=closes,
        unrealized=sum(amounts, Decimal(0)) if len(amounts) == len(closes) else None,
    )


def _valued(position: Position, prices: dict[str, Decimal]) -> _Valued:
    price = prices.get(position.symbol) or position.last_price
    return _Valued(position, exact(price) if price > 0 else None)


def _close(valued: _Valued, after_s: Decimal) -> PlannedClose:
    position, price = valued.position, valued.price
    gain = None if price is None else position.side.sign * (price - position.average) * exact(position.qty)
    resting = (position.inner, position.wall)
    return PlannedClose(
        symbol=position.symbol,
        direction=position.direction,
        qty=position.qty,
        after_s=after_s,
        last_price=None if price is None else decimal_of(price, 8).normalize(),
        notional=None if price is None else decimal_of(valued.notional, 8),
        unrealized=None if gain is None else decimal_of(gain, 8),
        stops=sum(stop is not None and not stop.final for stop in resting),
    )


def _cancels(desk: Desk) -> list[PlannedCancel]:
    orders = {
        intent.client_order_id: intent
        for position in desk.positions.values()
        for intent in (position.working, *position.openings)
        if intent is not None and not intent.final and intent.purpose is not Purpose.EXIT
    }
    return [
        PlannedCancel(symbol=one.symbol, client_order_id=one.client_order_id, purpose=one.purpose)
        for one in orders.values()
    ]

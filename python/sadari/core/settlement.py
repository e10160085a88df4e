"""The end of a position: no stop left behind, its trades summed up, its cool-down begun.

Source: strategies §5.7, §11.
"""

from __future__ import annotations

from decimal import Decimal

from sadari.core import protection
from sadari.core.desk import Desk
from sadari.core.position import Position
from sadari.model.command import ArmSignals, RecordPosition, SetAlarm
from sadari.model.event import OrderFilled
from sadari.model.reason import is_stop
from sadari.model.units import EXACT, decimal_of, exact


def close(desk: Desk, position: Position) -> None:
    """The position is flat: withdraw what is left of it, settle it, and start the cool-down."""
    protection.withdraw(desk, position)
    position.closed_ns = desk.now_ns
    if position.exit_qty != position.entry_qty:
        desk.move(position, "settle_retry")
        return
    _settle(desk, position)


def book_late(desk: Desk, position: Position, event: OrderFilled) -> None:
    """A trade of the close that is told after it: with the last one the position is settled."""
    position.exit_qty += event.qty
    position.exit_value = EXACT.add(position.exit_value, EXACT.multiply(event.price, event.qty))
    if position.exit_qty == position.entry_qty:
        _settle(desk, position)


def _settle(desk: Desk, position: Position) -> None:
    desk.move(position, "settled")
    desk.out.append(_record(position))
    until = position.closed_ns + desk.settings.reentry.cooldown_ns(after_stop=is_stop(position.reason))
    if until > desk.now_ns:
        desk.out.append(SetAlarm(name=f"cooldown:{position.symbol}:{position.id}", at_ns=until))
    else:
        cool_down_over(desk, position)


def cool_down_over(desk: Desk, position: Position) -> None:
    """The symbol may be entered again."""
    desk.move(position, "cooldown_over")
    if position.rearm:
        desk.out.append(ArmSignals(symbol=position.symbol, not_before_ns=desk.now_ns))


def _record(position: Position) -> RecordPosition:
    entry_price = exact(position.entry_cost) / exact(position.entry_qty)
    exit_price = exact(position.exit_value) / exact(position.exit_qty)
    profit = EXACT.multiply(EXACT.subtract(position.exit_value, position.entry_cost), Decimal(position.side.sign))
    return RecordPosition(
        symbol=position.symbol,
        position_id=position.id,
        direction=position.direction,
        strategy=position.strategy,
        signal_id=position.signal_id,
        opened_ns=position.opened_ns,
        closed_ns=position.closed_ns,
        stage=position.stage,
        reason=position.reason,
        entry_qty=position.entry_qty,
        max_qty=position.max_qty,
        entry_price=decimal_of(entry_price),
        exit_price=decimal_of(exit_price),
        pnl=profit,
        fees=position.fees,
        adds=position.adds,
        max_notional=position.max_notional,
        plan_balance=position.plan_balance,
        worst_case=position.worst_case,
    )

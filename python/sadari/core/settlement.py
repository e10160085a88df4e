"""The end of a position: no stop left behind, its trades summed up, its cool-down begun.

Source: strategies §5.7, §11.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from sadari.core import protection
from sadari.core.desk import Desk
from sadari.core.position import Position
from sadari.model.command import ArmSignals, Reconcile, RecordPosition, SetAlarm
from sadari.model.event import OrderFilled, WriteOffRequested
from sadari.model.reason import AuditCode, is_stop
from sadari.model.units import EXACT, SECOND_NS, Exact, decimal_of, exact

# Settlement is tried this often, this far apart, before a person is told. Source: strategies §11.
TRIES = 3
RETRY_NS = SECOND_NS
# Source: strategies §11 rules 2 and 3, in quote currency; a drift beyond this share of the notional is critical.
TOLERANCE = Exact(1, 100)
DRIFT_SHARE = Exact(5, 1000)
_TRIES = "settlement"


def close(desk: Desk, position: Position) -> None:
    """The position is flat: withdraw what is left of it, settle it, and start the cool-down."""
    protection.withdraw(desk, position)
    desk.open_gate(position.symbol, AuditCode.PROTECTIVE_LOST)
    position.closed_ns = desk.now_ns
    position.tries.pop(_TRIES, None)
    try_again(desk, position)
    if position.is_in("CLOSED_UNSETTLED"):
        _set_alarm(desk, position)


def book_late(desk: Desk, position: Position, event: OrderFilled) -> None:
    """A trade of the close that is told after it: with the last one the position is settled."""
    position.close_part(event.price, event.qty)
    position.sum_up()
    try_again(desk, position)


def rung(desk: Desk, position: Position) -> None:
    """A second has passed: after three tries a person is told, and every account record is a further try."""
    tries = position.tries.get(_TRIES, 0) + 1
    position.tries[_TRIES] = tries
    try_again(desk, position)
    if not position.is_in("CLOSED_UNSETTLED"):
        return
    desk.out.append(Reconcile(symbol=position.symbol))
    if tries < TRIES:
        _set_alarm(desk, position)
        return
    desk.move(position, "settle_timeout")
    detail = f"exits of {position.exit_qty} are known, entries of {position.entry_qty}; price and profit are unknown"
    desk.audit(AuditCode.SETTLEMENT_PENDING, position, detail)
    desk.alert("warning", AuditCode.SETTLEMENT_PENDING, position.symbol, detail, position=position)


def try_again(desk: Desk, position: Position) -> None:
    """Settle if the fills cover the closed quantity and agree with the venue's own profit."""
    if position.exit_qty != position.entry_qty or position.unproven or _mismatch(desk, position):
        desk.move(position, "settle_retry")
        return
    _tell_drift(desk, position)
    desk.move(position, "settled")
    desk.out.append(_record(position))
    if position in desk.unsettled:
        desk.unsettled.remove(position)
    else:
        _cool_down(desk, position)


def tried(position: Position) -> int:
    """How often a close that is not settled was tried again."""
    return position.tries.get(_TRIES, 0)


def retry_all(desk: Desk) -> None:
    """The venue has shown the account: whatever is not settled is tried once more."""
    for position in (*desk.positions.values(), *desk.unsettled):
        if position.is_in("CLOSED_UNSETTLED"):
            try_again(desk, position)


def write_off(desk: Desk, event: WriteOffRequested) -> Position | None:
    """An operator gives the missing trades up: nothing is made up in their place."""
    old = next((record for record in desk.unsettled if record.symbol == event.symbol), None)
    position = old or desk.positions.get(event.symbol)
    if position is None or not position.is_in("CLOSED_UNSETTLED"):
        state = position.state.value if position else "FLAT"
        desk.audit(AuditCode.NOT_ALLOWED_IN_STATE, position, f"write-off in {state} by {event.actor}")
        return position
    desk.move(position, "operator_write_off")
    desk.audit(AuditCode.WRITTEN_OFF, position, f"UNEXPLAINED, by {event.actor}: {event.cause}")
    desk.out.append(
        msgspec.structs.replace(
            _record(position), exit_price=None, pnl=None, unrealized_at_decision=None, drift=None, slips=(),
            unexplained=True,
        )
    )  # fmt: skip
    if position is old:
        desk.unsettled.remove(position)
        return None
    _cool_down(desk, position)
    return position


def _mismatch(desk: Desk, position: Position) -> bool:
    """True if the venue's realized profit is not that of the fills; told once for each amount."""
    beyond = exact(position.realized) - position.gain
    if abs(beyond) <= TOLERANCE:
        return False
    detail = f"the venue realized {position.realized:f}, the fills {decimal_of(position.gain):f}"
    if position.mismatch != detail:
        position.mismatch = detail
        desk.audit(AuditCode.SETTLEMENT_MISMATCH, position, detail)
        desk.alert("critical", AuditCode.SETTLEMENT_MISMATCH, position.symbol, detail, position=position)
    return True


def _tell_drift(desk: Desk, position: Position) -> None:
    drift, decision = position.drift, position.decision
    if drift is None or decision is None or abs(drift) <= TOLERANCE:
        return
    notional = exact(position.exit_value) - exact(decision.exit_value)
    most = max(TOLERANCE, DRIFT_SHARE * notional)
    severity = "critical" if abs(drift) > most else "warning"
    slips = ", ".join(f"trade {slip.trade_id} {slip.amount:f}" for slip in position.slips)
    value, limit = (f"{decimal_of(one):f}" for one in (drift, most if severity == "critical" else TOLERANCE))
    detail = f"{value} beyond the decision, price slippage: {slips}"
    desk.audit(AuditCode.SETTLEMENT_DRIFT, position, detail)
    desk.alert(
        severity, AuditCode.SETTLEMENT_DRIFT, position.symbol, detail, value=value, threshold=limit, position=position
    )


def _set_alarm(desk: Desk, position: Position) -> None:
    name = f"settle:{position.symbol}:{position.id}"
    desk.out.append(SetAlarm(name=name, at_ns=desk.now_ns + RETRY_NS, wall=True))


def _cool_down(desk: Desk, position: Position) -> None:
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
    exit_price = exact(position.exit_value) / exact(position.exit_qty) if position.exit_qty else None
    decision, drift = position.decision, position.drift
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
        exit_price=None if exit_price is None else decimal_of(exit_price),
        pnl=profit,
        fees=position.fees,
        adds=position.adds,
        max_notional=position.max_notional,
        plan_balance=position.plan_balance,
        worst_case=position.worst_case,
        funding=position.funding,
        unrealized_at_decision=None if decision is None else decimal_of(decision.unrealized),
        drift=None if drift is None else decimal_of(drift),
        slips=tuple(position.slips),
    )

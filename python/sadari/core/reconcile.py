"""The comparison with the venue: what it holds and what rests there, beside what we believe.

A comparison tells every order that it found, then the positions; every trade until then was told before. So what still
differs is a real difference, unless an order under way explains it.

Source: strategies §5.7 (adoption, quarantine, D-34); faults R4, F76, F100, F122, F123; invariants I2, I7, I9, I15.
"""

from __future__ import annotations

from decimal import Decimal

from sadari.core import exits, found_orders, life, protection, settlement, takeover, watching
from sadari.core.desk import Desk
from sadari.core.exposure import worst_case
from sadari.core.intent_table import IntentState
from sadari.core.lots import ZERO
from sadari.core.position import Position
from sadari.model.command import Reconcile, SetAlarm
from sadari.model.event import AdoptRequested, PositionRecord, PositionsShown
from sadari.model.order import Direction, Purpose
from sadari.model.reason import AuditCode, stage_name
from sadari.model.units import SECOND_NS, decimal_of, exact

# A difference that an order under way explains is looked at again after a second, this often.
WAITS = 3
WAIT_NS = SECOND_NS
# Source: strategies §10, inclusive.
NEAR = Decimal("0.01")
# Digits of a share as a person reads it.
PLACES = 6
_FLAT = ("FLAT", "CLOSED", "CLOSED_UNSETTLED")
_WAITED = "compare"
_OPENING = (Purpose.ENTRY, Purpose.ADD)
_CLOSING = (Purpose.REDUCE, Purpose.EXIT)


def shown(desk: Desk, event: PositionsShown) -> None:
    """The venue's positions, of the whole account or of one symbol: what is not listed is flat."""
    records: dict[str, list[PositionRecord]] = {}
    for record in event.positions:
        records.setdefault(record.symbol, []).append(record)
    told = {order.symbol for order in desk.found.values()}
    symbols = (
        {event.symbol} if event.symbol else {*desk.positions, *records, *told, *desk.shut, *desk.foreign_stops} - {""}
    )
    for symbol in event.unsure:
        _ask_again(desk, symbol)
    for symbol in sorted(symbols.difference(event.unsure)):
        _compare(desk, symbol, _own(desk, symbol, records.get(symbol, [])))
        found_orders.sweep(desk, symbol)
        position = desk.positions.get(symbol)
        if position is not None:
            watching.sync(desk, position)
    settlement.retry_all(desk)
    life.ask_again(desk)


def _own(desk: Desk, symbol: str, records: list[PositionRecord]) -> PositionRecord:
    """The record that is compared with ours; a second one of another side is somebody else's (hedge mode)."""
    held = [record for record in records if record.qty != 0]
    position = desk.positions.get(symbol)
    sign = position.side.sign if position is not None and not position.is_in(*_FLAT) else 0
    held.sort(key=lambda record: (-record.qty * sign if sign else 0, -abs(record.qty)))
    if len(held) > 1:
        if desk.shut_gate(symbol, AuditCode.FOREIGN_POSITION):
            desk.alert("critical", AuditCode.FOREIGN_POSITION, symbol, f"{held[1].qty} on the other side is not ours")
    else:
        desk.open_gate(symbol, AuditCode.FOREIGN_POSITION)
    return held[0] if held else PositionRecord(symbol, ZERO, ZERO)


def _compare(desk: Desk, symbol: str, record: PositionRecord) -> None:
    position = desk.positions.get(symbol)
    ours = ZERO if position is None else position.side.sign * position.qty
    if position is not None and record.mark_price is not None and (position.is_in("EXITING") or _closes_all(desk)):
        position.last_price = record.mark_price
    desk.open_gate(symbol, AuditCode.EXTERNAL_FILL)
    if record.qty == 0:
        desk.open_gate(symbol, AuditCode.UNKNOWN_CONTRACT)
    if record.qty == ours:
        if position is not None:
            position.tries.pop(_WAITED, None)
            if ours != 0:
                found_orders.inherit(desk, position)
                agreed(desk, position, record)
    elif position is None or position.is_in(*_FLAT):
        _adopt(desk, symbol, record)
    elif ours == 0:
        _of_entry(desk, position, record)
    elif record.qty == 0:
        if not (_under_way(position, record.qty) and _waits(desk, position)):
            exits.found_flat(desk, position, "the venue shows no position")
    elif (record.qty > 0) is not (ours > 0):
        exits.found_flat(desk, position, "the venue shows the other side")
        _adopt(desk, symbol, record)
    else:
        _differs(desk, position, record)


def _closes_all(desk: Desk) -> bool:
    """Whether a liquidation is under way, maybe since before a restart: what it closes is valued as of now."""
    return desk.liquidation is not None and desk.liquidation.under_way


# agreement


def agreed(desk: Desk, position: Position, record: PositionRecord) -> None:
    """The venue shows what we hold: its liquidation price counts from now on, and a quarantine ends."""
    matters = position.read_liquidation(record.liquidation_price)
    _watch_liquidation(desk, position, record)
    awaited = position.working is not None and not position.working.final
    if position.is_in("QUARANTINED") and not awaited and not position.found:
        _release(desk, position, "reconcile_ok")
        matters = True
    if matters:
        if not position.is_in("EXITING", "CLOSED_UNSETTLED"):
            protection.protect(desk, position)
        watching.sync(desk, position)


def _release(desk: Desk, position: Position, event: str) -> None:
    position.working = None
    position.found = False
    state = "RUNNER" if position.half_closed else stage_name(position.stage)
    desk.move(position, event, f"to {state}")


def _watch_liquidation(desk: Desk, position: Position, record: PositionRecord) -> None:
    """A liquidation price near the mark price is told once; the guard of the stop is what acts."""
    mark, liquidation = record.mark_price, record.liquidation_price
    if mark is None or mark <= 0 or liquidation is None or liquidation <= 0:
        return
    near = abs(mark - liquidation) <= NEAR * mark
    if near and not position.near_liquidation:
        text = f"mark price {mark:f}, liquidation price {liquidation:f}"
        distance = decimal_of(abs(exact(mark) - exact(liquidation)) / exact(mark), PLACES)
        value = f"{distance.normalize():f}"
        desk.alert("critical", AuditCode.LIQUIDATION_NEAR, position.symbol, text, value=value, threshold=f"{NEAR:f}")
    position.near_liquidation = near


# differences


def _under_way(position: Position, qty: Decimal) -> bool:
    """True if orders that have not had the venue's last word lead from what we hold to a signed quantity."""
    change = position.side.sign * qty - position.qty
    working = position.working
    if change > 0:
        pending = [intent for intent in position.openings if not intent.final and intent.qty is not None]
        return change <= sum((intent.qty - intent.filled for intent in pending if intent.qty is not None), ZERO)
    if working is None or working.final or working.purpose not in _CLOSING or working.qty is None:
        return False
    return -change <= working.qty - working.filled


def _waits(desk: Desk, position: Position) -> bool:
    """Look again in a moment; False if that was done often enough."""
    waited = position.tries.get(_WAITED, 0)
    if waited >= WAITS:
        position.tries.pop(_WAITED)
        return False
    position.tries[_WAITED] = waited + 1
    _look_again(desk, position.symbol)
    return True


def _ask_again(desk: Desk, symbol: str) -> None:
    """What was read proves nothing: look again, a few times, and then with the next comparison of everything."""
    position = desk.positions.get(symbol)
    if position is not None:
        _waits(desk, position)


def _look_again(desk: Desk, symbol: str) -> None:
    desk.out.append(SetAlarm(name=f"{_WAITED}:{symbol}:0", at_ns=desk.now_ns + WAIT_NS, wall=True))


def look_again(desk: Desk, symbol: str) -> None:
    """The moment has passed."""
    desk.out.append(Reconcile(symbol=symbol))


def _of_entry(desk: Desk, position: Position, record: PositionRecord) -> None:
    """A position where an entry is pending: its own, if its answer is unknown and it can have bought that much."""
    if _entry_unknown(position) and _under_way(position, record.qty) and record.entry_price > 0:
        desk.move(position, "exchange_position_found")
        takeover.enter_as_shown(position, record.entry_price, abs(record.qty))
        position.read_liquidation(record.liquidation_price)
        protection.protect(desk, position)
        return
    if _under_way(position, record.qty) and _waits(desk, position):
        return
    # An entry that waits would hide for hours what somebody else has opened: it goes, and what is held is protected.
    if position.working is not None:
        desk.cancel(position.working)
    _look_again(desk, position.symbol)


def _entry_unknown(position: Position) -> bool:
    working = position.working
    return working is not None and working.purpose is Purpose.ENTRY and working.state is IntentState.UNKNOWN


def _differs(desk: Desk, position: Position, record: PositionRecord) -> None:
    """The same side, another quantity: stops first, for what the venue holds; nothing new until they agree."""
    qty = abs(record.qty)
    if position.is_in("ENTRY_PENDING") and position.unproven == position.qty and _entry_unknown(position):
        _of_entry(desk, position, record)
        return
    if _under_way(position, record.qty) and _waits(desk, position):
        return
    if record.entry_price <= 0:
        _look_again(desk, position.symbol)
        return
    before, working = position.qty, position.working
    desk.move(position, "reconcile_mismatch", exits.part_guard(position))
    takeover.correct(position, record.entry_price, qty)
    for intent in desk.live_orders().values():
        intent.shown = intent.shown or intent.symbol == position.symbol
    position.read_liquidation(record.liquidation_price)
    if not exits.exit_is_accepted(position):
        protection.protect(desk, position)
    if working is not None and not working.final and not position.is_in("EXITING"):
        desk.cancel(working)
    detail = f"the venue holds {qty:f}, we held {before:f}"
    desk.audit(AuditCode.POSITION_DIFFERS, position, detail)
    desk.alert("critical", AuditCode.POSITION_DIFFERS, position.symbol, detail)


# adoption


def _adopt(desk: Desk, symbol: str, record: PositionRecord) -> None:
    """A position that is not ours so far: a record in quarantine, protected at once (D-34)."""
    if symbol not in desk.instruments:
        if desk.shut_gate(symbol, AuditCode.UNKNOWN_CONTRACT):
            text = f"{record.qty:f} are held of a contract whose filters are unknown: it cannot be protected"
            desk.alert("critical", AuditCode.UNKNOWN_CONTRACT, symbol, text)
        desk.out.append(Reconcile(symbol=symbol))
        return
    if record.entry_price <= 0:
        _look_again(desk, symbol)
        return
    direction = Direction.LONG if record.qty > 0 else Direction.SHORT
    position = desk.succeed(symbol, direction)
    rules = desk.rules_for(takeover.ADOPTED, symbol)
    if position.is_in("CLOSED") and rules is not position.rules:
        desk.move(position, "cooldown_over")
    if position.is_in("FLAT") and rules is not position.rules:
        position.follow(rules)
    desk.move(position, "exchange_position_found")
    position.start(desk.next_position_id(), direction, takeover.ADOPTED, "", desk.account.wallet_balance)
    position.opened_ns = desk.now_ns
    position.last_price = record.mark_price or record.entry_price
    takeover.adopt(position, record.entry_price, abs(record.qty))
    position.read_liquidation(record.liquidation_price)
    position.found = True
    detail = f"{record.qty:f} at {record.entry_price:f}, at stage {stage_name(position.stage)}"
    if record.mark_price is not None and takeover.stop_from_mark(position, record.mark_price):
        detail += f"; it is beyond its stop already, which starts from the mark price {record.mark_price:f}"
    position.worst_case = decimal_of(worst_case(position))
    found_orders.inherit(desk, position)
    protection.protect(desk, position)
    desk.audit(AuditCode.POSITION_FOUND, position, detail)
    desk.alert("critical", AuditCode.POSITION_FOUND, symbol, detail)
    if desk.settings.risk.auto_adopt:
        _release(desk, position, "operator_adopt")


def adopt_requested(desk: Desk, event: AdoptRequested) -> Position | None:
    """An operator takes a quarantined position over as it is."""
    position = desk.positions.get(event.symbol)
    awaited = position is not None and position.working is not None and not position.working.final
    if position is None or not position.is_in("QUARANTINED") or awaited:
        state = "FLAT" if position is None else position.state.value
        waiting = " while an order is unresolved" if awaited else ""
        desk.audit(AuditCode.NOT_ALLOWED_IN_STATE, position, f"adopt in {state}{waiting} by {event.actor}")
        return position
    desk.audit(AuditCode.ADOPTED, position, f"by {event.actor}: {event.cause}")
    _release(desk, position, "operator_adopt")
    protection.protect(desk, position)
    return position

"""Entries that the venue refuses again and again: after the third in a row the symbol is left alone (faults R5).

Whatever may have changed the answer lets it be asked again: another description of the contract, a new preparation, an
operator who resumes, a new day.
"""

from __future__ import annotations

from sadari.core.desk import Desk
from sadari.core.position import Position
from sadari.model.event import OrderCanceled, OrderRejected
from sadari.model.reason import AuditCode, RejectReason

IN_A_ROW = 3
# Codes of the venue's own trouble: nothing about the order was refused (reference binance-usdm §2).
_TROUBLE = range(-1099, 1)


def count(desk: Desk, position: Position, event: OrderCanceled | OrderRejected) -> None:
    """Count the refusal of an entry; with the third of the same code in a row the gate of its symbol shuts."""
    if not isinstance(event, OrderRejected) or event.reason is RejectReason.NOT_FOUND or event.code in _TROUBLE:
        return
    symbol = position.symbol
    code, times = desk.refusals.get(symbol, (event.code, 0))
    times = times + 1 if code == event.code else 1
    desk.refusals[symbol] = event.code, times
    if times >= IN_A_ROW and desk.shut_gate(symbol, AuditCode.ENTRIES_REFUSED):
        refusal = f"{times} entries in a row were refused with {event.code} ({event.message})"
        text = f"{refusal}: none is sent until the contract, its preparation or the day changes, or somebody resumes"
        desk.audit(AuditCode.ENTRIES_REFUSED, position, text)
        desk.alert("critical", AuditCode.ENTRIES_REFUSED, symbol, text)


def forget(desk: Desk, symbol: str) -> None:
    """The answer may be another one now."""
    if desk.refusals.pop(symbol, None) is not None:
        desk.open_gate(symbol, AuditCode.ENTRIES_REFUSED)


def forget_all(desk: Desk) -> None:
    """The same for every symbol."""
    for symbol in list(desk.refusals):
        forget(desk, symbol)

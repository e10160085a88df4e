"""What a liquidation does to single positions and orders. Source: strategies §11."""

from __future__ import annotations

from sadari.core import exits, watching
from sadari.core.desk import Desk
from sadari.core.intents import Intent
from sadari.core.liquidation.state import Liquidation
from sadari.core.position import Position
from sadari.errors import IllegalTransitionError
from sadari.model.event import PositionsShown
from sadari.model.order import Purpose
from sadari.model.reason import AuditCode, LiquidationReason, engine_liquidation


def concern(desk: Desk, liquidation: Liquidation) -> list[str]:
    """Take in every position that is held or may come to be; their symbols."""
    found = [one for one in desk.positions.values() if one.qty > 0 or one.is_in("ENTRY_PENDING")]
    for position in sorted(found, key=lambda one: one.symbol):
        liquidation.concerned[position.id] = position.symbol
    return sorted(position.symbol for position in found)


def to_cancel(desk: Desk) -> list[Intent]:
    """Orders that would change a position and have not had the venue's last word; stops and exits are none of them."""
    found: dict[str, Intent] = {}
    for position in desk.positions.values():
        working = position.working
        outstanding = [] if working is None or working.purpose is Purpose.EXIT else [working]
        found |= {one.client_order_id: one for one in (*outstanding, *position.openings) if not one.final}
    return list(found.values())


def leave(desk: Desk, liquidation: Liquidation, position: Position) -> None:
    """Everything of it goes, for the reason that was asked for."""
    wanted = liquidation.wanted
    reason = engine_liquidation(LiquidationReason(wanted.reason))
    cause = f"liquidation {wanted.correlation_id}: {wanted.cause or 'asked for'}"
    try:
        exits.begin(desk, position, "liquidate", reason, wanted.actor, cause)
    except IllegalTransitionError as error:
        # A bug with one of them keeps none of the others open, and the next pass meets it again.
        desk.gate_causes.add(AuditCode.ILLEGAL_EVENT)
        desk.audit(AuditCode.ILLEGAL_EVENT, position, str(error))
        desk.alert("critical", AuditCode.ILLEGAL_EVENT, position.symbol, str(error))
    watching.sync(desk, position)


def close_again(desk: Desk, liquidation: Liquidation, symbol: str) -> None:
    """Close what is left of a symbol, unless an order for it works; one that may still open something is canceled."""
    position = desk.positions.get(symbol)
    if position is None:
        return
    for intent in position.openings:
        if not intent.final and intent is not position.working:
            desk.cancel(intent)
    if position.qty == 0:
        if position.working is not None and not position.working.final:
            desk.cancel(position.working)
    elif not position.is_in("EXITING"):
        leave(desk, liquidation, position)
    elif position.working is None or position.working.final:
        cause = f"liquidation {liquidation.wanted.correlation_id}, pass {liquidation.number}"
        exits.send(desk, position, cause=cause)


def follow_prices(desk: Desk, event: PositionsShown) -> None:
    """What closing brings beyond its decision is measured from the venue's newest price."""
    for record in event.positions:
        position = desk.positions.get(record.symbol)
        if position is not None and position.qty > 0 and record.mark_price is not None and record.mark_price > 0:
            position.last_price = record.mark_price

"""Who may have everything closed, and for what: each refusal is audited and alerted, and nothing is touched by it.

Source: strategies §11 (Request, Refusals), §6.
"""

from __future__ import annotations

from decimal import Decimal

from sadari.core.desk import Desk
from sadari.core.engine_table import ENGINE
from sadari.core.liquidation import course as liquidation
from sadari.core.liquidation.records import Outcome, tell_phase, tell_symbol
from sadari.core.liquidation.state import PAUSE, STOP, Liquidation, Wanted
from sadari.core.liquidation.table import LIQUIDATION
from sadari.core.moving import move
from sadari.model.event import LiquidationCancelRequested, LiquidationConfirmed, LiquidationRequested
from sadari.model.reason import (
    AuditCode,
    LiquidationReason,
    LiquidationRefusal,
    LiquidationSource,
    liquidation_source,
)

Marks = tuple[tuple[str, Decimal], ...]
ENGINE_ACTOR = "engine"
_REASONS = frozenset(LiquidationReason)


def requested(desk: Desk, event: LiquidationRequested) -> None:
    """Somebody wants everything closed."""
    source = liquidation_source(event.source)
    refused = _refusal(desk, event, source)
    if event.authentic and event.correlation_id:
        desk.liquidations_seen.add(event.correlation_id)
    if refused is not None or source is None:
        _refuse(desk, *(refused or (LiquidationRefusal.LIQUIDATION_SOURCE_UNKNOWN, "")), event)
        return
    see_prices(desk, event.marks)
    after = STOP if event.after == STOP else PAUSE
    wanted = Wanted(source.value, event.reason, event.correlation_id, after, event.actor, event.cause)
    liquidation.begin(desk, Liquidation(wanted, desk.state.value))


def _refusal(
    desk: Desk, event: LiquidationRequested, source: LiquidationSource | None
) -> tuple[LiquidationRefusal, str] | None:
    """The first thing that is wrong, with what it is."""
    if source is None:
        return LiquidationRefusal.LIQUIDATION_SOURCE_UNKNOWN, f"{event.source!r} is no source"
    if not event.authentic:
        return LiquidationRefusal.LIQUIDATION_AUTH_FAILED, event.doubt or "no token was checked"
    if not event.actor or not event.correlation_id:
        return LiquidationRefusal.LIQUIDATION_AUTH_FAILED, "it names nobody, or has no correlation id"
    if event.correlation_id in desk.liquidations_seen:
        return LiquidationRefusal.LIQUIDATION_REPLAYED, "its correlation id was seen before"
    return _refused_now(desk, event.reason)


def _refused_now(desk: Desk, reason: str) -> tuple[LiquidationRefusal, str] | None:
    if under_way(desk) is not None:
        return LiquidationRefusal.LIQUIDATION_IN_PROGRESS, "another one is under way"
    if reason not in _REASONS:
        allowed = ", ".join(LiquidationReason)
        return LiquidationRefusal.LIQUIDATION_REASON_REQUIRED, f"{reason!r} is no reason; allowed: {allowed}"
    if not ENGINE.allows(desk.state, "liquidation_authorised"):
        return LiquidationRefusal.LIQUIDATION_NOT_ALLOWED_IN_STATE, f"the engine is {desk.state.value}"
    return None


def refusal_now(desk: Desk, reason: str) -> str:
    """Why a request with a good token would be refused now, "" if it would not."""
    refused = _refused_now(desk, reason)
    return "" if refused is None else f"{refused[0].value}: {refused[1]}"


def _refuse(desk: Desk, code: LiquidationRefusal, why: str, event: LiquidationRequested) -> None:
    detail = f"{why}; source {event.source}, {event.correlation_id}, reason {event.reason or 'none'}, by {event.actor}"
    _tell_refusal(desk, code, detail, event.correlation_id)


def _tell_refusal(desk: Desk, code: LiquidationRefusal, detail: str, correlation_id: str = "") -> None:
    desk.audit(code, detail=detail)
    desk.alert("critical", code.value, text=f"{detail}; nothing was canceled or closed", matter=correlation_id)


def own_request(desk: Desk, reason: LiquidationReason, after: str, actor: str, cause: str) -> None:
    """The engine asks by itself: its source is SCHEDULED, and its word needs no token, but a name and a cause."""
    refused = _refused_now(desk, reason)
    if not cause:
        refused = LiquidationRefusal.LIQUIDATION_REASON_REQUIRED, "it has no cause"
    if not actor:
        refused = LiquidationRefusal.LIQUIDATION_AUTH_FAILED, "it names nobody"
    if refused is not None:
        code, why = refused
        _tell_refusal(desk, code, f"{why}; reason {reason}, by {actor}: {cause}")
        return
    desk.liquidations_made += 1
    correlation_id = f"{desk.settings.run_id}-L{desk.liquidations_made}"
    desk.liquidations_seen.add(correlation_id)
    wanted = Wanted(LiquidationSource.SCHEDULED.value, reason.value, correlation_id, after, actor, cause)
    liquidation.begin(desk, Liquidation(wanted, desk.state.value))


def see_prices(desk: Desk, marks: Marks) -> None:
    """Take over the prices that came with a wish: what is about to be closed is valued by them."""
    for symbol, price in marks:
        position = desk.positions.get(symbol)
        if position is not None and position.qty > 0 and price > 0:
            position.last_price = price


def under_way(desk: Desk) -> Liquidation | None:
    """The liquidation that has not ended."""
    found = desk.liquidation
    return found if found is not None and found.under_way else None


def _in_notice(desk: Desk, what: str, event: LiquidationCancelRequested | LiquidationConfirmed) -> Liquidation | None:
    """The liquidation whose notice runs and that is meant; otherwise the wish is refused."""
    found = under_way(desk)
    of_another = found is not None and event.correlation_id not in ("", found.wanted.correlation_id)
    acts = ENGINE.allows(desk.state, "liquidation_incomplete")
    if found is not None and acts and found.is_in("NOTICE") and not of_another and event.actor:
        return found
    phase = "none is under way" if found is None else f"it is {found.wanted.correlation_id} in {found.state.value}"
    desk.audit(
        AuditCode.NOT_ALLOWED_IN_STATE,
        detail=f"{what} of a liquidation by {event.actor or 'nobody'}: {phase}, the engine is {desk.state.value}",
    )
    return None


def confirmed(desk: Desk, event: LiquidationConfirmed) -> None:
    """The explicit second confirmation: the notice is over now (strategies §11, ``notice_s = 0``)."""
    found = _in_notice(desk, "confirmation", event)
    if found is not None:
        liquidation.end_notice(desk, found, "confirmed", event.actor, event.cause)


def canceled(desk: Desk, event: LiquidationCancelRequested) -> None:
    """An operator ends it while its notice runs: the engine goes on from where it was."""
    found = _in_notice(desk, "cancel", event)
    if found is None:
        return
    for symbol in found.symbols:
        tell_symbol(desk, found, symbol, Outcome.KEPT)
    LIQUIDATION.move(found, "canceled")
    symbols = found.symbols
    tell_phase(desk, found, "canceled", actor=event.actor, cause=event.cause, symbols=symbols)
    text = f"{found.wanted.correlation_id} by {event.actor}: {event.cause or 'no words'}; everything is kept"
    desk.audit(AuditCode.LIQUIDATION_CANCELED, detail=text)
    desk.alert("warning", AuditCode.LIQUIDATION_CANCELED, text=text)
    move(desk, "notice_cancelled", f"to {_back_to(desk, found)}")


def _back_to(desk: Desk, found: Liquidation) -> str:
    """The state to go on in: what was not seen meanwhile is compared first (strategies §6)."""
    before = "STOPPING" if found.stop_asked else found.remembered
    if before in ("STOPPING", "RECONCILING"):
        return before
    if desk.lost:
        return "DEGRADED"
    if found.sight_lost or before == "DEGRADED":
        return "RECONCILING"
    return "PAUSED" if desk.causes else "RUNNING"

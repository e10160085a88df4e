"""Engine-wide liquidation: notice, cancel, close in ascending value, verify at the venue, settle, each in its order.

It goes on where it was after a restart, since it is a function of the events like everything else. Source: strategies
§11, §6, D-25, D-35.
"""

from __future__ import annotations

from decimal import Decimal

from sadari.core.desk import Desk
from sadari.core.engine_table import EngineState
from sadari.core.liquidation.acts import close_again, concern, follow_prices, leave, to_cancel
from sadari.core.liquidation.records import (
    Outcome,
    closing_order,
    notice_text,
    outcome_of,
    tell_end,
    tell_phase,
    tell_result,
    tell_symbol,
    unrealized_of,
)
from sadari.core.liquidation.state import STOP, Liquidation
from sadari.core.liquidation.table import LIQUIDATION
from sadari.core.moving import move
from sadari.model.command import Reconcile, RecordPosition, SetAlarm
from sadari.model.event import AccountUpdated, Event, PositionsShown
from sadari.model.reason import AuditCode, LiquidationReason
from sadari.model.units import SECOND_NS

# Source: strategies §11, the table of phases; the last one D-35.
CANCEL_NS = 10 * SECOND_NS
SPACING_NS = SECOND_NS // 2
PASSES = 3
PASS_NS = SECOND_NS
LATER_PASS_NS = 5 * SECOND_NS
SETTLE_TRIES = 3
SETTLE_NS = SECOND_NS
# Source: strategies §10: a person is reminded every 15 minutes.
REMINDER = 15 * 60 * SECOND_NS // LATER_PASS_NS
ALARM = "liquidate"
PAUSE_CAUSE = "liquidation"
# The engine takes a liquidation up again from these, after a restart.
_RESUMES = (EngineState.RUNNING, EngineState.PAUSED, EngineState.DEGRADED)


def begin(desk: Desk, liquidation: Liquidation) -> None:
    """It is authorized: everything is written down and told, and nothing is done before the notice is over."""
    desk.liquidation = liquidation
    move(desk, "liquidation_authorised")
    give_notice(desk, liquidation, "authorized")


def give_notice(desk: Desk, liquidation: Liquidation, event: str) -> None:
    """Tell what is held and until when it may be canceled."""
    wanted = liquidation.wanted
    times = desk.settings.liquidation
    critical = wanted.reason == LiquidationReason.MARGIN_CRITICAL
    notice_ns = (times.margin_critical_notice_s if critical else times.notice_s) * SECOND_NS
    liquidation.deadline_ns = desk.now_ns + notice_ns
    held = closing_order(desk.positions.values())
    total = unrealized_of(held)
    concerned = concern(desk, liquidation)
    tell_phase(desk, liquidation, event, actor=wanted.actor, symbols=concerned, amount=total)
    for symbol in concerned:
        tell_symbol(desk, liquidation, symbol, Outcome.HELD if desk.positions[symbol].qty > 0 else Outcome.ENTERING)
    desk.alert(
        "critical",
        AuditCode.EMERGENCY_LIQUIDATION,
        text=notice_text(desk, liquidation, held, total),
        matter=wanted.correlation_id,
    )
    desk.out.append(Reconcile())
    if notice_ns == 0:
        end_notice(desk, liquidation, "deadline")
    else:
        _set_alarm(desk, liquidation, notice_ns)


def end_notice(desk: Desk, liquidation: Liquidation, event: str, actor: str = "engine", cause: str = "") -> None:
    """The notice is over: orders that would change a position go, stops stay (D-25)."""
    LIQUIDATION.move(liquidation, event)
    _cancel(desk, liquidation, event, actor, cause)


def resume(desk: Desk) -> None:
    """After a restart: go on in the phase it was in, once the engine may act again. A notice is given anew in full."""
    liquidation = desk.liquidation
    if liquidation is None or not liquidation.under_way or desk.state not in _RESUMES:
        return
    liquidation.sight_lost = True
    move(desk, "liquidation_authorised")
    LIQUIDATION.move(liquidation, "resumed")
    if liquidation.is_in("NOTICE"):
        give_notice(desk, liquidation, "resumed")
    elif liquidation.is_in("CANCEL"):
        _cancel(desk, liquidation, "resumed")
    elif liquidation.is_in("CLOSE"):
        tell_phase(desk, liquidation, "resumed", symbols=liquidation.queue)
        _close_next(desk, liquidation)
    elif liquidation.is_in("VERIFY"):
        _verify(desk, liquidation, "resumed")
    else:
        _settle(desk, liquidation, "resumed")


def rung(desk: Desk, step: int) -> None:
    """What the phase waited for is over."""
    liquidation = desk.liquidation
    if liquidation is None or desk.state is not EngineState.LIQUIDATING or step != liquidation.step:
        return
    if liquidation.is_in("NOTICE"):
        end_notice(desk, liquidation, "deadline")
    elif liquidation.is_in("CANCEL"):
        LIQUIDATION.move(liquidation, "time_out")
        _close(desk, liquidation, "time_out")
    elif liquidation.is_in("CLOSE"):
        LIQUIDATION.move(liquidation, "next")
        _close_next(desk, liquidation)
    elif liquidation.is_in("VERIFY"):
        _pass_over(desk, liquidation)
    elif liquidation.is_in("SETTLE"):
        _settle_again(desk, liquidation)


def closes(desk: Desk) -> bool:
    """True while a liquidation is beyond its notice: nothing of a position is reduced in parts any more."""
    found = desk.liquidation
    return desk.state is EngineState.LIQUIDATING and found is not None and not found.is_in("NOTICE")


def follow(desk: Desk, event: Event) -> None:
    """Look at what an event has done, after everything else did; called for every event while one is remembered."""
    liquidation = desk.liquidation
    if liquidation is None:
        return
    _follow_results(desk, liquidation)
    if desk.state is not EngineState.LIQUIDATING:
        return
    if desk.lost:
        liquidation.sight_lost = True
    if isinstance(event, AccountUpdated) and liquidation.wallet is None:
        liquidation.wallet, liquidation.booked = event.wallet_balance, desk.ledger.change
    if isinstance(event, PositionsShown):
        follow_prices(desk, event)
        if liquidation.is_in("VERIFY") and not event.symbol and not liquidation.read:
            _read(desk, liquidation, event)
    if liquidation.is_in("CANCEL") and not to_cancel(desk):
        LIQUIDATION.move(liquidation, "all_confirmed")
        _close(desk, liquidation, "all_confirmed")


def _follow_results(desk: Desk, liquidation: Liquidation) -> None:
    for command in list(desk.out):
        if isinstance(command, RecordPosition) and command.position_id in liquidation.concerned:
            late = not liquidation.under_way and command.position_id not in liquidation.results
            liquidation.results[command.position_id] = command
            if late:
                tell_result(desk, liquidation, command.position_id, outcome_of(desk, liquidation, command.position_id))


def _set_alarm(desk: Desk, liquidation: Liquidation, wait_ns: int) -> None:
    liquidation.step += 1
    name = f"{ALARM}:{liquidation.state.value}:{liquidation.step}"
    desk.out.append(SetAlarm(name=name, at_ns=desk.now_ns + wait_ns, wall=True))


# cancel


def _cancel(desk: Desk, liquidation: Liquidation, event: str, actor: str = "engine", cause: str = "") -> None:
    liquidation.number = 1
    orders = to_cancel(desk)
    concern(desk, liquidation)
    tell_phase(desk, liquidation, event, actor=actor, cause=cause, symbols=sorted({one.symbol for one in orders}))
    for intent in orders:
        desk.cancel(intent)
    waiting = {intent.symbol for intent in orders}
    for symbol in dict.fromkeys((*liquidation.symbols, *waiting)):
        tell_symbol(desk, liquidation, symbol, Outcome.CANCEL_SENT if symbol in waiting else Outcome.NOTHING_TO_CANCEL)
    _set_alarm(desk, liquidation, CANCEL_NS)


# close


def _close(desk: Desk, liquidation: Liquidation, event: str) -> None:
    concern(desk, liquidation)
    held = closing_order(desk.positions.values())
    liquidation.queue = [position.symbol for position in held]
    tell_phase(desk, liquidation, event, symbols=liquidation.queue, amount=unrealized_of(held))
    for symbol in liquidation.symbols:
        if symbol not in liquidation.queue:
            tell_symbol(desk, liquidation, symbol, Outcome.FLAT)
    _close_next(desk, liquidation)


def _close_next(desk: Desk, liquidation: Liquidation) -> None:
    """The next in order; one that fails stops none of the others."""
    if liquidation.queue:
        _attempt(desk, liquidation, liquidation.queue.pop(0))
    if liquidation.queue:
        _set_alarm(desk, liquidation, SPACING_NS)
        return
    LIQUIDATION.move(liquidation, "all_attempted")
    liquidation.number = 0
    _verify(desk, liquidation, "all_attempted")


def _attempt(desk: Desk, liquidation: Liquidation, symbol: str) -> None:
    position = desk.positions[symbol]
    outcome = Outcome.FLAT
    if position.qty > 0:
        outcome = Outcome.CLOSING_ALREADY if position.is_in("EXITING") else Outcome.CLOSE_SENT
        leave(desk, liquidation, position)
    tell_symbol(desk, liquidation, symbol, outcome)


# verify


def _verify(desk: Desk, liquidation: Liquidation, event: str) -> None:
    tell_phase(desk, liquidation, event, symbols=liquidation.symbols)
    _next_pass(desk, liquidation)


def _next_pass(desk: Desk, liquidation: Liquidation) -> None:
    liquidation.number += 1
    liquidation.read = False
    desk.out.append(Reconcile())
    _set_alarm(desk, liquidation, PASS_NS if liquidation.number < PASSES else LATER_PASS_NS)


def _read(desk: Desk, liquidation: Liquidation, event: PositionsShown) -> None:
    """The venue shows every position: what of it is left, by its word and by ours."""
    liquidation.read = True
    shown: dict[str, Decimal] = {}
    for record in event.positions:
        if record.qty != 0:
            shown[record.symbol] = shown.get(record.symbol, Decimal(0)) + abs(record.qty)
    concern(desk, liquidation)
    held = {symbol for symbol, one in desk.positions.items() if one.qty > 0 or one.may_still_fill()}
    still_open = tuple(sorted({*shown, *held}))
    if liquidation.number <= PASSES or still_open != liquidation.open:
        for symbol in dict.fromkeys((*liquidation.symbols, *still_open)):
            outcome = Outcome.OPEN if symbol in still_open else Outcome.FLAT
            tell_symbol(desk, liquidation, symbol, outcome, qty=shown.get(symbol))
    changed, liquidation.open = still_open != liquidation.open, still_open
    if not still_open:
        LIQUIDATION.move(liquidation, "flat")
        _settle(desk, liquidation, "flat")
        return
    LIQUIDATION.move(liquidation, "remainder")
    for symbol in still_open:
        close_again(desk, liquidation, symbol)
    if liquidation.number >= PASSES:
        _incomplete(desk, liquidation, "remainder", told=changed or liquidation.number == PASSES)


def _pass_over(desk: Desk, liquidation: Liquidation) -> None:
    """A pass has had its time; one without an answer is none that found everything flat."""
    if not liquidation.read:
        LIQUIDATION.move(liquidation, "not_read")
        if liquidation.number <= PASSES:
            for symbol in liquidation.symbols:
                tell_symbol(desk, liquidation, symbol, Outcome.NOT_READ)
        if liquidation.number >= PASSES:
            liquidation.open = liquidation.open or liquidation.symbols
            _incomplete(desk, liquidation, "not_read", told=liquidation.number == PASSES)
    _next_pass(desk, liquidation)


def _incomplete(desk: Desk, liquidation: Liquidation, event: str, *, told: bool) -> None:
    """Something is left after three passes: a person is told, stops stay, and it goes on for ever (D-35)."""
    move(desk, "liquidation_incomplete")
    if not told and liquidation.number % REMINDER:
        return
    tell_phase(desk, liquidation, f"incomplete: {event}", symbols=liquidation.open)
    shown = "the venue does not answer, open may be" if event == "not_read" else "still open:"
    matter = liquidation.wanted.correlation_id
    text = f"{matter}, pass {liquidation.number}: {shown} {', '.join(liquidation.open)}"
    desk.audit(AuditCode.LIQUIDATION_INCOMPLETE, detail=text)
    desk.alert(
        "critical",
        AuditCode.LIQUIDATION_INCOMPLETE,
        text=f"{text}; another pass every 5 s, stops stay",
        matter=matter,
    )


# settle


def _settle(desk: Desk, liquidation: Liquidation, event: str) -> None:
    liquidation.number = 0
    liquidation.settling_ns = desk.now_ns
    tell_phase(desk, liquidation, event, symbols=liquidation.symbols)
    _look_at_settlement(desk, liquidation)


def _look_at_settlement(desk: Desk, liquidation: Liquidation) -> None:
    """Trades that were not told yet, and the wallet, come with a comparison."""
    desk.out.append(Reconcile())
    _set_alarm(desk, liquidation, SETTLE_NS)


def _settle_again(desk: Desk, liquidation: Liquidation) -> None:
    """A second has passed: each try looks at everything anew and adds to nothing."""
    liquidation.number += 1
    if any(position.qty > 0 for position in desk.positions.values()):
        LIQUIDATION.move(liquidation, "found_open")
        liquidation.number = 0
        _verify(desk, liquidation, "found_open")
        return
    pending = [number for number in liquidation.concerned if outcome_of(desk, liquidation, number) is Outcome.UNSETTLED]
    if not pending and not desk.live_orders():
        _done(desk, liquidation, "settled")
    elif liquidation.number >= SETTLE_TRIES:
        _done(desk, liquidation, "time_out")
    else:
        LIQUIDATION.move(liquidation, "pending")
        _look_at_settlement(desk, liquidation)


def _done(desk: Desk, liquidation: Liquidation, event: str) -> None:
    text = tell_end(desk, liquidation, event)
    LIQUIDATION.move(liquidation, event)
    desk.audit(AuditCode.LIQUIDATION_DONE, detail=text)
    desk.alert("critical", AuditCode.LIQUIDATION_DONE, text=text, matter=liquidation.wanted.correlation_id)
    if liquidation.after == STOP:
        move(desk, "liquidation_verified", "after STOP")
        return
    if PAUSE_CAUSE not in desk.causes:
        desk.causes.append(PAUSE_CAUSE)
    move(desk, "liquidation_verified", "after PAUSE, data lost" if desk.lost else "after PAUSE")


def abandon(desk: Desk, actor: str, cause: str) -> None:
    """An operator gives it up: what is still open stays behind its stops, and is named."""
    liquidation = desk.liquidation
    if liquidation is None or not liquidation.under_way:
        return
    held = [symbol for symbol, one in desk.positions.items() if one.qty > 0]
    still_open = sorted({*held, *(liquidation.open if liquidation.is_in("VERIFY") else ())})
    for symbol in dict.fromkeys((*liquidation.symbols, *still_open)):
        tell_symbol(desk, liquidation, symbol, Outcome.OPEN if symbol in still_open else Outcome.FLAT)
    LIQUIDATION.move(liquidation, "abandoned")
    tell_phase(desk, liquidation, "abandoned", actor=actor, cause=cause, symbols=still_open)
    matter = liquidation.wanted.correlation_id
    text = f"{matter} by {actor}: still open: {', '.join(still_open) or 'nothing'}"
    desk.audit(AuditCode.LIQUIDATION_ABANDONED, detail=text)
    desk.alert(
        "critical",
        AuditCode.LIQUIDATION_ABANDONED,
        text=f"{text}; stops stay",
        matter=matter,
    )

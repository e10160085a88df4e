"""What is known of symbols and of the plan: filters, margin mode, leverage, settings. Source: strategies §9.7.

What is assigned and what is prepared are two things: a symbol is entered only when the venue has confirmed that its
leverage is the plan's and said which margin mode is in force.
"""

from __future__ import annotations

import re

import msgspec

from sadari.core import life, protection, refusals, watching
from sadari.core.desk import Desk
from sadari.core.position import Position
from sadari.core.rules import Maintenance, Rules
from sadari.model.event import InstrumentChanged, SettingsChanged, SymbolPrepared, SymbolUnprepared
from sadari.model.order import MarginMode
from sadari.model.reason import AuditCode

SHARED = (
    "margin is CROSSED, shared by all positions of the account, so that one liquidation can take all of it; for "
    "ISOLATED close all positions and orders, switch the account to single-asset mode and prepare the symbol again"
)

# What stands behind the name of a run in its order ids once its journal was begun anew or replaced by a copy.
GENERATION = re.compile(r"-g[0-9]+$")


def prepared(desk: Desk, event: SymbolPrepared) -> None:
    """The venue has confirmed margin mode and leverage of a symbol."""
    desk.confirmed[event.symbol] = event
    refusals.forget(desk, event.symbol)
    planned = desk.settings.ladder.margin_mode
    named = MarginMode.CROSSED if event.downgraded else event.margin_mode
    if named is None:
        desk.modes.pop(event.symbol, None)
    else:
        desk.modes[event.symbol] = named
    mode = named or planned
    if event.downgraded or (mode is MarginMode.CROSSED and planned is not mode):
        desk.alert("warning", AuditCode.MARGIN_SHARED, event.symbol, SHARED)
    _compare(desk, event)
    _follow_mode(desk, event.symbol, mode)
    life.ask_again(desk)


def _compare(desk: Desk, confirmed: SymbolPrepared) -> None:
    """A symbol is prepared if what is confirmed of it is what the plan wants."""
    symbol, leverage = confirmed.symbol, desk.settings.ladder.leverage
    if confirmed.leverage == leverage:
        desk.prepared[symbol] = confirmed.max_notional
        desk.unprepared.pop(symbol, None)
    else:
        _unprepare(desk, symbol, f"leverage is {confirmed.leverage}, the plan wants {leverage}")


def _unprepare(desk: Desk, symbol: str, cause: str) -> None:
    desk.prepared.pop(symbol, None)
    if desk.unprepared.get(symbol) != cause:
        desk.unprepared[symbol] = cause
        desk.audit(AuditCode.UNPREPARED, desk.positions.get(symbol), f"{symbol}: {cause}")


def unprepared(desk: Desk, event: SymbolUnprepared) -> None:
    """What was confirmed does not hold any more, or could not be set."""
    desk.confirmed.pop(event.symbol, None)
    _unprepare(desk, event.symbol, event.cause)


def _follow_mode(desk: Desk, symbol: str, mode: MarginMode) -> None:
    """What is held lives by the margin mode that is in force; the rest of its plan stays (fault F117)."""
    position = desk.positions.get(symbol)
    if position is None or position.rules.ladder.margin_mode is mode:
        return
    ladder = msgspec.structs.replace(position.rules.ladder, margin_mode=mode)
    position.rules = Rules(ladder, position.rules.fees, position.rules.reward)
    position.liquidation = None
    _again(desk, position)


def _again(desk: Desk, position: Position) -> None:
    """Something that levels follow from has changed."""
    position.worst = None
    if position.qty > 0:
        position.update_stop()
        if not position.is_in("EXITING"):
            protection.protect(desk, position)
        watching.sync(desk, position)


def instrument_changed(desk: Desk, event: InstrumentChanged) -> None:
    """Filters, brackets or status of a contract have changed; brackets that are not told stay."""
    instrument = event.instrument
    before = desk.instruments.get(instrument.symbol)
    if before is not None and not instrument.brackets:
        instrument = msgspec.structs.replace(instrument, brackets=before.brackets)
    desk.instruments[instrument.symbol] = instrument
    refusals.forget(desk, instrument.symbol)
    position = desk.positions.get(instrument.symbol)
    if position is not None:
        position.instrument = instrument
        position.maintenance = Maintenance(instrument)
        _again(desk, position)
    life.ask_again(desk)


def settings_changed(desk: Desk, event: SettingsChanged) -> None:
    """New positions live by new settings; what is held keeps its plan.

    The prefix of order ids stays, but for the generation of the journal behind it: an older journal was put back, and
    what it does not know of has taken its next numbers.
    """
    mode, run_id, told = desk.settings.ladder.margin_mode, desk.settings.run_id, event.settings.run_id
    again = GENERATION.sub("", told) == GENERATION.sub("", run_id)
    desk.decide_by(msgspec.structs.replace(event.settings, run_id=told if again else run_id))
    desk.audit(AuditCode.SETTINGS_CHANGED, detail="positions that are held keep the plan that they began with")
    for confirmed in desk.confirmed.values():
        if desk.settings.ladder.margin_mode is mode:
            _compare(desk, confirmed)
        else:
            _unprepare(desk, confirmed.symbol, "the plan wants another margin mode now")
    life.ask_again(desk)

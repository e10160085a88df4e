"""How the account stands: balances, its margin ratio, and how near liquidation prices are.

Source: strategies §10, §11 rule 5; requirement R002-9.
"""

from __future__ import annotations

from decimal import Decimal

from sadari.core import booking, exits, life, reconcile, settlement, watching
from sadari.core.desk import Desk
from sadari.core.engine_table import ENGINE
from sadari.core.position import Position
from sadari.model.event import PRICES, AccountUpdated, EquityCrossed, PositionLossCrossed
from sadari.model.order import MarginMode
from sadari.model.reason import AuditCode, ExitReason
from sadari.model.units import decimal_of, exact

# Source: strategies §10 (D-24), inclusive.
RATIO_PAUSE = Decimal("0.5")
RATIO_CRITICAL = Decimal("0.8")
MARGIN_RATIO = "margin_ratio"
DRAWDOWN = "portfolio_drawdown"
_OVER = ("FLAT", "CLOSED", "CLOSED_UNSETTLED")


def shown(desk: Desk, event: AccountUpdated) -> None:
    """The venue has shown balances and some positions, or prices have moved what is available: nothing new is known."""
    if event.cause == PRICES:
        desk.account.available_balance = event.available_balance
        return
    account = desk.account
    # What was only read again is no news to an add that was denied, however prices have moved meanwhile.
    news = account.margin_refused or account.wallet_balance != event.wallet_balance or life.waits_for_account(desk)
    if desk.settings.ladder.margin_mode is MarginMode.ISOLATED:
        news = news or account.available_balance != event.available_balance
    _tell_change(desk, event)
    booking.book_account(desk, event)
    desk.account.update(event)
    settlement.retry_all(desk)
    for record in event.positions:
        position = desk.positions.get(record.symbol)
        if position is not None and record.qty == 0 and position.is_in("EXITING") and position.refused_flat:
            exits.venue_is_flat(desk, position)
            watching.sync(desk, position)
        if position is None or position.qty == 0 or record.qty != position.side.sign * position.qty:
            continue
        reconcile.agreed(desk, position, record)
    if event.margin_ratio is not None:
        _watch_ratio(desk, event.margin_ratio)
    if news:
        life.ask_again(desk)


def _tell_change(desk: Desk, event: AccountUpdated) -> None:
    """A balance that changes on a live account is written down with what changed it."""
    account = desk.account
    told = event.margin_ratio is not None or event.change is not None
    live = told or desk.settings.risk.account_max_age_ms is not None
    before = (account.wallet_balance, account.available_balance)
    if not live or account.updated_ns is None or before == (event.wallet_balance, event.available_balance):
        return
    desk.audit(
        AuditCode.BALANCE_CHANGED,
        detail=(
            f"{event.cause}: wallet {before[0]:f} -> {event.wallet_balance:f}, "
            f"available {before[1]:f} -> {event.available_balance:f}"
        ),
    )


def _watch_ratio(desk: Desk, ratio: Decimal) -> None:
    """At half the engine pauses until an operator resumes; near the end a person is told at once. Each once."""
    account = desk.account
    before, account.margin_ratio = account.margin_ratio, ratio
    if ratio >= RATIO_CRITICAL > before:
        text = f"margin ratio {ratio:f} >= {RATIO_CRITICAL}"
        desk.alert("critical", AuditCode.MARGIN_RATIO, text=text, value=f"{ratio:f}", threshold=f"{RATIO_CRITICAL}")
    if ratio >= RATIO_PAUSE > before:
        desk.audit(AuditCode.MARGIN_RATIO, detail=f"{ratio:f} >= {RATIO_PAUSE}")
        if ratio < RATIO_CRITICAL:
            text = f"margin ratio {ratio:f} >= {RATIO_PAUSE}: paused"
            desk.alert("warning", AuditCode.MARGIN_RATIO, text=text, value=f"{ratio:f}", threshold=f"{RATIO_PAUSE}")
        if ENGINE.allows(desk.state, "pause"):
            life.pause(desk, MARGIN_RATIO)


def fallen_far(desk: Desk, event: EquityCrossed) -> None:
    """Equity has fallen far from its peak: nothing is opened and nothing added until an operator resumes."""
    if event.peak <= 0 or event.peak - event.equity < event.limit * event.peak:
        return
    desk.audit(AuditCode.DRAWDOWN, detail=f"equity {event.equity:f}, peak {event.peak:f}, limit {event.limit:f}")
    if DRAWDOWN not in desk.causes:
        life.pause(desk, DRAWDOWN)


def lost_far(desk: Desk, event: PositionLossCrossed) -> Position | None:
    """A position has lost more than any stop lets it: every stop has failed, and it is closed."""
    position = desk.positions.get(event.symbol)
    if position is None or position.qty == 0 or not desk.guards or position.is_in("EXITING", *_OVER):
        return position
    average = position.average
    if position.side.sign * (average - exact(event.price)) < exact(event.limit) * average:
        return position
    cause = f"price {event.price:f}, average {decimal_of(average):f}, limit {event.limit:f}"
    exits.begin(desk, position, "force_exit", ExitReason.SINGLE_POSITION_LOSS_LIMIT.value, "engine", cause)
    return position

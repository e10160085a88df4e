"""The ledger at the desk: events are booked, and what does not agree is told.

Source: strategies §11 rules 2 and 5, invariants I6 and I8.
"""

from __future__ import annotations

from decimal import Decimal

from sadari.core.desk import Desk
from sadari.core.intent_table import IntentState
from sadari.core.ledger import OTHERS, QUOTE, TRANSFERS, ZERO, Posting
from sadari.model.event import AccountUpdated, FundingPaid, OrderFilled, TransferListed
from sadari.model.reason import AuditCode
from sadari.model.units import EXACT

# Source: strategies §11 rule 5. Anything but 0 is told; beyond this it is critical.
TOLERANCE = Decimal("0.01")


def book_trade(desk: Desk, event: OrderFilled) -> None:
    """Book a trade, whoever's order it was."""
    _tell(
        desk,
        desk.ledger.trade(event, _asset(desk, event.symbol)),
        event.symbol,
        f"trade {event.trade_id} of {event.client_order_id}",
    )


def book_funding(desk: Desk, event: FundingPaid) -> None:
    """Book a funding payment, and count it to the position that it was paid for."""
    posting = desk.ledger.funding(event, _asset(desk, event.symbol))
    _tell(desk, posting, event.symbol, f"funding of {event.amount}")
    position = desk.positions.get(event.symbol)
    if posting is Posting.BOOKED and position is not None and (position.qty > 0 or position.is_in("CLOSED_UNSETTLED")):
        position.funding += event.amount


def book_transfer(desk: Desk, event: TransferListed) -> None:
    """Book a transfer of the venue's list of income, once."""
    posting = desk.ledger.transfer(event)
    _tell(desk, posting, "", f"transfer of {event.amount} {event.asset}")
    if posting is Posting.BOOKED and event.asset == QUOTE:
        desk.account.move(event.amount)


def book_account(desk: Desk, event: AccountUpdated) -> None:
    """Book a change without a trade, and keep what the venue shows until the instant is over.

    Where the amount of such a change is not told, it is what the record exceeds the ledger by. The wallets of several
    assets are judged by their sum, whatever the assets: what is booked changes it by as much as it changes its wallet.
    """
    agreement, wallets = desk.agreement, event.wallets
    shown = sum((balance for _, balance in wallets), ZERO) if wallets else event.wallet_balance
    if agreement.opening is not None and (event.cause in TRANSFERS or event.cause in OTHERS):
        told = [] if event.change is None else [(QUOTE, event.change)]
        moved = ZERO
        for asset, amount in told or _excesses(desk, event, shown):
            posting = desk.ledger.without_trade(event.cause, event.time_ns, amount, asset)
            _tell(desk, posting, "", event.cause)
            moved += amount if posting is Posting.BOOKED else ZERO
        if moved and event.cause in TRANSFERS:
            desk.account.move(event.wallet_balance - desk.account.wallet_balance if wallets else moved)
    for asset, balance in wallets:
        desk.openings.setdefault(asset, EXACT.subtract(balance, desk.ledger.changed(asset)))
    agreement.show(shown, event.positions[0].symbol if event.positions else "")


def _excesses(desk: Desk, event: AccountUpdated, shown: Decimal) -> list[tuple[str, Decimal]]:
    """By how much each wallet exceeds the ledger's."""
    if not event.wallets:
        return [(QUOTE, desk.agreement.excess(shown))]
    return [
        (asset, EXACT.subtract(balance, EXACT.add(desk.openings.get(asset, ZERO), desk.ledger.changed(asset))))
        for asset, balance in event.wallets
    ]


def _asset(desk: Desk, symbol: str) -> str:
    instrument = desk.instruments.get(symbol)
    return QUOTE if instrument is None else instrument.quote_asset


def instant_over(desk: Desk) -> None:
    """An instant has passed: the venue's wallet is the ledger's, or a person is told, once per difference."""
    agreement = desk.agreement
    if agreement.agrees():
        return
    before = agreement.difference
    since = ", ".join(f"{kind} {symbol} {number}" for (kind, symbol, number), *_ in desk.ledger.recent) or "nothing"
    difference = agreement.change(unresolved=_unresolved(desk))
    if difference is None:
        return
    desk.account.shift_peaks(EXACT.subtract(difference, before))
    detail = f"the venue's wallet exceeds the ledger's by {difference:f}, before by {before:f}; booked since: {since}"
    desk.audit(AuditCode.LEDGER_DIFFERS, detail=detail)
    severity = "info" if not difference else "critical" if abs(difference) > TOLERANCE else "warning"
    desk.alert(severity, AuditCode.LEDGER_DIFFERS, text=detail)


def _unresolved(desk: Desk) -> bool:
    """True while an order of ours may have traded although no report says so."""
    for position in desk.positions.values():
        working = position.working
        if (working is not None and not working.final) or position.may_still_fill():
            return True
        resting = (position.inner, position.inner_next, position.wall)
        if any(stop is not None and stop.state is IntentState.UNKNOWN for stop in resting):
            return True
    return False


def _tell(desk: Desk, posting: Posting, symbol: str, what: str) -> None:
    if posting is Posting.BOOKED:
        desk.agreement.booked()
    elif posting is Posting.CONTRADICTS or posting is Posting.TOO_OLD:
        detail = (
            f"{what} {'was booked with another amount' if posting is Posting.CONTRADICTS else 'is too old to book'}"
        )
        desk.audit(AuditCode.SETTLEMENT_MISMATCH, desk.positions.get(symbol), detail)
        desk.alert("critical", AuditCode.SETTLEMENT_MISMATCH, symbol, detail)

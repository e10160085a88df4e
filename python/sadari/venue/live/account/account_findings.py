"""What an examination finds in an account: its key, its modes, its clock, what is left open, and what it may lose."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sadari.core.plans import together
from sadari.model.units import MILLISECOND_NS, SECOND_NS
from sadari.venue.live.account.findings import Change, Expected, Finding, Readings, Severity
from sadari.venue.live.account.outlook import whole_plan_notional

# Source: issue of the live engine; the exchange itself refuses a time more than a second ahead of its own.
MOST_OFFSET_NS = SECOND_NS
# What one comparison with the venue weighs: both families of open orders, income, positions, balance.
SYNC_WEIGHT = 40 + 40 + 30 + 5 + 5
MOST_SHARE = Decimal("0.5")
CENT = Decimal("0.01")


def account_findings(readings: Readings, expected: Expected) -> Iterator[Finding]:
    """Everything that is not about single symbols."""
    yield from _unread(readings)
    yield from _clock(readings)
    yield from _key(readings, expected)
    yield from _account(readings)
    yield from _worst_case(readings, expected)
    yield from _leftovers(readings, expected)
    yield from _fees(readings, expected)
    yield from _weight(readings, expected)


def _unread(readings: Readings) -> Iterator[Finding]:
    """One finding for what cannot be read for one reason: a wrong key is said once, not for everything it opens."""
    parts: dict[str, list[str]] = {}
    reasons: dict[str, str] = {}
    for what, why in readings.unread.items():
        # Before the first colon stands which request it was.
        reason = why.partition(": ")[2] or why
        parts.setdefault(reason, []).append(what)
        reasons.setdefault(reason, why)
    for reason, of in parts.items():
        yield Finding(
            severity=Severity.FORBIDS,
            subject=of[0],
            found=f"{', '.join(of)} cannot be read: {reasons[reason]}",
            remedy="check the addresses, the key and its permissions, then ask again",
        )


def _clock(readings: Readings) -> Iterator[Finding]:
    if readings.offset_ns is None:
        return
    ahead, error = (ns // MILLISECOND_NS for ns in (readings.offset_ns, readings.offset_error_ns))
    way = "ahead of" if ahead >= 0 else "behind"
    found = f"the exchange's clock is {abs(ahead)} ms {way} this machine's (± {error} ms)"
    bad = abs(readings.offset_ns) > MOST_OFFSET_NS
    yield Finding(
        severity=Severity.FORBIDS if bad else Severity.FINE,
        subject="clock",
        found=found,
        remedy="set this machine's clock by NTP: at most 1000 ms are allowed" if bad else "",
    )


def _key(readings: Readings, expected: Expected) -> Iterator[Finding]:
    """A key may read and trade futures, from listed addresses, and nothing else (faults F136)."""
    may = readings.key
    live = expected.mode == "live"
    if may is None:
        if not readings.wallet_host:
            found = f"no wallet host is configured for mode {expected.mode}: what the key may do is not known"
            severity = Severity.FORBIDS if live else Severity.FINE
            yield Finding(severity=severity, subject="key", found=found, remedy="set [venue] wallet" if live else "")
        return
    # What is not told is not ruled out.
    faults = (
        (may.withdrawals is not False, "the key can withdraw", "take Enable Withdrawals from it"),
        (may.transfers is not False, "the key can transfer", "take the permissions for transfers from it"),
        (may.futures is not True, "the key cannot trade futures", "give it Enable Futures"),
        (may.reads is False, "the key cannot read", "give it Enable Reading"),
        (
            may.address_list is not True,
            "the key works from any address",
            "restrict it to this machine's",
        ),
        (bool(may.other_trading), f"the key can trade {', '.join(may.other_trading)}", "take that from it"),
    )
    for wrong, found, remedy in faults:
        if wrong:
            severity = Severity.FORBIDS if live else Severity.WARNS
            yield Finding(severity=severity, subject="key", found=found, remedy=f"{remedy} (API Management)")
    if not any(wrong for wrong, _, _ in faults):
        found = "the key reads and trades futures from listed addresses, and nothing else"
        yield Finding(severity=Severity.FINE, subject="key", found=found)


def _account(readings: Readings) -> Iterator[Finding]:
    flags, funds = readings.flags, readings.funds
    if flags is not None:
        yield Finding(
            severity=Severity.FINE if flags.can_trade else Severity.FORBIDS,
            subject="trading",
            found="the account may trade" if flags.can_trade else "the account may not trade",
            remedy="" if flags.can_trade else "ask the exchange's support why, or use another account",
        )
        mode = "hedge mode: LONG and SHORT are kept apart" if flags.hedge else "one-way mode"
        yield Finding(severity=Severity.FINE, subject="position mode", found=f"{mode}; the engine goes by it")
    if funds is not None:
        empty = funds.wallet_balance <= 0
        wallet, available = (one.quantize(CENT) for one in (funds.wallet_balance, funds.available_balance))
        yield Finding(
            severity=Severity.FORBIDS if empty else Severity.FINE,
            subject="balance",
            found=f"wallet {wallet}, available {available}",
            remedy="transfer margin to the futures wallet" if empty else "",
        )


def _worst_case(readings: Readings, expected: Expected) -> Iterator[Finding]:
    if readings.funds is None or readings.funds.wallet_balance <= 0:
        return
    balance = readings.funds.wallet_balance
    loss = together(expected.settings, balance).worst_case
    part, accepted = loss / balance, expected.acknowledged
    found = (
        f"{expected.settings.risk.max_positions} positions at their worst stops lose {loss.quantize(CENT)}, "
        f"{_percent(part)} of the balance; "
    )
    found += "nothing is acknowledged" if accepted is None else f"{_percent(accepted)} is acknowledged"
    enough = accepted is not None and accepted >= part
    bad = Severity.FORBIDS if expected.mode == "live" else Severity.WARNS
    yield Finding(
        severity=Severity.FINE if enough else bad,
        subject="worst case",
        found=found,
        changes=()
        if enough
        else (Change(what="worst case", found=loss, planned=None if accepted is None else accepted * balance),),
        remedy=""
        if enough
        else f"accept it with [venue] acknowledged_worst_case_pct = {_above(part)}, or plan for less",
    )


def _leftovers(readings: Readings, expected: Expected) -> Iterator[Finding]:
    ours = f"{expected.settings.run_id}-"
    for whose, remedy, of_ours in (
        ("ours", "sadari run takes up its own from its journal", True),
        ("not ours", "close or cancel it by hand, or leave it: the engine neither trades there nor touches it", False),
    ):
        orders = [one for one in readings.orders or () if one.client_order_id.startswith(ours) is of_ours]
        if orders:
            conditional = sum(one.conditional for one in orders)
            yield Finding(
                severity=Severity.WARNS,
                subject="open orders",
                found=f"open orders that are {whose}: {len(orders)}, {conditional} of them conditional",
                symbols=tuple(sorted({one.symbol for one in orders})),
                remedy=remedy,
            )
    for one in readings.positions or ():
        setting = (readings.settings or {}).get(one.symbol)
        mode = setting.margin_mode.value if setting is not None else "unknown"
        yield Finding(
            severity=Severity.WARNS,
            subject="position",
            found=f"{one.symbol} holds {one.qty} at {_price(one.entry_price)}, {mode} margin, "
            f"liquidation price {_price(one.liquidation_price)}",
            symbols=(one.symbol,),
            remedy="sadari run takes it up if its journal knows it, else it stays as it is: sadari exit or adopt",
        )
    if not readings.orders and not readings.positions and readings.orders is not None:
        yield Finding(severity=Severity.FINE, subject="leftovers", found="no open order and no position")


def _fees(readings: Readings, expected: Expected) -> Iterator[Finding]:
    planned = expected.settings.fees
    for symbol, rates in readings.fees.items():
        if (rates.maker, rates.taker) == (planned.maker, planned.taker):
            continue
        balance = readings.funds.wallet_balance if readings.funds is not None else Decimal(0)
        notional = whole_plan_notional(expected.settings, balance)
        dearer = rates.taker > planned.taker or rates.maker > planned.maker
        yield Finding(
            severity=Severity.WARNS if dearer else Severity.FINE,
            subject="fees",
            found=f"{symbol} costs {_percent(rates.taker)} as taker and {_percent(rates.maker)} as maker where "
            f"{_percent(planned.taker)} and {_percent(planned.maker)} are configured",
            symbols=(symbol,),
            changes=(
                Change(
                    what="fees of a whole plan in and out as taker",
                    found=2 * notional * rates.taker,
                    planned=2 * notional * planned.taker,
                ),
            ),
            remedy=f"set [fees] taker = {rates.taker.normalize():f} and maker = {rates.maker.normalize():f}",
        )
        return
    if readings.fees:
        yield Finding(severity=Severity.FINE, subject="fees", found="the account's rates are the configured ones")


def _weight(readings: Readings, expected: Expected) -> Iterator[Finding]:
    limit = readings.weight_limit
    if limit is None:
        return
    needed = SYNC_WEIGHT * 60 // expected.sync_s
    much = needed > MOST_SHARE * limit
    # Other programs on the address spend the same budget.
    used = "" if readings.weight_used is None else f"; this address has used {readings.weight_used} in this one"
    yield Finding(
        severity=Severity.WARNS if much else Severity.FINE,
        subject="request weight",
        found=f"comparisons every {expected.sync_s} s take {needed} of {limit} a minute{used}",
        remedy="raise [venue] sync_s" if much else "",
    )


def _price(price: Decimal | None) -> str:
    return "none" if price is None else f"{price.normalize():f}"


def _percent(part: Decimal) -> str:
    return f"{(part * 100).quantize(Decimal('0.0001')).normalize():f} %"


def _above(part: Decimal) -> str:
    """A fraction that is surely enough, with as many digits as a person would write."""
    return f"{part.quantize(Decimal('0.0001'), 'ROUND_UP').normalize():f}"

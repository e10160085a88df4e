"""What an examination finds in symbols: whether they can be traded, and how they are set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from sadari.core.plan import check_plan
from sadari.core.plans import check_together, plans
from sadari.model.order import MarginMode
from sadari.model.plan import Settings
from sadari.model.reason import PlanFault
from sadari.venue.live.account.findings import Change, Expected, Finding, Readings, Severity
from sadari.venue.live.account.outlook import Setting, changes, whole_plan_notional
from sadari.venue.live.account.preparation import SHARED, SINGLE_ASSET, margin_type
from sadari.venue.live.account.support import support_of

SHOWN = 5


class _Odd(NamedTuple):
    """A symbol that is set otherwise than planned, and how."""

    symbol: str
    found: Setting
    planned: Setting


def symbol_findings(readings: Readings, expected: Expected) -> Iterator[Finding]:
    """Support, margin mode, leverage, brackets and plan of the symbols that are to be traded."""
    if readings.odd:
        yield Finding(
            severity=Severity.WARNS, subject="contracts",
            found=f"{len(readings.odd)} cannot be read and are left out: {readings.odd[0]}",
            remedy="it is read again every hour; what is held of it is kept behind its stops",
        )  # fmt: skip
    yield from _support(readings, expected)
    symbols = readings.chosen(expected)
    yield from _multi_assets(readings, expected, symbols)
    yield from _set_otherwise(readings, expected, symbols)
    yield from _brackets(readings, expected, symbols)
    yield from _plan(readings, expected, symbols)


def _support(readings: Readings, expected: Expected) -> Iterator[Finding]:
    if readings.instruments is None:
        return
    supports = [support_of(symbol, readings.instruments) for symbol in expected.symbols]
    for one in supports:
        if not one.supported:
            yield Finding(
                severity=Severity.FORBIDS,
                subject="symbol",
                symbols=(one.symbol,),
                found=f"{one.symbol} cannot be traded: {one.reason}",
                remedy=f"take {one.symbol} out of [venue] symbols",
            )
    chosen = tuple(readings.chosen(expected))
    severity = Severity.FINE if chosen else Severity.FORBIDS
    remedy = "" if chosen else "name symbols that the exchange lists as PERPETUAL, in USDT and TRADING"
    found = f"{len(chosen)} symbols can be traded"
    yield Finding(severity=severity, subject="symbols", found=found, symbols=chosen, remedy=remedy)


def _multi_assets(readings: Readings, expected: Expected, symbols: Sequence[str]) -> Iterator[Finding]:
    if readings.flags is None:
        return
    if not readings.flags.multi_assets:
        found = "Single-Asset Mode: isolated and crossed margin can both be had"
        yield Finding(severity=Severity.FINE, subject="assets mode", found=found)
        return
    wanted = tuple(symbol for symbol in symbols if expected.margin_mode(symbol) is MarginMode.ISOLATED)
    if not wanted:
        found = "Multi-Assets Mode: only crossed margin can be had, and nothing else is wanted"
        yield Finding(severity=Severity.FINE, subject="assets mode", found=found)
        return
    refuse = expected.on_multi_assets == "refuse"
    leverage = expected.settings.ladder.leverage
    falls = "and on_multi_assets = refuse allows no other" if refuse else f"so that they will be CROSSED: {SHARED}"
    yield Finding(
        severity=Severity.FORBIDS if refuse else Severity.WARNS,
        subject="assets mode",
        found=f"Multi-Assets Mode: {_named(wanted)} cannot have the isolated margin that is wanted, {falls}",
        symbols=wanted,
        changes=_changes(
            readings,
            expected.settings,
            _Odd(wanted[0], Setting(MarginMode.CROSSED, leverage), Setting(MarginMode.ISOLATED, leverage)),
        ),
        remedy=SINGLE_ASSET,
    )


def _set_otherwise(readings: Readings, expected: Expected, symbols: Sequence[str]) -> Iterator[Finding]:
    """Symbols whose margin mode or leverage is not the planned one; preparing them sets both."""
    settings = readings.settings
    if settings is None or readings.flags is None:
        return
    leverage = expected.settings.ladder.leverage
    crossed_only = _crossed_only(readings)
    odd = []
    for symbol in symbols:
        if symbol in settings:
            now = settings[symbol]
            wanted = MarginMode.CROSSED if crossed_only else expected.margin_mode(symbol)
            odd.append(_Odd(symbol, Setting(now.margin_mode, now.leverage), Setting(wanted, leverage)))
    busy = {one.symbol for one in readings.positions or ()} | {one.symbol for one in readings.orders or ()}
    groups: dict[tuple[str, MarginMode | int, bool], list[_Odd]] = {}
    for one in odd:
        held = one.symbol in busy
        # Each finding shows what it alone changes.
        if one.found.margin_mode is not one.planned.margin_mode:
            apart = one._replace(found=Setting(one.found.margin_mode, leverage))
            groups.setdefault(("margin mode", one.found.margin_mode, held), []).append(apart)
        if one.found.leverage != leverage:
            apart = one._replace(found=Setting(one.planned.margin_mode, one.found.leverage))
            groups.setdefault(("leverage", one.found.leverage, held), []).append(apart)
    for (subject, value, held), members in groups.items():
        yield _odd_finding(readings, expected.settings, subject, value, members, held=held)
    if not groups:
        found = f"margin mode and leverage of {len(odd)} symbols are as planned"
        yield Finding(severity=Severity.FINE, subject="margin mode and leverage", found=found)


def _odd_finding(
    readings: Readings, settings: Settings, subject: str, value: MarginMode | int, members: list[_Odd], *, held: bool
) -> Finding:
    names = tuple(one.symbol for one in members)
    first = members[0]
    is_mode = isinstance(value, MarginMode)
    now = margin_type(value) if isinstance(value, MarginMode) else f"{value}x"
    wanted = margin_type(first.planned.margin_mode) if is_mode else f"{first.planned.leverage}x"
    listed = " ".join(names) if len(names) <= SHOWN else "SYMBOL"
    remedy = f"sadari run sets it at its start; by hand: sadari prepare {listed}"
    if held and is_mode:
        remedy = f"close the positions and cancel the orders of {_named(names)}, then: sadari prepare {listed}"
    return Finding(
        severity=Severity.WARNS,
        subject=subject,
        found=f"the {subject} of {_named(names)} is {now} where {wanted} is planned"
        + (", and a position or an order is open there" if held else ""),
        symbols=names,
        changes=_changes(readings, settings, first),
        remedy=remedy,
    )


def _changes(readings: Readings, settings: Settings, odd: _Odd) -> tuple[Change, ...]:
    """The figures of one symbol, none where price, contract or balance could not be read."""
    instrument = (readings.instruments or {}).get(odd.symbol)
    price = (readings.mark_prices or {}).get(odd.symbol)
    funds = readings.funds
    if instrument is None or price is None or funds is None or funds.wallet_balance <= 0:
        return ()
    # A symbol that was never touched may read 0.
    found = odd.found._replace(leverage=odd.found.leverage or odd.planned.leverage)
    return tuple(changes(settings, funds.wallet_balance, instrument, price, found, odd.planned))


def _brackets(readings: Readings, expected: Expected, symbols: Sequence[str]) -> Iterator[Finding]:
    """What the exchange lets a position be at the planned leverage, against the whole plan."""
    if readings.instruments is None or readings.funds is None:
        return
    leverage = expected.settings.ladder.leverage
    wanted = whole_plan_notional(expected.settings, readings.funds.wallet_balance)
    limits = {symbol: readings.instruments[symbol].max_notional(leverage) for symbol in symbols}
    none = tuple(symbol for symbol, limit in limits.items() if not limit)
    small = tuple(symbol for symbol, limit in limits.items() if 0 < limit < wanted)
    if none:
        most = max((one.max_leverage for one in readings.instruments[none[0]].brackets), default=None)
        known = f"{none[0]} allows at most {most}x" if most is not None else f"{none[0]} has no brackets"
        yield Finding(
            severity=Severity.WARNS,
            subject="brackets",
            found=f"no bracket of {_named(none)} allows a leverage of {leverage}x: {known}; they will not be traded",
            symbols=none,
            remedy="lower [ladder] leverage, or take them out of [venue] symbols",
        )
    if small:
        limit = min(limits[symbol] for symbol in small)
        yield Finding(
            severity=Severity.WARNS,
            subject="brackets",
            found=f"at {leverage}x {_named(small)} may hold less than the whole plan, the least {limit}; the adds "
            "beyond it will be cut or left out",
            symbols=small,
            changes=(Change(what="largest notional of a position", found=limit, planned=wanted),),
            remedy="lower [ladder] leverage so that a higher bracket counts, or lower the weights",
        )
    if not none and not small and limits:
        found = f"the brackets of {len(limits)} symbols hold the whole plan of {wanted.quantize(Decimal('0.01'))}"
        yield Finding(severity=Severity.FINE, subject="brackets", found=found)


def _plan(readings: Readings, expected: Expected, symbols: Sequence[str]) -> Iterator[Finding]:
    """What contradicts the plan itself on this balance, and in which contracts it cannot be carried out."""
    balance = readings.funds.wallet_balance if readings.funds is not None else Decimal(0)
    if balance <= 0:
        return
    settings = expected.settings
    for plan in plans(settings).values():
        # The leverage check is about isolated margin: it is made for each contract below.
        crossed = msgspec.structs.replace(plan.ladder, margin_mode=MarginMode.CROSSED)
        for fault in check_plan(msgspec.structs.replace(plan, ladder=crossed), balance).faults:
            yield Finding(
                severity=Severity.FORBIDS, subject="plan", found=f"{fault.fault}: {fault.text}",
                remedy="change the plan: sadari config check FILE works it out",
            )  # fmt: skip
    for fault in check_together(settings, balance):
        yield Finding(
            severity=Severity.FORBIDS, subject="plan", found=f"{fault.fault}: {fault.text}",
            remedy="give the strategies fewer positions: sadari config check FILE works it out",
        )  # fmt: skip
    early, text = [], ""
    for symbol in symbols:
        price = (readings.mark_prices or {}).get(symbol)
        mode = expected.margin_mode(symbol)
        if price is None or readings.instruments is None or mode is MarginMode.CROSSED or _crossed_only(readings):
            continue
        own = msgspec.structs.replace(settings.ladder, margin_mode=mode)
        report = check_plan(msgspec.structs.replace(settings, ladder=own), balance, readings.instruments[symbol], price)
        faults = [one for one in report.faults if one.fault is PlanFault.LEVERAGE_PLAN_INCOMPATIBLE]
        if faults:
            early.append(symbol)
            text = text or faults[0].text
    if early:
        yield Finding(
            severity=Severity.WARNS,
            subject="plan",
            found=f"{PlanFault.LEVERAGE_PLAN_INCOMPATIBLE}: entries in {_named(early)} will be denied; {text}",
            symbols=tuple(early),
            remedy='lower [ladder] leverage, or set margin_mode = "crossed"',
        )


def _crossed_only(readings: Readings) -> bool:
    return readings.flags is not None and bool(readings.flags.multi_assets)


def _named(symbols: Sequence[str]) -> str:
    """The first few by name, the others by number."""
    more = len(symbols) - SHOWN
    return ", ".join(symbols[:SHOWN]) + (f" and {more} more" if more > 0 else "")

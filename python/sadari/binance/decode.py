"""The exchange's messages as values of ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec

from sadari.binance.wire import instruments as wire
from sadari.errors import DataError
from sadari.model.instrument import Bracket, Instrument

LeaveOut = Callable[[str], None]

_PLAIN = re.compile(r"[A-Z0-9]{2,}(_\d{6})?")
_UNIFIED = re.compile(r"([A-Z0-9]+)/([A-Z0-9]+)(?::[A-Z0-9]+(?:-(\d{6}))?)?")


def symbol_of(text: str) -> str:
    """The exchange's symbol, from ``BTCUSDT`` or from the unified ``BTC/USDT:USDT``.

    Raises:
        DataError: It is neither.
    """
    name = text.strip().upper()
    if _PLAIN.fullmatch(name):
        return name
    unified = _UNIFIED.fullmatch(name)
    if unified is None:
        raise DataError(f"symbol is {text!r}; allowed: the form BTCUSDT or BTC/USDT:USDT")
    base, quote, delivery = unified.groups()
    return f"{base}{quote}_{delivery}" if delivery else f"{base}{quote}"


def contracts(content: bytes, leave_out: LeaveOut | None = None) -> dict[str, Instrument]:
    """The contracts of an exchangeInfo answer by symbol, without leverage brackets.

    Args:
        content: The answer.
        leave_out: Told of each contract that is none to us, which is then left out; None: that is an error.

    Raises:
        DataError: The content is no such answer, or a contract lacks a filter.
    """
    try:
        listing = msgspec.json.decode(content, type=wire.ExchangeInfo)
    except msgspec.MsgspecError as error:
        raise DataError(f"this is no exchangeInfo: {error}") from error
    found: dict[str, Instrument] = {}
    for row in listing.symbols:
        try:
            instrument = _instrument(row)
        except DataError as error:
            if leave_out is None:
                raise
            leave_out(str(error))
        else:
            found[instrument.symbol] = instrument
    return found


def _instrument(row: msgspec.Raw) -> Instrument:
    try:
        contract = msgspec.json.decode(row, type=wire.Contract)
    except msgspec.MsgspecError as error:
        raise DataError(f"{_name(row) or 'a contract'}: this is no exchangeInfo: {error}") from error
    filters = {one.filter_type: one for one in contract.filters}
    missing = [name for name in (wire.PRICE_FILTER, wire.LOT_SIZE) if name not in filters]
    if missing:
        raise DataError(f"{contract.symbol}: the filter {missing[0]} is missing")
    price, lot = filters[wire.PRICE_FILTER], filters[wire.LOT_SIZE]
    absent = wire.Filter(filter_type="")
    percent = filters.get(wire.PERCENT_PRICE, absent)
    values: dict[str, Any] = {
        "symbol": contract.symbol,
        "status": contract.status,
        "contract_type": contract.contract_type,
        "quote_asset": contract.quote_asset,
        "liquidation_fee": contract.liquidation_fee,
        "tick_size": price.tick_size,
        "step_size": lot.step_size,
        "min_qty": lot.min_qty,
        "max_qty": lot.max_qty,
        "market_max_qty": filters.get(wire.MARKET_LOT_SIZE, lot).max_qty,
        "min_notional": filters.get(wire.MIN_NOTIONAL, absent).notional or Decimal(0),
        "max_price": price.max_price or Decimal(0),
        "min_price": price.min_price or Decimal(0),
        "multiplier_up": percent.multiplier_up or Decimal(0),
        "multiplier_down": percent.multiplier_down or Decimal(0),
        "brackets": (),
    }
    unknown = next((name for name, value in values.items() if value is None), None)
    if unknown is not None:
        raise DataError(f"{contract.symbol}: its filters do not say the {unknown}")
    return Instrument(**values)


def _name(row: msgspec.Raw) -> object:
    """Whose a row is that cannot be read; None where it does not say so."""
    with suppress(msgspec.MsgspecError):
        known = msgspec.json.decode(row)
        return known.get("symbol") if isinstance(known, dict) else None
    return None


def leverage_brackets(content: bytes, leave_out: LeaveOut | None = None) -> dict[str, tuple[Bracket, ...]]:
    """Leverage brackets by symbol, in order: a leverageBracket answer for all symbols or one, or a ccxt record of it.

    Args:
        content: The answer, or the record.
        leave_out: Told of each symbol whose brackets are none, which is then left out; None: that is an error.

    Raises:
        DataError: The content is neither, or brackets do not follow one another.
    """
    try:
        rows = _rows_by_symbol(content)
    except msgspec.MsgspecError as error:
        raise DataError(f"these are no leverage brackets: {error}") from error
    brackets: dict[str, tuple[Bracket, ...]] = {}
    for symbol, found in rows.items():
        try:
            brackets[symbol] = _brackets(symbol, found)
        except DataError as error:
            if leave_out is None:
                raise
            leave_out(str(error))
    return brackets


def _rows_by_symbol(content: bytes) -> dict[str, list[wire.LeverageBracket]]:
    """The rows of whichever of the three forms this is; the fault of the last one if it is none."""
    with suppress(msgspec.ValidationError):
        answer = msgspec.json.decode(content, type=list[wire.SymbolBrackets] | wire.SymbolBrackets, strict=False)
        return {one.symbol: one.brackets for one in (answer if isinstance(answer, list) else [answer])}
    record = msgspec.json.decode(content, type=dict[str, list[wire.RecordedBracket]], strict=False)
    return {symbol_of(name): [row.info for row in found] for name, found in record.items()}


def _brackets(symbol: str, rows: list[wire.LeverageBracket]) -> tuple[Bracket, ...]:
    brackets = sorted(
        (
            Bracket(
                floor=row.floor,
                cap=row.cap,
                max_leverage=row.max_leverage,
                maint_margin_rate=row.maint_margin_rate,
                cum=row.cum,
            )
            for row in rows
        ),
        key=lambda bracket: bracket.floor,
    )
    edges = [Decimal(0), *(bracket.cap for bracket in brackets)]
    for number, (edge, bracket) in enumerate(zip(edges, brackets, strict=False), 1):
        if bracket.floor != edge or bracket.cap <= bracket.floor:
            raise DataError(
                f"{symbol}: bracket {number} is from {bracket.floor} to {bracket.cap} where one from {edge} is wanted"
            )
    return tuple(brackets)

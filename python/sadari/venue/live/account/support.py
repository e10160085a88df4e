"""Whether the engine can trade a symbol, and if not, why."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches

import msgspec

from sadari.model.instrument import Instrument

OK = "OK"


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What an order of the contract has to keep, in quote and base currency."""

    tick_size: Decimal
    step_size: Decimal
    min_qty: Decimal
    max_qty: Decimal
    min_notional: Decimal


class Support(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a symbol can be traded; ``reason`` is OK or says why not, ``filters`` is None where it is not listed."""

    symbol: str
    supported: bool
    reason: str
    filters: Filters | None = None


def support_of(symbol: str, instruments: Mapping[str, Instrument]) -> Support:
    """What the exchange's listing says of a symbol."""
    instrument = instruments.get(symbol)
    if instrument is None:
        near = get_close_matches(symbol, instruments, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return Support(symbol=symbol, supported=False, reason=f"the exchange does not list it{hint}")
    reason = _reason(instrument)
    filters = Filters(
        tick_size=instrument.tick_size,
        step_size=instrument.step_size,
        min_qty=instrument.min_qty,
        max_qty=instrument.max_qty,
        min_notional=instrument.min_notional,
    )
    return Support(symbol=symbol, supported=reason == OK, reason=reason, filters=filters)


def _reason(instrument: Instrument) -> str:
    if instrument.contract_type != "PERPETUAL":
        return f"it is a contract of type {instrument.contract_type}, and only PERPETUAL ones are traded"
    if instrument.quote_asset != "USDT":
        return f"it is quoted in {instrument.quote_asset}, and only contracts in USDT are traded"
    if instrument.status != "TRADING":
        return f"its status is {instrument.status}, and orders are taken in TRADING only"
    return OK

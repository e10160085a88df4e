"""What describes a contract: filters and leverage brackets.

Source: GET /fapi/v1/exchangeInfo and GET /fapi/v1/leverageBracket, the latter also in the form in which ccxt keeps it.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Filter(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One of a contract's filters; which fields it has depends on its type, and new types appear."""

    filter_type: str
    tick_size: Decimal | None = None
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    step_size: Decimal | None = None
    min_qty: Decimal | None = None
    max_qty: Decimal | None = None
    notional: Decimal | None = None
    multiplier_up: Decimal | None = None
    multiplier_down: Decimal | None = None


class Contract(msgspec.Struct, frozen=True, rename="camel"):
    """A contract as exchangeInfo lists it."""

    symbol: str
    status: str
    contract_type: str
    quote_asset: str
    filters: list[Filter]
    liquidation_fee: Decimal = Decimal(0)


class ExchangeInfo(msgspec.Struct, frozen=True, rename="camel"):
    """The answer of exchangeInfo; each symbol is to be read as a `Contract`."""

    symbols: list[msgspec.Raw]


class LeverageBracket(msgspec.Struct, frozen=True):
    """One bracket, its numbers as numbers from the exchange and as text from a record."""

    max_leverage: int = msgspec.field(name="initialLeverage")
    cap: Decimal = msgspec.field(name="notionalCap")
    floor: Decimal = msgspec.field(name="notionalFloor")
    maint_margin_rate: Decimal = msgspec.field(name="maintMarginRatio")
    cum: Decimal


class SymbolBrackets(msgspec.Struct, frozen=True):
    """The brackets of one symbol, as leverageBracket answers."""

    symbol: str
    brackets: list[LeverageBracket]


class RecordedBracket(msgspec.Struct, frozen=True):
    """A bracket as ccxt keeps it; ``info`` is the exchange's own."""

    info: LeverageBracket


PRICE_FILTER = "PRICE_FILTER"
LOT_SIZE = "LOT_SIZE"
MARKET_LOT_SIZE = "MARKET_LOT_SIZE"
MIN_NOTIONAL = "MIN_NOTIONAL"
PERCENT_PRICE = "PERCENT_PRICE"

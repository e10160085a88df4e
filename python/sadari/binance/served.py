"""Contracts as a made-up exchange lists them, in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sadari.binance.numbers import plain
from sadari.binance.wire import market as wire
from sadari.model.instrument import Instrument
from sadari.model.units import decimals

# Source: exchangeInfo of 2026-07. The order types still list the conditional ones, which the order endpoint refuses.
_ORDER_TYPES = ("LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
_TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTX", "GTD")
ORDER_LIMITS = (
    wire.RateLimit("ORDERS", "MINUTE", 1, 1200),
    wire.RateLimit("ORDERS", "SECOND", 10, 300),
)
_LIMITS = (wire.RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 2400), *ORDER_LIMITS)
_AUTO_EXCHANGE = "-10000"


def exchange_info(listed: Iterable[Instrument], onboard_ms: Mapping[str, int], time_ms: int) -> wire.ServedExchangeInfo:
    """The answer of exchangeInfo.

    Args:
        listed: The contracts.
        onboard_ms: When each was listed, by symbol.
        time_ms: The server's time.
    """
    contracts = list(listed)
    assets = sorted({one.quote_asset for one in contracts})
    return wire.ServedExchangeInfo(
        timezone="UTC",
        server_time=time_ms,
        futures_type="U_MARGINED",
        rate_limits=list(_LIMITS),
        exchange_filters=[],
        assets=[wire.MarginAsset(asset, margin_available=True, auto_asset_exchange=_AUTO_EXCHANGE) for asset in assets],
        symbols=[_contract(one, onboard_ms[one.symbol]) for one in contracts],
    )


def _contract(instrument: Instrument, onboard_ms: int) -> wire.ServedContract:
    pair = instrument.symbol.partition("_")[0]
    return wire.ServedContract(
        symbol=instrument.symbol,
        pair=pair,
        contract_type=instrument.contract_type,
        onboard_date=onboard_ms,
        status=instrument.status,
        base_asset=pair.removesuffix(instrument.quote_asset),
        quote_asset=instrument.quote_asset,
        margin_asset=instrument.quote_asset,
        price_precision=decimals(instrument.tick_size),
        quantity_precision=decimals(instrument.step_size),
        underlying_sub_type=[],
        liquidation_fee=plain(instrument.liquidation_fee),
        filters=_filters(instrument),
        order_types=list(_ORDER_TYPES),
        time_in_force=list(_TIMES_IN_FORCE),
        permission_sets=[],
    )


def _filters(instrument: Instrument) -> list[wire.ServedFilter]:
    min_qty, step_size = plain(instrument.min_qty), plain(instrument.step_size)
    found = [
        wire.ServedFilter(
            "PRICE_FILTER",
            min_price=plain(instrument.min_price),
            max_price=plain(instrument.max_price),
            tick_size=plain(instrument.tick_size),
        ),
        wire.ServedFilter("LOT_SIZE", min_qty=min_qty, max_qty=plain(instrument.max_qty), step_size=step_size),
        wire.ServedFilter(
            "MARKET_LOT_SIZE", min_qty=min_qty, max_qty=plain(instrument.market_max_qty), step_size=step_size
        ),
        wire.ServedFilter("MAX_NUM_ORDERS", limit=200),
        wire.ServedFilter("MIN_NOTIONAL", notional=plain(instrument.min_notional)),
        wire.ServedFilter("POSITION_RISK_CONTROL", position_control_side="NONE"),
    ]
    if instrument.multiplier_up:
        bounds = wire.ServedFilter(
            "PERCENT_PRICE",
            multiplier_up=plain(instrument.multiplier_up),
            multiplier_down=plain(instrument.multiplier_down),
            multiplier_decimal="4",
        )
        found.insert(-1, bounds)
    return found

"""How ccxt is pointed at a local exchange: its addresses and nothing else. Source: reference, section 10."""

from __future__ import annotations

from typing import Any

from tests.clients.exchange_process import Address

NOTIONAL = 300


def settings(address: Address) -> dict[str, Any]:
    """What `ccxt.binanceusdm(...)` and `ccxt.pro.binanceusdm(...)` are made with."""
    futures = {
        f"fapi{reach}{version}": f"{address.rest}/fapi/{version.lower() or 'v1'}"
        for reach in ("Public", "Private")
        for version in ("", "V2", "V3")
    }
    elsewhere = {
        "fapiData": f"{address.rest}/futures/data",
        "sapi": f"{address.rest}/sapi/v1",
        "public": f"{address.rest}/api/v3",
        "private": f"{address.rest}/api/v3",
        "dapiPublic": f"{address.rest}/dapi/v1",
    }
    streams = {"linear": f"{address.ws}/ws", "ws-api": {"linear": address.ws_api}}
    return {
        "apiKey": address.key,
        "secret": address.secret,
        "urls": {"api": {**futures, **elsewhere, "ws": streams}},
        "options": {"fetchCurrencies": False},
    }


def first_market(markets: dict[str, Any]) -> str:
    """The unified name of the market to trade on: LTC where it is played, else the first perpetual by name."""
    linear = sorted(
        name for name, market in markets.items() if market["swap"] and market["linear"] and market["active"]
    )
    return next((name for name in linear if name.startswith("LTC/USDT")), linear[0])


def amount(client: Any, symbol: str, last: float) -> float:
    """A quantity worth about `NOTIONAL`, on the symbol's step."""
    return float(client.amount_to_precision(symbol, NOTIONAL / last))


def beside(client: Any, symbol: str, last: float, factor: float) -> float:
    """A price beside the last one, on the symbol's tick."""
    return float(client.price_to_precision(symbol, last * factor))

"""The names of streams: which there are, and by which route each is delivered.

Source: reference binance-usdm §1 "Stream routing" and §4.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from sadari.localexchange.market.candles import INTERVALS


class Route(StrEnum):
    """The parts that stream addresses are split into."""

    PUBLIC = "public"
    MARKET = "market"
    PRIVATE = "private"


class StreamKind(NamedTuple):
    """One kind of stream: how its names look, its route, and whether it is served here."""

    form: str
    route: Route
    pattern: re.Pattern[str]
    served: bool


# Symbols may have letters of any script; a name is in lower case but for its fixed words.
_SYMBOL = r"[^\s@!/]+@"
_INTERVAL = f"({'|'.join(INTERVALS)})"
_CONTRACT = r"[^\s@!/]+_(perpetual|current_quarter|next_quarter|tradifi_perpetual)@"
_DEPTH_SPEED = "(@100ms|@250ms|@500ms)?"


def _kind(form: str, route: Route, pattern: str, *, served: bool = True) -> StreamKind:
    return StreamKind(form, route, re.compile(pattern), served)


KINDS = (
    _kind("<symbol>@bookTicker", Route.PUBLIC, f"{_SYMBOL}bookTicker"),
    _kind("!bookTicker", Route.PUBLIC, "!bookTicker"),
    _kind("<symbol>@depth<5|10|20>[@<speed>]", Route.PUBLIC, f"{_SYMBOL}depth(5|10|20){_DEPTH_SPEED}"),
    _kind("<symbol>@depth[@<speed>]", Route.PUBLIC, f"{_SYMBOL}depth{_DEPTH_SPEED}"),
    _kind("<symbol>@rpiDepth@500ms", Route.PUBLIC, f"{_SYMBOL}rpiDepth@500ms", served=False),
    _kind("<symbol>@trade", Route.PUBLIC, f"{_SYMBOL}trade"),
    _kind("<symbol>@aggTrade", Route.MARKET, f"{_SYMBOL}aggTrade"),
    _kind("<symbol>@kline_<interval>", Route.MARKET, f"{_SYMBOL}kline_{_INTERVAL}"),
    _kind("<pair>_<type>@continuousKline_<interval>", Route.MARKET, f"{_CONTRACT}continuousKline_{_INTERVAL}"),
    _kind("<symbol>@markPrice[@1s]", Route.MARKET, f"{_SYMBOL}markPrice(@1s)?"),
    _kind("!markPrice@arr[@1s]", Route.MARKET, "!markPrice@arr(@1s)?"),
    _kind("<symbol>@miniTicker", Route.MARKET, f"{_SYMBOL}miniTicker"),
    _kind("!miniTicker@arr", Route.MARKET, "!miniTicker@arr"),
    _kind("<symbol>@ticker", Route.MARKET, f"{_SYMBOL}ticker"),
    _kind("!ticker@arr", Route.MARKET, "!ticker@arr"),
    _kind("<symbol>@forceOrder", Route.MARKET, f"{_SYMBOL}forceOrder"),
    _kind("!forceOrder@arr", Route.MARKET, "!forceOrder@arr"),
    _kind("<symbol>@compositeIndex", Route.MARKET, f"{_SYMBOL}compositeIndex", served=False),
    _kind("!contractInfo", Route.MARKET, "!contractInfo"),
    _kind("<asset>@assetIndex", Route.MARKET, f"{_SYMBOL}assetIndex", served=False),
    _kind("!assetIndex@arr", Route.MARKET, "!assetIndex@arr", served=False),
    _kind("tradingSession", Route.MARKET, "tradingSession", served=False),
    _kind("<listenKey>", Route.PRIVATE, "[A-Za-z0-9]{60,}"),
)


def route_of(name: str) -> str | None:
    """The route that a stream is delivered by: ``public``, ``market`` or ``private``; None if it is no stream."""
    return next((str(kind.route) for kind in KINDS if kind.pattern.fullmatch(name)), None)

"""Names of streams and the addresses that they are served under.

Source: reference binance-usdm §1 (routes, checked 2026-11-20) and §4. A stream that is asked for on another route is
acknowledged and never comes.
"""

from __future__ import annotations

from enum import StrEnum

from sadari.model.units import DAY_NS, HOUR_NS, MINUTE_NS

INTERVALS = {
    "1m": MINUTE_NS,
    "3m": 3 * MINUTE_NS,
    "5m": 5 * MINUTE_NS,
    "15m": 15 * MINUTE_NS,
    "30m": 30 * MINUTE_NS,
    "1h": HOUR_NS,
    "2h": 2 * HOUR_NS,
    "4h": 4 * HOUR_NS,
    "6h": 6 * HOUR_NS,
    "8h": 8 * HOUR_NS,
    "12h": 12 * HOUR_NS,
    "1d": DAY_NS,
    "3d": 3 * DAY_NS,
    "1w": 7 * DAY_NS,
}
_NAMED = {length_ns: name for name, length_ns in INTERVALS.items()}


class Route(StrEnum):
    """The part of the stream host that serves a kind of stream."""

    PUBLIC = "public"
    MARKET = "market"
    PRIVATE = "private"


class Lane(StrEnum):
    """What shares a connection: the burst of closing candles must not stand before a trade."""

    TRADES = "trades"
    CANDLES = "candles"
    BOOK = "book"

    @property
    def route(self) -> Route:
        """Where it is served."""
        return Route.PUBLIC if self is Lane.BOOK else Route.MARKET


def trades(symbol: str) -> str:
    """The stream of a symbol's trades."""
    return f"{symbol.lower()}@aggTrade"


def interval_name(interval_ns: int) -> str:
    """How the exchange names candles of a length.

    Raises:
        ValueError: It has none of this length.
    """
    if interval_ns not in _NAMED:
        raise ValueError(f"candles are {', '.join(INTERVALS)} long, not {interval_ns} ns")
    return _NAMED[interval_ns]


def candles(symbol: str, interval_ns: int) -> str:
    """The stream of a symbol's candles.

    Raises:
        ValueError: The exchange has no candles of this length.
    """
    return f"{symbol.lower()}@kline_{interval_name(interval_ns)}"


def marks(symbol: str) -> str:
    """The stream of a symbol's mark price, once a second."""
    return f"{symbol.lower()}@markPrice@1s"


def symbol_of(stream: str) -> str:
    """The symbol that a stream is about."""
    return stream.partition("@")[0].upper()


def lane_of(stream: str) -> Lane:
    """Which connection a stream belongs on."""
    kind = stream.partition("@")[2]
    if kind.startswith(("bookTicker", "depth", "trade")):
        return Lane.BOOK
    return Lane.TRADES if kind == "aggTrade" else Lane.CANDLES


def market_url(base: str, lane: Lane) -> str:
    """Where a connection of market streams begins: without any, they are asked for by message."""
    return f"{base.rstrip('/')}/{lane.route}/stream"


def user_url(base: str, listen_key: str) -> str:
    """The address of the user stream; it is as secret as the listen key."""
    return f"{base.rstrip('/')}/{Route.PRIVATE}/ws/{listen_key}"

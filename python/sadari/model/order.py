"""Orders as they are asked for, and what becomes of them."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """The direction of an order."""

    BUY = "BUY"
    SELL = "SELL"


class Direction(StrEnum):
    """The direction of a position."""

    LONG = "LONG"
    SHORT = "SHORT"

    @property
    def sign(self) -> int:
        """``+1`` for LONG, ``-1`` for SHORT (strategies §1.2)."""
        return 1 if self is Direction.LONG else -1

    @property
    def entry_side(self) -> Side:
        """The order side that opens or adds."""
        return Side.BUY if self is Direction.LONG else Side.SELL

    @property
    def exit_side(self) -> Side:
        """The order side that reduces or closes."""
        return Side.SELL if self is Direction.LONG else Side.BUY


class PositionSide(StrEnum):
    """Which position an order belongs to: BOTH in one-way mode."""

    BOTH = "BOTH"
    LONG = "LONG"
    SHORT = "SHORT"


class OrderType(StrEnum):
    """What an order waits for. At their trigger STOP and TAKE_PROFIT become limit orders, the others market orders."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    TAKE_PROFIT = "TAKE_PROFIT"
    STOP_MARKET = "STOP_MARKET"
    TAKE_PROFIT_MARKET = "TAKE_PROFIT_MARKET"


class TimeInForce(StrEnum):
    """How long a limit order lives; GTX is post-only."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTX = "GTX"


class Purpose(StrEnum):
    """What an order is for. Every purpose but ENTRY and ADD can only shrink a position."""

    ENTRY = "ENTRY"
    ADD = "ADD"
    REDUCE = "REDUCE"
    EXIT = "EXIT"
    STOP = "STOP"
    WALL = "WALL"


class MarginMode(StrEnum):
    """How a position is collateralized."""

    ISOLATED = "isolated"
    CROSSED = "crossed"


class SizingBasis(StrEnum):
    """What a weight is a share of: margin (notional = weight·balance·leverage) or notional (weight·balance)."""

    MARGIN = "MARGIN"
    NOTIONAL = "NOTIONAL"


class TechExit(StrEnum):
    """Which technical exit ends a runner."""

    MA_CROSS = "MA_CROSS"
    ATR_TRAIL = "ATR_TRAIL"
    EITHER = "EITHER"
    OFF = "OFF"


class MinimumReward(StrEnum):
    """What the least ratio of reward to risk depends on (strategies §8.2)."""

    FIXED = "FIXED"
    DIRECTION = "DIRECTION"
    VOLATILITY = "VOLATILITY"
    TREND = "TREND"
    COMPOSITE = "COMPOSITE"

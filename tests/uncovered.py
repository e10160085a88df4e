"""From the exchange's truth alone: when a position was held that no stop at the exchange covered."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

STOPS = ("STOP_MARKET", "STOP")


class Uncovered(NamedTuple):
    """A time in which a position was not covered as a whole.

    Attributes:
        symbol: Whose.
        position_side: BOTH in one-way mode.
        from_ns: When exposure rose, or the stop that had covered it ended; on the gateway's clock.
        until_ns: When the position was covered or gone; None if it never was.
        rose: Whether it began with a trade that raised the exposure.
    """

    symbol: str
    position_side: str
    from_ns: int
    until_ns: int | None
    rose: bool

    @property
    def lasted_ns(self) -> int | None:
        """How long; None if it has not ended."""
        return None if self.until_ns is None else self.until_ns - self.from_ns


def uncovered(truth: dict[str, Any]) -> list[Uncovered]:
    """Every time in which a position was not covered, in the order of their beginnings.

    Args:
        truth: The answer of ``GET /control/truth``, decoded.
    """
    keys = dict.fromkeys((trade["symbol"], trade["position_side"]) for trade in truth["trades"])
    found = [one for key in keys for one in _of(key, truth)]
    return sorted(found, key=lambda one: one.from_ns)


def _of(key: tuple[str, str], truth: dict[str, Any]) -> Iterator[Uncovered]:
    trades = [one for one in truth["trades"] if (one["symbol"], one["position_side"]) == key]
    stops = [one for one in truth["algos"] if (one["symbol"], one["position_side"]) == key]
    stops = [one for one in stops if one["order_type"] in STOPS]
    times = {one["gateway_ns"] for one in trades} | {one["created_gateway_ns"] for one in stops}
    times |= {one["ended_gateway_ns"] for one in stops if one["ended_gateway_ns"] is not None}
    began: tuple[int, bool] | None = None
    before = Decimal(0)
    for at_ns in sorted(times):
        held = sum((_signed(one) for one in trades if one["gateway_ns"] <= at_ns), Decimal(0))
        rose = abs(held) > abs(before) or held * before < 0
        if not held or _covers(stops, held, at_ns):
            if began is not None:
                yield Uncovered(*key, began[0], at_ns, began[1])
            began = None
        elif began is None:
            began = at_ns, rose
        before = held
    if began is not None:
        yield Uncovered(*key, began[0], None, began[1])


def _covers(stops: list[dict[str, Any]], held: Decimal, at_ns: int) -> bool:
    side = "SELL" if held > 0 else "BUY"
    waiting = [
        one
        for one in stops
        if one["side"] == side
        and one["created_gateway_ns"] <= at_ns
        and (one["ended_gateway_ns"] is None or one["ended_gateway_ns"] > at_ns)
    ]
    if any(one["close_position"] for one in waiting):
        return True
    return sum((Decimal(one["qty"]) for one in waiting if one["reduce_only"]), Decimal(0)) >= abs(held)


def _signed(trade: dict[str, Any]) -> Decimal:
    qty = Decimal(trade["qty"])
    return qty if trade["side"] == "BUY" else -qty

"""The status of a running engine, put together from its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from sadari.core.position import Position
from sadari.model.reason import stage_name
from sadari.model.units import Exact, decimal_of, exact
from sadari.run.status import LevelStatus, PositionStatus
from sadari.run.unprotected import is_accepted

_OVER = ("FLAT", "CLOSED")
_PLACES = 8


def positions(
    held: Iterator[Position], price: Callable[[str], Decimal | None], margin_mode: Callable[[str], str]
) -> tuple[PositionStatus, ...]:
    """Every position that is not over."""
    return tuple(
        _position(position, price(position.symbol), margin_mode(position.symbol))
        for position in sorted(held, key=lambda one: one.symbol)
        if not position.is_in(*_OVER)
    )


def _position(position: Position, price: Decimal | None, margin_mode: str) -> PositionStatus:
    priced = price if price is not None else position.last_price or None
    liquidation = position.known_liquidation() if position.qty else None
    unrealized = None
    if priced is not None and position.qty:
        unrealized = decimal_of(position.side.sign * (exact(priced) - position.average) * exact(position.qty), _PLACES)
    working = position.working
    return PositionStatus(
        symbol=position.symbol,
        direction=position.direction.value,
        state=position.state.value,
        stage=stage_name(position.stage),
        strategy=position.strategy,
        qty=position.qty,
        entry_price=_shown(position.e0),
        avg_price=_shown(position.avg),
        last_price=priced,
        unrealized=unrealized,
        stop=_shown(position.stop),
        stop_reason=position.stop_reason,
        liquidation_price=_shown(liquidation),
        margin_mode=margin_mode,
        opened_ns=position.opened_ns,
        levels=_by_price(_levels(position), priced),
        resting_stops=_by_price(_stops(position), priced),
        working="" if working is None or working.final else f"{working.purpose} {working.state}",
    )


def _levels(position: Position) -> Iterator[tuple[str, Exact]]:
    if position.qty == 0 or position.stop is None:
        return
    yield "stop", position.stop
    if not position.half_closed:
        yield "half", position.half_level
        for rung in position.open_lots():
            yield f"recovery {rung}", position.recovery(rung)
        first = position.next_rung()
        for rung in range(first or position.rules.ladder.rungs + 1, position.rules.ladder.rungs + 1):
            if rung not in position.used:
                yield f"rung {rung}", position.trigger(rung)


def _stops(position: Position) -> Iterator[tuple[str, Exact]]:
    for name, stop in (
        ("inner stop", position.inner),
        ("inner stop, next", position.inner_next),
        ("wall", position.wall),
    ):
        if stop is not None and stop.trigger_price is not None:
            yield name if is_accepted(stop) else f"{name} ({stop.state.lower()})", exact(stop.trigger_price)


def _by_price(levels: Iterator[tuple[str, Exact]], price: Decimal | None) -> tuple[LevelStatus, ...]:
    found = sorted(levels, key=lambda level: level[1], reverse=True)
    return tuple(
        LevelStatus(
            name=name,
            price=decimal_of(at, _PLACES).normalize(),
            distance=None if not price else decimal_of(at / exact(price) - 1, _PLACES),
        )
        for name, at in found
    )


def _shown(value: Exact | None) -> Decimal | None:
    return None if value is None else decimal_of(value, _PLACES).normalize()

"""The two walls: stops that rest at the venue while a position is held.

The inner one is reduce-only for the whole quantity and follows each change: create, confirm, cancel. The outer one is
a close-position order and kept for life. Source: strategies §5.7 (D-31), design §3.
"""

from __future__ import annotations

from decimal import Decimal

from sadari.core.desk import Desk
from sadari.core.intent_table import IntentState
from sadari.core.intents import Intent
from sadari.core.position import Position
from sadari.model.order import Purpose
from sadari.model.units import Exact, ceil_tick, exact, floor_tick


def resting_prices(position: Position) -> tuple[Decimal, Decimal]:
    """Trigger prices of the inner stop and the wall for the present stop ``X``, rounded toward the market."""
    side, stop = position.side, position.stop
    if stop is None:
        message = f"{position.symbol} has no stop yet"
        raise ValueError(message)
    inner, wall = stop * side.inner, stop * side.wall
    liquidation = position.known_liquidation()
    if liquidation is not None:
        nearest = liquidation * side.near_wall
        inner, wall = side.tighter(inner, nearest), side.tighter(wall, nearest)
    return _toward_market(position, inner), _toward_market(position, wall)


def _toward_market(position: Position, price: Exact) -> Decimal:
    tick = position.instrument.tick_size
    return ceil_tick(price, tick) if position.side.sign > 0 else floor_tick(price, tick)


def protect(desk: Desk, position: Position) -> None:
    """Bring the resting stops in line with quantity and stop. Called after each change of either."""
    if position.qty == 0 or position.stop is None or position.protect_blocked:
        return
    inner, wall = resting_prices(position)
    if position.wall is None and position.wall_blocked:
        pass  # Another close-position order of the venue is the wall.
    elif position.wall is None:
        position.wall = _place(desk, position, Purpose.WALL, None, wall)
    elif _wall_must_move(position, position.wall, inner, wall) and covered(position, besides=position.wall):
        # Under cover of the inner one only; while that is still to come the wall stays where it is (invariant I2).
        desk.cancel(position.wall)
        position.wall = _place(desk, position, Purpose.WALL, None, wall)
    latest = position.inner_next or position.inner
    if latest is None or latest.qty != position.qty or inner != latest.trigger_price:
        if position.inner_next is not None and position.inner is not None:
            # The replacement under way is outdated already: the next one is made when the venue has confirmed it.
            position.outdated = True
            return
        intent = _place(desk, position, Purpose.STOP, position.qty, inner)
        if position.inner is None:
            position.inner = intent
        else:
            position.inner_next = intent


def _wall_must_move(position: Position, resting: Intent, inner: Decimal, wall: Decimal) -> bool:
    """The wall is kept for life unless it lies nearer than the inner stop or beyond the liquidation margin."""
    sign = position.side.sign
    present = resting.trigger_price
    if present is None or sign * (present - inner) > 0:
        return True
    liquidation = position.known_liquidation()
    return (
        liquidation is not None
        and sign * (exact(present) - liquidation * position.side.near_wall) < 0
        and wall != present
    )


def _place(desk: Desk, position: Position, purpose: Purpose, qty: Decimal | None, price: Decimal) -> Intent:
    intent = desk.order(position, purpose, qty)
    desk.send(position, intent, trigger_price=price)
    return intent


def confirmed(desk: Desk, position: Position, intent: Intent) -> None:
    """The venue has a stop: if it replaces one, that one goes now."""
    if intent is position.inner_next:
        if position.inner is not None:
            desk.cancel(position.inner)
        position.inner, position.inner_next = intent, None
        if position.outdated:
            position.outdated = False
            protect(desk, position)
            return
    if intent is position.inner and position.qty > 0 and position.wall is not None and position.stop is not None:
        inner, wall = resting_prices(position)
        if _wall_must_move(position, position.wall, inner, wall):
            protect(desk, position)


def covered(position: Position, besides: Intent | None = None) -> bool:
    """True if a stop that the venue has accepted closes everything that is held."""
    resting = (position.inner, position.inner_next, position.wall)
    return any(
        stop is not None
        and stop is not besides
        and stop.state is IntentState.NEW
        and (stop.qty is None or stop.qty >= position.qty)
        for stop in resting
    )


def unanswered(position: Position) -> bool:
    """True if a stop is on its way whose answer is still to come."""
    resting = (position.inner, position.inner_next, position.wall)
    return any(stop is not None and stop.state is IntentState.SUBMITTED for stop in resting)


def lost(position: Position, intent: Intent) -> bool:
    """Forget a stop that the venue no longer has; True if it was one that should be there."""
    if intent is position.wall:
        position.wall = None
    elif intent is position.inner_next:
        position.inner_next = None
    elif intent is position.inner:
        position.inner, position.inner_next = position.inner_next, None
    else:
        return False
    return True


def withdraw(desk: Desk, position: Position) -> None:
    """The position is flat: no stop of it stays behind, but for the wall of what may still be opened (invariant I2)."""
    stops = [position.inner, position.inner_next]
    position.inner = position.inner_next = None
    if not position.may_still_fill():
        stops.append(position.wall)
        position.wall = None
    for intent in stops:
        if intent is not None and not intent.final:
            desk.cancel(intent)

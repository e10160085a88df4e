"""An entry that waits for its price: the limit order is placed once, and one of a few facts calls it off.

Source: strategies §7.7 (step 9), §5.7. What calls it off is met by ticks (the stop, the first target), by the market's
clock (its time), or told by the sensor that raised the signal (`SignalWithdrawn`). Nothing else than the venue's word
ends the order: what it fills until then is held.
"""

from __future__ import annotations

from sadari.core.desk import Desk
from sadari.core.intents import Intent
from sadari.core.position import Position
from sadari.model.command import Level, SetAlarm
from sadari.model.entry import LimitEntry
from sadari.model.event import LevelCrossed, SignalWithdrawn
from sadari.model.reason import AuditCode, EntryEnd
from sadari.model.units import Exact, ceil_units, exact, floor_units

ALARM = "entry"
STOP = "entry stop"
TARGET = "entry target"
BACK = "entry back"


def begin(desk: Desk, position: Position, intent: Intent, limit: LimitEntry) -> None:
    """The limit order is on its way: have its time rung."""
    intent.before_target = _before_target(position, limit, exact(position.last_price))
    desk.out.append(SetAlarm(name=f"{ALARM}:{position.symbol}:{position.id}", at_ns=limit.until_ns))


def waits(position: Position) -> tuple[Intent, LimitEntry] | None:
    """The entry that still waits and has not been called off, with its terms."""
    intent, limit = position.working, position.limit
    if limit is None or intent is None or intent.called_off or not position.is_in("ENTRY_PENDING"):
        return None
    return intent, limit


def levels(position: Position) -> list[Level]:
    """The prices that call an entry off. A target that price is beyond already counts once price has been back."""
    waiting = waits(position)
    if waiting is None:
        return []
    intent, limit = waiting
    against, favour = position.side.sign < 0, position.side.sign > 0
    found = [Level(STOP, against, ceil_units(limit.stop) if against else floor_units(limit.stop))]
    if limit.target is None:
        return found
    units = ceil_units(limit.target) if favour else floor_units(limit.target)
    if intent.before_target:
        found.append(Level(TARGET, favour, units))
    else:
        found.append(Level(BACK, against, units - 1 if favour else units + 1))
    return found


def crossed(desk: Desk, position: Position, event: LevelCrossed) -> None:
    """A tick met one of these levels; a stop passed comes before a target reached."""
    waiting, price = waits(position), exact(event.price)
    if waiting is None:
        return
    intent, limit = waiting
    if position.side.adverse(price, exact(limit.stop)):
        call_off(desk, position, intent, EntryEnd.STOP_PASSED, f"tick {event.price}")
    elif _before_target(position, limit, price):
        intent.before_target = True
    elif intent.before_target:
        call_off(desk, position, intent, EntryEnd.TARGET_FIRST, f"tick {event.price}")


def rung(desk: Desk, position: Position) -> None:
    """Its time is over."""
    waiting = waits(position)
    if waiting is not None:
        call_off(desk, position, waiting[0], EntryEnd.ENTRY_EXPIRED)


def withdrawn(desk: Desk, event: SignalWithdrawn) -> Position | None:
    """What the signal was raised for does not hold any more."""
    position = desk.positions.get(event.symbol)
    waiting = None if position is None or position.signal_id != event.signal_id else waits(position)
    if position is None or waiting is None:
        return None
    call_off(desk, position, waiting[0], EntryEnd(event.cause))
    return position


def call_off(desk: Desk, position: Position, intent: Intent, end: EntryEnd, detail: str = "") -> None:
    """Cancel the order, for a reason that is written down first."""
    intent.called_off = end.value
    desk.audit(AuditCode.ENTRY_WITHDRAWN, position, f"{end.value} {detail}".rstrip())
    desk.cancel(intent)


def _before_target(position: Position, limit: LimitEntry, price: Exact) -> bool:
    """Whether a price has still to go to the target."""
    return limit.target is not None and not position.side.favourable(price, exact(limit.target))

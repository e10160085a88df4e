"""What happened to each position in time: fills, the average, the stop, what was armed, and which stops rested."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from sadari.model.command import ArmLevels, Command, PlaceOrder, RecordExit
from sadari.model.event import AccountUpdated, Event, OrderAccepted, OrderCanceled, OrderFilled, OrderRejected
from sadari.model.order import Direction, Purpose
from sadari.model.units import PRICE_SCALE
from sadari.research.book import follow
from sadari.research.trades import UNRECORDED, Arms, Life, Lives

STOP = "stop"
RUNG = "rung"
TARGET = "target"
RESTING = {Purpose.STOP: "inner stop", Purpose.WALL: "outer wall"}


class Fill(NamedTuple):
    """One fill: what it was for is the rung that it bought, or the reasons that it closed for."""

    time_ns: int
    price: float
    qty: Decimal
    opens: bool
    label: str


class Resting(NamedTuple):
    """A protective order that the venue had, until a time or, if None, to the end."""

    kind: str
    price: float
    from_ns: int
    until_ns: int | None


class Track:
    """One position. Lines are (time_ns, price) and hold until the next; a price of None ends one.

    ``climbs`` says that it has a ladder: one that waits for targets of its own has none.
    """

    __slots__ = ("average", "climbs", "fills", "life", "resting", "rungs", "stop")

    def __init__(self, life: Life) -> None:
        self.life = life
        self.climbs = True
        self.fills: list[Fill] = []
        self.average: list[tuple[int, float | None]] = []
        self.stop: list[tuple[int, float | None]] = []
        self.rungs: dict[str, float] = {}
        self.resting: list[Resting] = []


class Tracks:
    """Follows the records of a run beside its `Lives`, which are asked whose each record is."""

    def __init__(self, lives: Lives) -> None:
        self._lives = lives
        self._found: dict[int, Track] = {}
        self._reasons: dict[str, list[str]] = {}
        self._closings: list[tuple[Track, OrderFilled, int]] = []
        self._placed: dict[str, PlaceOrder] = {}
        self._working: dict[str, tuple[Track, int, int]] = {}
        self.arms: Arms = {
            PlaceOrder: self._place,
            OrderAccepted: self._accept,
            OrderFilled: self._fill,
            OrderCanceled: self._end,
            OrderRejected: self._end,
            AccountUpdated: self._account,
            ArmLevels: self._arm,
            RecordExit: self._leave,
        }

    def of(self, life: Life) -> Track:
        """The track of a position."""
        track = self._found.get(id(life))
        if track is None:
            track = self._found[id(life)] = Track(life)
        return track

    def label(self) -> None:
        """Name what closing fills were for, once all records are read: some reasons are recorded after the fill."""
        for track, fill, row in self._closings:
            reasons = self._reasons.get(fill.client_order_id)
            record = track.life.record
            last = fill.cause or (record.reason if record is not None else UNRECORDED)
            track.fills[row] = track.fills[row]._replace(label=" + ".join(dict.fromkeys(reasons or [last])))

    def _place(self, _now: int, order: PlaceOrder) -> None:
        if order.purpose in RESTING and order.trigger_price is not None:
            self._placed[order.client_order_id] = order

    def _accept(self, now: int, event: OrderAccepted) -> None:
        order = self._placed.get(event.client_order_id)
        life = self._lives.held(event.symbol)
        if order is None or order.trigger_price is None or life is None:
            return
        track = self.of(life)
        self._working[event.client_order_id] = (track, len(track.resting), now)
        track.resting.append(Resting(RESTING[order.purpose], float(order.trigger_price), now, None))

    def _end(self, now: int, event: OrderCanceled | OrderRejected | OrderFilled) -> None:
        found = self._working.pop(event.client_order_id, None)
        if found is not None:
            track, row, _ = found
            track.resting[row] = track.resting[row]._replace(until_ns=now)

    def _fill(self, now: int, fill: OrderFilled) -> None:
        life, rung = self._lives.bought_for(fill)
        track = self.of(life)
        opens = fill.buyer == (life.direction is Direction.LONG)
        label = ("entry" if rung == 0 else f"add {rung}") if opens else ""
        if not opens:
            self._closings.append((track, fill, len(track.fills)))
        track.fills.append(Fill(now, float(fill.price), fill.qty, opens, label))
        if fill.done:
            self._end(now, fill)

    def _account(self, now: int, event: AccountUpdated) -> None:
        for position in event.positions:
            life = self._lives.held(position.symbol)
            if life is not None and (position.qty or not life.qty):
                _step(self.of(life).average, now, float(position.entry_price) if position.qty else None)

    def _arm(self, now: int, command: ArmLevels) -> None:
        life = self._lives.held(command.symbol)
        if life is None or not life.happened:
            return
        track = self.of(life)
        stop = None
        for level in command.levels:
            if level.name == STOP:
                stop = level.units / PRICE_SCALE
            elif level.name.startswith(RUNG):
                track.rungs[level.name] = level.units / PRICE_SCALE
            elif level.name == TARGET:
                track.climbs = False
        if stop is not None or not life.qty:
            _step(track.stop, now, stop)

    def _leave(self, _now: int, record: RecordExit) -> None:
        self._reasons.setdefault(record.client_order_id, []).append(record.reason)


def _step(line: list[tuple[int, float | None]], time_ns: int, price: float | None) -> None:
    """Let a line go on at a price, of several at one time at the last."""
    if line and line[-1][0] == time_ns:
        line.pop()
    if (line[-1][1] if line else None) != price:
        line.append((time_ns, price))


def tracks_of(records: Iterable[Event | Command]) -> list[Track]:
    """The track of each position that was held, in the order in which a report has them."""
    lives = Lives()
    tracks = Tracks(lives)
    follow(list(records), lives.arms, tracks.arms)
    tracks.label()
    return [tracks.of(life) for life in lives.end()]

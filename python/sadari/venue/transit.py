"""Orders on their way to the exchange, and its answers on their way back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum

from msgspec.structs import replace

from sadari.exchange import Exchange
from sadari.model.command import CancelOrder, PlaceOrder, QueryOrder
from sadari.model.event import Event, FundingPaid, OrderAccepted, OrderCanceled, OrderFilled, OrderRejected
from sadari.model.order import Purpose, Side
from sadari.model.reason import RejectReason
from sadari.venue.port import Latency
from sadari.venue.schedule import NOTHING, RANKS, Action, Rank, Schedule
from sadari.venue.track import Track

# Source: reference binance-usdm §6: a query for an order that the exchange does not know.
UNKNOWN_ORDER = -2013

# The balances are shown because they were asked for.
REFRESH = "REFRESH"

_OUTCOMES = (OrderAccepted, OrderFilled, OrderCanceled, OrderRejected)


class Path(StrEnum):
    """The order of prices inside candles."""

    TAPE = "tape"
    ADVERSE = "adverse"
    FAVOURABLE = "favourable"


class Transit:
    """What is under way between the engine and the exchange. Every order travels on its own: none waits for another.

    Args:
        schedule: Where arrivals are planned.
        tracks: The symbols.
        exchange: Where orders arrive.
        latency: How long each way takes.
        path: The order of prices inside candles.

    Attributes:
        moved: Symbols whose levels or path may have changed; shared with whoever looks for crossings.
        in_holes: How many orders of a symbol arrived where candles are missing.
    """

    def __init__(
        self, schedule: Schedule, tracks: Mapping[str, Track], exchange: Exchange, latency: Latency, path: Path
    ) -> None:
        self.moved: dict[str, Track] = {}
        self.in_holes: dict[str, int] = {}
        self._lost: list[tuple[PlaceOrder, int]] = []
        self._schedule = schedule
        self._tracks = tracks
        self._exchange = exchange
        self._latency = latency
        self._path = path
        self._outcomes: dict[str, Event] = {}
        self._last: list[Event] | None = None

    @property
    def in_flight(self) -> list[tuple[PlaceOrder, int]]:
        """Orders that the data ended before, with the time at which they would have arrived."""
        return self._lost + [(entry[5], entry[0]) for entry in self._schedule.rest() if entry[4] == self._arrive]

    def place(self, order: PlaceOrder) -> None:
        """Send an order."""
        now_ns = self._schedule.now_ns
        if order.purpose is Purpose.ENTRY:
            # Source: strategies §1.7: the bounds look at a pending entry as at a position, in the candle it is sent in.
            self.turn(self._tracks[order.symbol], order.side is Side.BUY, now_ns - 1)
        self._send(order, self._arrive)

    def cancel(self, command: CancelOrder) -> None:
        """Send a cancel; after the data have ended it arrives at once and takes no time to be answered."""
        if self._last is not None:
            self._last += self._exchange.cancel(command.symbol, command.client_order_id, self._schedule.now_ns)
            return
        self._send(command, self._cancel)

    def query(self, command: QueryOrder) -> None:
        """Answer at once with the last that is known of an order."""
        now_ns = self._schedule.now_ns
        known = self._outcomes.get(command.client_order_id)
        if known is None:
            known = not_found(command, now_ns)
        self._schedule.tell(now_ns, Rank.FILL, command.symbol, told_at(known, now_ns))

    def mark(self, *, acting: bool = True) -> None:
        """Tell the exchange where the symbols of its crossed positions stand; if it acts, their levels may move."""
        now_ns = self._schedule.now_ns
        for symbol in self._exchange.crossed:
            track = self._tracks[symbol]
            self._exchange.mark(symbol, track.told_price(now_ns))
            if acting:
                self.moved[symbol] = track

    def report(self, track: Track, happened: Iterable[Event]) -> None:
        """Bring back what the exchange says has happened at this moment, to a symbol and to others with it."""
        delay_ns = self._latency.report_ns
        due_ns = self._schedule.now_ns + delay_ns
        turned = {track.symbol}
        for event in happened:
            told = told_at(event, due_ns) if delay_ns else event
            if isinstance(told, _OUTCOMES):
                self._outcomes[told.client_order_id] = told
                turned.add(told.symbol)
            self._schedule.tell(due_ns, RANKS[type(told)], track.symbol, told)
        if self._path is not Path.TAPE:
            for symbol in sorted(turned):
                position = self._exchange.positions.get(symbol)
                self.turn(self._tracks[symbol], position is None or position.side > 0, self._schedule.now_ns)

    def tell_account(self, shown: Callable[[int], Event]) -> None:
        """Tell what the account shows at this moment, after everything that has happened until then."""
        due_ns = self._schedule.now_ns + self._latency.report_ns
        self._schedule.tell(due_ns, Rank.ACCOUNT, "", shown(due_ns))

    def turn(self, track: Track, long: bool, after_ns: int) -> None:  # noqa: FBT001 - a side, not a switch
        """Let candles that open after a time take the bound's path for a side; a tape takes its own."""
        if self._path is Path.TAPE:
            return
        low_first = long is (self._path is Path.ADVERSE)
        track.history.set_path("low_first" if low_first else "high_first", after_ns)
        self.moved[track.symbol] = track

    def told_late(self) -> Iterator[Event]:
        """What the exchange did before the data ended and nobody has been told of yet, told at the end."""
        for _, _, _, _, _, what in self._schedule.rest():
            if type(what) in RANKS:
                yield told_at(what, self._schedule.now_ns)

    def end(self) -> None:
        """The data have ended."""
        self._last = []

    def ended(self) -> Iterator[Event]:
        """What became of the cancels since then."""
        yield from self._last or ()

    def _send(self, command: PlaceOrder | CancelOrder, arrive: Action) -> None:
        """Plan that something arrives; what takes no time does so when all else of the moment has been told."""
        schedule, symbol = self._schedule, command.symbol
        if self._latency.order_ns:
            schedule.plan(schedule.now_ns + self._latency.order_ns, Rank.FILL, symbol, arrive, command)
        else:
            schedule.plan(schedule.now_ns, max(schedule.rank, Rank.ORDER), symbol, arrive, command)

    def _arrive(self, order: PlaceOrder) -> Iterable[Event]:
        track, now_ns = self._tracks[order.symbol], self._schedule.now_ns
        if now_ns >= track.end_ns:
            self._lost.append((order, now_ns))
        else:
            # Source: strategies §1.5: where candles are missing nothing trades, and the last price stands.
            if not track.is_traded(now_ns):
                self.in_holes[order.symbol] = self.in_holes.get(order.symbol, 0) + 1
            self.mark()
            self.report(track, self._exchange.submit(order, now_ns, track.price(now_ns)))
            self.moved[order.symbol] = track
        return NOTHING

    def _cancel(self, command: CancelOrder) -> Iterable[Event]:
        track = self._tracks[command.symbol]
        self.report(track, self._exchange.cancel(command.symbol, command.client_order_id, self._schedule.now_ns))
        self.moved[command.symbol] = track
        return NOTHING


def not_found(command: QueryOrder, time_ns: int) -> OrderRejected:
    """The answer to a query for an order that the exchange does not know."""
    return OrderRejected(
        time_ns=time_ns,
        symbol=command.symbol,
        client_order_id=command.client_order_id,
        code=UNKNOWN_ORDER,
        reason=RejectReason.NOT_FOUND,
    )


def told_at(event: Event, time_ns: int) -> Event:
    """An event that is told at another time than it happened: what changed the wallet keeps the time of that."""
    if isinstance(event, OrderFilled | FundingPaid) and time_ns != event.time_ns:
        return replace(event, time_ns=time_ns, booked_ns=event.booked_ns or event.time_ns)
    return replace(event, time_ns=time_ns)

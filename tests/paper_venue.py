"""A venue of the live parts over recorded trades: the paper desk, live sensing and a watch, in the order of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from msgspec.structs import replace

from sadari.exchange import TickSlippage
from sadari.kernel import Watch
from sadari.model import command as commands
from sadari.model.command import Command
from sadari.model.event import (
    AlarmRang,
    DayStarted,
    EngineTurned,
    Event,
    LevelCrossed,
    OperatorRequested,
    SymbolPrepared,
)
from sadari.model.instrument import Instrument
from sadari.model.plan import Settings
from sadari.model.units import MILLISECOND_NS, PRICE_SCALE, SECOND_NS, price_of
from sadari.run.settings.request import MarketSection
from sadari.sensors.feed import Quoted
from sadari.venue.live.market.sensed import FrameClosed, Raised, Turned, Withdrawn
from sadari.venue.live.market.sensing import Sensing, Specs
from sadari.venue.paper import PaperDesk
from sadari.venue.port import Latency
from sadari.venue.schedule import NOTHING, Rank, Schedule, handed_out

TRAIL = 1 << 32


class Levels:
    """The engine's levels of one symbol."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.names: dict[int, str] = {}
        self.trail: commands.Trail | None = None
        self.arming = 0
        self.unseen: int | None = None

    def arm(self, command: commands.ArmLevels) -> None:
        """Replace them; a trail that is armed again goes on from where it is."""
        self.arming += 1
        names = {number: level.name for number, level in enumerate(command.levels)}
        trail, before = command.trail, self.trail
        if trail is not None:
            names[TRAIL] = trail.name
        for number in self.names.keys() - names.keys():
            self.watch.disarm(number)
        self.names, self.trail = names, trail
        for number, level in enumerate(command.levels):
            self.watch.arm(number, level.up, level.units)
        if trail is None:
            return
        if before is not None and trail == replace(before, floor=trail.floor):
            self.watch.rearm_trail(TRAIL, trail.floor)
        else:
            self.watch.arm_trail(TRAIL, trail.up, float(trail.k), trail.best, trail.floor, None, None)

    def told(self, crossed: Iterable[int]) -> tuple[str, ...]:
        """The names of levels."""
        return tuple(self.names[number] for number in crossed)


class PaperVenue:
    """Trades and the candles made of them, told one by one; everything else follows.

    Args:
        trades: Time, symbol and price of each, in order.
        candles: The closed candles of each symbol.
        known: How many of them the sensors are started with.
        instruments: Those of the symbols.
        settings: What the engine decides by.
        specs: What is sensed.
        balance: The wallet to begin with.
        market: How the exchange behaves.
    """

    def __init__(
        self,
        trades: Sequence[tuple[int, str, float]],
        candles: Mapping[str, Sequence[Quoted]],
        known: int,
        *,
        instruments: Mapping[str, Instrument],
        settings: Settings,
        specs: Specs,
        balance: Decimal,
        market: MarketSection,
    ) -> None:
        interval_ns = specs.interval_ns
        start_ns = next(iter(candles.values()))[known].candle.open_time_ns
        end_ns = max(rows[-1].candle.open_time_ns for rows in candles.values()) + interval_ns
        self.settings = settings
        self._told: list[Event] = []
        self._instruments = instruments
        self._schedule = schedule = Schedule(start_ns, end_ns)
        self._levels = {symbol: Levels() for symbol in instruments}
        self.desk = PaperDesk(
            self._told.append, instruments, settings.fees, balance, slippage=TickSlippage(market.slippage_ticks),
            latency=Latency(order_ns=market.latency_ms * MILLISECOND_NS, report_ns=market.report_ms * MILLISECOND_NS),
            now_ns=lambda: schedule.now_ns, later=self._later, margin_mode=settings.ladder.margin_mode,
        )  # fmt: skip
        self.sensing = Sensing(specs, lambda: schedule.now_ns, lambda: self.desk.exchange.positions)
        for symbol, instrument in sorted(instruments.items()):
            self.sensing.add(instrument)
            self.sensing.start(symbol, candles[symbol][:known])
            for row in candles[symbol][known:]:
                schedule.plan(row.candle.open_time_ns + interval_ns, Rank.CANDLE, symbol, self._candle, (symbol, row))
        for trade in trades:
            if trade[0] < start_ns:
                self.desk.on_trade(trade[1], trade[2], trade[0])
                self._levels[trade[1]].watch.touch(_units(trade[2]))
            else:
                schedule.plan(trade[0], Rank.TRADE, trade[1], self._trade, trade)
        self._serve: dict[type[Command], Callable[[Any], None]] = {
            commands.ArmLevels: self._arm,
            commands.WatchVerdict: self.sensing.watch_verdict,
            commands.ArmSignals: self.sensing.arm_signals,
            commands.SetAlarm: self._set_alarm,
            commands.CallDay: lambda day: schedule.plan(day.at_ns, Rank.ALARM, "", self._day, day),
        }

    def execute(self, command: Command) -> None:
        """Take a command."""
        serve = self._serve.get(type(command))
        if serve is not None:
            serve(command)
        else:
            self.desk.execute(command)

    def events(self) -> Iterator[Event]:
        """The events of the run."""
        schedule, ladder = self._schedule, self.settings.ladder
        now_ns = schedule.now_ns
        yield OperatorRequested(time_ns=now_ns, command="start", actor="backtest")
        yield EngineTurned(time_ns=now_ns, trigger="start_ok")
        yield self.desk.exchange.report(now_ns, "START")
        for symbol in sorted(self._instruments):
            limit = self.desk.prepare(symbol, ladder.leverage, ladder.margin_mode)
            yield SymbolPrepared(time_ns=now_ns, symbol=symbol, leverage=ladder.leverage, max_notional=limit)
        yield EngineTurned(time_ns=now_ns, trigger="reconciled")
        while (entry := schedule.due()) is not None:
            yield from entry[4](entry[5])
            yield from self._heard()
        schedule.now_ns = schedule.end_ns
        yield OperatorRequested(time_ns=schedule.end_ns, command="stop_keep", actor="backtest", cause="end of data")
        yield EngineTurned(time_ns=schedule.end_ns, trigger="drained")

    def _heard(self) -> Iterator[Event]:
        """What the desk has told, one after the other: what follows from one may tell more."""
        while self._told:
            yield self._told.pop(0)

    def _later(self, delay_s: float, callback: Callable[[], None]) -> None:
        at_ns = self._schedule.now_ns + round(delay_s * SECOND_NS)
        self._schedule.plan(at_ns, Rank.FILL, "", partial(_called, callback), None)

    def _trade(self, trade: tuple[int, str, float]) -> Iterable[Event]:
        time_ns, symbol, price = trade
        self.desk.on_trade(symbol, price, time_ns)
        self._cross(symbol, self._levels[symbol], _units(price))
        return NOTHING

    def _cross(self, symbol: str, levels: Levels, units: int) -> None:
        names = levels.told(levels.watch.touch(units))
        levels.unseen = units if names else None
        if names:
            crossed = LevelCrossed(time_ns=self._schedule.now_ns, symbol=symbol, price=price_of(units), levels=names)
            what = levels, levels.arming, crossed
            self._schedule.plan(self._schedule.now_ns, Rank.CROSSING, symbol, self._tell, what)

    def _tell(self, what: tuple[Levels, int, LevelCrossed]) -> Iterable[Event]:
        levels, arming, crossed = what
        if arming != levels.arming:
            return NOTHING
        levels.unseen = None
        self._refresh_if_crossed()
        return (*self._heard(), crossed)

    def _refresh_if_crossed(self) -> None:
        """Tell the balances before a decision where prices move them, as a run over history does."""
        if self.desk.exchange.crossed:
            self.desk.show_account("PRICES")

    def _arm(self, command: commands.ArmLevels) -> None:
        levels = self._levels[command.symbol]
        levels.arm(command)
        self.sensing.arm_levels(command)
        if levels.unseen is not None:
            self._cross(command.symbol, levels, levels.unseen)

    def _candle(self, what: tuple[str, Quoted]) -> Iterable[Event]:
        now_ns = self._schedule.now_ns
        for said in self.sensing.push(*what):
            if isinstance(said, Turned):
                self._schedule.plan(now_ns, Rank.CANDLE, said.symbol, handed_out, said.event(now_ns))
            elif isinstance(said, FrameClosed):
                self._schedule.plan(now_ns, Rank.TRAIL, said.symbol, self._frame, said)
            elif isinstance(said, Withdrawn):
                self._schedule.plan(now_ns, Rank.SIGNAL, said.symbol, handed_out, said.event(now_ns))
            else:
                self._schedule.plan(now_ns, Rank.SIGNAL, said.rose.symbol, self._signal, said)
        return NOTHING

    def _frame(self, frame: FrameClosed) -> Iterable[Event]:
        levels, now_ns = self._levels[frame.symbol], self._schedule.now_ns
        if levels.trail is None or not levels.watch.frame(frame.high, frame.low, frame.line):
            return NOTHING
        last, names = levels.watch.last or 0, levels.told(levels.watch.pending())
        return (LevelCrossed(time_ns=now_ns, symbol=frame.symbol, price=price_of(last), levels=names),)

    def _signal(self, raised: Raised) -> Iterable[Event]:
        self._refresh_if_crossed()
        return (*self._heard(), raised.event(self._schedule.now_ns, self.desk.equity()))

    def _set_alarm(self, command: commands.SetAlarm) -> None:
        due_ns = max(command.at_ns, self._schedule.now_ns)
        self._schedule.tell(due_ns, Rank.ALARM, "", AlarmRang(time_ns=due_ns, name=command.name))

    def _day(self, _: commands.CallDay) -> Iterable[Event]:
        wallet = self.desk.exchange.wallet_balance
        return (DayStarted(time_ns=self._schedule.now_ns, wallet_balance=wallet, equity=self.desk.equity()),)


def _called(callback: Callable[[], None], _: object) -> Iterable[Event]:
    callback()
    return NOTHING


def _units(price: float) -> int:
    units: int = round(price * PRICE_SCALE)
    return units

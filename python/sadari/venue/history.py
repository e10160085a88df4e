"""The venue over recorded candles: it jumps from one thing that matters to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from math import isnan, nan
from typing import Any

from msgspec.structs import replace

from sadari.errors import ConfigError
from sadari.exchange import Exchange, Refusal
from sadari.model import command as commands
from sadari.model.command import Command, PlaceOrder
from sadari.model.event import (
    PRICES,
    AlarmRang,
    DayStarted,
    EngineTurned,
    Event,
    LiquidationRequested,
    OperatorRequested,
    PositionsShown,
    SignalRaised,
    SignalWithdrawn,
    SymbolPrepared,
)
from sadari.model.order import MarginMode
from sadari.model.units import SECOND_NS
from sadari.sensors.senses import Senses
from sadari.sensors.signals import Signal, signal_id
from sadari.venue.levels import Levels
from sadari.venue.port import Entries, FundingColumns, Latency, Market
from sadari.venue.schedule import BEHIND_ALL, NOTHING, Rank, Schedule
from sadari.venue.track import Track
from sadari.venue.transit import REFRESH, Path, Transit

ACTOR = "backtest"
ALREADY_SO = -4046
# Why the account is shown: everything is compared.
SYNC = "SYNC"


class HistoryVenue:
    """Runs an engine over history.

    Between two events nothing happens that the engine could notice: the next time is that of the next thing due or of
    the next price, of any symbol, that crosses an armed level.

    Args:
        markets: The symbols to run.
        exchange: The account they trade on.
        latency: How long orders and outcomes travel.
        leverage: Set for every symbol at the start.
        margin_mode: Set for every symbol at the start.
        start_ns: When the run begins; None for the first candle.
        end_ns: The last instant of the run; None for the close of the last candle.
        senses: What a signal is to carry besides its price.
        wishes: What an operator asks for, each at its time; one that is to carry prices gets those of what is held.
        path: The order of prices inside candles: tape, adverse or favourable to the position held.

    Attributes:
        unprepared: Symbols that the exchange refused to prepare, with its answer.
        unmarked: Symbols whose funding was paid at the last price, because the mark price is not known.

    Raises:
        ConfigError: There is no symbol, or nothing after the start.
    """

    def __init__(
        self,
        markets: Sequence[Market],
        exchange: Exchange,
        *,
        latency: Latency,
        leverage: int,
        margin_mode: MarginMode,
        start_ns: int | None = None,
        end_ns: int | None = None,
        path: str = Path.TAPE,
        senses: Senses | None = None,
        wishes: Sequence[Event] = (),
    ) -> None:
        if not markets:
            raise ConfigError("a run over history needs at least one symbol with candles")
        first_ns, last_ns = min(m.span_ns[0] for m in markets), max(m.span_ns[1] for m in markets)
        end_ns = last_ns if end_ns is None else end_ns
        start_ns = first_ns if start_ns is None else max(first_ns, start_ns)
        if start_ns >= end_ns:
            raise ConfigError(
                f"the run begins at {start_ns} ns; allowed: before {end_ns} ns, where it ends or the last candle closes"
            )
        self.exchange = exchange
        self.start_ns = start_ns
        self.unprepared: dict[str, str] = {}
        self.unmarked: set[str] = set()
        self._senses = senses or Senses()
        self._wishes = wishes
        self._leverage = leverage
        self._margin_mode = margin_mode
        self._schedule = Schedule(start_ns, end_ns)
        self._tracks = {m.symbol: Track(m, exchange.watch(m.symbol), start_ns) for m in _by_symbol(markets)}
        self._transit = Transit(self._schedule, self._tracks, exchange, latency, Path(path))
        self._levels = Levels(self._schedule, self._tracks, exchange, self._transit)
        self._serve: dict[type[Command], Callable[[Any], None]] = {
            commands.PlaceOrder: self._transit.place,
            commands.CancelOrder: self._transit.cancel,
            commands.QueryOrder: self._transit.query,
            commands.RefreshAccount: lambda _: self._refresh(),
            commands.ArmLevels: self._levels.arm,
            commands.WatchVerdict: self._levels.watch_verdict,
            commands.ArmSignals: self._arm_signals,
            commands.SetAlarm: self._set_alarm,
            commands.CallDay: self._call_day,
            commands.Reconcile: self._compare,
        }

    @property
    def end_ns(self) -> int:
        """The last instant of the run."""
        return self._schedule.end_ns

    @property
    def in_flight(self) -> list[tuple[PlaceOrder, int]]:
        """Orders that the data ended before, with the time at which they would have arrived."""
        return self._transit.in_flight

    @property
    def in_holes(self) -> Mapping[str, int]:
        """How many orders of a symbol arrived where candles are missing."""
        return self._transit.in_holes

    def price(self, symbol: str) -> Decimal:
        """The last price of a symbol."""
        return self._tracks[symbol].price(self._schedule.now_ns)

    def equity(self) -> Decimal:
        """Wallet balance plus unrealized PnL at the last prices."""
        return self.exchange.equity({symbol: self.price(symbol) for symbol in self.exchange.positions})

    def execute(self, command: Command) -> None:
        """Take a command; what only records or tells something has no effect here."""
        serve = self._serve.get(type(command))
        if serve is not None:
            serve(command)

    def events(self) -> Iterator[Event]:
        """The events of the run in their total order, from the operator's start to the end of the data."""
        yield from self._opening()
        while True:
            # A crossing is later than now: as long as something else is due at this moment, levels may still move.
            if self._levels.moved and not self._schedule.is_due_now():
                self._levels.look_ahead()
            entry = self._schedule.due()
            if entry is None:
                break
            yield from entry[4](entry[5])
        self._schedule.now_ns = self.end_ns
        yield from self._transit.told_late()
        self._transit.end()
        yield OperatorRequested(time_ns=self.end_ns, command="stop_keep", actor=ACTOR, cause="end of data")
        yield from self._transit.ended()
        yield EngineTurned(time_ns=self.end_ns, trigger="drained")

    def _opening(self) -> Iterator[Event]:
        now_ns = self.start_ns
        yield OperatorRequested(time_ns=now_ns, command="start", actor=ACTOR)
        yield EngineTurned(time_ns=now_ns, trigger="start_ok")
        yield self.exchange.report(now_ns, "START")
        for symbol, track in self._tracks.items():
            limit = self._prepare(symbol)
            if limit is not None:
                yield SymbolPrepared(time_ns=now_ns, symbol=symbol, leverage=self._leverage, max_notional=limit)
            self._transit.turn(track, True, now_ns - 1)  # noqa: FBT003 - flat counts as long
            for entries in track.entries:
                self._expect_signal(track, entries, now_ns)
            self._expect_funding(track, now_ns)
        yield EngineTurned(time_ns=now_ns, trigger="reconciled")
        for wish in self._wishes:
            self._schedule.plan(wish.time_ns, Rank.ALARM, "", self._wish, wish)

    def _wish(self, wish: Event) -> Iterable[Event]:
        if not isinstance(wish, OperatorRequested | LiquidationRequested):
            return (wish,)
        marks = tuple((symbol, self.price(symbol)) for symbol in sorted(self.exchange.positions))
        return (replace(wish, marks=marks),)

    def _compare(self, command: commands.Reconcile) -> None:
        """Show the balances and every position when all that has happened until now is told.

        One symbol alone is compared for a difference between engine and exchange, which history cannot have.
        """
        if command.symbol:
            return
        shown = tuple(
            replace(position.record(), mark_price=self.price(symbol))
            for symbol, position in sorted(self.exchange.positions.items())
        )
        self._transit.tell_account(lambda due_ns: self.exchange.report(due_ns, SYNC))
        self._transit.tell_account(lambda due_ns: PositionsShown(time_ns=due_ns, positions=shown))

    def _prepare(self, symbol: str) -> Decimal | None:
        """The largest notional that the exchange allows, or None if it refuses to prepare the symbol."""
        try:
            self._set_margin_mode(symbol)
            return self.exchange.set_leverage(symbol, self._leverage)
        except Refusal as refusal:
            self.unprepared[symbol] = str(refusal)
            return None

    def _set_margin_mode(self, symbol: str) -> None:
        try:
            self.exchange.set_margin_mode(symbol, self._margin_mode)
        except Refusal as refusal:
            if refusal.code != ALREADY_SO:
                raise

    # signals

    def _arm_signals(self, command: commands.ArmSignals) -> None:
        track = self._tracks[command.symbol]
        for entries in track.entries:
            if entries.rearm:
                self._expect_signal(track, entries, max(self._schedule.now_ns, command.not_before_ns - 1))

    def _expect_signal(self, track: Track, entries: Entries, after_ns: int) -> None:
        track.waiting[entries.strategy] = signal = entries.signals.after(after_ns)
        if signal is not None:
            # Live, the next trade of a symbol closes its candle, before the clock does that where none comes. What is
            # missing before a candle is asked for first: what it says comes behind both.
            late = 2 if track.follows_hole(signal.close_ns) else int(not track.is_traded(signal.close_ns))
            name = f"{BEHIND_ALL * late}{track.symbol}"
            self._schedule.plan(signal.close_ns, Rank.SIGNAL, name, self._signal, (track, entries, signal))

    def _signal(self, what: tuple[Track, Entries, Signal]) -> Iterable[Event]:
        track, entries, signal = what
        if signal is not track.waiting[entries.strategy]:
            return NOTHING
        now_ns, strategy = self._schedule.now_ns, entries.strategy
        track.waiting[strategy] = None
        self._expect_withdrawal(track.symbol, entries, signal)
        if not entries.rearm:
            self._expect_signal(track, entries, now_ns)
        sensed = self._senses.at(track.symbol, signal.direction, now_ns, self.exchange.positions)
        raised = SignalRaised(
            time_ns=now_ns,
            symbol=track.symbol,
            direction=signal.direction,
            strategy=strategy,
            signal_id=signal_id(strategy, track.symbol, signal.close_ns),
            price=track.price(now_ns),
            price_time_ns=track.last_traded_ns(now_ns),
            equity=self.equity(),
            rearm=entries.rearm,
            tag=signal.tag,
            episode=signal.episode,
            candidate_age_ns=sensed.candidate_age_ns,
            market_trend=sensed.market_trend,
            volatility=sensed.volatility,
            correlations=sensed.correlations,
            limit=signal.limit,
        )
        if not self.exchange.crossed:
            return (raised,)
        self._transit.mark(acting=False)
        return (self.exchange.report(now_ns, PRICES), raised)

    def _refresh(self) -> None:
        """Show the account as it is: a decision waits for it."""
        self._transit.mark(acting=False)
        now_ns = self._schedule.now_ns
        self._schedule.tell(now_ns, Rank.ACCOUNT, "", self.exchange.report(now_ns, REFRESH))

    def _expect_withdrawal(self, symbol: str, entries: Entries, signal: Signal) -> None:
        void = entries.withdrawals.get(signal.close_ns)
        if void is None:
            return
        event = SignalWithdrawn(
            time_ns=void.close_ns,
            symbol=symbol,
            strategy=entries.strategy,
            signal_id=signal_id(entries.strategy, symbol, signal.close_ns),
            cause=void.cause.value,
        )
        self._schedule.tell(void.close_ns, Rank.SIGNAL, symbol, event)

    # funding and time

    def _expect_funding(self, track: Track, from_ns: int) -> None:
        row = track.next_funding(from_ns)
        if row is not None and track.funding is not None:
            time_ns = track.funding.time_ns[row] // SECOND_NS * SECOND_NS
            self._schedule.plan(time_ns, Rank.ACCOUNT, track.symbol, self._fund, (track, track.funding, row))

    def _fund(self, what: tuple[Track, FundingColumns, int]) -> Iterable[Event]:
        track, funding, row = what
        now_ns = self._schedule.now_ns
        self._expect_funding(track, now_ns + 1)
        if track.symbol in self.exchange.positions:
            mark = nan if funding.mark_price is None else funding.mark_price[row]
            if isnan(mark):
                self.unmarked.add(track.symbol)
            price = track.price(now_ns) if isnan(mark) else Decimal(repr(mark))
            self._transit.mark()
            paid = self.exchange.fund(track.symbol, now_ns, Decimal(repr(funding.rate[row])), price)
            self._transit.report(track, paid)
            self._levels.moved[track.symbol] = track
        return NOTHING

    def _set_alarm(self, command: commands.SetAlarm) -> None:
        due_ns = max(command.at_ns, self._schedule.now_ns)
        self._schedule.tell(due_ns, Rank.ALARM, "", AlarmRang(time_ns=due_ns, name=command.name))

    def _call_day(self, command: commands.CallDay) -> None:
        self._schedule.plan(command.at_ns, Rank.ALARM, "", self._day, command)

    def _day(self, _: commands.CallDay) -> Iterable[Event]:
        wallet = self.exchange.wallet_balance
        return (DayStarted(time_ns=self._schedule.now_ns, wallet_balance=wallet, equity=self.equity()),)


def _by_symbol(markets: Sequence[Market]) -> list[Market]:
    return sorted(markets, key=lambda market: market.symbol)

"""The counterfactual funnel: each denied entry signal, followed in shadow through the same lifecycle on the same tape.

A shadow is a run of its own: a fresh engine and a fresh account of the same settings, with the wallet balance of the
moment, on which this one signal is raised. Shadows share what does not change: the tape and the technical lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace as changed

from sadari.core.engine import Engine
from sadari.errors import ConfigError
from sadari.model.command import CallDay, Command, RecordDecision, RecordPosition
from sadari.model.event import AccountUpdated, Event, OperatorRequested, OrderRejected, SignalRaised
from sadari.model.plan import Settings
from sadari.model.units import DAY_NS
from sadari.research.run_record import Funnel, Shadow, ShadowState
from sadari.run.history.simulation import exchange_of, history_venue
from sadari.run.settings.request import Request
from sadari.sensors.signals import ListedSignals, Signal
from sadari.sensors.technical import Technical
from sadari.venue.clock import Stopwatch
from sadari.venue.port import Entries, Market
from sadari.venue.transit import Path

# An entry that the data ended before is neither held nor refused.
NOT_FILLED = "NOT_FILLED"


class Denied(NamedTuple):
    """A signal that a gate denied, and the wallet balance at that moment."""

    signal: SignalRaised
    gate: str
    wallet: Decimal


def denied(records: Iterable[Event | Command]) -> Iterator[Denied]:
    """The denied entry signals of a run, in order; one that a gate denied several times at its close is there once."""
    signal: SignalRaised | None = None
    wallet = Decimal(0)
    seen: set[tuple[object, ...]] = set()
    for record in records:
        if isinstance(record, SignalRaised):
            signal = record
        elif isinstance(record, AccountUpdated):
            wallet = record.wallet_balance
        elif isinstance(record, RecordDecision) and signal is not None and not (record.rung or record.accepted):
            what = (*identity(signal), record.denial)
            if what not in seen:
                seen.add(what)
                yield Denied(signal, record.denial, wallet)


def identity(signal: SignalRaised) -> tuple[object, ...]:
    """What two signals have in common that would have done the same. A strategy may have a ladder of its own."""
    return signal.symbol, signal.strategy, signal.direction, signal.time_ns


class ShadowRun:
    """One signal on an account of its own.

    Args:
        request: The backtest that denied it.
        market: The market of its symbol; its own signals are not raised.
        signal: The signal. What only gates ask is left out of it, so that none of them denies it again.
        wallet: The wallet balance to begin with.
        end_ns: The last instant of the shadow.
    """

    def __init__(self, request: Request, market: Market, signal: SignalRaised, wallet: Decimal, end_ns: int) -> None:
        instruments = {market.symbol: request.instruments[market.symbol]}
        self._signal = alone(signal, wallet)
        self._wallet = wallet
        self._exchange = exchange_of(request, instruments, wallet)
        self._venue = history_venue(
            request,
            [replace(market, entries=(only(market, signal),))],
            self._exchange,
            start_ns=signal.time_ns - 1,
            end_ns=end_ns,
        )
        self._engine = Engine(allowed_once(request.settings), instruments)

    def records(self) -> Iterator[Event | Command]:
        """Every event and command, up to the record of the ended position or to the last instant."""
        for event in self._venue.events():
            kind = type(event)
            if kind is OperatorRequested and event.time_ns == self._venue.end_ns:
                return
            told = self._signal if kind is SignalRaised else event
            yield told
            for command in self._engine.handle(told):
                yield command
                if type(command) is RecordPosition:
                    return
                # A new day matters to entries only, and this account makes no second one.
                if type(command) is not CallDay:
                    self._venue.execute(command)

    def follow(self, gate: str) -> Shadow:
        """Run it, and say what became of a signal that a gate denied."""
        record: RecordPosition | None = None
        code = NOT_FILLED
        for said in self.records():
            if isinstance(said, RecordPosition):
                record = said
            elif isinstance(said, RecordDecision) and not (said.rung or said.accepted):
                code = said.denial
            elif isinstance(said, OrderRejected):
                code = f"EXCHANGE_REJECTED:{said.code}"
        return self._shadow(gate, record, code)

    def _shadow(self, gate: str, record: RecordPosition | None, code: str) -> Shadow:
        signal = self._signal
        shadow = Shadow(
            symbol=signal.symbol, time_ns=signal.time_ns, direction=signal.direction, strategy=signal.strategy,
            signal_id=signal.signal_id, episode=signal.episode, gate=gate, state=ShadowState.NOT_FOLLOWED,
            booked=self._exchange.wallet_balance - self._wallet,
        )  # fmt: skip
        if record is not None:
            return changed(
                shadow, state=ShadowState.ENDED, closed_ns=record.closed_ns, reason=record.reason, adds=record.adds
            )
        held = self._exchange.positions.get(signal.symbol)
        if held is None:
            return changed(shadow, code=code)
        unrealized = held.profit(abs(held.qty), self._venue.price(signal.symbol))
        adds = self._engine.positions[signal.symbol].adds
        return changed(shadow, state=ShadowState.OPEN, unrealized=unrealized, adds=adds)


def only(market: Market, signal: SignalRaised) -> Entries:
    """The entry signals of a market on which this one alone is raised, at the same close, and withdrawn as it was."""
    withdrawals = next((one.withdrawals for one in market.entries if one.strategy == signal.strategy), {})
    again = Signal(signal.time_ns, signal.direction, signal.tag, signal.episode, signal.limit)
    return Entries(strategy=signal.strategy, signals=ListedSignals([again]), withdrawals=withdrawals)


def alone(signal: SignalRaised, wallet: Decimal) -> SignalRaised:
    """A signal as it would be raised on an account that holds nothing, with nothing in it for a gate to deny.

    What sizes a plan stays: volatility and the market's trend.
    """
    return changed(signal, equity=wallet, rearm=False, candidate_age_ns=0, correlations=())


def allowed_once(settings: Settings) -> Settings:
    """Settings that forbid nothing altogether: no shorts, or too little reward, is a gate like any other."""
    risk, reward = settings.risk, changed(settings.reward, enabled=False)
    return changed(settings, risk=changed(risk, max_shorts=max(risk.max_shorts, 1)), reward=reward)


def shared(traded: Iterable[Market], start_ns: int) -> dict[str, Market]:
    """The markets of a run with technical lines that all shadows share, warm from the start of the run as its own."""
    return {market.symbol: replace(market, technical=Technical(market.candles, start_ns)) for market in traded}


def follow_denied(
    request: Request,
    traded: Sequence[Market],
    records: Iterable[Event | Command],
    *,
    start_ns: int,
    end_ns: int,
    progress: Callable[[float], None] | None = None,
) -> Funnel:
    """Follow every denied entry signal of a run.

    Args:
        request: The run's request.
        traded: Its markets.
        records: What it recorded.
        start_ns: Its first instant: where technical lines are warm.
        end_ns: Its last instant: no shadow goes further.
        progress: Told the share that is done, from 0 to 1.
    """
    stopwatch = Stopwatch()
    days = request.funnel.days
    prepared = shared(traded, start_ns)
    asked = list(denied(records))
    known: dict[tuple[object, ...], Shadow] = {}
    shadows = []
    for number, (signal, gate, wallet) in enumerate(asked):
        # Two gates may deny a signal that is raised twice at one close: what it would have done is the same.
        what = identity(signal)
        if what not in known:
            last_ns = min(signal.time_ns + days * DAY_NS, end_ns)
            known[what] = ShadowRun(request, prepared[signal.symbol], signal, wallet, last_ns).follow(gate)
        shadows.append(changed(known[what], gate=gate))
        if progress is not None:
            progress((number + 1) / len(asked))
    return Funnel(days=days, shadows=shadows, followed=len(known), cpu_s=stopwatch.spent().cpu_s)


def refuse_bounds(request: Request) -> None:
    """Refuse a funnel on a path that is a bound: it takes the side of a position, and shadows have no say in it.

    Raises:
        ConfigError: The path is not the tape.
    """
    if request.funnel.enabled and Path(request.market.path) is not Path.TAPE:
        raise ConfigError(f'[market] path is "{request.market.path}" with a funnel; allowed: {Path.TAPE}')

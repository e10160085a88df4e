"""A backtest: the engine over history, and what became of it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import msgspec

from sadari.core.engine import Engine
from sadari.core.ledger import Entry, Ledger
from sadari.model.command import Command
from sadari.model.event import Event
from sadari.model.order import Direction
from sadari.research.run_record import Funnel, InFlightOrder, OpenPosition, Run, SymbolFacts
from sadari.run.feed.sensing import sensing
from sadari.run.history.assumptions import assumptions
from sadari.run.history.equity import equity_samples
from sadari.run.history.funnel import follow_denied, refuse_bounds
from sadari.run.history.markets import check_request, markets
from sadari.run.history.recorded_alerts import RecordedAlerts
from sadari.run.history.simulation import exchange_of, history_venue
from sadari.run.settings.request import FunnelSection, Request
from sadari.sensors.frames import contiguous
from sadari.store.journal import Header, Journal
from sadari.venue.clock import Stopwatch
from sadari.venue.history import HistoryVenue
from sadari.venue.port import Market, Venue

Record = Event | Command


def backtest(request: Request) -> Run:
    """Run the engine over the candles of a request.

    Raises:
        ConfigError: The request cannot be run.
        JournalError: The journal cannot be written.
    """
    refuse_bounds(request)
    stopwatch = Stopwatch()
    check_request(request)
    sensed = sensing(request)
    traded = markets(request, sensed.entries)
    exchange = exchange_of(request, request.instruments, request.balance)
    wallet_start, balances = exchange.wallet_balance, dict(exchange.balances)
    venue = history_venue(
        request, traded, exchange, start_ns=request.start_ns, senses=sensed.senses, wishes=request.wishes
    )
    entries: list[Entry] = []
    engine = Engine(request.settings, request.instruments, Ledger(entries))
    records: list[Record] = []
    alerts = RecordedAlerts(
        engine,
        request.alerts.limits(request.settings.risk, request.settings.daily),
        request.settings.run_id,
        venue.price,
        venue.equity,
    )
    with journal_of(request) as keep:
        drive(venue, alerts.handle, records, keep, progress_of(request, venue))
    spent = stopwatch.spent()
    symbols = tuple(facts(market, venue.start_ns) for market in traded)
    return Run(
        settings=request.settings,
        symbols=symbols,
        records=records,
        wallet_start=wallet_start,
        wallet_end=exchange.wallet_balance,
        income=exchange.income,
        ledger=entries,
        balances={asset: (start, exchange.balances[asset]) for asset, start in balances.items()},
        open_positions=open_positions(venue, engine),
        in_flight=tuple(
            InFlightOrder(symbol=o.symbol, client_order_id=o.client_order_id, purpose=o.purpose, due_ns=due_ns)
            for o, due_ns in venue.in_flight
        ),
        equity=equity_samples(traded, records, venue.start_ns, venue.end_ns),
        candles=sum(known.rows for known in symbols),
        cpu_s=spent.cpu_s,
        wall_s=spent.wall_s,
        path=request.market.path,
        assumptions=assumptions(request, traded, venue),
        surge=list(sensed.surge.items()),
        ict=sensed.ict,
        scans=list(sensed.scans.items()),
        funnel=funnel_of(request, traded, records, venue),
        notices=alerts.notices,
    )


def bounds(request: Request) -> tuple[Run, Run]:
    """The same run with the order of prices inside candles against the position held, and for it."""
    adverse, favourable = (
        backtest(
            replace(
                request,
                market=msgspec.structs.replace(request.market, path=path),
                funnel=FunnelSection(),
                journal=None,
            )
        )
        for path in ("adverse", "favourable")
    )
    return adverse, favourable


def funnel_of(request: Request, traded: list[Market], records: list[Record], venue: HistoryVenue) -> Funnel | None:
    """What became of the denied signals in shadow, if that is asked for."""
    if not request.funnel.enabled:
        return None
    return follow_denied(
        request, traded, records, start_ns=venue.start_ns, end_ns=venue.end_ns, progress=request.progress
    )


def drive(
    venue: Venue,
    handle: Callable[[Event], list[Command]],
    records: list[Record],
    keep: Callable[[Record], None],
    progress: Callable[[int], None],
) -> None:
    """The loop: each event is recorded and decided on; each command is recorded before it is sent."""
    for event in venue.events():
        records.append(event)
        keep(event)
        for command in handle(event):
            records.append(command)
            keep(command)
            venue.execute(command)
        progress(event.time_ns)


@contextmanager
def journal_of(request: Request) -> Iterator[Callable[[Record], None]]:
    """Where records go besides memory: the journal, if one is asked for."""
    if request.journal is None:
        yield lambda _record: None
        return
    traded = {symbol: request.instruments[symbol] for symbol in sorted(request.candles)}
    market: dict[str, Any] = msgspec.to_builtins(request.market)
    header = Header(
        build=version("sadari"),
        settings=request.settings,
        instruments=traded,
        market={name: str(value) for name, value in market.items()},
    )
    with Journal(request.journal, header) as journal:
        yield journal.append


def progress_of(request: Request, venue: HistoryVenue) -> Callable[[int], None]:
    """Tells the share that is done whenever it has grown by a hundredth."""
    tell, start_ns = request.progress, venue.start_ns
    if tell is None:
        return lambda _time_ns: None
    step_ns = max((venue.end_ns - start_ns) // 100, 1)
    told = -1

    def passed(time_ns: int) -> None:
        nonlocal told
        done = (time_ns - start_ns) // step_ns
        if done > told:
            told = done
            tell(min(done / 100, 1.0))

    return passed


def facts(market: Market, from_ns: int) -> SymbolFacts:
    """What is known of a symbol's data from the start of the run on."""
    candles, funding = market.candles, market.funding
    first = bisect_left(candles.open_time_ns, from_ns)
    start_ns, end_ns = max(market.span_ns[0], from_ns), market.span_ns[1]
    times = candles.open_time_ns[first:]
    holes = len(contiguous(times, candles.interval_ns)) - 1
    spans = () if funding is None else funding.spans(start_ns, end_ns)
    return SymbolFacts(
        symbol=market.symbol,
        rows=len(candles.open_time_ns) - first,
        start_ns=start_ns,
        end_ns=end_ns,
        interval_ns=candles.interval_ns,
        funding_known=spans == ((start_ns, end_ns),),
        funding_spans=spans,
        holes=max(holes, 0),
        missing=(times[-1] - times[0]) // candles.interval_ns + 1 - len(times) if len(times) else 0,
        quote_volume_known=getattr(candles, "quote_volume", None) is not None,
    )


def open_positions(venue: HistoryVenue, engine: Engine) -> tuple[OpenPosition, ...]:
    """What is still held, as the exchange has it, at the last prices."""
    found = []
    for symbol, position in sorted(venue.exchange.positions.items()):
        price = venue.price(symbol)
        found.append(
            OpenPosition(
                symbol=symbol,
                direction=Direction.LONG if position.side > 0 else Direction.SHORT,
                qty=abs(position.qty),
                entry_price=position.entry_price,
                mark_price=price,
                unrealized=position.profit(abs(position.qty), price),
                stage=engine.positions[symbol].stage if symbol in engine.positions else 0,
            )
        )
    return tuple(found)

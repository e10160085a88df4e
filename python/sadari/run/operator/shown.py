"""The status of a running engine, put together from its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING

from sadari.core.exposure import worst_case
from sadari.core.liquidation.state import Liquidation
from sadari.core.position import Position
from sadari.model.reason import stage_name
from sadari.model.units import MILLISECOND_NS, SECOND_NS, Exact, decimal_of, exact
from sadari.run.figures.exposures import exposure
from sadari.run.figures.status import (
    ChannelStatus,
    Counters,
    ExposureStatus,
    LevelStatus,
    LiquidationStatus,
    PositionStatus,
    Status,
    StreamStatus,
    SymbolStatus,
)
from sadari.run.figures.unprotected import is_accepted
from sadari.venue.live.account.preparation import Prepared

if TYPE_CHECKING:
    from sadari.run.live.engine import LiveEngine

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
    if position.limit is not None:
        for goal in position.goals:
            if goal.open > 0:
                yield goal.reason.lower().replace("_", " "), goal.price
    elif not position.half_closed:
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


def status(live: LiveEngine) -> Status:
    """Everything that is shown of a live engine."""
    engine, parts = live.opened.engine, live.parts
    account, balances, recent = engine.account, parts.balances, live.recent
    now_ns = live.now_ns()
    known = balances.read_ns is not None
    steady_ns = live.asked.clocks.measure_ns()
    held = sum((worst_case(one) for one in engine.positions.values() if one.qty > 0), Exact(0))
    return Status(
        mode=live.asked.config.engine.mode,
        name=live.opened.settings.run_id,
        version=version("sadari"),
        pid=live.asked.pid,
        state=engine.state.value,
        time_ns=now_ns,
        started_ns=live.started_ns,
        uptime_s=max(live.connections.server.ns() - live.started_ns, 0) / SECOND_NS,
        pause_causes=engine.causes,
        gates=engine.gate(),
        lost=tuple(sorted(parts.supervision.lost)),
        wallet_balance=balances.wallet_balance if known else None,
        available_balance=balances.available_balance if known else None,
        equity=balances.equity() if known else None,
        margin_ratio=balances.margin_ratio,
        account_age_s=(steady_ns - balances.told_at) / SECOND_NS if known else None,
        day_result=account.day_result(balances.equity()) if known else None,
        worst_case=decimal_of(held, _PLACES),
        clock_offset_ms=live.connections.off_ns / MILLISECOND_NS,
        position_mode="hedge" if live.facts.hedge else "one-way",
        multi_assets=live.facts.multi_assets,
        positions=positions(iter(engine.positions.values()), live.price, live.margin_mode),
        symbols=tuple(_symbols(live)),
        streams=tuple(_streams(live)),
        decisions=tuple(recent.decisions),
        alerts=tuple(recent.alerts),
        channels=tuple(_channels(live)),
        exposure=_exposure(live),
        unprotected=live.unprotected.show(),
        counters=_counters(live),
        watched=tuple(parts.watches.symbols),
        performance=recent.performance.show(
            recent.orders,
            recent.refusals,
            balances.equity() if known else None,
            balances.available_balance if known else None,
        ),
        closed=recent.closed,
        realized=recent.realized,
        liquidation=_liquidation(engine.liquidation),
    )


def _liquidation(found: Liquidation | None) -> LiquidationStatus | None:
    if found is None or not found.under_way:
        return None
    wanted = found.wanted
    return LiquidationStatus(
        correlation_id=wanted.correlation_id,
        phase=found.state.value,
        source=wanted.source,
        reason=wanted.reason,
        actor=wanted.actor,
        cause=wanted.cause,
        after=found.after,
        deadline_ns=found.deadline_ns,
        number=found.number,
        symbols=found.symbols,
        open=found.open,
    )


def _exposure(live: LiveEngine) -> ExposureStatus:
    now = exposure(live.opened.engine.positions, live.price)
    return ExposureStatus(**now._asdict(), net=now.net)


def _symbols(live: LiveEngine) -> Iterator[SymbolStatus]:
    seen = live.parts.streams.seen()
    for prepared in sorted(live.symbols.prepared.values(), key=lambda one: one.symbol):
        yield _symbol(live, prepared, seen.get(prepared.symbol, {}))


def _symbol(live: LiveEngine, prepared: Prepared, streams: dict[str, bool]) -> SymbolStatus:
    return SymbolStatus(
        symbol=prepared.symbol,
        prepared=prepared.ready,
        margin_mode=prepared.margin_type,
        downgraded=prepared.downgraded,
        leverage=prepared.leverage,
        max_notional=prepared.max_notional,
        gates=live.opened.engine.gate(prepared.symbol),
        message=prepared.message,
        streams=streams,
    )


def _streams(live: LiveEngine) -> Iterator[StreamStatus]:
    parts = live.parts
    for health in (*parts.streams.health(), *parts.side.health()):
        yield StreamStatus(
            name=health.name,
            connected=health.connected,
            streams=health.streams,
            messages=health.messages,
            age_s=health.age_s,
            reconnects=health.reconnects,
        )


def _channels(live: LiveEngine) -> Iterator[ChannelStatus]:
    for one in live.asked.deliveries():
        yield ChannelStatus(
            name=one.name,
            sent=one.sent,
            waiting=one.waiting,
            failed=one.failed,
            dropped=one.dropped,
            stuck_s=one.stuck_ns / SECOND_NS,
        )


def _counters(live: LiveEngine) -> Counters:
    parts, recent, journal, connections = live.parts, live.recent, live.opened.journal, live.connections
    calls = {**connections.rest.calls, **parts.side.calls()}
    return Counters(
        ticks_seen=parts.watches.seen,
        ticks_checked=parts.watches.checked,
        events=live.driver.events,
        decisions=recent.decided,
        orders=recent.orders,
        order_refusals=recent.refusals,
        fills=recent.fills,
        stops_triggered=recent.stops,
        profits_triggered=recent.profits,
        rest_calls=dict(sorted(calls.items())),
        syncs=parts.side.trading.compared,
        differences=recent.differences,
        journal_records=journal.written,
        slowest_sync_s=journal.slowest_sync_ns / SECOND_NS,
        weight_used=connections.budget.used_weight(connections.server.ns()),
    )

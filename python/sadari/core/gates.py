"""The gates in front of new exposure, in their fixed order; the first that says no is the reason.

Source: strategies §9.2. Gates 16 to 19 belong to signals that carry a stop and a target; the ladder's do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sadari.core.desk import Desk
from sadari.core.engine_table import EngineState
from sadari.core.exposure import committed, counts, open_short_risk, portfolio_worst_case, worst_case
from sadari.core.position import Position
from sadari.core.reward import Distances
from sadari.core.rules import estimated_liquidation
from sadari.core.sizing import Denial, planned_quantities
from sadari.model.entry import LimitEntry
from sadari.model.event import SignalRaised
from sadari.model.order import Direction
from sadari.model.reason import DenialCode, is_stop
from sadari.model.units import DAY_NS, MILLISECOND_NS, MINUTE_NS, Exact, exact

# Source: fault F32; the venue's code -4045. A position's inner stop, its replacement while both rest, and its wall.
MAX_CONDITIONAL_ORDERS = 200
STOPS_EACH = 3

Correlations = tuple[tuple[str, float], ...]


def may_act(desk: Desk, symbol: str, price_time_ns: int) -> Denial | None:
    """Gates 1 to 5: the engine runs, the symbol is tradable and prepared, prices and balances are fresh."""
    if desk.state is not EngineState.RUNNING:
        return Denial(DenialCode.ENGINE_NOT_RUNNING, desk.state.value, "RUNNING")
    shut = desk.gate()
    if shut:
        return Denial(DenialCode.ENGINE_NOT_RUNNING, ", ".join(shut), "no cause")
    instrument = desk.instruments.get(symbol)
    if instrument is None or instrument.status != "TRADING":
        return Denial(DenialCode.SYMBOL_NOT_TRADABLE, instrument.status if instrument else "unknown", "TRADING")
    shut = desk.gate(symbol)
    if shut:
        return Denial(DenialCode.SYMBOL_NOT_TRADABLE, ", ".join(shut), "no cause")
    if symbol not in desk.prepared:
        why = desk.unprepared.get(symbol, "not confirmed")
        return Denial(DenialCode.SYMBOL_NOT_PREPARED, why, "margin mode and leverage confirmed")
    risk = desk.settings.risk
    age_ms = (desk.now_ns - price_time_ns) // MILLISECOND_NS
    if age_ms > risk.max_price_age_ms:
        return Denial(DenialCode.MARKET_DATA_STALE, f"{age_ms} ms", f"{risk.max_price_age_ms} ms")
    account = desk.account
    if account.updated_ns is None or account.margin_refused:
        return Denial(DenialCode.ACCOUNT_DATA_STALE, "no account data since the last refusal for margin", "fresh")
    if risk.account_max_age_ms is not None:
        age_ms = (desk.now_ns - account.updated_ns) // MILLISECOND_NS
        if age_ms > risk.account_max_age_ms:
            return Denial(DenialCode.ACCOUNT_DATA_STALE, f"{age_ms} ms", f"{risk.account_max_age_ms} ms")
    return None


def may_enter(desk: Desk, position: Position, signal: SignalRaised) -> Denial | None:
    """Gates 1 to 15 of an entry."""
    denial = may_act(desk, signal.symbol, signal.price_time_ns) or is_candidate(desk, signal)
    return denial if denial is not None else next(_entry_gates(desk, position, signal), None)


def is_candidate(desk: Desk, signal: SignalRaised) -> Denial | None:
    """Of a strategy that the scanner gates: a scan young enough found the symbol a candidate (D-39)."""
    most = desk.settings.strategy(signal.strategy).scan_max_age_minutes
    if most is None:
        return None
    age_ns = signal.candidate_age_ns
    if age_ns is not None and age_ns <= most * MINUTE_NS:
        return None
    # A sensor that was started lately does not know what was before.
    shown = f"{age_ns // MINUTE_NS} min ago" if age_ns is not None and age_ns <= DAY_NS else "not within a day"
    return Denial(DenialCode.NOT_A_CANDIDATE, shown, f"{most} min")


def _entry_gates(desk: Desk, position: Position, signal: SignalRaised) -> Iterator[Denial]:
    risk = desk.settings.risk
    if desk.last_signal.get((signal.symbol, signal.strategy)) == signal.signal_id:
        yield Denial(DenialCode.DUPLICATE_SIGNAL, signal.signal_id, "one decision per signal")
    if not position.is_in("FLAT", "CLOSED"):
        yield Denial(DenialCode.POSITION_EXISTS, position.state.value, "FLAT")
    if position.may_still_fill():
        yield Denial(DenialCode.POSITION_EXISTS, "an order of the last position is unresolved", "FLAT")
    counted = [other for other in desk.positions.values() if counts(other)]
    if len(counted) >= risk.max_positions:
        yield Denial(DenialCode.MAX_POSITIONS, len(counted), risk.max_positions)
    stops = STOPS_EACH * (len(counted) + 1) + sum(desk.foreign_stops.values())
    if stops > MAX_CONDITIONAL_ORDERS:
        yield Denial(DenialCode.STOP_ORDER_LIMIT, stops, MAX_CONDITIONAL_ORDERS)
    same = sum(other.strategy == signal.strategy for other in counted)
    at_once = desk.settings.at_once(signal.strategy)
    if same >= at_once:
        yield Denial(DenialCode.STRATEGY_POSITION_LIMIT, same, at_once)
    shorts = sum(other.direction is Direction.SHORT for other in counted)
    most = risk.max_shorts + (risk.bearish_shorts if signal.market_trend == "BEARISH" else 0)
    if signal.direction is Direction.SHORT and shorts >= most:
        yield Denial(DenialCode.SHORT_POSITION_LIMIT, shorts, most)
    opposite = sum(other.direction is not signal.direction for other in counted)
    if opposite and not risk.allow_opposite_side:
        yield Denial(DenialCode.HEDGE_NOT_ALLOWED, opposite, 0)
    yield from _time_gates(desk, position, signal)


def _time_gates(desk: Desk, position: Position, signal: SignalRaised) -> Iterator[Denial]:
    reentry, daily, account = desk.settings.reentry, desk.settings.daily, desk.account
    if position.is_in("CLOSED"):
        until = position.closed_ns + reentry.cooldown_ns(after_stop=is_stop(position.reason))
        if desk.now_ns < until:
            yield Denial(DenialCode.COOLDOWN_ACTIVE, desk.now_ns, until)
    of_symbol = account.entries.get(signal.symbol, 0)
    if of_symbol >= reentry.max_per_symbol_per_day:
        yield Denial(DenialCode.REENTRY_LIMIT, of_symbol, reentry.max_per_symbol_per_day)
    of_day = sum(account.entries.values())
    if of_day >= daily.max_entries:
        yield Denial(DenialCode.DAILY_TRADE_LIMIT, of_day, daily.max_entries)
    result = account.day_result(signal.equity)
    floor = -daily.max_loss_pct * account.day_wallet
    if result <= floor:
        yield Denial(DenialCode.DAILY_LOSS_LIMIT, result, floor)


def prices_fit(signal: SignalRaised) -> Denial | None:
    """Gates 16 and 17, of an entry that names its stop: it lies between the stop and its targets (strategies §8.1)."""
    limit, sign = signal.limit, signal.direction.sign
    if limit is None:
        return None
    risk = sign * (limit.price - limit.stop)
    if risk == 0:
        return Denial(DenialCode.ZERO_STOP_DISTANCE, 0, "above 0")
    if risk < 0:
        return Denial(DenialCode.INVALID_PRICES, limit.stop, f"beyond {limit.price}")
    wrong = next((one.price for one in limit.targets if sign * (one.price - limit.price) <= 0), None)
    return None if wrong is None else Denial(DenialCode.INVALID_PRICES, wrong, f"beyond {limit.price}")


def reward_fits(desk: Desk, found: Distances, least: Decimal) -> Denial | None:
    """Gates 18 and 19: the targets pay for the fees, and bring enough for what is risked (strategies §8, D-19)."""
    if not desk.settings.reward.enabled:
        return None
    if found.reward <= found.fees_at_target:
        return Denial(DenialCode.REWARD_BELOW_COSTS, found.reward, found.fees_at_target)
    if found.raw < exact(least):
        return Denial(DenialCode.RR_BELOW_MINIMUM, found.raw, least)
    return None


def leverage_fits(position: Position, price: Exact) -> Denial | None:
    """Gate 20 of an entry, isolated margin only: each rung lies on the safe side of the guard before it (D-13)."""
    rules = position.rules
    if not rules.isolated:
        return None
    side = position.side
    if position.limit is not None:
        return _stop_fits(position, position.limit, price, position.plan[0])
    quantities = planned_quantities(position, price)
    prices = [price, *(price * factor for factor in side.trigger)]
    full = sum((exact(qty) * at for qty, at in zip(quantities, prices, strict=True)), Exact(0))
    held = cost = Exact(0)
    for rung in range(1, rules.ladder.rungs + 1):
        held += exact(quantities[rung - 1])
        cost += exact(quantities[rung - 1]) * prices[rung - 1]
        if held == 0:
            return None
        liquidation = estimated_liquidation(side, cost / held, full, position.maintenance)
        if liquidation is None:
            continue
        guard = liquidation * side.guard
        if side.adverse(prices[rung], guard):
            return Denial(DenialCode.LEVERAGE_PLAN_INCOMPATIBLE, prices[rung], guard)
    return None


def _stop_fits(position: Position, limit: LimitEntry, price: Exact, notional: Exact) -> Denial | None:
    """Gate 20 of an entry with a stop of its own: that lies on the safe side of the guard."""
    side, stop = position.side, exact(limit.stop)
    liquidation = estimated_liquidation(side, price, notional, position.maintenance) if notional > 0 else None
    if liquidation is None or not side.adverse(stop, liquidation * side.guard):
        return None
    return Denial(DenialCode.LEVERAGE_PLAN_INCOMPATIBLE, stop, liquidation * side.guard)


def margin_buffer(desk: Desk) -> Denial | None:
    """Gate 21: the available balance must exceed the buffer (inclusive)."""
    available, buffer = desk.account.available_balance, desk.settings.risk.margin_buffer_usdt
    return Denial(DenialCode.MARGIN_BUFFER, available, buffer) if available <= buffer else None


def short_risk_fits(desk: Desk, position: Position) -> Denial | None:
    """Gate 22: the other shorts do not lose too much already if all of them stop (strategies §9.3, §10, D-22).

    A ladder's own risk is not counted: its plan is limited by gate 23, and would never pass a cap for single orders.
    """
    if position.direction is not Direction.SHORT:
        return None
    others = (other for other in desk.positions.values() if other is not position)
    at_stake, cap = open_short_risk(others), exact(desk.settings.risk.max_short_risk_pct)
    limit = cap * exact(desk.account.wallet_balance)
    return Denial(DenialCode.SHORT_RISK_CAP, at_stake, limit) if at_stake > limit else None


def portfolio_fits(
    desk: Desk, position: Position, qty: Decimal, price: Exact, correlations: Correlations = ()
) -> Denial | None:
    """Gates 23, 24 and 27, asked with the quantity at hand; the position already carries its plan."""
    risk, balance = desk.settings.risk, exact(desk.account.wallet_balance)
    worst = portfolio_worst_case(desk.positions.values())
    if not counts(position):
        worst += worst_case(position)
    cap = exact(risk.max_portfolio_stop_loss_pct) * balance
    if worst > cap:
        return Denial(DenialCode.PORTFOLIO_RISK_CAP, worst, cap)
    denial = correlated_loss_fits(desk, position, dict(correlations)) or _reserve_kept(desk, position, qty, price)
    if denial is not None:
        return denial
    notional = (exact(position.qty) + exact(qty)) * price
    limit = exact(desk.prepared[position.symbol])
    if notional > limit:
        return Denial(DenialCode.LEVERAGE_BRACKET_EXCEEDED, notional, limit)
    return None


def correlated_loss_fits(desk: Desk, position: Position, correlations: dict[str, float]) -> Denial | None:
    """An option: what moves together may not lose too much together. An unknown correlation counts as one."""
    share = desk.settings.scaling.max_correlated_loss_pct
    if share is None or counts(position):
        return None
    loss = worst_case(position)
    for other in desk.positions.values():
        if other is not position and counts(other) and other.direction is position.direction:
            loss += worst_case(other) * Exact(max(0.0, correlations.get(other.symbol, 1.0)))
    limit = exact(share) * exact(desk.account.wallet_balance)
    return Denial(DenialCode.CORRELATION_CAP, loss, limit) if loss > limit else None


def _reserve_kept(desk: Desk, position: Position, qty: Decimal, price: Exact) -> Denial | None:
    """Gate 24: neither the strategy of the position nor all of them together use the reserve as margin."""
    leverage, balance = position.rules.ladder.leverage, exact(desk.account.wallet_balance)
    added = exact(qty) * price
    held = [(other.strategy, committed(other)) for other in desk.positions.values() if counts(other)]
    own = desk.settings.strategy(position.strategy).min_reserve_pct
    limits = [(sum((cost for _, cost in held), added), desk.settings.risk.min_reserve_pct)]
    if own is not None:
        of_strategy = sum((cost for strategy, cost in held if strategy == position.strategy), added)
        limits.append((of_strategy, own))
    for taken, reserve in limits:
        margin, limit = taken / leverage, (1 - exact(reserve)) * balance
        if margin > limit:
            return Denial(DenialCode.MARGIN_RESERVE, margin, limit)
    return None

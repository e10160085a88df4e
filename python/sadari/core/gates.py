"""The gates in front of new exposure, in their fixed order; the first that says no is the reason.

Source: strategies §9.2. Gates 16 to 19 belong to signals that carry a stop and a target; the ladder's do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sadari.core.desk import Desk
from sadari.core.exposure import committed, counts, portfolio_worst_case, worst_case
from sadari.core.position import Position
from sadari.core.rules import estimated_liquidation
from sadari.core.sizing import Denial, planned_quantities
from sadari.model.event import SignalRaised
from sadari.model.order import Direction
from sadari.model.reason import DenialCode, is_stop
from sadari.model.units import MILLISECOND_NS, Exact, exact


def may_act(desk: Desk, symbol: str, price_time_ns: int) -> Denial | None:
    """Gates 1 to 5: the engine runs, the symbol is tradable and prepared, prices and balances are fresh."""
    if not desk.running:
        return Denial(DenialCode.ENGINE_NOT_RUNNING, desk.state.value, "RUNNING")
    instrument = desk.instruments.get(symbol)
    if instrument is None or instrument.status != "TRADING":
        return Denial(DenialCode.SYMBOL_NOT_TRADABLE, instrument.status if instrument else "unknown", "TRADING")
    if symbol not in desk.prepared:
        return Denial(DenialCode.SYMBOL_NOT_PREPARED, "not confirmed", "margin mode and leverage confirmed")
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
    denial = may_act(desk, signal.symbol, signal.price_time_ns)
    return denial if denial is not None else next(_entry_gates(desk, position, signal), None)


def _entry_gates(desk: Desk, position: Position, signal: SignalRaised) -> Iterator[Denial]:
    risk = desk.settings.risk
    if desk.last_signal.get(signal.symbol) == signal.signal_id:
        yield Denial(DenialCode.DUPLICATE_SIGNAL, signal.signal_id, "one decision per signal")
    if not position.is_in("FLAT", "CLOSED"):
        yield Denial(DenialCode.POSITION_EXISTS, position.state.value, "FLAT")
    if position.may_still_fill():
        yield Denial(DenialCode.POSITION_EXISTS, "an order of the last position is unresolved", "FLAT")
    counted = [other for other in desk.positions.values() if counts(other)]
    if len(counted) >= risk.max_positions:
        yield Denial(DenialCode.MAX_POSITIONS, len(counted), risk.max_positions)
    same = sum(other.strategy == signal.strategy for other in counted)
    if same >= risk.strategy_positions:
        yield Denial(DenialCode.STRATEGY_POSITION_LIMIT, same, risk.strategy_positions)
    shorts = sum(other.direction is Direction.SHORT for other in counted)
    if signal.direction is Direction.SHORT and shorts >= risk.max_shorts:
        yield Denial(DenialCode.SHORT_POSITION_LIMIT, shorts, risk.max_shorts)
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


def leverage_fits(position: Position, price: Exact) -> Denial | None:
    """Gate 20 of an entry, isolated margin only: each rung lies on the safe side of the guard before it (D-13)."""
    rules = position.rules
    if not rules.isolated:
        return None
    side = position.side
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


def margin_buffer(desk: Desk) -> Denial | None:
    """Gate 21: the available balance must exceed the buffer (inclusive)."""
    available, buffer = desk.account.available_balance, desk.settings.risk.margin_buffer_usdt
    return Denial(DenialCode.MARGIN_BUFFER, available, buffer) if available <= buffer else None


def portfolio_fits(desk: Desk, position: Position, qty: Decimal, price: Exact) -> Denial | None:
    """Gates 23, 24 and 27, asked with the quantity at hand; the position already carries its plan."""
    risk, balance = desk.settings.risk, exact(desk.account.wallet_balance)
    worst = portfolio_worst_case(desk.positions.values())
    if not counts(position):
        worst += worst_case(position)
    cap = exact(risk.max_portfolio_stop_loss_pct) * balance
    if worst > cap:
        return Denial(DenialCode.PORTFOLIO_RISK_CAP, worst, cap)
    taken = sum((committed(other) for other in desk.positions.values() if counts(other)), exact(qty) * price)
    margin = taken / position.rules.ladder.leverage
    reserve = (1 - exact(risk.min_reserve_pct)) * balance
    if margin > reserve:
        return Denial(DenialCode.MARGIN_RESERVE, margin, reserve)
    notional = (exact(position.qty) + exact(qty)) * price
    limit = exact(desk.prepared[position.symbol])
    if notional > limit:
        return Denial(DenialCode.LEVERAGE_BRACKET_EXCEEDED, notional, limit)
    return None

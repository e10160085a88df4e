"""From a signal to a held position, and the adds of its ladder. Source: strategies §5.3 (ADD), §5.7, §9.2."""

from __future__ import annotations

from decimal import Decimal

from sadari.core import gates, refusals, scaling, stop_entries, takeover, waiting
from sadari.core.desk import Desk
from sadari.core.exposure import worst_case
from sadari.core.intents import Intent
from sadari.core.position import Position
from sadari.core.position_table import pending
from sadari.core.sizing import Denial, Sizing, ladder_caps, planned_quantities, quantity
from sadari.model.command import ArmSignals, CallDay, RecordDecision, RefreshAccount, RewardRatio, SetAlarm
from sadari.model.event import OrderCanceled, OrderFilled, OrderRejected, SignalRaised
from sadari.model.order import Purpose
from sadari.model.reason import AuditCode, DenialCode, EntryEnd, RejectReason, is_stop, stage_name
from sadari.model.units import DAY_NS, EXACT, MILLISECOND_NS, Exact, decimal_of, exact

# Strategies §5.3: a refused order is tried three times in all, with these pauses after each refusal.
RETRY_BACKOFF_NS = (500 * MILLISECOND_NS, 1000 * MILLISECOND_NS, 2000 * MILLISECOND_NS)
# Denials that hold until the next UTC day.
OF_THE_DAY = frozenset({DenialCode.REENTRY_LIMIT, DenialCode.DAILY_TRADE_LIMIT, DenialCode.DAILY_LOSS_LIMIT})


def on_signal(desk: Desk, signal: SignalRaised) -> Denial | None:
    """Decide on an entry signal: deny it with a reason, which is returned, or size it and send the entry."""
    position = desk.position(signal.symbol) if signal.symbol in desk.instruments else None
    sizing: Sizing | None = None
    reward: RewardRatio | None = None
    denial = None
    if position is None:
        denial = gates.may_act(desk, signal.symbol, signal.price_time_ns)
    else:
        denial = gates.may_enter(desk, position, signal)
        if denial is None:
            _begin(desk, position, signal)
            denial, reward = stop_entries.weigh(desk, signal)
        if denial is None:
            denial, sizing = _size_entry(desk, position, signal)
    waits = _waits_for_account(desk, signal, denial)
    if not waits:
        desk.last_signal[signal.symbol, signal.strategy] = signal.signal_id
    _record(desk, signal, denial, sizing, reward=reward)
    if denial is not None or position is None or sizing is None:
        if signal.rearm and not waits:
            desk.out.append(ArmSignals(symbol=signal.symbol, not_before_ns=_again_ns(desk, position, denial)))
        return denial
    position.id = desk.next_position_id()
    desk.account.count_entry(signal.symbol, 1)
    desk.move(position, "signal_accepted")
    position.working = desk.order(position, Purpose.ENTRY, sizing.qty)
    if signal.limit is None:
        desk.send(position, position.working)
    else:
        desk.send(position, position.working, limit=signal.limit.price, rests=True)
        waiting.begin(desk, position, position.working, signal.limit)
    call_next_day(desk)
    return None


def entry_price(signal: SignalRaised) -> Decimal:
    """The price that an entry is sized by: its limit, or the last price (strategies §7.7, 4)."""
    return signal.price if signal.limit is None else signal.limit.price


def _waits_for_account(desk: Desk, signal: SignalRaised, denial: Denial | None) -> bool:
    """True if balances are too old to decide by: they are read anew, and the signal is asked once more (§9.1)."""
    again = desk.waiting.pop(signal.symbol, None) is not None
    if denial is None or denial.code is not DenialCode.ACCOUNT_DATA_STALE or again:
        return False
    if desk.settings.risk.account_max_age_ms is None or desk.account.margin_refused:
        return False
    desk.out.append(RefreshAccount())
    desk.waiting[signal.symbol] = signal
    return True


def _begin(desk: Desk, position: Position, signal: SignalRaised) -> None:
    if position.is_in("CLOSED"):
        desk.move(position, "cooldown_over")
    rules = desk.rules_for(signal.strategy, signal.symbol)
    if rules is not position.rules:
        position.follow(rules)
    balance = EXACT.multiply(desk.account.wallet_balance, scaling.share(desk, signal))
    position.start(position.id, signal.direction, signal.strategy, signal.signal_id, balance)
    position.rearm = signal.rearm
    position.limit = signal.limit
    position.last_price = signal.price
    position.opened_ns = desk.now_ns


def _size_entry(desk: Desk, position: Position, signal: SignalRaised) -> tuple[Denial | None, Sizing | None]:
    price = exact(entry_price(signal))
    limit = signal.limit
    sizing = None if limit is None else stop_entries.size(desk, position, limit)
    denial = gates.leverage_fits(position, price) or gates.margin_buffer(desk)
    if denial is not None:
        return denial, None
    if sizing is None:
        sizing = _sized(desk, position, 0, price)
    no_room = sizing.denial if sizing.denial is not None and sizing.denial.code is DenialCode.SHORT_RISK_CAP else None
    denial = (
        gates.short_risk_fits(desk, position)
        or no_room
        or gates.portfolio_fits(desk, position, sizing.qty, price, signal.correlations)
        or sizing.denial
    )
    if denial is None and limit is None:
        instrument = position.instrument
        prices = [price, *(price * factor for factor in position.side.trigger)]
        for rung, (qty, at) in enumerate(zip(planned_quantities(position, price), prices, strict=True)):
            if qty < instrument.min_qty or exact(qty) * at < exact(instrument.min_notional):
                desk.audit(AuditCode.PLAN_RUNG_TOO_SMALL, position, f"{stage_name(rung)}: {qty}")
    return denial, sizing


def _sized(desk: Desk, position: Position, rung: int, price: Exact) -> Sizing:
    settings = desk.settings
    caps = ladder_caps(
        position.rules.ladder,
        settings.risk,
        settings.fees,
        position.instrument,
        planned=position.plan[rung],
        price=price,
        available=desk.account.available_balance,
        held=position.qty,
        max_notional=desk.prepared[position.symbol],
    )
    return quantity(caps, position.instrument, price)


def _record(
    desk: Desk, signal: SignalRaised, denial: Denial | None, sizing: Sizing | None, rung: int = 0,
    reward: RewardRatio | None = None,
) -> None:  # fmt: skip
    desk.out.append(
        RecordDecision(
            symbol=signal.symbol,
            direction=signal.direction,
            strategy=signal.strategy,
            signal_id=signal.signal_id,
            rung=rung,
            price=entry_price(signal),
            accepted=denial is None,
            denial=denial.code if denial else "",
            value=denial.value if denial else "",
            limit=denial.limit if denial else "",
            qty=sizing.qty if sizing and denial is None else Decimal(0),
            caps={name: decimal_of(cap) for name, cap in sizing.caps.items()} if sizing else {},
            binding=sizing.binding if sizing else "",
            reward=reward,
        )
    )


def _again_ns(desk: Desk, position: Position | None, denial: Denial | None) -> int:
    """When a denied signal is worth raising again: where the end of its reason is known, not before that."""
    if position is not None and denial is not None and denial.code is DenialCode.COOLDOWN_ACTIVE:
        return position.closed_ns + desk.settings.reentry.cooldown_ns(after_stop=is_stop(position.reason))
    if denial is not None and denial.code in OF_THE_DAY:
        return (desk.now_ns // DAY_NS + 1) * DAY_NS
    return desk.now_ns


def call_next_day(desk: Desk) -> None:
    """Have the next UTC midnight reported, with the equity of that moment."""
    at_ns = (desk.now_ns // DAY_NS + 1) * DAY_NS
    if desk.day_call_ns < at_ns:
        desk.day_call_ns = at_ns
        desk.out.append(CallDay(at_ns=at_ns))


# outcomes of the entry order


def entry_filled(desk: Desk, position: Position, event: OrderFilled) -> None:
    """A fill of the entry order while it is pending."""
    refusals.forget(desk, position.symbol)
    beyond = takeover.prove(position, event.price, event.qty)
    if beyond > 0:
        position.enter(event.price, beyond)
    if event.done:
        position.unproven = Decimal(0)
        position.working = None
        position.worst_case = decimal_of(worst_case(position))
        desk.move(position, "entry_filled")
    else:
        desk.move(position, "entry_partial")


def entry_ended(desk: Desk, position: Position, event: OrderCanceled | OrderRejected) -> None:
    """The entry order has ended at the venue: with a part filled the position is held, otherwise there is none."""
    intent, position.working = position.working, None
    if position.qty > 0:
        position.worst_case = decimal_of(worst_case(position))
        desk.move(position, "entry_done_partial")
        return
    desk.refused(position, event)
    refusals.count(desk, position, event)
    desk.account.count_entry(position.symbol, -1)
    desk.move(position, _unfilled(intent, event))
    if position.rearm:
        desk.out.append(ArmSignals(symbol=position.symbol, not_before_ns=desk.now_ns))


def _unfilled(intent: Intent | None, event: OrderCanceled | OrderRejected) -> str:
    if isinstance(event, OrderRejected):
        return "entry_rejected"
    expired = intent is not None and intent.called_off == EntryEnd.ENTRY_EXPIRED
    return "entry_timeout_unfilled" if expired else "entry_cancelled"


# adds


def consider_add(desk: Desk, position: Position, rung: int, tick: Decimal) -> bool:
    """Send the add of a rung whose trigger this tick is beyond, or record why not. True if it was sent."""
    price = exact(tick)
    denial = gates.may_act(desk, position.symbol, desk.now_ns)
    sizing: Sizing | None = None
    if denial is None:
        sizing = _sized(desk, position, rung, price)
        denial = would_stop(position, rung, price, sizing.qty) or gates.margin_buffer(desk)
        denial = (
            denial
            or gates.short_risk_fits(desk, position)
            or gates.portfolio_fits(desk, position, sizing.qty, price)
            or sizing.denial
        )
    if denial is not None:
        position.suspended[rung] = (
            safe_price(desk, position, rung, tick) if denial.code is DenialCode.DCA_WOULD_STOP else None
        )
        if position.denied.get(rung) == denial.code:
            return False
        if denial.code is DenialCode.ACCOUNT_DATA_STALE:
            desk.out.append(RefreshAccount())
    signal = SignalRaised(
        time_ns=desk.now_ns,
        symbol=position.symbol,
        direction=position.direction,
        strategy=position.strategy,
        signal_id=position.signal_id,
        price=tick,
        price_time_ns=desk.now_ns,
        equity=Decimal(0),
    )
    _record(desk, signal, denial, sizing, rung)
    if denial is not None or sizing is None:
        position.denied[rung] = denial.code if denial else ""
        return False
    position.denied.pop(rung, None)
    position.return_state = position.state.value
    desk.move(position, f"dca{rung}_trigger")
    position.working = desk.order(position, Purpose.ADD, sizing.qty, rung)
    desk.send(position, position.working)
    return True


def would_stop(position: Position, rung: int, price: Exact, qty: Decimal) -> Denial | None:
    """G-ADD: the add filled at this price must not be at or beyond the stop that would hold then."""
    if qty == 0:
        return None
    level = position.stop_after_add(rung, price, qty)
    return Denial(DenialCode.DCA_WOULD_STOP, price, level) if position.side.adverse(price, level) else None


def safe_price(desk: Desk, position: Position, rung: int, tick: Decimal) -> Exact | None:
    """The price nearest to a denied tick, on the tick grid, at which G-ADD passes; None if not even at the trigger.

    A fill nearer to the trigger moves the average less than the price, so the answer is found by halving.
    """
    step = exact(position.instrument.tick_size)
    sign = position.side.sign

    def passes(ticks: int) -> bool:
        return _passes(desk, position, rung, exact(tick) + sign * ticks * step)

    high = int(abs(position.trigger(rung) - exact(tick)) / step)
    if high == 0 or not passes(high):
        return None
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return exact(tick) + sign * high * step


def _passes(desk: Desk, position: Position, rung: int, price: Exact) -> bool:
    return would_stop(position, rung, price, _sized(desk, position, rung, price).qty) is None


def add_filled(desk: Desk, position: Position, intent: Intent, event: OrderFilled) -> None:
    """A fill of the add under way."""
    position.add(intent.rung, event.price, event.qty)
    if not event.done:
        desk.move(position, "add_partial")
        return
    _add_done(desk, position, intent, "add_filled")


def add_ended(desk: Desk, position: Position, intent: Intent, event: OrderCanceled | OrderRejected) -> None:
    """The add has ended without (further) fills."""
    if intent.filled > 0:
        _add_done(desk, position, intent, "add_done_partial")
        return
    position.working = None
    rung = intent.rung
    desk.move(position, "add_rejected", f"to {position.return_state}")
    desk.refused(position, event)
    # A refusal for margin may be tried once more, so it counts for two (strategies §9.2).
    for_margin = isinstance(event, OrderRejected) and event.reason is RejectReason.INSUFFICIENT_MARGIN
    tries = position.tries.get(pending(rung), 0) + (2 if for_margin else 1)
    position.tries[pending(rung)] = tries
    if tries >= len(RETRY_BACKOFF_NS):
        # The rungs beyond it are out of reach as well: the next one to be executed stays the lowest.
        position.used.update(range(rung, position.rules.ladder.rungs + 1))
        desk.audit(AuditCode.ADD_ABANDONED, position, f"rung {rung}")
        return
    position.suspended[rung] = None
    at_ns = desk.now_ns + RETRY_BACKOFF_NS[tries - 1]
    desk.out.append(SetAlarm(name=f"retry:{position.symbol}:{position.id}", at_ns=at_ns, wall=True))


def _add_done(desk: Desk, position: Position, intent: Intent, event: str) -> None:
    position.working = None
    stage = max(intent.rung, _stage_of(position))
    desk.move(position, event, f"to {stage_name(stage)}")
    position.merge_small_lots()


def _stage_of(position: Position) -> int:
    names = [stage_name(stage) for stage in range(position.rules.ladder.rungs + 1)]
    return names.index(position.return_state)

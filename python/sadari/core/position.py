"""A position: what was filled, at what average, and the levels that follow from it.

Source: strategies §5.2. Fills, averages and levels are exact; fees and funding never enter an average or a level.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from sadari.core.intents import Intent
from sadari.core.lots import ZERO, Decision, Goal, Lot
from sadari.core.position_table import position_lifecycle
from sadari.core.rules import Maintenance, Rules, Side, estimated_liquidation
from sadari.model.command import Slip, Trail
from sadari.model.entry import LimitEntry
from sadari.model.event import OrderFilled
from sadari.model.instrument import Instrument
from sadari.model.order import Direction
from sadari.model.reason import ExitReason
from sadari.model.units import EXACT, Exact, exact

NOTHING_ARMED = ((), None)


class Position:
    """One life of a position on a symbol, from the accepted signal to its settlement.

    Attributes:
        qty: Open quantity ``Q``, not negative.
        avg: Exchange-convention average price: an add moves it, a reduction does not.
        e0: Quantity-weighted price of the entry order.
        stage: The highest stage ever reached; a reduction never lowers it.
        lots: What the adds bought, by rung.
        used: Rungs that fired or were abandoned.
        reduction_blocked: A refused reduction waits; if it is given up, until the price has been back or for a minute.
        refused_flat: The venue refused an exit because there is nothing to reduce.
        denied: The last denial of a rung, so that one condition is written down once.
        suspended: Rungs not armed for now, with the price that arms them again (None: only a change of the account).
        ratchet: The stop ``Y`` without the guard.
        stop: The effective stop ``X``; ``stop_reason`` names the term it equals.
        liquidation: The venue's liquidation price if it was read after the last change of ``Q``.
        armed: Levels and trail as last armed; None if one of them has fired since.
        cost: What is held times its average price.
        worst: The worst case of the plan as last worked out, None since something has changed.
        realized: Realized profit of its trades as the venue tells it.
        gain: The same from its fills and average, exactly.
        decision: What closing everything would have brought when that was decided.
        mismatch: The last settlement mismatch that was told.
        slips: What each fill since then brought beyond that, by trade.
        funding: Funding that was paid for it.
        plan: The notional planned for the entry and for each add.
        unproven: How much of the quantity is known by the venue's position alone, at ``unproven_price``; its trades
            are still to be told.
        untraded: By how much the venue's word has changed the quantity while no trade told of it.
        stop_from: The price that the stage stop is measured from, where that is not the average (D-34).
        found: It was found at the venue, and nobody has said yet that it is to be managed.
        assumed: Nobody knows yet what closed it; the reason is what is left.
        near_liquidation: Its liquidation price was near when it was last shown.
        wall_blocked: The venue has another close-position order, so that no wall of ours can rest.
        stop_lost_ns: When the venue last canceled a resting stop that we had not asked it to.
        outdated: Quantity or stop changed while a resting stop was being replaced.
        superseded: Stops that go once another one covers everything.
        turned: Structure has turned against it by this verdict, and it is to be closed for that.
        working: The entry, add, reduction or exit that is unresolved.
        limit: The terms of an entry that waits, or has waited, for its price; None if it was entered at once.
        goals: What its targets close, the nearest first; empty until all of its quantity is known.
        openings: Entries and adds of this and earlier lives; those without a last word may still fill.
        wall: The outer stop; beyond the end of a life for as long as one of the openings may still fill.
    """

    __slots__ = (
        "adds", "armed", "assumed", "avg", "closed_ns", "cost", "decision", "denied", "direction", "e0", "entry_cost",
        "entry_qty", "exit_qty", "exit_value", "fees", "found", "funding", "gain", "goals", "half_closed", "id",
        "inner", "inner_next", "instrument", "last_price", "lifecycle", "limit", "liquidation", "lots", "maintenance",
        "max_notional", "max_qty", "mismatch", "near_liquidation", "opened_ns", "openings", "outdated", "plan",
        "plan_balance", "protect_blocked", "qty", "ratchet", "realized", "rearm", "reason", "reduction_blocked",
        "reduction_given_up", "refused_flat", "return_state", "rules", "runner_best", "side", "signal_id", "slips",
        "stage", "staged_exit", "state", "stop", "stop_from", "stop_lost_ns", "stop_reason", "strategy", "superseded",
        "suspended", "symbol", "trail", "tries", "turned", "unproven", "unproven_price", "untraded", "used",
        "verdict", "wall", "wall_blocked", "working", "worst", "worst_case",
    )  # fmt: skip

    def __init__(self, symbol: str, instrument: Instrument, rules: Rules) -> None:
        self.symbol = symbol
        self.instrument = instrument
        self.maintenance = Maintenance(instrument)
        self.follow(rules)
        self.id = 0
        self.openings: list[Intent] = []
        self.wall: Intent | None = None
        self.start(0, Direction.LONG, "", "", ZERO)

    def follow(self, rules: Rules) -> None:
        """Live by a plan from now on; only what is FLAT may change it."""
        self.rules = rules
        self.lifecycle = position_lifecycle(rules.ladder.rungs, rearm=rules.ladder.dca_rearm)
        self.state: StrEnum = self.lifecycle.initial

    def start(self, number: int, direction: Direction, strategy: str, signal_id: str, plan_balance: Decimal) -> None:
        """Begin a new life on this symbol; the lifecycle state is moved by the caller."""
        self.id = number
        self.direction = direction
        self.last_price = ZERO
        self.side: Side = self.rules.side(direction)
        self.strategy = strategy
        self.signal_id = signal_id
        self.plan_balance = plan_balance
        self.plan = self.rules.plan(plan_balance)
        self.worst: Exact | None = None
        self.rearm = False
        self.limit: LimitEntry | None = None
        self.goals: list[Goal] = []
        self.qty = ZERO
        self.cost = Exact(0)
        self.avg: Exact | None = None
        self.e0: Exact | None = None
        self.entry_qty = self.entry_cost = ZERO
        self.exit_qty = self.exit_value = self.fees = self.funding = self.realized = ZERO
        self.gain = Exact(0)
        self.decision: Decision | None = None
        self.slips: list[Slip] = []
        self.max_qty = self.max_notional = self.worst_case = ZERO
        self.stage = 0
        self.adds = 0
        self.lots: dict[int, Lot] = {}
        self.used: set[int] = set()
        self.denied: dict[int, str] = {}
        self.suspended: dict[int, Exact | None] = {}
        self.tries: dict[str, int] = {}
        self.reduction_blocked = self.reduction_given_up = False
        self.refused_flat = False
        self.protect_blocked = False
        self.outdated = False
        self.superseded: list[Intent] = []
        self.staged_exit = self.half_closed = False
        self.ratchet: Exact | None = None
        self.stop: Exact | None = None
        self.stop_reason = ""
        self.stop_from: Exact | None = None
        self.stop_lost_ns: int | None = None
        self.found = self.assumed = self.near_liquidation = self.wall_blocked = False
        self.unproven = self.unproven_price = self.untraded = ZERO
        self.liquidation: Exact | None = None
        self.reason = ""
        self.return_state = ""
        self.mismatch = ""
        self.opened_ns = self.closed_ns = 0
        self.working: Intent | None = None
        self.inner: Intent | None = None
        self.inner_next: Intent | None = None
        if self.wall is not None:
            self.wall.position_id = number
        self.armed: object = NOTHING_ARMED
        self.verdict = self.turned = ""
        self.trail: Trail | None = None
        self.runner_best = ZERO

    def is_in(self, *names: str) -> bool:
        """True in one of the named states."""
        return self.state in names

    def may_still_fill(self) -> bool:
        """True while an entry or add, of an earlier life too, has not had the venue's last word."""
        self.openings = [intent for intent in self.openings if not intent.final]
        return bool(self.openings)

    # fills

    def count(self, trade: OrderFilled, *, qty: Decimal | None = None) -> None:
        """What a trade cost and brought by the venue's own words; ``qty`` of it, if the rest opens something else."""
        self.fees += trade.fee
        self.realized += trade.realized_pnl
        self.last_price = trade.price
        if self.decision is not None:
            beyond = EXACT.multiply(EXACT.subtract(trade.price, self.decision.price), trade.qty if qty is None else qty)
            self.slips.append(Slip(trade.trade_id, EXACT.minus(beyond) if trade.buyer else beyond))

    def decide(self) -> None:
        """Keep what everything would bring at the last price: it is about to be closed."""
        unrealized = self.side.sign * (exact(self.last_price) - self.average) * exact(self.qty)
        self.decision = Decision(self.last_price, unrealized, self.gain, self.exit_value)
        self.slips = []

    @property
    def drift(self) -> Exact | None:
        """What was realized since the decision to close beyond what that expected, None if nobody decided."""
        if self.decision is None:
            return None
        return self.gain - self.decision.gain - self.decision.unrealized

    def enter(self, price: Decimal, qty: Decimal) -> None:
        """Book a fill of the entry order."""
        self.increase(price, qty)
        self.e0 = self.avg

    def add(self, rung: int, price: Decimal, qty: Decimal) -> None:
        """Book a fill of a rung's add."""
        self.fill_lot(rung, price, qty)
        self.increase(price, qty)

    def fill_lot(self, rung: int, price: Decimal, qty: Decimal) -> None:
        """Count what an add has bought as its lot; the stage is reached with its first fill."""
        lot = self.lots.get(rung)
        if lot is None or lot.open == 0:
            lot = self.lots[rung] = Lot()
            self.adds += 1
        lot.qty += qty
        lot.open += qty
        lot.cost = EXACT.add(lot.cost, EXACT.multiply(price, qty))
        self.used.add(rung)
        self.stage = max(self.stage, rung)

    def merge_small_lots(self) -> None:
        """A lot below the minimum is not sent alone: it joins the next lower lot, the lowest one the entry quantity."""
        for rung in self.open_lots():
            lot = self.lots[rung]
            if lot.open >= self.instrument.min_qty:
                continue
            below = next((other for other in self.open_lots() if other < rung), None)
            if below is not None:
                self.lots[below].open += lot.open
            lot.open = ZERO

    def take_from_lots(self, qty: Decimal) -> None:
        """A quantity is gone that no recovery closed: the highest lot lacks it first (strategies §5.7)."""
        for rung in self.open_lots():
            share = min(self.lots[rung].open, qty)
            self.lots[rung].open -= share
            qty -= share
        # Of targets the last ones close what is not there any more.
        for goal in reversed(self.goals):
            share = min(goal.open, qty)
            goal.open -= share
            qty -= share

    def reduce(self, price: Decimal, qty: Decimal) -> None:
        """Book a fill of any closing order; the average stays."""
        self.qty -= qty
        self.cost = self.average * exact(self.qty)
        self.close_part(price, qty)
        self.liquidation = None
        self.update_stop()

    def close_part(self, price: Decimal, qty: Decimal) -> None:
        """Count a closing fill that may come after the position was found flat."""
        self.exit_qty += qty
        self.exit_value = EXACT.add(self.exit_value, EXACT.multiply(price, qty))
        self.gain += self.side.sign * (exact(price) - self.average) * exact(qty)

    @property
    def untold(self) -> Decimal:
        """What was closed of openings whose trades are still to be told."""
        return max(self.exit_qty - self.entry_qty, ZERO)

    def open_behind(self, price: Decimal, qty: Decimal) -> None:
        """Count an opening that is told after everything it bought was closed."""
        self.entry_qty += qty
        self.entry_cost = EXACT.add(self.entry_cost, EXACT.multiply(price, qty))
        self.max_qty = max(self.max_qty, self.entry_qty)
        self.sum_up()

    def sum_up(self) -> None:
        """Once all that was bought is sold, what that brought, in whatever order the trades were told."""
        if self.exit_qty == self.entry_qty:
            self.gain = self.side.sign * exact(EXACT.subtract(self.exit_value, self.entry_cost))

    def increase(self, price: Decimal, qty: Decimal) -> None:
        """Book a quantity that makes the position larger."""
        self.qty += qty
        self.cost += exact(qty) * exact(price)
        self.avg = self.cost / exact(self.qty)
        if self.e0 is None:
            self.e0 = self.avg
        self.entry_qty += qty
        self.entry_cost = EXACT.add(self.entry_cost, EXACT.multiply(price, qty))
        self.max_qty = max(self.max_qty, self.qty)
        self.max_notional = max(self.max_notional, EXACT.multiply(self.qty, price))
        self.liquidation = None
        self.update_stop()

    # levels

    def trigger(self, rung: int) -> Exact:
        """``T_k``, the price at which a rung is due."""
        return self.trigger_base * self.side.trigger[rung - 1]

    def recovery(self, rung: int) -> Exact:
        """``R_k``: the price that closes lot k, the more favourable of the fill and the trigger below it (D-26)."""
        if rung == 1:
            return self.trigger_base
        below = self.trigger(rung - 1)
        lot = self.lots.get(rung - 1)
        return below if lot is None else self.side.tighter(lot.price, below)

    @property
    def trigger_base(self) -> Exact:
        """``e0``; a position with a quantity has one."""
        if self.e0 is None:
            message = f"{self.symbol} has no entry price yet"
            raise ValueError(message)
        return self.e0

    @property
    def average(self) -> Exact:
        """``avg``; a position with a quantity has one."""
        if self.avg is None:
            message = f"{self.symbol} has no average price yet"
            raise ValueError(message)
        return self.avg

    @property
    def half_level(self) -> Exact:
        """``P10``, the price at which half is closed."""
        return self.average * self.side.half

    def liquidation_price(self, avg: Exact, qty: Decimal) -> Exact | None:
        """The liquidation price that the guard uses, None if there is none (strategies §5.2, D-32)."""
        if self.liquidation is not None:
            return self.liquidation
        if not self.rules.isolated or qty == 0:
            return None
        return estimated_liquidation(self.side, avg, avg * exact(qty), self.maintenance)

    def known_liquidation(self) -> Exact | None:
        """The liquidation price of the position as it is."""
        return self.liquidation_price(self.average, self.qty)

    @property
    def at_cost(self) -> bool:
        """True if enough profit is taken for the stop to be at break-even at least (strategies §5.2, §8.4)."""
        if self.limit is None:
            return self.half_closed and self.rules.ladder.breakeven_after_half
        return self.staged_exit and self.rules.reward.be_after_tp1

    def update_stop(self) -> None:
        """Recompute ``Y`` and ``X`` after a fill, a half close or a new liquidation price.

        Of terms that are equal the guard names the stop before break-even, and that before the stage (D-30).
        """
        self.worst = None
        side, rules = self.side, self.rules
        avg = self.average
        base = avg if self.stop_from is None else self.stop_from
        level, reason = base * side.stop[self.stage], rules.stop_reasons[self.stage]
        if self.limit is not None:
            level, reason = exact(self.limit.stop), ExitReason.STOP_LOSS.value
        if self.ratchet is not None and rules.ladder.stop_ratchet:
            level = side.tighter(level, self.ratchet)
        if self.at_cost:
            breakeven = avg * side.breakeven
            if side.favourable(breakeven, level):
                level, reason = breakeven, ExitReason.BREAKEVEN_STOP.value
        self.ratchet = level
        liquidation = self.known_liquidation()
        if liquidation is not None:
            guard = liquidation * side.guard
            if side.favourable(guard, level):
                level, reason = guard, ExitReason.LIQUIDATION_GUARD.value
        self.stop, self.stop_reason = level, reason

    def read_liquidation(self, price: Decimal | None) -> bool:
        """Take over the venue's liquidation price for the present quantity; one that is absent or not above 0 is none.

        Returns:
            False if neither the stop nor a resting stop follows from it.
        """
        self.liquidation = exact(price) if price is not None and price > 0 else None
        before = self.stop
        self.update_stop()
        known = self.known_liquidation()
        if self.stop is None or self.stop != before:
            return True
        side = self.side
        return known is not None and side.favourable(known * side.near_wall, self.stop * side.wall)

    def stop_after_add(self, rung: int, price: Exact, qty: Decimal) -> Exact:
        """The stop ``X'`` that would hold with the add filled at a price (G-ADD, strategies §5.3)."""
        notional = self.cost + exact(qty) * price
        avg = notional / exact(self.qty + qty)
        level = avg * self.side.stop[max(self.stage, rung)]
        if self.ratchet is not None and self.rules.ladder.stop_ratchet:
            level = self.side.tighter(level, self.ratchet)
        if self.rules.isolated:
            liquidation = estimated_liquidation(self.side, avg, notional, self.maintenance)
            if liquidation is not None:
                level = self.side.tighter(level, liquidation * self.side.guard)
        return level

    def next_rung(self) -> int | None:
        """The lowest rung not yet executed, None if the ladder is done or adds are over."""
        if self.limit is not None or self.half_closed or (self.staged_exit and not self.rules.ladder.dca_rearm):
            return None
        return next((rung for rung in range(1, self.rules.ladder.rungs + 1) if rung not in self.used), None)

    def open_lots(self) -> list[int]:
        """Rungs whose lot is still open, the highest first."""
        return sorted((rung for rung, lot in self.lots.items() if lot.open > 0), reverse=True)

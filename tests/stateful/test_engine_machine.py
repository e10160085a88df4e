"""The engine on a venue that delays, doubles, loses and refuses: whatever the order of events, the same few truths."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sadari.core.engine import Engine
from sadari.core.position import Position
from sadari.exchange import NO_SLIPPAGE, Exchange
from sadari.model.command import (
    ArmLevels,
    Audit,
    CancelOrder,
    Command,
    PlaceOrder,
    QueryOrder,
    RecordPosition,
    SetAlarm,
    WatchVerdict,
)
from sadari.model.entry import LimitEntry, Target
from sadari.model.event import (
    AccountUpdated,
    AlarmRang,
    EngineTurned,
    Event,
    ForceExitRequested,
    LevelCrossed,
    OperatorRequested,
    OrderFilled,
    OrderRejected,
    OutcomeUnknown,
    SignalRaised,
    SignalWithdrawn,
    SymbolPrepared,
    VerdictTurned,
)
from sadari.model.order import Direction, MarginMode, Purpose
from sadari.model.reason import RejectReason, exit_reasons
from sadari.model.units import HOUR_NS, MILLISECOND_NS, floor_units, price_of
from tests.ladder_driver import START_NS, SYMBOL, instrument, patient

RUNGS = 2
WALLET = Decimal(100_000)
TICK = Decimal("0.01")
UNIT = Decimal("1e-8")
TWELFTH = Decimal("1e-12")
MOVES = [-120, -60, -31, -10, -3, -1, 1, 3, 10, 31, 60, 120]
STEPS = st.integers(0, 20)
WRONG = ("ILLEGAL_EVENT", "LEDGER_DIFFERS", "SETTLEMENT_MISMATCH")
CAPPED = (Purpose.EXIT, Purpose.STOP, Purpose.WALL)


class EngineOnAVenue(RuleBasedStateMachine):
    """Two queues of commands on their way out, one of reports on its way back; hypothesis is the network."""

    @initialize(
        mode=st.sampled_from(list(MarginMode)),
        rearm=st.booleans(),
        limit=st.sampled_from([Decimal("0.05"), Decimal("0.5"), Decimal(99)]),
        options=st.booleans(),
    )
    def begin(self, mode: MarginMode, rearm: bool, limit: Decimal, options: bool) -> None:
        """An engine that is RUNNING on a prepared symbol, flat."""
        self.plan = patient(
            margin_mode=mode.value, dca_rearm=rearm, max_per_symbol_per_day=10_000, max_entries=10_000,
            be_after_tp1=options, exit_on_opposite_choch=options,
        )  # fmt: skip
        contract = instrument(market_max_qty=limit)
        self.exchange = Exchange({SYMBOL: contract}, self.plan.fees, WALLET, slippage=NO_SLIPPAGE)
        if mode is MarginMode.ISOLATED:
            self.exchange.set_margin_mode(SYMBOL, mode)
        notional = self.exchange.set_leverage(SYMBOL, 10)
        self.engine = Engine(self.plan, {SYMBOL: contract})
        self.now_ns, self.price = START_NS, Decimal(50_000)
        self.fast: list[PlaceOrder | CancelOrder] = []
        self.slow: list[PlaceOrder | CancelOrder] = []
        self.back: list[Event] = []
        self.withheld: dict[str, list[Event]] = {}
        self.levels: dict[str, tuple[bool, int]] = {}
        self.alarms: dict[str, int] = {}
        self.verdict = ""
        self.told: list[OrderFilled] = []
        self.booked: set[int] = set()
        self.ratchet: tuple[int, object] = (0, None)
        self.adds: dict[int, int] = {}
        self.reasons: dict[int, str] = {}
        self.signals = self.trades = 0
        self.give(OperatorRequested(time_ns=self.now_ns, command="start", actor="test"))
        self.give(EngineTurned(time_ns=self.now_ns, trigger="start_ok"))
        self.give(AccountUpdated(time_ns=self.now_ns, cause="START", wallet_balance=WALLET, available_balance=WALLET))
        self.give(SymbolPrepared(time_ns=self.now_ns, symbol=SYMBOL, leverage=10, max_notional=notional))
        self.give(EngineTurned(time_ns=self.now_ns, trigger="reconciled"))

    @property
    def position(self) -> Position | None:
        """The engine's record, None before the first signal."""
        return self.engine.positions.get(SYMBOL)

    # the loop

    def give(self, event: Event) -> None:
        """One event to the engine, its commands to their queues."""
        self.now_ns += MILLISECOND_NS
        before = self.position.qty if self.position is not None else Decimal(0)
        if isinstance(event, OrderFilled):
            self.told.append(event)
        for command in self.engine.handle(event):
            self.take(command)
        if isinstance(event, OrderFilled):
            self.account_for(event, before)

    def take(self, command: Command) -> None:
        """What a venue does with a command when it is given it."""
        if isinstance(command, PlaceOrder):
            if command.purpose is Purpose.ADD:
                number = self.position.id if self.position else 0
                self.adds[number] = self.adds.get(number, 0) + 1
            (self.fast if command.purpose in CAPPED else self.slow).append(command)
        elif isinstance(command, CancelOrder):
            (self.fast if command.client_order_id[-1] in "XSW" else self.slow).append(command)
        elif isinstance(command, QueryOrder):
            self.back += self.withheld.pop(command.client_order_id, [])
        elif isinstance(command, ArmLevels):
            self.levels = {level.name: (level.up, level.units) for level in command.levels}
            self.cross_later()
        elif isinstance(command, SetAlarm):
            self.alarms[command.name] = command.at_ns
        elif isinstance(command, WatchVerdict):
            self.verdict = command.verdict or ""
        elif isinstance(command, RecordPosition):
            assert command.position_id not in self.reasons, "one end for each position"
            self.reasons[command.position_id] = command.reason
            if command.drift is not None:
                slips = sum((slip.amount for slip in command.slips), Decimal(0))
                assert abs(command.drift - slips) <= TWELFTH, "the drift is the slippage of its fills"
        elif isinstance(command, Audit):
            assert command.code not in WRONG, command.detail

    def cross_later(self) -> None:
        """Tell which armed levels the last price is beyond; they are disarmed by that."""
        at = floor_units(self.price)
        names = tuple(n for n, (up, level) in self.levels.items() if (at >= level if up else at <= level))
        for name in names:
            del self.levels[name]
        if names:
            self.back.append(LevelCrossed(time_ns=self.now_ns, symbol=SYMBOL, price=self.price, levels=names))

    def account_for(self, fill: OrderFilled, before: Decimal) -> None:
        """The quantity changes by each trade once, and by nothing else."""
        assert self.position is not None
        change = self.position.qty - before
        if fill.trade_id in self.booked:
            assert change == 0, "a doubled report"
            return
        self.booked.add(fill.trade_id)
        # What flipped to a new life begins at the fill; otherwise quantities add up.
        assert abs(change) <= fill.qty

    # what the world does

    @rule(per_mille=st.sampled_from(MOVES), steps=STEPS)
    def jump(self, per_mille: int, steps: int) -> None:
        """The price moves, a little or a lot."""
        self.trade((self.price * (1000 + per_mille) / 1000).quantize(TICK), steps)

    @precondition(lambda self: self.levels)
    @rule(data=st.data(), ticks=st.integers(-1, 1), steps=STEPS)
    def reach(self, data: st.DataObject, ticks: int, steps: int) -> None:
        """The price comes to one of the levels that the engine waits for, or to a tick beside it."""
        _, units = self.levels[data.draw(st.sampled_from(sorted(self.levels)))]
        self.trade(price_of(units).quantize(TICK) + ticks * TICK, steps)

    def trade(self, price: Decimal, steps: int) -> None:
        """A trade: the exchange's orders first, then the engine's levels."""
        self.price = price
        self.back += self.exchange.touch(SYMBOL, self.now_ns, price)
        self.cross_later()
        self.proceed(steps)

    def proceed(self, steps: int) -> None:
        """The network works undisturbed for a few steps."""
        for _ in range(steps):
            if self.back:
                self.give(self.back.pop(0))
            elif self.fast or self.slow:
                self.transmit(fast=True, fate="arrive", steps=0)
            else:
                return

    @precondition(lambda self: self.position is None or self.position.is_in("FLAT", "CLOSED"))
    @rule(direction=st.sampled_from(Direction), steps=STEPS)
    def signal(self, direction: Direction, steps: int) -> None:
        """An entry signal at the last price."""
        self.give(self.raised(direction, None))
        self.proceed(steps)

    @precondition(lambda self: self.position is None or self.position.is_in("FLAT", "CLOSED"))
    @rule(direction=st.sampled_from(Direction), per_mille=st.sampled_from([-1, 0, 2, 10]), steps=STEPS)
    def set_up(self, direction: Direction, per_mille: int, steps: int) -> None:
        """An entry that waits for its price, so far from the last one, with a stop and targets of its own."""
        sign = direction.sign
        price = (self.price * (1000 - sign * per_mille) / 1000).quantize(TICK)
        risk = price * Decimal("0.015")
        shared = (("0.8", "0.4"), ("1.2", "0.3"), ("1.6", "0.3"))
        targets = tuple(Target(price + sign * risk * Decimal(times), Decimal(share)) for times, share in shared)
        until_ns = self.now_ns + HOUR_NS
        limit = LimitEntry(price=price, stop=price - sign * risk, targets=targets, until_ns=until_ns, frame_ns=HOUR_NS)
        self.give(self.raised(direction, limit))
        self.proceed(steps)

    def raised(self, direction: Direction, limit: LimitEntry | None) -> SignalRaised:
        """A signal with a number of its own."""
        self.signals += 1
        return SignalRaised(
            time_ns=self.now_ns, symbol=SYMBOL, direction=direction, strategy="test", signal_id=str(self.signals),
            price=self.price, price_time_ns=self.now_ns, equity=WALLET, limit=limit,
        )  # fmt: skip

    @precondition(lambda self: self.position is not None and self.position.is_in("ENTRY_PENDING"))
    @rule(cause=st.sampled_from(["GAP_FILLED", "OPPOSITE_EVENT"]))
    def withdraw(self, cause: str) -> None:
        """What the entry was for does not hold any more."""
        number = str(self.signals)
        self.give(SignalWithdrawn(time_ns=self.now_ns, symbol=SYMBOL, strategy="test", signal_id=number, cause=cause))

    @precondition(lambda self: self.fast or self.slow)
    @rule(fast=st.booleans(), fate=st.sampled_from(["arrive", "split", "refuse", "lose", "vanish"]), steps=STEPS)
    def transmit(self, fast: bool, fate: str, steps: int) -> None:
        """The oldest command of one connection reaches the exchange, or does not."""
        queue = (self.fast if fast else self.slow) or self.fast or self.slow
        command = queue.pop(0)
        if isinstance(command, CancelOrder):
            self.back += self.exchange.cancel(SYMBOL, command.client_order_id, self.now_ns)
        elif fate == "refuse":
            self.back.append(self.refusal(command, -1000, RejectReason.OTHER))
        elif fate == "vanish":
            self.withheld[command.client_order_id] = [self.refusal(command, -2013, RejectReason.NOT_FOUND)]
            self.back.append(self.silence(command))
        else:
            answers = self.exchange.submit(command, self.now_ns, self.price)
            if fate == "lose":
                own = [event for event in answers if getattr(event, "client_order_id", "") == command.client_order_id]
                self.withheld[command.client_order_id] = own
                answers = [self.silence(command), *(event for event in answers if event not in own)]
            self.back += self.split(answers) if fate == "split" else answers
        self.proceed(steps)

    def refusal(self, order: PlaceOrder, code: int, reason: RejectReason) -> OrderRejected:
        """The venue's no."""
        return OrderRejected(
            time_ns=self.now_ns, symbol=SYMBOL, client_order_id=order.client_order_id, code=code, reason=reason
        )

    def silence(self, order: PlaceOrder) -> OutcomeUnknown:
        """No answer in time."""
        return OutcomeUnknown(time_ns=self.now_ns, symbol=SYMBOL, client_order_id=order.client_order_id)

    def split(self, answers: Iterable[Event]) -> list[Event]:
        """The same fills as two trades each."""
        told: list[Event] = []
        for event in answers:
            if not isinstance(event, OrderFilled) or event.qty <= Decimal("0.001"):
                told.append(event)
                continue
            self.trades -= 2
            part = Decimal("0.001")
            fields = {name: getattr(event, name) for name in event.__struct_fields__}
            money = {name: (fields[name] * part / event.qty).quantize(UNIT) for name in ("fee", "realized_pnl")}
            rest = {name: fields[name] - share for name, share in money.items()}
            first = fields | money | {"qty": part, "done": False, "trade_id": self.trades}
            told.append(OrderFilled(**first))
            told.append(OrderFilled(**(fields | rest | {"qty": event.qty - part, "trade_id": self.trades - 1})))
        return told

    @precondition(lambda self: self.back)
    @rule()
    def report(self) -> None:
        """The oldest report reaches the engine."""
        self.give(self.back.pop(0))

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def double(self, data: st.DataObject) -> None:
        """A fill is told again."""
        self.give(data.draw(st.sampled_from(self.told)))

    @precondition(lambda self: self.alarms)
    @rule()
    def ring(self) -> None:
        """The next alarm is due."""
        name = min(self.alarms, key=lambda alarm: self.alarms[alarm])
        self.now_ns = max(self.now_ns, self.alarms.pop(name))
        self.give(AlarmRang(time_ns=self.now_ns, name=name))

    @precondition(lambda self: self.verdict)
    @rule()
    def turn(self) -> None:
        """The verdict that is watched turns true."""
        self.give(VerdictTurned(time_ns=self.now_ns, symbol=SYMBOL, verdict=self.verdict, price=self.price))

    @rule(rate=st.sampled_from([Decimal("0.01"), Decimal("-0.01")]))
    def fund(self, rate: Decimal) -> None:
        """Funding moves the liquidation price; it is paid once at a time."""
        self.now_ns += MILLISECOND_NS
        self.back += self.exchange.fund(SYMBOL, self.now_ns, rate, self.price)

    @rule(command=st.sampled_from(["pause", "resume"]))
    def operate(self, command: str) -> None:
        """An operator's wish that closes nothing."""
        before = len(self.fast)
        self.give(OperatorRequested(time_ns=self.now_ns, command=command, actor="test"))
        assert not any(isinstance(c, PlaceOrder) and c.purpose is Purpose.EXIT for c in self.fast[before:])

    @precondition(lambda self: self.signals % 3 == 0)
    @rule()
    def force(self) -> None:
        """An operator's wish that closes everything."""
        self.give(ForceExitRequested(time_ns=self.now_ns, symbol=SYMBOL, actor="test"))

    @rule()
    def settle(self) -> None:
        """Nothing is under way any more: engine and exchange agree, and what is held is protected."""
        for _ in range(500):
            self.proceed(1)
        assert self.back + self.fast + self.slow == [], "the engine and its venue never come to rest"
        assert self.engine.ledger.change == self.exchange.wallet_balance - WALLET
        venue = self.exchange.positions.get(SYMBOL)
        position = self.position
        held = abs(venue.qty) if venue is not None else Decimal(0)
        assert (position.qty if position is not None else Decimal(0)) == held
        if position is not None and held and not position.is_in("EXITING") and not position.protect_blocked:
            self.is_protected(position)
        if position is not None and not held:
            assert not any(o.order.purpose in CAPPED for o in self.exchange.open_orders(SYMBOL)), "nothing left behind"

    def is_protected(self, position: Position) -> None:
        """Two stops rest on the loss side of the market, one for the whole quantity, one for whatever there is."""
        resting = [waiting.order for waiting in self.exchange.open_orders(SYMBOL)]
        orders = [order for order in resting if order.purpose in CAPPED]
        walls = [order for order in orders if order.close_position]
        inner = [order for order in orders if order.reduce_only]
        assert len(walls) == 1
        assert [order.qty for order in inner] == [position.qty]
        sign = position.side.sign
        for order in orders:
            assert order.trigger_price is not None
            assert sign * (self.price - order.trigger_price) > 0

    # what is always true

    @invariant()
    def quantities_are_not_negative_and_never_turned(self) -> None:
        """Every closing order is capped: the two walls and an exit together cannot pass zero."""
        position = self.position
        if position is None:
            return
        assert position.qty >= 0
        venue = self.exchange.positions.get(SYMBOL)
        if venue is not None and position.qty > 0:
            assert venue.qty * position.side.sign > 0

    @invariant()
    def the_ratchet_never_loosens(self) -> None:
        """Within one life the stop without the guard moves toward the market only."""
        position = self.position
        if position is None or position.ratchet is None:
            return
        number, before = self.ratchet
        if number == position.id and before is not None:
            assert position.side.tighter(before, position.ratchet) == position.ratchet  # type: ignore[arg-type]
        self.ratchet = (position.id, position.ratchet)

    @invariant()
    def every_end_has_a_reason_of_the_closed_list(self) -> None:
        """One reason for each closed position."""
        assert set(self.reasons.values()) <= exit_reasons(RUNGS)

    @invariant()
    def targets_close_no_more_than_there_is(self) -> None:
        """What is still open of them is never more than what is held, unless everything is on its way out."""
        one = self.position
        assert one is None or not one.is_in("INITIAL") or one.working or sum(g.open for g in one.goals) <= one.qty

    @invariant()
    def each_rung_is_sent_at_most_three_times(self) -> None:
        """One shot, or three refusals; more only where rungs are armed again."""
        if not self.plan.ladder.dca_rearm:
            assert all(count <= 3 * RUNGS for count in self.adds.values())


EngineOnAVenue.TestCase.settings = hypothesis_settings(max_examples=150, stateful_step_count=60, deadline=None)
TestEngineOnAVenue = EngineOnAVenue.TestCase

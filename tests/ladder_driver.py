"""Drives a real engine tick by tick: the venue of the worked vectors, where orders fill at once at the tick."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sadari.core.engine import Engine
from sadari.model.command import (
    ArmLevels,
    CancelOrder,
    Command,
    PlaceOrder,
    RecordDecision,
    RecordExit,
    RecordPosition,
    SetAlarm,
)
from sadari.model.event import (
    AccountUpdated,
    AlarmRang,
    EngineTurned,
    Event,
    LevelCrossed,
    OperatorRequested,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    PositionRecord,
    SignalRaised,
    SymbolPrepared,
)
from sadari.model.instrument import Bracket, Instrument
from sadari.model.order import Direction, OrderType, Purpose, Side
from sadari.model.plan import Fees, Ladder, Reentry, Risk, Settings
from sadari.model.units import SECOND_NS, floor_units

SYMBOL = "BTCUSDT"
START_NS = 1_700_000_000 * SECOND_NS


def instrument(**changes: object) -> Instrument:
    """An instrument with step 0.001, tick 0.01 and one bracket of 0.4 % up to a large notional."""
    fields: dict[str, object] = {
        "symbol": SYMBOL,
        "tick_size": Decimal("0.01"),
        "step_size": Decimal("0.001"),
        "min_qty": Decimal("0.001"),
        "max_qty": Decimal(10_000),
        "market_max_qty": Decimal(10_000),
        "min_notional": Decimal(5),
        "brackets": (Bracket(Decimal(0), Decimal(10**9), 125, Decimal("0.004")),),
    }
    return Instrument(**(fields | changes))  # type: ignore[arg-type]


def settings(**changes: object) -> Settings:
    """Crossed margin (no guard) and no cool-down, so that a vector shows its own rule only; other fields by group."""
    ladder: dict[str, object] = {"margin_mode": "crossed"}
    groups: dict[str, dict[str, object]] = {"ladder": ladder, "risk": {}, "reentry": {}, "fees": {}}
    for name, value in changes.items():
        group = next(g for g, kind in KINDS.items() if name in kind.__struct_fields__)
        groups[group][name] = value
    import msgspec

    made = {group: msgspec.convert(values, KINDS[group]) for group, values in groups.items()}
    return Settings(**made)


KINDS: Mapping[str, type] = {"ladder": Ladder, "risk": Risk, "reentry": Reentry, "fees": Fees}


class Driver:
    """One engine, one symbol; every tick is offered, every order answered at once.

    Attributes:
        fill_at: The price at which the next orders fill; None for the tick's own.
        hold: Purposes whose orders are not answered but kept in ``held``.
        done: What happened since it was last taken, as short texts.
    """

    def __init__(self, config: Settings, *, balance: str = "100000", **changes: object) -> None:
        self.instrument = instrument(**changes)
        self.engine = Engine(config, {SYMBOL: self.instrument})
        self.now_ns = START_NS
        self.wallet = Decimal(balance)
        self.price = Decimal(0)
        self.fill_at: Decimal | None = None
        self.hold: set[Purpose] = set()
        self.held: list[PlaceOrder] = []
        self.alarms: dict[str, int] = {}
        self.levels: dict[str, tuple[bool, int]] = {}
        self.stops: dict[str, PlaceOrder] = {}
        self.log: list[Command] = []
        self.done: list[str] = []
        self.queue: list[Event] = []
        self.trades = 0
        self.pnl: list[Decimal] = []
        self.fees = config.fees
        self.start()

    def start(self) -> None:
        """Bring the engine to RUNNING with a prepared symbol."""
        self.give(OperatorRequested(time_ns=self.now_ns, command="start", actor="test"))
        self.give(EngineTurned(time_ns=self.now_ns, trigger="start_ok"))
        self.account()
        leverage = self.engine._desk.settings.ladder.leverage  # noqa: SLF001 the plan under test
        prepared = SymbolPrepared(
            time_ns=self.now_ns, symbol=SYMBOL, leverage=leverage, max_notional=self.instrument.max_notional(leverage)
        )
        self.give(prepared)
        self.give(EngineTurned(time_ns=self.now_ns, trigger="reconciled"))

    @property
    def position(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        """The engine's record of the symbol."""
        return self.engine.positions[SYMBOL]

    def account(self, *positions: PositionRecord, available: str | None = None) -> None:
        """Show the account to the engine."""
        free = self.wallet if available is None else Decimal(available)
        update = AccountUpdated(
            time_ns=self.now_ns, cause="TEST", wallet_balance=self.wallet, available_balance=free, positions=positions
        )
        self.give(update)

    def signal(self, direction: Direction, price: str, *, signal_id: str = "") -> None:
        """Raise an entry signal at a price."""
        self.now_ns += SECOND_NS
        self.price = Decimal(price)
        self.give(
            SignalRaised(
                time_ns=self.now_ns,
                symbol=SYMBOL,
                direction=direction,
                strategy="test",
                signal_id=signal_id or f"s{self.now_ns}",
                price=self.price,
                price_time_ns=self.now_ns,
                equity=self.wallet,
            )
        )

    def tick(self, price: str, *, fill: str | None = None) -> list[str]:
        """One trade at a price; what the engine did because of it."""
        self.now_ns += SECOND_NS
        self.price = Decimal(price)
        self.fill_at = Decimal(fill) if fill else None
        self.done = []
        units = floor_units(self.price)
        crossed = [n for n, (up, level) in self.levels.items() if (units >= level if up else units <= level)]
        if crossed:
            for name in crossed:
                del self.levels[name]
            self.give(LevelCrossed(time_ns=self.now_ns, symbol=SYMBOL, price=self.price, levels=tuple(crossed)))
        return self.done

    def ring(self, prefix: str) -> None:
        """Let the alarm with this prefix ring at its time."""
        name = next(name for name in self.alarms if name.startswith(prefix))
        self.now_ns = max(self.now_ns, self.alarms.pop(name))
        self.give(AlarmRang(time_ns=self.now_ns, name=name))

    def give(self, event: Event) -> None:
        """Hand one event over and carry out what comes back; answers wait until all commands have gone out."""
        self.queue.append(event)
        if len(self.queue) > 1:
            return
        while self.queue:
            for command in self.engine.handle(self.queue[0]):
                self.log.append(command)
                self._execute(command)
            self.queue.pop(0)

    def _execute(self, command: Command) -> None:
        if isinstance(command, PlaceOrder):
            if command.purpose in self.hold:
                self.held.append(command)
            else:
                self.answer(command)
        elif isinstance(command, CancelOrder):
            stop = self.stops.pop(command.client_order_id, None)
            if stop is not None:
                self.give(OrderCanceled(time_ns=self.now_ns, symbol=SYMBOL, client_order_id=command.client_order_id))
        elif isinstance(command, ArmLevels):
            self.levels = {level.name: (level.up, level.units) for level in command.levels}
        elif isinstance(command, SetAlarm):
            self.alarms[command.name] = command.at_ns
        elif isinstance(command, RecordDecision) and not command.accepted:
            self.done.append(f"DENIED {command.denial}")
        elif isinstance(command, RecordExit):
            self.done.append(f"{command.reason} {command.qty}")
        elif isinstance(command, RecordPosition):
            self.done.append(f"CLOSED {command.reason}")

    def answer(self, order: PlaceOrder, *, qty: Decimal | None = None, done: bool = True) -> None:
        """Fill a market order at the price at hand, or acknowledge a stop."""
        if order.order_type is not OrderType.MARKET:
            self.stops[order.client_order_id] = order
            self.give(OrderAccepted(time_ns=self.now_ns, symbol=SYMBOL, client_order_id=order.client_order_id))
            return
        price = self.fill_at if self.fill_at is not None else self.price
        assert order.qty is not None
        filled = order.qty if qty is None else qty
        if order.purpose in (Purpose.ENTRY, Purpose.ADD):
            self.done.append(f"{order.purpose} {filled}")
            realized = Decimal(0)
        else:
            position = self.position
            realized = position.side.sign * (price - Decimal(position.average.numerator) / position.average.denominator)
            realized *= filled
            self.done.append(f"{order.purpose} {filled}")
            self.pnl.append(realized)
        self.trades += 1
        self.give(
            OrderFilled(
                time_ns=self.now_ns,
                symbol=SYMBOL,
                client_order_id=order.client_order_id,
                trade_id=self.trades,
                price=price,
                qty=filled,
                fee=price * filled * self.fees.taker,
                realized_pnl=realized,
                buyer=order.side is Side.BUY,
                done=done,
            )
        )

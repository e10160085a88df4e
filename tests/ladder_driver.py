"""Drives a real engine tick by tick: the venue of the worked vectors, where orders fill at once at the tick."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

import msgspec

from sadari.core.engine import Engine
from sadari.core.position import Position
from sadari.model.command import (
    ArmLevels,
    Audit,
    CancelOrder,
    Command,
    PlaceOrder,
    RecordDecision,
    RecordExit,
    RecordPosition,
    SendAlert,
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
    OrderRejected,
    OutcomeUnknown,
    PositionRecord,
    SignalRaised,
    SymbolPrepared,
    VerdictTurned,
)
from sadari.model.instrument import Bracket, Instrument
from sadari.model.order import Direction, OrderType, Purpose, Side
from sadari.model.plan import Daily, Fees, Ladder, Reentry, Reward, Risk, Settings, StopSizing
from sadari.model.reason import RejectReason
from sadari.model.units import EXACT, SECOND_NS, floor_units

SYMBOL = "BTCUSDT"
START_NS = 1_700_000_000 * SECOND_NS
GROUPS: Mapping[str, type[msgspec.Struct]] = {
    "ladder": Ladder,
    "risk": Risk,
    "sizing": StopSizing,
    "reward": Reward,
    "reentry": Reentry,
    "daily": Daily,
    "fees": Fees,
}
Kind = TypeVar("Kind", bound=Command)


def instrument(symbol: str = SYMBOL, **changes: Any) -> Instrument:
    """An instrument with step 0.001, tick 0.01 and one bracket of 0.4 % up to a large notional."""
    fields: dict[str, Any] = {
        "symbol": symbol,
        "tick_size": Decimal("0.01"),
        "step_size": Decimal("0.001"),
        "min_qty": Decimal("0.001"),
        "max_qty": Decimal(10_000),
        "market_max_qty": Decimal(10_000),
        "min_notional": Decimal(5),
        "brackets": (Bracket(Decimal(0), Decimal(10**9), 125, Decimal("0.004")),),
    }
    return Instrument(**(fields | changes))


def settings(**changes: Any) -> Settings:
    """Crossed margin, so that a vector shows its own rule and no guard; every field of any group by its name."""
    fields: dict[str, dict[str, Any]] = {group: {} for group in GROUPS}
    fields["ladder"]["margin_mode"] = "crossed"
    for name, value in changes.items():
        group = next(group for group, kind in GROUPS.items() if name in kind.__struct_fields__)
        fields[group][name] = value
    return msgspec.convert(fields, Settings)


def patient(**changes: Any) -> Settings:
    """Settings under which a closed position is FLAT at once and one position never meets the account's cap."""
    free = {
        "cooldown_after_stop_minutes": 0,
        "cooldown_after_exit_minutes": 0,
        "max_portfolio_stop_loss_pct": "0.9",
    }
    return settings(**(free | changes))


def shown(value: Fraction | Decimal | None, like: str) -> Decimal:
    """A value rounded to as many digits as a displayed number has."""
    assert value is not None
    exponent = Decimal(like).as_tuple().exponent
    assert isinstance(exponent, int)
    places = max(-exponent, 0)
    numerator, denominator = map(int, value.as_integer_ratio())
    return Decimal(round(Fraction(numerator, denominator) * 10**places)).scaleb(-places)


class Driver:
    """One engine; every tick is offered, every order answered at once unless its purpose is held.

    Attributes:
        hold: Purposes whose orders are not answered but kept in ``held``, oldest first.
        stops: Resting stops that the venue has, by client order id.
        done: What happened since the last tick or signal, as short texts.
        log: Every command so far.
    """

    def __init__(
        self, config: Settings, *, balance: str = "100000", symbols: tuple[str, ...] = (SYMBOL,), **changes: Any
    ) -> None:
        self.settings = config
        self.instruments = {symbol: instrument(symbol, **changes) for symbol in symbols}
        self.engine = Engine(config, self.instruments)
        self.now_ns = START_NS
        self.wallet = Decimal(balance)
        self.prices: dict[str, Decimal] = {}
        self.fill_at: Decimal | None = None
        self.hold: set[Purpose] = set()
        self.held: list[PlaceOrder] = []
        self.alarms: dict[str, int] = {}
        self.levels: dict[str, dict[str, tuple[bool, int]]] = {symbol: {} for symbol in symbols}
        self.stops: dict[str, PlaceOrder] = {}
        self.log: list[Command] = []
        self.events: list[Event] = []
        self.done: list[str] = []
        self.queue: list[Event] = []
        self.trades = 0
        self.pnl: list[Decimal] = []
        self.start()

    def start(self) -> None:
        """Bring the engine to RUNNING with prepared symbols."""
        leverage = self.settings.ladder.leverage
        self.give(OperatorRequested(time_ns=self.now_ns, command="start", actor="test"))
        self.give(EngineTurned(time_ns=self.now_ns, trigger="start_ok"))
        self.account()
        for symbol, contract in self.instruments.items():
            limit = contract.max_notional(leverage)
            self.give(SymbolPrepared(time_ns=self.now_ns, symbol=symbol, leverage=leverage, max_notional=limit))
        self.give(EngineTurned(time_ns=self.now_ns, trigger="reconciled"))

    # what may be looked at

    @property
    def position(self) -> Position:
        """The engine's record of the first symbol."""
        return self.engine.positions[SYMBOL]

    @property
    def state(self) -> str:
        """The state of the first symbol's position."""
        return str(self.position.state.value)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The commands of one kind so far."""
        return [command for command in self.log if isinstance(command, kind)]

    def sent(self, *purposes: Purpose) -> list[PlaceOrder]:
        """The orders of these purposes so far."""
        return [order for order in self.of(PlaceOrder) if order.purpose in purposes]

    def audits(self) -> list[str]:
        """The codes of the audited facts so far."""
        return [fact.code for fact in self.of(Audit)]

    def alerts(self) -> list[tuple[str, str]]:
        """Severity and code of every alert so far."""
        return [(alert.severity, alert.code) for alert in self.of(SendAlert)]

    def resting(self, purpose: Purpose) -> list[Decimal]:
        """Trigger prices of the stops of one purpose that rest at the venue."""
        return [o.trigger_price for o in self.stops.values() if o.purpose is purpose and o.trigger_price is not None]

    # what happens

    def account(self, *positions: PositionRecord, available: str | None = None, cause: str = "TEST") -> None:
        """Show the account to the engine."""
        free = self.wallet if available is None else Decimal(available)
        update = AccountUpdated(
            time_ns=self.now_ns, cause=cause, wallet_balance=self.wallet, available_balance=free, positions=positions
        )
        self.give(update)

    def read_liquidation(self, price: str | None) -> None:
        """Show the position with a liquidation price, as read after its last change."""
        position = self.position
        record = PositionRecord(
            SYMBOL, position.side.sign * position.qty, Decimal(0), Decimal(price) if price is not None else None
        )
        self.account(record)

    def read_flat(self) -> None:
        """Show the account without the position."""
        self.account(PositionRecord(SYMBOL, Decimal(0), Decimal(0)))

    def signal(self, direction: Direction, price: str, *, symbol: str = SYMBOL, **fields: Any) -> list[str]:
        """Raise an entry signal at a price; what the engine did because of it."""
        self.now_ns += SECOND_NS
        self.prices[symbol] = Decimal(price)
        self.fill_at = None
        self.done = []
        common: dict[str, Any] = {
            "time_ns": self.now_ns,
            "symbol": symbol,
            "direction": direction,
            "strategy": "test",
            "signal_id": f"s{self.now_ns}",
            "price": Decimal(price),
            "price_time_ns": self.now_ns,
            "equity": self.wallet,
        }
        self.give(SignalRaised(**(common | fields)))
        return self.done

    def tick(self, price: str, *, fill: str | None = None, symbol: str = SYMBOL) -> list[str]:
        """One trade at a price; what the engine did because of it. Orders fill at ``fill`` if it is given."""
        self.now_ns += SECOND_NS
        self.prices[symbol] = Decimal(price)
        self.fill_at = Decimal(fill) if fill else None
        self.done = []
        units = floor_units(self.prices[symbol])
        levels = self.levels[symbol]
        crossed = [n for n, (up, level) in levels.items() if (units >= level if up else units <= level)]
        if crossed:
            for name in crossed:
                del levels[name]
            price_now = self.prices[symbol]
            self.give(LevelCrossed(time_ns=self.now_ns, symbol=symbol, price=price_now, levels=tuple(crossed)))
        return self.done

    def verdict(self, name: str, price: str) -> list[str]:
        """A watched verdict turns true at a price."""
        self.now_ns += SECOND_NS
        self.prices[SYMBOL] = Decimal(price)
        self.done = []
        self.give(VerdictTurned(time_ns=self.now_ns, symbol=SYMBOL, verdict=name, price=Decimal(price)))
        return self.done

    def ring(self, prefix: str) -> int:
        """Let the alarm with this prefix ring at its time; how long it took in nanoseconds."""
        name = next(name for name in self.alarms if name.startswith(prefix))
        before = self.now_ns
        self.now_ns = max(self.now_ns, self.alarms.pop(name))
        self.done = []
        self.give(AlarmRang(time_ns=self.now_ns, name=name))
        return self.now_ns - before

    def command(self, name: str, **fields: Any) -> None:
        """An operator's command to the engine."""
        self.give(OperatorRequested(time_ns=self.now_ns, command=name, actor="test", **fields))

    def give(self, event: Event) -> None:
        """Hand one event over and carry out what comes back; answers wait until all commands have gone out."""
        self.queue.append(event)
        if len(self.queue) > 1:
            return
        while self.queue:
            self.events.append(self.queue[0])
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
            if self.stops.pop(command.client_order_id, None) is not None:
                self.end(command.client_order_id, symbol=command.symbol)
        elif isinstance(command, ArmLevels):
            self.levels[command.symbol] = {level.name: (level.up, level.units) for level in command.levels}
        elif isinstance(command, SetAlarm):
            self.alarms[command.name] = command.at_ns
        else:
            self._tell(command)

    def _tell(self, command: Command) -> None:
        if isinstance(command, RecordDecision) and not command.accepted:
            self.done.append(f"DENIED {command.denial}")
        elif isinstance(command, RecordExit):
            self.done.append(f"{command.reason} {command.qty}")
        elif isinstance(command, RecordPosition):
            self.done.append(f"CLOSED {command.reason}")

    # the venue's answers

    def answer(self, order: PlaceOrder) -> None:
        """Fill a market order at the price at hand, or acknowledge a stop."""
        if order.order_type is OrderType.MARKET:
            self.fill(order)
        else:
            self.accept(order)

    def accept(self, order: PlaceOrder) -> None:
        """The venue has an order; a stop rests from now on."""
        if order.order_type is not OrderType.MARKET:
            self.stops[order.client_order_id] = order
        self.give(OrderAccepted(time_ns=self.now_ns, symbol=order.symbol, client_order_id=order.client_order_id))

    def fill(self, order: PlaceOrder, qty: str | None = None, *, done: bool = True, price: str | None = None) -> None:
        """One trade of an order: all of it at the price at hand unless said otherwise."""
        at = Decimal(price) if price else self.fill_at if self.fill_at is not None else self.prices[order.symbol]
        position = self.engine.positions[order.symbol]
        filled = Decimal(qty) if qty else order.qty if order.qty is not None else position.qty
        realized = Decimal(0)
        if order.purpose not in (Purpose.ENTRY, Purpose.ADD):
            average = position.average
            realized = position.side.sign * (at - Decimal(int(average.numerator)) / int(average.denominator)) * filled
            self.pnl.append(realized)
        if done:
            self.stops.pop(order.client_order_id, None)
        self.done.append(f"{order.purpose} {filled}")
        self.trades += 1
        fee = at * filled * self.settings.fees.taker
        self.wallet = EXACT.add(self.wallet, EXACT.subtract(realized, fee))
        self.give(
            OrderFilled(
                time_ns=self.now_ns,
                symbol=order.symbol,
                client_order_id=order.client_order_id,
                trade_id=self.trades,
                price=at,
                qty=filled,
                fee=fee,
                realized_pnl=realized,
                buyer=order.side is Side.BUY,
                done=done,
            )
        )

    def end(self, client_order_id: str, *, symbol: str = SYMBOL, cause: str = "") -> None:
        """An order has been canceled, or has expired, at the venue."""
        self.stops.pop(client_order_id, None)
        self.give(OrderCanceled(time_ns=self.now_ns, symbol=symbol, client_order_id=client_order_id, cause=cause))

    def reject(self, order: PlaceOrder, code: int = -1, reason: RejectReason = RejectReason.OTHER) -> None:
        """The venue refuses an order."""
        self.give(
            OrderRejected(
                time_ns=self.now_ns,
                symbol=order.symbol,
                client_order_id=order.client_order_id,
                code=code,
                reason=reason,
            )
        )

    def lose(self, order: PlaceOrder) -> None:
        """No answer comes for an order."""
        self.give(OutcomeUnknown(time_ns=self.now_ns, symbol=order.symbol, client_order_id=order.client_order_id))


def held(
    *ticks: str, direction: Direction = Direction.LONG, contract: dict[str, Any] | None = None, **changes: Any
) -> Driver:
    """A position entered at 50 000, after these ticks."""
    driver = Driver(patient(**changes), **(contract or {}))
    driver.signal(direction, "50000")
    for tick in ticks:
        driver.tick(tick)
    return driver


def pending(purpose: Purpose, *ticks: str, **changes: Any) -> tuple[Driver, PlaceOrder]:
    """A position whose order of this purpose, sent at the last tick (or its entry), has no answer yet."""
    if ticks:
        driver = held(*ticks[:-1], **changes)
        driver.hold = {purpose}
        driver.tick(ticks[-1])
    else:
        driver = Driver(patient(**changes))
        driver.hold = {purpose}
        driver.signal(Direction.LONG, "50000")
    return driver, driver.held.pop()

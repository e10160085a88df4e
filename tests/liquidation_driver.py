"""Drives a real engine through a liquidation: a venue that shows what its trades add up to, and restarts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from sadari.core.engine import Engine
from sadari.core.liquidation.state import Liquidation
from sadari.model.command import (
    CancelOrder,
    Command,
    PlaceOrder,
    Reconcile,
    RecordLiquidated,
    RecordLiquidation,
)
from sadari.model.event import (
    AlarmRang,
    EngineTurned,
    LiquidationCancelRequested,
    LiquidationConfirmed,
    LiquidationRequested,
    OperatorRequested,
    OrderFilled,
    OutcomeUnknown,
    PositionRecord,
    PositionsShown,
)
from sadari.model.order import Direction, OrderType, Purpose
from sadari.model.units import SECOND_NS
from tests.ladder_driver import Driver, patient

ZERO = Decimal(0)


class Held(NamedTuple):
    """A short of the incident: what was held, at what average, and the last price that was logged."""

    qty: str
    avg: str
    mark: str


# Source: strategies §11 and R003-9: quantities, last prices and losses of -3.39, -4.73, -6.43 and -6.84 USDT.
INCIDENT: Mapping[str, Held] = {
    "DOTUSDT": Held("257.4", "1.6838", "1.697"),
    "DOGEUSDT": Held("3802", "0.115366", "0.11661"),
    "XRPUSDT": Held("245.3", "1.7240", "1.7502"),
    "TAOUSDT": Held("2.081", "209.753", "213.04"),
}
ORDER = ("XRPUSDT", "DOTUSDT", "TAOUSDT", "DOGEUSDT")


class Flattening(Driver):
    """The driver of the vectors, with a venue that answers comparisons.

    Attributes:
        answers: Whether comparisons of the whole account are answered.
        refused: Symbols whose closing orders the venue refuses.
        since: Where in the log the commands of the present process begin.
    """

    def __init__(self, *symbols: str, **changes: Any) -> None:
        self.answers = True
        self.refused: set[str] = set()
        self.since = 0
        free = {
            "max_shorts": 10, "bearish_shorts": 10, "max_short_risk_pct": "1", "max_positions": 10,
            "strategy_positions": 10,
        }  # fmt: skip
        contract: dict[str, Any] = {"tick_size": Decimal("0.000001"), "min_notional": Decimal(0)}
        super().__init__(patient(**(free | changes)), symbols=symbols, **contract)

    # what may be looked at

    @property
    def liquidation(self) -> Liquidation:
        """The one that was asked for last."""
        found = self.engine.liquidation
        assert found is not None
        return found

    @property
    def phase(self) -> str:
        """Its phase."""
        return str(self.liquidation.state.value)

    def at_venue(self, symbol: str) -> Decimal:
        """What the venue holds, signed, by its trades."""
        told = (*self.events, *self.queue[1:])
        trades = (one for one in told if isinstance(one, OrderFilled) and one.symbol == symbol)
        return sum((one.qty if one.buyer else -one.qty for one in trades), ZERO)

    def closing(self) -> list[PlaceOrder]:
        """Every order that closes at the market."""
        return self.sent(Purpose.EXIT)

    def outcomes(self, symbol: str) -> list[tuple[str, str]]:
        """Phase and outcome of every record of a symbol."""
        return [(one.phase, one.outcome) for one in self.of(RecordLiquidated) if one.symbol == symbol]

    def phases(self) -> list[tuple[str, str]]:
        """Every phase, with what led to it."""
        return [(one.phase, one.event) for one in self.of(RecordLiquidation)]

    # what happens

    def hold_short(self, symbol: str, held: Held) -> None:
        """A short with exactly this quantity and average; its last price is known to nobody yet."""
        before, self.hold = self.hold, {*self.hold, Purpose.ENTRY}
        self.signal(Direction.SHORT, held.avg, symbol=symbol)
        entry = self.held.pop()
        self.fill(entry, held.qty, done=False)
        self.end(entry.client_order_id, symbol=symbol)
        self.hold = before
        self.prices[symbol] = Decimal(held.mark)

    def ask(self, **fields: Any) -> None:
        """Somebody wants everything closed, with a good token."""
        common: dict[str, Any] = {
            "time_ns": self.now_ns, "source": "CLI", "reason": "OPERATOR_REQUEST", "correlation_id": "c1",
            "after": "PAUSE", "actor": "anna", "cause": "enough", "authentic": True,
            "marks": tuple(self.prices.items()),
        }  # fmt: skip
        self.give(LiquidationRequested(**(common | fields)))

    def call_off(self, cause: str = "") -> None:
        """An operator wants the notice to end without anything being closed."""
        self.give(LiquidationCancelRequested(time_ns=self.now_ns, actor="anna", cause=cause))

    def confirm(self, correlation_id: str = "", actor: str = "anna", cause: str = "") -> None:
        """An operator confirms a second time."""
        self.give(LiquidationConfirmed(time_ns=self.now_ns, actor=actor, cause=cause, correlation_id=correlation_id))

    def next(self) -> int:
        """Let the alarm that the liquidation waits for ring; the nanoseconds until it does."""
        name = f"liquidate:{self.phase}:{self.liquidation.step}"
        before, at_ns = self.now_ns, self.alarms.pop(name)
        self.now_ns = max(self.now_ns, at_ns)
        self.done = []
        self.give(AlarmRang(time_ns=self.now_ns, name=name))
        return self.now_ns - before

    def to_the_end(self) -> None:
        """Let it ring until it has ended; at most a minute of it."""
        for _ in range(60):
            if not self.liquidation.under_way:
                return
            self.next()
        raise AssertionError(f"it is in {self.phase} still")

    def show(self) -> None:
        """The venue shows every position."""
        shown = []
        for symbol in self.instruments:
            qty = self.at_venue(symbol)
            if qty:
                average = self.engine.positions[symbol].avg if symbol in self.engine.positions else None
                price = Decimal(int(average.numerator)) / int(average.denominator) if average else self.prices[symbol]
                shown.append(PositionRecord(symbol, qty, price, mark_price=self.prices[symbol]))
        self.give(PositionsShown(time_ns=self.now_ns, positions=tuple(shown)))

    def restart(self, *, sight: bool = True) -> None:
        """The process ends, is rebuilt from its journal, and starts again; without sight one stream stays down."""
        again = Engine(self.settings, self.instruments)
        self.queue.clear()
        for event in self.events:
            again.handle(event)
        self.engine = again
        now_ns = self.now_ns = self.now_ns + SECOND_NS
        self.since = len(self.log)
        if again.state not in ("IDLE", "STOPPED", "FAILED"):
            self.give(EngineTurned(time_ns=now_ns, trigger="fatal", cause="the process ended"))
        self.give(OperatorRequested(time_ns=now_ns, command="reset", actor="start"))
        self.give(OperatorRequested(time_ns=now_ns, command="start", actor="start"))
        self.give(EngineTurned(time_ns=now_ns, trigger="start_ok"))
        if not sight:
            self.give(EngineTurned(time_ns=now_ns, trigger="data_lost", cause="user"))
        for intent in list(self.engine.live.values()):
            if intent.state == "SUBMITTED":
                self.give(OutcomeUnknown(time_ns=now_ns, symbol=intent.symbol, client_order_id=intent.client_order_id))
        if sight:
            self.show()
            self.give(EngineTurned(time_ns=now_ns, trigger="reconciled"))

    def answer(self, order: PlaceOrder) -> None:
        """As before; a slice with a limit fills at once, too."""
        if order.order_type is OrderType.LIMIT:
            self.fill(order)
        else:
            super().answer(order)

    def _execute(self, command: Command) -> None:
        if isinstance(command, Reconcile) and not command.symbol and self.answers:
            self.account()
            self.show()
        elif isinstance(command, CancelOrder) and command.client_order_id not in self.stops:
            for order in [one for one in self.held if one.client_order_id == command.client_order_id]:
                self.held.remove(order)
                self.end(order.client_order_id, symbol=order.symbol)
        elif isinstance(command, PlaceOrder) and command.symbol in self.refused and command.purpose is Purpose.EXIT:
            self.reject(command, -1001)
        else:
            super()._execute(command)


def incident(**changes: Any) -> Flattening:
    """The four shorts of the incident, with their stops."""
    driver = Flattening(*INCIDENT, **changes)
    for symbol, held in INCIDENT.items():
        driver.hold_short(symbol, held)
    return driver

"""The world of the model check: the real engine, the venue's truth, and what is on its way between them.

Commands wait in two queues, since exits and protection have a connection of their own. Answers and reports wait in
one, crossed levels in another. What the engine is told is kept, so that a process that ends can be rebuilt from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from sadari.core.engine import Engine
from sadari.core.intent_table import IntentState
from sadari.model.command import (
    ArmLevels,
    Audit,
    CancelOrder,
    Command,
    PlaceOrder,
    QueryOrder,
    Reconcile,
    RecordExit,
    RecordPosition,
    SetAlarm,
)
from sadari.model.event import (
    AccountUpdated,
    EngineTurned,
    Event,
    LevelCrossed,
    OperatorRequested,
    OrderCanceled,
    OrderFilled,
    SignalRaised,
    SymbolPrepared,
)
from sadari.model.order import Direction
from sadari.model.units import MILLISECOND_NS, floor_units
from tests.ladder_driver import START_NS, SYMBOL
from tests.model.remembered import copy_engine
from tests.model.scope import FAST, OPENING, PRICES, WALLET, Scope
from tests.model.venue_truth import Truth, left

WRONG = frozenset({"ILLEGAL_EVENT", "LEDGER_DIFFERS"})

Sent = PlaceOrder | CancelOrder


Journal = tuple[Event, "Journal"] | None


class World:
    """One state of everything; `tests.model.actions` moves it.

    Attributes:
        engine: The engine; while its process is down, as it was.
        journal: What it was told so far, the last first.
        truth: The venue.
        at: The name of the price.
        fast: Closing orders, stops and cancels of them that have not arrived.
        slow: Entries, adds, reductions and cancels of them.
        inbox: Answers and reports that have not been told, in order.
        late: Reports that were overtaken.
        limbo: Orders without an answer that may still arrive.
        crossed: Crossed levels that have not been told.
        lookups: Orders that are looked up.
        due: A comparison is asked for.
        alarms: When each rings.
        levels: What is armed, as the watch has it.
        lost: The user stream is down.
        down: The process is.
        unseen: One of both was, and nothing has been compared since.
        rise: See `Scope`.
        apart: See `Scope`.
        faults: How many may still happen.
        wishes: How often the operator may still pause, exit or stop.
        proved: Openings whose absence was told.
        reasons: How each life of the position ended.
        filled: Lives that held something.
        wrong: What is against the rules whatever the state.
    """

    def __init__(self, scope: Scope, make: Callable[[], Engine]) -> None:
        self.make = make
        self.rise, self.apart = scope.rise, scope.apart
        self.engine = make()
        self.journal: Journal = None
        self.now_ns = START_NS
        self.at = "entry"
        self.truth = Truth(PRICES[self.at])
        self.fast: list[Sent] = []
        self.slow: list[Sent] = []
        self.inbox: list[Event] = []
        self.late: list[Event] = []
        self.limbo: list[PlaceOrder] = []
        self.crossed: list[Event] = []
        self.lookups: list[str] = []
        self.due = self.lost = self.down = self.unseen = False
        self.alarms: dict[str, int] = {}
        self.levels: dict[str, tuple[bool, int]] = {}
        self.faults, self.wishes = scope.faults, scope.wishes
        self.proved: tuple[str, ...] = ()
        self.reasons: dict[int, str] = {}
        self.filled: frozenset[int] = frozenset()
        self.wrong: tuple[str, ...] = ()
        self.operate("start")
        self.turn("start_ok")
        self.show_account()
        self.give(SymbolPrepared(time_ns=self.now_ns, symbol=SYMBOL, leverage=10, max_notional=Decimal(10**9)))
        self.turn("reconciled")
        signal = SignalRaised(
            time_ns=self.now_ns, symbol=SYMBOL, direction=Direction.LONG, strategy="test", signal_id="1",
            price=self.truth.price, price_time_ns=self.now_ns, equity=WALLET,
        )  # fmt: skip
        self.give(signal)

    def copy(self) -> World:
        """The same world, to go on from."""
        other = World.__new__(World)
        for name, value in self.__dict__.items():
            other.__dict__[name] = list(value) if type(value) is list else dict(value) if type(value) is dict else value
        other.truth = self.truth.copy()
        other.engine = copy_engine(self.engine)
        return other

    # what is told

    def give(self, event: Event) -> None:
        """One event to the engine, its commands to where they wait."""
        self.now_ns += MILLISECOND_NS
        self.journal = (event, self.journal)
        try:
            commands = self.engine.handle(event)
        except ArithmeticError as error:
            self.wrong += (f"{event}: {error!r}",)
            return
        for command in commands:
            self._take(command)
        position = self.engine.positions.get(SYMBOL)
        if position is not None and position.qty:
            self.filled |= {position.id}

    def operate(self, command: str, cause: str = "") -> None:
        """An operator's wish."""
        self.give(OperatorRequested(time_ns=self.now_ns, command=command, actor="test", cause=cause))

    def turn(self, trigger: str, cause: str = "") -> None:
        """A fact about the engine's life."""
        self.give(EngineTurned(time_ns=self.now_ns, trigger=trigger, cause=cause))

    def show_account(self) -> None:
        """The balances."""
        wallet = WALLET + self.truth.wallet
        self.give(AccountUpdated(time_ns=self.now_ns, cause="SYNC", wallet_balance=wallet, available_balance=wallet))

    def _take(self, command: Command) -> None:
        if isinstance(command, PlaceOrder):
            (self.fast if command.purpose in FAST else self.slow).append(command)
        elif isinstance(command, CancelOrder):
            (self.fast if command.client_order_id[-1] in "XSW" else self.slow).append(command)
        elif isinstance(command, QueryOrder):
            self.look_up(command.client_order_id)
        elif isinstance(command, Reconcile):
            self.due = True
        elif isinstance(command, SetAlarm):
            self.alarms[command.name] = command.at_ns
        elif isinstance(command, ArmLevels):
            self.levels = {level.name: (level.up, level.units) for level in command.levels}
            self.cross()
        else:
            self._judge(command)

    def _judge(self, command: Command) -> None:
        if isinstance(command, RecordPosition):
            if command.position_id in self.reasons:
                self.wrong += (f"life {command.position_id} ended twice",)
            self.reasons[command.position_id] = command.reason
        elif isinstance(command, RecordExit) and not (command.reason and command.actor and command.cause):
            self.wrong += ("a closing order has no reason, actor or cause",)
        elif isinstance(command, Audit) and command.code in WRONG:
            self.wrong += (f"{command.code}: {command.detail}",)

    def look_up(self, client_order_id: str) -> None:
        """What became of an order is to be found out."""
        if client_order_id not in self.lookups:
            self.lookups.append(client_order_id)

    def cross(self) -> None:
        """Levels that the last price is beyond are told, and disarmed by that."""
        at = floor_units(self.truth.price)
        names = tuple(name for name, (up, level) in self.levels.items() if (at >= level if up else at <= level))
        for name in names:
            del self.levels[name]
        if names and not self.down:
            price = self.truth.price
            self.crossed = [LevelCrossed(time_ns=self.now_ns, symbol=SYMBOL, price=price, levels=names)]

    def report(self, events: Iterable[Event]) -> None:
        """The venue says something: answers come by request, fills and ends by the stream, which may be down."""
        for event in events:
            if not streamed(event):
                self.answer(event)
            elif not (self.down or self.lost):
                self.inbox.append(event)

    def answer(self, event: Event) -> None:
        """A request is answered."""
        if self.apart:
            self.inbox += [event] * (not self.down)
        elif not self.down:
            self.give(event)

    # what may be looked at

    @property
    def unclear(self) -> list[str]:
        """Orders that the engine has no answer to."""
        waiting = (IntentState.SUBMITTED, IntentState.UNKNOWN)
        return [name for name, intent in self.engine.live.items() if intent.state in waiting]

    @property
    def possible(self) -> Decimal:
        """What would be held if every opening that is under way filled, those of proven absence aside."""
        ways = [order for order in (*self.slow, *self.limbo) if isinstance(order, PlaceOrder)]
        under_way = [order for order in ways if order.purpose in OPENING and order.client_order_id not in self.proved]
        return self.truth.qty + self.truth.opening + sum((left(order, Decimal(0)) for order in under_way), Decimal(0))

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way."""
        waits = (self.fast, self.slow, self.inbox, self.late, self.limbo, self.crossed, self.lookups)
        return not (any(waits) or self.due or self.lost or self.down)


def streamed(event: Event) -> bool:
    """Whether a report comes by the user stream, not as the answer to a request."""
    return isinstance(event, OrderFilled | OrderCanceled)

"""What the edge does in the model check: sends, tells, looks up, compares, and starts again."""

from __future__ import annotations

from decimal import Decimal

from sadari.core.engine_table import EngineState
from sadari.model.command import CancelOrder, PlaceOrder
from sadari.model.event import (
    Event,
    OrderCanceled,
    OrderFilled,
    OrderFound,
    OrderRejected,
    OutcomeUnknown,
    PositionRecord,
    PositionsShown,
    SymbolPrepared,
)
from sadari.model.reason import RejectReason
from tests.ladder_driver import SYMBOL
from tests.model.remembered import Names
from tests.model.scope import OPENING
from tests.model.venue_truth import left
from tests.model.world import World, streamed

# A refusal, an answer that is lost, an order that is lost, one that comes after it was looked up.
FAULTS = ("refuse", "lose", "vanish", "lag")
AT_REST = (EngineState.IDLE, EngineState.STOPPED, EngineState.FAILED)


def tell(world: World, event: Event) -> None:
    """A report is told; that an order has ended waits until its trades that were missed are read and told."""
    if isinstance(event, OrderCanceled) or (isinstance(event, OrderFilled) and event.done):
        waiting = (*world.inbox, *world.late)
        for trade in world.truth.history[event.client_order_id]:
            if isinstance(trade, OrderFilled) and trade not in (*waiting, event) and not _knows(world, trade):
                world.give(trade)
    world.give(event)


def _knows(world: World, trade: OrderFilled) -> bool:
    intent = world.engine.orders.get(trade.client_order_id)
    return intent is not None and trade.trade_id in intent.trade_ids


def transmit(world: World, name: str, fate: str) -> None:
    """The oldest command of a queue arrives, or does not."""
    command = (world.fast if name == "fast" else world.slow).pop(0)
    truth, now_ns, known = world.truth, world.now_ns, command.client_order_id
    world.faults -= fate in FAULTS
    if isinstance(command, CancelOrder):
        _, filled = truth.orders.get(known, (None, 1))
        told = truth.cancel(known, now_ns) if fate == "arrives" else []
        if filled == 0 and told:
            world.answer(told[0])
        else:
            # Of what has filled, or is not there any more, the answer does not say enough.
            world.report(told)
            world.look_up(known)
        return
    if known in truth.history or command in world.limbo:
        world.wrong += ("one order was sent twice",)
    silence = OutcomeUnknown(time_ns=now_ns, symbol=SYMBOL, client_order_id=known)
    if fate == "refuse":
        world.report([truth.refuse(command, now_ns)])
    elif fate in ("vanish", "lag"):
        world.limbo += [command] * (fate == "lag")
        world.report([silence])
    else:
        told = truth.submit(command, now_ns, part=fate == "part")
        answer = [silence, *filter(streamed, told)] if fate == "lose" else told
        world.report(answer)


def look_up(world: World) -> None:
    """The end of a lookup: everything that is known of the order, or that it never was."""
    name = world.lookups.pop(0)
    intent = world.engine.orders.get(name)
    if intent is None or intent.final:
        return
    if any(isinstance(one, PlaceOrder) and one.client_order_id == name for one in (*world.fast, *world.slow)):
        world.look_up(name)
        return
    told = world.truth.history.get(name, ())
    for event in told:
        world.give(event)
    if not told:
        if intent.purpose in OPENING:
            world.proved += (name,)
        absent = RejectReason.NOT_FOUND
        now_ns = world.now_ns
        world.give(OrderRejected(time_ns=now_ns, symbol=SYMBOL, client_order_id=name, code=-2013, reason=absent))


def compare(world: World) -> None:
    """Every trade until now, what is open, what became of the rest, and what is held."""
    world.due = world.unseen = False
    truth, engine = world.truth, world.engine
    trades = [event for told in truth.history.values() for event in told if isinstance(event, OrderFilled)]
    for trade in sorted(trades, key=lambda one: one.trade_id):
        if not _knows(world, trade):
            world.give(trade)
    world.inbox = [event for event in world.inbox if not isinstance(event, OrderFilled)]
    for name, (order, filled) in list(truth.orders.items()):
        world.give(
            OrderFound(
                time_ns=world.now_ns, symbol=SYMBOL, client_order_id=name, side=order.side,
                order_type=order.order_type, ours=True, qty=None if order.qty is None else left(order, filled),
                trigger_price=order.trigger_price, reduce_only=order.reduce_only, close_position=order.close_position,
            )
        )  # fmt: skip
    unsent = {one.client_order_id for one in (*world.fast, *world.slow) if isinstance(one, PlaceOrder)}
    for name in engine.live:
        if name not in truth.orders and name not in unsent:
            world.look_up(name)
    world.show_account()
    shown: tuple[PositionRecord, ...] = ()
    if truth.qty:
        average = Decimal(truth.cost.numerator) / Decimal(truth.cost.denominator) / truth.qty
        shown = (PositionRecord(SYMBOL, truth.qty, average, mark_price=truth.price),)
    world.give(PositionsShown(time_ns=world.now_ns, positions=shown))
    if engine.state is EngineState.RECONCILING:
        world.turn("reconciled")


def lose(world: World) -> None:
    """The user stream is down: what it would have told is missed."""
    world.faults -= 1
    world.lost = world.unseen = True
    world.inbox = [event for event in world.inbox if not streamed(event)]
    world.late = []
    world.turn("data_lost", "user")


def back(world: World) -> None:
    """The user stream is there again."""
    world.lost = False
    if world.engine.state in (EngineState.DEGRADED, EngineState.STOPPING):
        world.turn("data_recovered", "user")


def _end(world: World) -> None:
    """The process is gone, and with it whatever it had not sent and was not told."""
    world.down, world.unseen, world.due, world.lost = True, True, False, False
    world.fast, world.slow, world.inbox, world.late, world.crossed, world.lookups = [], [], [], [], [], []


def crash(world: World) -> None:
    """The process ends without a word."""
    world.faults -= 1
    _end(world)


def drained(world: World) -> None:
    """Nothing is waited for any more: the process ends well."""
    world.turn("drained")
    _end(world)


def restart(world: World) -> None:
    """A new process: the engine is fed its events again, told of its end, and looks up what was under way."""
    events: list[Event] = []
    journal = world.journal
    while journal is not None:
        events.append(journal[0])
        journal = journal[1]
    engine = world.make()
    for event in reversed(events):
        engine.handle(event)
    if Names(engine._desk).engine() != Names(world.engine._desk).engine():
        world.wrong += ("the engine out of its journal is another one",)
    world.engine, world.down = engine, False
    if engine.state not in AT_REST:
        world.turn("fatal", "the process ended without a word")
    if engine.state is not EngineState.IDLE:
        world.operate("reset")
    world.operate("start")
    world.turn("start_ok")
    for name in world.unclear:
        world.give(OutcomeUnknown(time_ns=world.now_ns, symbol=SYMBOL, client_order_id=name))
    world.give(SymbolPrepared(time_ns=world.now_ns, symbol=SYMBOL, leverage=10, max_notional=Decimal(10**9)))
    world.cross()

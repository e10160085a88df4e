"""What may happen next in the world of the model check, and what happens then."""

from __future__ import annotations

from decimal import Decimal

from sadari.core.engine_table import EngineState
from sadari.model.command import CancelOrder, PlaceOrder
from sadari.model.event import (
    AlarmRang,
    EngineTurned,
    Event,
    ForceExitRequested,
    OperatorRequested,
    OrderCanceled,
    OrderFilled,
    OrderFound,
    OrderRejected,
    OutcomeUnknown,
    PositionRecord,
    PositionsShown,
    SymbolPrepared,
    WriteOffRequested,
)
from sadari.model.order import OrderType
from sadari.model.reason import RejectReason
from tests.ladder_driver import SYMBOL
from tests.model.remembered import Names
from tests.model.venue_truth import left
from tests.model.world import OPENING, PRICES, World, streamed

# A refusal, an answer that is lost, an order that is lost, one that comes after it was looked up.
FAULTS = ("refuse", "lose", "vanish", "lag")
_AT_REST = (EngineState.IDLE, EngineState.STOPPED, EngineState.FAILED)
_SEEING = (EngineState.RUNNING, EngineState.PAUSED, EngineState.RECONCILING, EngineState.STOPPING)


def possible(world: World) -> list[str]:
    """Everything that may happen next, by name."""
    found = _of_the_market(world)
    if world.limbo:
        found.append("arrive")
    found += [f"{what} {at}" for at, name in enumerate(world.truth.orders) if _works(world, name) for what in _WORK]
    if world.down:
        return [*found, "restart"]
    if world.inbox:
        found.append("report")
    if world.late and not world.lost:
        found.append("late report")
    found += ["tick"] * bool(world.crossed) + ["look up"] * bool(world.lookups)
    found += [*_of_the_network(world), *_of_people(world)]
    if not (world.fast or world.slow or world.inbox or world.crossed):
        found += ["compare"] + ["alarm"] * bool(world.alarms)
    if world.lost:
        found.append("stream back")
    if world.faults:
        found += ["crash"] + ["lose stream"] * (not world.lost and world.engine.state in _SEEING)
        found += ["delay"] * bool(world.inbox and streamed(world.inbox[0]))
        found += [f"take {at}" for at, name in enumerate(world.truth.orders) if not _works(world, name)]
    return found


_WORK = ("fill", "expire")


def _works(world: World, name: str) -> bool:
    return world.truth.orders[name][0].order_type is not OrderType.STOP_MARKET


def _of_the_market(world: World) -> list[str]:
    """The price goes where something waits for it, and not back."""
    found = ["price rung"] * (world.at == "entry" and "rung1" in world.levels)
    if world.at in ("entry", "rung"):
        found += ["price up"] * (world.rise and "half" in world.levels) + ["price down"] * bool(world.truth.qty)
    return found


def _of_the_network(world: World) -> list[str]:
    found: list[str] = []
    for name, queue in (("fast", world.fast), ("slow", world.slow)):
        if not queue:
            continue
        found.append(f"{name} arrives")
        order = queue[0]
        if isinstance(order, CancelOrder):
            found += [f"{name} vanish"] * bool(world.faults)
            continue
        if order.trigger_price is None and (order.qty or 0) > 1:
            found.append(f"{name} part")
        if world.faults:
            found += [f"{name} {fault}" for fault in FAULTS]
    return found


def _of_people(world: World) -> list[str]:
    state = world.engine.state
    found = ["resume"] * (state is EngineState.PAUSED)
    if world.wishes > 0 and state not in _AT_REST:
        found += ["exit", "stop", "stop and close"] + ["pause"] * (state is EngineState.RUNNING)
    return found + ["drained"] * may_drain(world)


def may_drain(world: World) -> bool:
    """Whether an engine that stops waits for nothing any more."""
    if world.engine.state is not EngineState.STOPPING or world.fast or world.slow or world.unclear:
        return False
    return not any(position.is_in("EXITING") for position in world.engine.positions.values())


def happen(before: World, action: str) -> World:
    """The world after an action."""
    world = before.copy()
    what, _, rest = action.partition(" ")
    if what in ("fast", "slow"):
        _transmit(world, what, rest)
    elif what == "price":
        world.at = rest
        world.report(world.truth.move(PRICES[rest], world.now_ns))
        world.cross()
    elif what in (*_WORK, "take"):
        name = list(world.truth.orders)[int(rest)]
        world.faults -= what == "take"
        truth, now_ns = world.truth, world.now_ns
        world.report(truth.trade(name, now_ns) if what == "fill" else truth.cancel(name, now_ns, "EXPIRED"))
    elif what == "arrive":
        world.report(world.truth.submit(world.limbo.pop(0), world.now_ns))
    elif action in _TOLD:
        _tell(world, _TOLD[action](world).pop(0))
    else:
        _OTHER[action](world)
    return world


_TOLD = {"report": lambda w: w.inbox, "late report": lambda w: w.late, "tick": lambda w: w.crossed}


def _tell(world: World, event: Event) -> None:
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


def _transmit(world: World, name: str, fate: str) -> None:
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


def _alarm(world: World) -> None:
    name = min(world.alarms, key=lambda one: world.alarms[one])
    world.now_ns = max(world.now_ns, world.alarms.pop(name))
    world.give(AlarmRang(time_ns=world.now_ns, name=name))


def _look_up(world: World) -> None:
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


def _compare(world: World) -> None:
    """Every trade until now, what is open, what became of the rest, and what is held."""
    world.due = False
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


def _lose(world: World) -> None:
    world.faults -= 1
    world.lost = True
    world.inbox = [event for event in world.inbox if not streamed(event)]
    world.late = []
    world.turn("data_lost", "user")


def _back(world: World) -> None:
    world.lost = False
    if world.engine.state in (EngineState.DEGRADED, EngineState.STOPPING):
        world.turn("data_recovered", "user")


def _end(world: World) -> None:
    """The process is gone, and with it whatever it had not sent and was not told."""
    world.down, world.due, world.lost = True, False, False
    world.fast, world.slow, world.inbox, world.late, world.crossed, world.lookups = [], [], [], [], [], []


def _crash(world: World) -> None:
    world.faults -= 1
    _end(world)


def _drained(world: World) -> None:
    world.turn("drained")
    _end(world)


def _restart(world: World) -> None:
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
    if engine.state not in _AT_REST:
        world.turn("fatal", "the process ended without a word")
    if engine.state is not EngineState.IDLE:
        world.operate("reset")
    world.operate("start")
    world.turn("start_ok")
    for name in world.unclear:
        world.give(OutcomeUnknown(time_ns=world.now_ns, symbol=SYMBOL, client_order_id=name))
    world.give(SymbolPrepared(time_ns=world.now_ns, symbol=SYMBOL, leverage=10, max_notional=Decimal(10**9)))
    world.cross()


def _wish(world: World, action: str) -> None:
    world.wishes = max(0, world.wishes - 1)
    if action == "pause":
        world.operate("pause")
    elif action == "exit":
        world.give(ForceExitRequested(time_ns=world.now_ns, symbol=SYMBOL, actor="test"))
    else:
        command = "stop_keep" if action == "stop" else "stop_close"
        world.give(OperatorRequested(time_ns=world.now_ns, command=command, actor="test", cause="asked for"))


def _delay(world: World) -> None:
    world.faults -= 1
    world.late.append(world.inbox.pop(0))


_OTHER = {
    "alarm": _alarm,
    "look up": _look_up,
    "compare": _compare,
    "lose stream": _lose,
    "stream back": _back,
    "crash": _crash,
    "drained": _drained,
    "restart": _restart,
    "delay": _delay,
    "write off": lambda world: world.give(WriteOffRequested(time_ns=world.now_ns, symbol=SYMBOL, actor="test")),
    "pause": lambda world: _wish(world, "pause"),
    "resume": lambda world: world.operate("resume"),
    "exit": lambda world: _wish(world, "exit"),
    "stop": lambda world: _wish(world, "stop"),
    "stop and close": lambda world: _wish(world, "stop and close"),
}

"""States of the engine under check: copied to go on from, and named so that equal states have one name."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sadari.core.account import Account
from sadari.core.agreement import Agreement
from sadari.core.desk import Desk
from sadari.core.engine import Engine
from sadari.core.intents import Intent, Part
from sadari.core.ledger import Ledger
from sadari.core.liquidation.course import PASSES
from sadari.core.liquidation.state import Liquidation
from sadari.core.lots import Goal, Lot
from sadari.core.position import Position
from sadari.model.event import Event, OrderFilled
from sadari.model.units import Exact

_OWN = (Position, Intent, Part, Lot, Goal, Account, Ledger, Agreement, Liquidation)
# What no decision about orders goes by: records of the past, sums that settlement alone compares, what follows from
# the rest, and what is named by order of appearance.
_PAST = frozenset(
    {
        "closed_ns", "cost", "decision", "entry_cost", "exit_value", "fees", "funding", "gain", "id", "instrument",
        "last_price", "lifecycle", "maintenance", "max_notional", "max_qty", "mismatch", "opened_ns", "plan",
        "plan_balance", "realized", "rules", "runner_best", "side", "signal_id", "slips", "stop_lost_ns", "strategy",
        "symbol", "trail", "unproven_price", "worst", "worst_case",
    }
)  # fmt: skip
_KEPT = tuple(slot for slot in Position.__slots__ if slot not in _PAST)
_OF_INTENT = ("purpose", "rung", "state", "qty", "filled", "absent", "parts", "target", "continues", "trigger_price")


def copy_engine(engine: Engine) -> Engine:
    """An engine that knows the same and shares nothing that changes."""
    desk = engine._desk
    other = Engine(desk.settings, desk.instruments)
    memo: dict[int, Any] = {}
    other._desk.__dict__.update({name: _copied(value, memo) for name, value in desk.__dict__.items()})
    return other


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    kind: Any = type(value)
    if kind is dict:
        return {key: _copied(one, memo) for key, one in value.items()}
    if kind is list:
        return [_copied(one, memo) for one in value]
    if kind is set:
        return set(value)
    if kind is deque:
        return deque(value, value.maxlen)
    if kind not in _OWN:
        return value
    if id(value) not in memo:
        memo[id(value)] = other = kind.__new__(kind)
        for slot in kind.__slots__:
            setattr(other, slot, _copied(getattr(value, slot), memo))
    return memo[id(value)]


class Names:
    """Numbers for orders and positions in the order in which a state speaks of them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._orders: dict[str, int] = {}
        self._lives: dict[int, int] = {}

    def order(self, client_order_id: str) -> int:
        """The number of an order."""
        return self._orders.setdefault(client_order_id, len(self._orders))

    def life(self, position_id: int) -> int:
        """The number of a life of the position."""
        return self._lives.setdefault(position_id, len(self._lives))

    def engine(self) -> tuple[Any, ...]:
        """Everything of the engine that it decides by."""
        desk = self._desk
        records = [*desk.positions.values(), *desk.unsettled]
        told = tuple(self._position(record) for record in records)
        for name in desk.live_orders():
            self.order(name)
        gates = tuple((symbol, tuple(sorted(causes))) for symbol, causes in sorted(desk.shut.items()))
        engine = desk.state.value, tuple(desk.causes), tuple(desk.lost), tuple(sorted(desk.gate_causes)), gates, told
        return *engine, self._liquidation(desk.liquidation)

    def _liquidation(self, found: Liquidation | None) -> tuple[Any, ...]:
        if found is None:
            return ()
        head = found.state.value, found.remembered, found.sight_lost, found.stop_asked, found.read
        # Up to the third pass it counts which one it is.
        number = min(found.number, PASSES) if found.under_way else 0
        concerned = tuple(self.life(position_id) for position_id in found.concerned)
        settled = tuple(self.life(position_id) for position_id in found.results)
        return *head, number, tuple(found.queue), found.open, concerned, settled

    def orders(self) -> tuple[Any, ...]:
        """The engine's orders among those that were spoken of."""
        told: list[Any] = []
        at = 0
        while at < len(names := list(self._orders)):
            intent = self._desk.orders.get(names[at])
            at += 1
            if intent is None:
                told.append(None)
                continue
            life = self.life(intent.position_id)
            told.append((life, *(self._plain(getattr(intent, slot)) for slot in _OF_INTENT)))
        return tuple(told)

    def _position(self, position: Position) -> tuple[Any, ...]:
        beyond = Exact(*position.realized.as_integer_ratio()) - position.gain
        head = self.life(position.id), abs(beyond) > Exact(1, 100), position.stop_lost_ns is not None
        return (*head, *(self._plain(getattr(position, slot)) for slot in _KEPT))

    def events(self, events: Iterable[Event]) -> tuple[Any, ...]:
        """Reports under way; of a trade it counts whether it is known."""
        return tuple(self._event(event) for event in events)

    def _event(self, event: Event) -> tuple[Any, ...]:
        name = getattr(event, "client_order_id", "")
        head = type(event).__name__, self.order(name) if name else -1
        if isinstance(event, OrderFilled):
            intent = self._desk.orders.get(name)
            known = intent is not None and event.trade_id in intent.trade_ids
            return (*head, self._plain(event.price), self._plain(event.qty), event.done, known)
        return (*head, getattr(event, "cause", ""), str(getattr(event, "reason", "")), getattr(event, "levels", ()))

    def _plain(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | str):
            return value.value if isinstance(value, StrEnum) else value
        if isinstance(value, Intent):
            return self.order(value.client_order_id)
        if isinstance(value, Decimal | Exact):
            return tuple(map(int, value.as_integer_ratio()))
        if isinstance(value, dict):
            return tuple((key, self._plain(one)) for key, one in sorted(value.items()))
        if isinstance(value, set):
            return tuple(sorted(value))
        if isinstance(value, list | tuple):
            return tuple(self._plain(one) for one in value)
        if isinstance(value, Lot | Part | Goal):
            return tuple(self._plain(getattr(value, slot)) for slot in value.__slots__)
        return repr(value)

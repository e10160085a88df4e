"""The desk: what every decision works with. It holds the state of one engine and collects its commands."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from sadari.core.account import Account
from sadari.core.agreement import Agreement
from sadari.core.engine_table import ENGINE, GUARDING, REDUCING, EngineState
from sadari.core.intents import Intent
from sadari.core.ledger import Ledger
from sadari.core.position import Position
from sadari.core.rules import Rules
from sadari.model.command import Audit, CancelOrder, Command, PlaceOrder, RecordMove, SendAlert
from sadari.model.event import OrderCanceled, OrderRejected
from sadari.model.instrument import Instrument
from sadari.model.order import OrderType, Purpose
from sadari.model.plan import Settings
from sadari.model.reason import AuditCode, RejectReason

_CODES = {
    Purpose.ENTRY: "E",
    Purpose.ADD: "A",
    Purpose.REDUCE: "R",
    Purpose.EXIT: "X",
    Purpose.STOP: "S",
    Purpose.WALL: "W",
}


class Desk:
    """State of one engine, by symbol and by order, and the commands of the event at hand.

    Attributes:
        now_ns: Time of the event at hand.
        out: Commands decided so far for it.
        prepared: Confirmed leverage and maximum notional, by symbol.
        causes: Why entries are paused, in order.
        gate_causes: Why no new exposure is allowed although the engine runs.
        own_rules: The rules of strategies that have a ladder of their own, by strategy.
        last_signal: The id of the last signal, by symbol and strategy.
        ledger: Every amount that changed the wallet.
        openings: The balance of each asset that the ledger starts from, where the account has several.
        agreement: Whether that is what the venue shows.
        foreign_trades: Trades of orders that are not ours, by symbol and id, so that each is booked once.
    """

    def __init__(self, settings: Settings, instruments: Mapping[str, Instrument], ledger: Ledger) -> None:
        self.settings = settings
        self.instruments = instruments
        self.rules = Rules(settings.ladder, settings.fees)
        self.own_rules = {
            name: Rules(strategy.ladder, settings.fees)
            for name, strategy in settings.strategies.items()
            if strategy.ladder is not None
        }
        self.state: StrEnum = ENGINE.initial
        self.causes: list[str] = []
        self.gate_causes: set[str] = set()
        self.foreign_trades: set[tuple[str, int]] = set()
        self.account = Account()
        self.ledger = ledger
        self.agreement = Agreement(ledger)
        self.openings: dict[str, Decimal] = {}
        self.positions: dict[str, Position] = {}
        self.orders: dict[str, Intent] = {}
        self.prepared: dict[str, Decimal] = {}
        self.last_signal: dict[tuple[str, str], str] = {}
        self.now_ns = 0
        self.day_call_ns = 0
        self.out: list[Command] = []
        self._orders_made = 0
        self._positions_made = 0

    # state

    @property
    def running(self) -> bool:
        """True while new exposure is allowed by the engine's state."""
        return self.state is EngineState.RUNNING and not self.gate_causes

    @property
    def guards(self) -> bool:
        """True while stops and exits act."""
        return self.state in GUARDING

    @property
    def reduces(self) -> bool:
        """True while profit is taken in parts."""
        return self.state in REDUCING

    def position(self, symbol: str) -> Position:
        """The record of a symbol, made on first use."""
        record = self.positions.get(symbol)
        if record is None:
            record = Position(symbol, self.instruments[symbol], self.rules)
            self.positions[symbol] = record
        return record

    def next_position_id(self) -> int:
        """A number for a new position."""
        self._positions_made += 1
        return self._positions_made

    def move(self, position: Position, event: str, guard: str = "") -> None:
        """Move a position's lifecycle and record it.

        Raises:
            IllegalTransitionError: The lifecycle does not list this move.
        """
        before, after = position.lifecycle.move(position, event, guard)
        position.worst = None
        if before is not after:
            self.out.append(
                RecordMove(
                    symbol=position.symbol,
                    position_id=position.id,
                    event=event,
                    source=before.value,
                    target=after.value,
                )
            )

    # orders

    def order(self, position: Position, purpose: Purpose, qty: Decimal | None, rung: int = 0) -> Intent:
        """A new intent with an id of its own: run, journaled number, purpose. Not sent yet."""
        self._orders_made += 1
        suffix = f"{_CODES[purpose]}{rung}" if rung else _CODES[purpose]
        client_order_id = f"{self.settings.run_id}-{self._orders_made}-{suffix}"
        intent = Intent(position.symbol, position.id, client_order_id, purpose, qty, rung)
        self.orders[client_order_id] = intent
        return intent

    def send(self, position: Position, intent: Intent, *, trigger_price: Decimal | None = None) -> None:
        """Send an intent: a market order, or a stop if it has a trigger price. All but entry and add are capped."""
        opening = intent.purpose in (Purpose.ENTRY, Purpose.ADD)
        direction = position.direction
        intent.trigger_price = trigger_price
        intent.move("submit")
        if opening:
            position.openings.append(intent)
        self.out.append(
            PlaceOrder(
                symbol=position.symbol,
                client_order_id=intent.client_order_id,
                purpose=intent.purpose,
                side=direction.entry_side if opening else direction.exit_side,
                order_type=OrderType.MARKET if trigger_price is None else OrderType.STOP_MARKET,
                qty=intent.qty,
                trigger_price=trigger_price,
                reduce_only=not opening and intent.qty is not None,
                close_position=intent.qty is None,
            )
        )

    def cancel(self, intent: Intent) -> None:
        """Ask the venue to cancel an order."""
        self.out.append(CancelOrder(symbol=intent.symbol, client_order_id=intent.client_order_id))

    # notes

    def refused(self, position: Position, event: OrderCanceled | OrderRejected) -> None:
        """Write down a refusal; one for margin shuts the gate of all symbols until fresh account data."""
        if not isinstance(event, OrderRejected):
            return
        self.audit(AuditCode.EXCHANGE_REJECTED, position, f"EXCHANGE_REJECTED:{event.code} {event.message}")
        if event.reason is RejectReason.INSUFFICIENT_MARGIN:
            self.account.margin_refused = True
            self.alert("warning", RejectReason.INSUFFICIENT_MARGIN, position.symbol, f"{event.code} {event.message}")

    def audit(self, code: AuditCode, position: Position | None = None, detail: str = "") -> None:
        """Write a fact that changes no order by itself."""
        symbol = position.symbol if position else ""
        self.out.append(Audit(code=code, symbol=symbol, position_id=position.id if position else 0, detail=detail))

    def alert(self, severity: str, code: str, symbol: str = "", text: str = "") -> None:
        """Tell a person."""
        self.out.append(SendAlert(severity=severity, code=code, symbol=symbol, text=text))

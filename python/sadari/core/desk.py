"""The desk: what every decision works with. It holds the state of one engine and collects its commands."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

import msgspec

from sadari.core.account import Account
from sadari.core.agreement import Agreement
from sadari.core.engine_table import ENGINE, GUARDING, REDUCING, EngineState
from sadari.core.intents import Intent
from sadari.core.ledger import Ledger
from sadari.core.liquidation.state import Liquidation
from sadari.core.position import Position
from sadari.core.rules import Rules
from sadari.model.command import Audit, CancelOrder, Command, PlaceOrder, RecordMove, RefreshAccount, SendAlert
from sadari.model.event import OrderCanceled, OrderFound, OrderRejected, SignalRaised, SymbolPrepared
from sadari.model.instrument import Instrument
from sadari.model.order import Direction, MarginMode, OrderType, Purpose, TimeInForce
from sadari.model.plan import Settings
from sadari.model.reason import AuditCode, LiquidationRefusal, RejectReason, stage_name

_CODES = {
    Purpose.ENTRY: "E",
    Purpose.ADD: "A",
    Purpose.REDUCE: "R",
    Purpose.EXIT: "X",
    Purpose.STOP: "S",
    Purpose.WALL: "W",
}


def _order_type(trigger_price: Decimal | None, limit: Decimal | None) -> OrderType:
    if limit is not None:
        return OrderType.LIMIT
    return OrderType.MARKET if trigger_price is None else OrderType.STOP_MARKET


class Desk:
    """State of one engine, by symbol and by order, and the commands of the event at hand.

    Attributes:
        now_ns: Time of the event at hand.
        out: Commands decided so far for it.
        prepared: Maximum notional of symbols whose margin mode and leverage are confirmed as planned.
        confirmed: What the venue has last confirmed, by symbol.
        unprepared: Why a symbol is not prepared, where that is known.
        modes: The effective margin mode of symbols where the venue has named it.
        causes: Why entries are paused, in order.
        lost: What is out of sight, in order.
        gate_causes: Why no new exposure is allowed although the engine runs, by its own finding.
        shut: The same by what it was told, in order: by symbol, and of the account under the empty name.
        refusals: The code of the last refused entry and how often in a row it came, by symbol.
        found: Orders of the comparison that is under way, by symbol and client order id.
        foreign_stops: How many conditional orders that are not ours rest, by symbol; not listed where none does.
        waiting: Signals that wait for the account to be shown, by symbol.
        unsettled: Positions whose settlement is open while their symbol has a new one already.
        stages: The names of the stages of the longest ladder.
        last_signal: The id of the last signal, by symbol and strategy.
        ledger: Every amount that changed the wallet.
        openings: The balance of each asset that the ledger starts from, where the account has several.
        agreement: Whether that is what the venue shows.
        liquidation: The last one, None if there was none.
        liquidations_seen: Correlation ids of the requests so far.
        liquidations_made: How many of them the engine has made itself.
        foreign_trades: Trades of orders that are not ours, by symbol and id, so that each is booked once.
    """

    def __init__(self, settings: Settings, instruments: Mapping[str, Instrument], ledger: Ledger) -> None:
        self.settings = settings
        self.instruments = dict(instruments)
        self.stages: tuple[str, ...] = ()
        self.modes: dict[str, MarginMode] = {}
        self._rules: dict[tuple[str, MarginMode | None], Rules] = {}
        self.decide_by(settings)
        self.state: StrEnum = ENGINE.initial
        self.causes: list[str] = []
        self.lost: list[str] = []
        self.gate_causes: set[str] = set()
        self.shut: dict[str, dict[str, None]] = {}
        self.refusals: dict[str, tuple[int, int]] = {}
        self.found: dict[tuple[str, str], OrderFound] = {}
        self.foreign_stops: dict[str, int] = {}
        self.waiting: dict[str, SignalRaised] = {}
        self.unsettled: list[Position] = []
        self.foreign_trades: set[tuple[str, int]] = set()
        self.liquidation: Liquidation | None = None
        self.liquidations_seen: set[str] = set()
        self.liquidations_made = 0
        self.account = Account()
        self.ledger = ledger
        self.agreement = Agreement(ledger)
        self.openings: dict[str, Decimal] = {}
        self.positions: dict[str, Position] = {}
        self.orders: dict[str, Intent] = {}
        self._live: dict[str, Intent] = {}
        self.prepared: dict[str, Decimal] = {}
        self.confirmed: dict[str, SymbolPrepared] = {}
        self.unprepared: dict[str, str] = {}
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
        return self.state is EngineState.RUNNING and not self.gate()

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
            record = Position(symbol, self.instruments[symbol], self.rules_for("", symbol))
            self.positions[symbol] = record
        return record

    def record_of(self, intent: Intent) -> Position:
        """The record that an order was made for: one that is still to be settled, or else that of its symbol."""
        record = self.positions[intent.symbol]
        if intent.position_id == record.id:
            return record
        return next((old for old in self.unsettled if old.id == intent.position_id), record)

    def succeed(self, symbol: str, direction: Direction) -> Position:
        """A record for what was found on a symbol: one that is not settled yet is settled beside it.

        A wall that still rests for what might be opened is the new record's, if it closes positions of that direction.
        """
        before = record = self.position(symbol)
        wall, before.wall = before.wall, None
        if record.is_in("CLOSED_UNSETTLED"):
            self.unsettled.append(record)
            del self.positions[symbol]
            record = self.position(symbol)
            record.openings = before.openings
        if wall is not None and not wall.final:
            if before.direction is direction:
                record.wall = wall
            else:
                self.cancel(wall)
        return record

    def next_position_id(self) -> int:
        """A number for a new position."""
        self._positions_made += 1
        return self._positions_made

    # what decisions go by

    def decide_by(self, settings: Settings) -> None:
        """Decide by these settings from now on; client order ids keep the prefix that they began with."""
        self.settings = settings
        self._rules.clear()
        rungs = max(ladder.rungs for ladder in settings.ladders)
        self.stages = tuple(stage_name(stage) for stage in range(max(rungs + 1, len(self.stages))))

    def rules_for(self, strategy: str, symbol: str) -> Rules:
        """The rules of a strategy on a symbol, in the margin mode that is in force there."""
        own = self.settings.strategy(strategy).ladder
        name, mode = strategy if own is not None else "", self.modes.get(symbol)
        if mode is (own or self.settings.ladder).margin_mode:
            mode = None
        rules = self._rules.get((name, mode))
        if rules is None:
            ladder = own or self.settings.ladder
            if mode is not None:
                ladder = msgspec.structs.replace(ladder, margin_mode=mode)
            rules = self._rules[name, mode] = Rules(ladder, self.settings.fees, self.settings.reward)
        return rules

    # the gate for new exposure

    def gate(self, symbol: str = "") -> tuple[str, ...]:
        """Why a symbol, or the whole account, may not be given new exposure."""
        told = tuple(self.shut.get(symbol, ()))
        return told if symbol else (*sorted(self.gate_causes), *told)

    def shut_gate(self, symbol: str, cause: str) -> bool:
        """Allow no new exposure for a cause; False if that cause stands already."""
        causes = self.shut.setdefault(symbol, {})
        if cause in causes:
            return False
        causes[cause] = None
        return True

    def open_gate(self, symbol: str, cause: str) -> bool:
        """A cause has gone, or without a name every one; False if none did."""
        if not cause:
            return self.shut.pop(symbol, None) is not None
        causes = self.shut.get(symbol, {})
        if cause not in causes:
            return False
        del causes[cause]
        if not causes:
            del self.shut[symbol]
        return True

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
        self.know(intent)
        return intent

    def know(self, intent: Intent) -> None:
        """Keep an order of ours that may still change."""
        self.orders[intent.client_order_id] = self._live[intent.client_order_id] = intent

    def live_orders(self) -> Mapping[str, Intent]:
        """The orders without the venue's last word, by client order id."""
        for name in [name for name, intent in self._live.items() if intent.final]:
            del self._live[name]
        return self._live

    def made(self, number: int) -> None:
        """An order of an earlier life of this run has this number: no other order may get it."""
        self._orders_made = max(self._orders_made, number)

    def send(
        self,
        position: Position,
        intent: Intent,
        *,
        trigger_price: Decimal | None = None,
        limit: Decimal | None = None,
        rests: bool = False,
    ) -> None:
        """Send an intent: a market order, a stop if it has a trigger price, or what a limit can have at once.

        With ``rests`` what is left of the limit waits for its price.

        All but entry and add are capped.
        """
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
                order_type=_order_type(trigger_price, limit),
                qty=intent.qty,
                price=limit,
                trigger_price=trigger_price,
                time_in_force=None if limit is None else TimeInForce.GTC if rests else TimeInForce.IOC,
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
            self.out.append(RefreshAccount())
            self.alert("warning", RejectReason.INSUFFICIENT_MARGIN, position.symbol, f"{event.code} {event.message}")

    def audit(self, code: AuditCode | LiquidationRefusal, position: Position | None = None, detail: str = "") -> None:
        """Write a fact that changes no order by itself."""
        symbol = position.symbol if position else ""
        self.out.append(Audit(code=code, symbol=symbol, position_id=position.id if position else 0, detail=detail))

    def alert(
        self, severity: str, code: str, symbol: str = "", text: str = "", *,
        value: str = "", threshold: str = "", matter: str = "", position: Position | None = None,
    ) -> None:  # fmt: skip
        """Tell a person; ``position``: which life of the symbol it is about, the present one if none is given."""
        life = position or self.positions.get(symbol)
        self.out.append(
            SendAlert(
                severity=severity, code=code, symbol=symbol, text=text, value=value, threshold=threshold,
                position_id=0 if life is None else life.id, matter=matter,
            )
        )  # fmt: skip

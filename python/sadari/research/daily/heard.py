"""What a report of a day reads out of the records, each with its time: signals, orders, incidents, the account."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from sadari.core.alerts import Edge
from sadari.core.ledger import TRANSFERS, Ledger
from sadari.model.command import Audit, PlaceOrder, RecordDecision, RecordMove, SendAlert
from sadari.model.event import (
    AccountUpdated,
    ConditionTold,
    EngineTurned,
    FundingPaid,
    GateOpened,
    GateShut,
    OperatorRequested,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderFound,
    OrderRejected,
    OutcomeUnknown,
    SignalRaised,
    TransferListed,
)
from sadari.research.trades import Arms

FILLED, CANCELED, REFUSED, WORKING, UNANSWERED = "filled", "canceled", "refused", "working", "unanswered"


class Asked:
    """An entry signal and what was decided on it, None as long as nothing was."""

    __slots__ = ("decision", "signal")

    def __init__(self, signal: SignalRaised) -> None:
        self.signal = signal
        self.decision: RecordDecision | None = None


class Order:
    """What became of an order. ``answered`` says that the venue has said anything about it."""

    __slots__ = ("answered", "ended", "purpose", "refusal", "sent_ns", "symbol")

    def __init__(self, order: PlaceOrder, sent_ns: int) -> None:
        self.symbol = order.symbol
        self.purpose = order.purpose.value
        self.sent_ns = sent_ns
        self.answered = False
        self.ended = ""
        self.refusal: OrderRejected | None = None

    @property
    def fate(self) -> str:
        """Exactly one of the five."""
        return self.ended or (WORKING if self.answered else UNANSWERED)


class Spell:
    """Something that stands from one time to another. ``until_ns`` is None as long as it does."""

    __slots__ = ("cause", "ended", "since_ns", "symbol", "until_ns")

    def __init__(self, since_ns: int, symbol: str, cause: str) -> None:
        self.since_ns = since_ns
        self.symbol = symbol
        self.cause = cause
        self.until_ns: int | None = None
        self.ended = ""


class Heard:
    """Keeps what a day can be told from.

    Attributes:
        asked: Entry signals with their decisions.
        unasked: Decisions on entry signals that are not in the journal, with their times.
        adds: Decisions on adds, with their times.
        orders: What became of each order, by client order id.
        unknown: Orders without an answer: since when, and what ended it; the cause is the client order id.
        gates: Causes that kept new exposure out; the symbol is empty for the account.
        moves: The engine's moves: (time, move, what the event before it named as cause).
        accounts: Balances as the venue showed them.
        payments: Funding as it was paid.
        transfers: What changed the wallet without a trade, by UTC day; trades and funding are not in it.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.unasked: list[tuple[int, RecordDecision]] = []
        self.adds: list[tuple[int, RecordDecision]] = []
        self.orders: dict[str, Order] = {}
        self.unknown: list[Spell] = []
        self.gates: list[Spell] = []
        self.moves: list[tuple[int, RecordMove, str]] = []
        self.alerts: list[tuple[int, SendAlert]] = []
        self.audits: list[tuple[int, Audit]] = []
        self.fills: list[OrderFilled] = []
        self.accounts: list[AccountUpdated] = []
        self.payments: list[FundingPaid] = []
        self.transfers = Ledger()
        self._undecided: dict[tuple[str, str], deque[Asked]] = {}
        self._unclear: dict[str, Spell] = {}
        self._shut: dict[tuple[str, str], Spell] = {}
        self._cause = ""
        self.arms: Arms = {
            SignalRaised: self._raise,
            RecordDecision: self._decide,
            PlaceOrder: self._send,
            OrderAccepted: self._accept,
            OrderFilled: self._fill,
            OrderCanceled: self._cancel,
            OrderRejected: self._refuse,
            OutcomeUnknown: self._lose,
            OrderFound: self._find,
            FundingPaid: self._fund,
            TransferListed: self._transfer,
            AccountUpdated: self._account,
            GateShut: self._shut_gate,
            GateOpened: self._open_gate,
            EngineTurned: self._turn,
            OperatorRequested: self._operate,
            RecordMove: self._move,
            SendAlert: lambda now, alert: self.alerts.append((now, alert)),
            ConditionTold: self._tell,
            Audit: lambda now, audit: self.audits.append((now, audit)),
        }

    def _tell(self, now: int, told: ConditionTold) -> None:
        if told.edge == Edge.RAISED:
            measured = f"{told.value} (limit {told.threshold})" if told.value else ""
            text = ", ".join(filter(None, (measured, told.text)))
            self.alerts.append((now, SendAlert(severity=told.severity, code=told.code, symbol=told.symbol, text=text)))

    def _raise(self, _now: int, signal: SignalRaised) -> None:
        asked = Asked(signal)
        self.asked.append(asked)
        self._undecided.setdefault((signal.symbol, signal.signal_id), deque()).append(asked)

    def _decide(self, now: int, decision: RecordDecision) -> None:
        if decision.rung:
            self.adds.append((now, decision))
            return
        waiting = self._undecided.get((decision.symbol, decision.signal_id))
        if waiting:
            waiting.popleft().decision = decision
        else:
            self.unasked.append((now, decision))

    def _send(self, now: int, order: PlaceOrder) -> None:
        self.orders[order.client_order_id] = Order(order, now)

    def _hear(self, name: str, time_ns: int, said: str) -> Order | None:
        """An order was heard of: whatever was unclear about it is not any more."""
        spell = self._unclear.pop(name, None)
        if spell is not None:
            spell.until_ns, spell.ended = max(time_ns, spell.since_ns), said
        order = self.orders.get(name)
        if order is not None:
            order.answered = True
        return order

    def _accept(self, _now: int, event: OrderAccepted) -> None:
        self._hear(event.client_order_id, event.time_ns, "accepted")

    def _fill(self, _now: int, event: OrderFilled) -> None:
        self.fills.append(event)
        order = self._hear(event.client_order_id, event.time_ns, FILLED)
        if order is not None and event.done:
            order.ended = FILLED

    def _cancel(self, _now: int, event: OrderCanceled) -> None:
        order = self._hear(event.client_order_id, event.time_ns, event.cause or CANCELED)
        if order is not None:
            order.ended = order.ended or CANCELED

    def _refuse(self, _now: int, event: OrderRejected) -> None:
        order = self._hear(event.client_order_id, event.time_ns, REFUSED)
        if order is not None:
            order.refusal = event
            order.ended = order.ended or REFUSED

    def _lose(self, _now: int, event: OutcomeUnknown) -> None:
        if event.client_order_id not in self._unclear:
            spell = Spell(event.time_ns, event.symbol, event.client_order_id)
            self._unclear[event.client_order_id] = spell
            self.unknown.append(spell)

    def _find(self, _now: int, event: OrderFound) -> None:
        self._hear(event.client_order_id, event.time_ns, "found open")

    def _fund(self, _now: int, paid: FundingPaid) -> None:
        self.payments.append(paid)

    def _transfer(self, _now: int, listed: TransferListed) -> None:
        self.transfers.transfer(listed)

    def _account(self, _now: int, event: AccountUpdated) -> None:
        self.accounts.append(event)
        if event.cause in TRANSFERS and event.change:
            self.transfers.without_trade(event.cause, event.time_ns, event.change)

    def _shut_gate(self, _now: int, event: GateShut) -> None:
        if (event.symbol, event.cause) not in self._shut:
            spell = Spell(event.time_ns, event.symbol, event.cause)
            self._shut[event.symbol, event.cause] = spell
            self.gates.append(spell)

    def _open_gate(self, _now: int, event: GateOpened) -> None:
        for symbol, cause in list(self._shut):
            if symbol == event.symbol and event.cause in {"", cause}:
                self._shut.pop((symbol, cause)).until_ns = event.time_ns

    def _turn(self, _now: int, event: EngineTurned) -> None:
        self._cause = event.cause

    def _operate(self, now: int, event: OperatorRequested) -> None:
        self._cause = event.cause or event.actor
        if event.command == "reset":
            for spell in self._shut.values():
                spell.until_ns = now
            self._shut.clear()

    def _move(self, now: int, record: RecordMove) -> None:
        if not record.symbol:
            self.moves.append((now, record, self._cause))
            self._cause = ""


def quote_balance(event: AccountUpdated) -> Decimal:
    """The wallet balance in quote currency; the account's where it is not told by asset."""
    return dict(event.wallets).get("USDT", event.wallet_balance)

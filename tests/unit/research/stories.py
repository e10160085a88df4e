"""Runs written by hand: a small scribe that writes the records which the engine and the venue would."""

from __future__ import annotations

from decimal import Decimal

from sadari.exchange.accounts import Income
from sadari.model.command import Command, PlaceOrder, RecordDecision, RecordExit, RecordMove, RecordPosition
from sadari.model.event import (
    AccountUpdated,
    Event,
    FundingPaid,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    PositionRecord,
    SignalRaised,
)
from sadari.model.order import Direction, OrderType, Purpose, Side
from sadari.model.plan import Settings
from sadari.model.units import DAY_NS, HOUR_NS, MINUTE_NS
from sadari.research.run_record import OpenPosition, Run, SymbolFacts

D = Decimal
START = 19_540 * DAY_NS
LONG, SHORT = Direction.LONG, Direction.SHORT
ROUNDING = D("1e-8")
ONE, FEE, RISK = D(1), D("0.5"), D(200)


class Scribe:
    """Writes one run. Times are minutes after its start; each position is told from entry to record."""

    def __init__(self, days: int = 2, symbols: tuple[str, ...] = ("AUSDT",), unknown: tuple[str, ...] = ()) -> None:
        self.days = days
        self.symbols = symbols
        self.unknown = unknown
        self.records: list[Event | Command] = []
        self.income: list[Income] = []
        self.open: list[OpenPosition] = []
        self.equity: list[tuple[int, float]] = []
        self.wallet = D(10_000)
        self.orders = 0
        self.lives = 0
        self.average: dict[str, Decimal] = {}
        self.held: dict[str, Decimal] = {}
        self.fees: dict[str, Decimal] = {}
        self.profit: dict[str, Decimal] = {}

    def at(self, minute: float) -> int:
        """The time of a minute of the run."""
        return START + int(minute * MINUTE_NS)

    def write(self, *records: Event | Command) -> None:
        """Append records as they are."""
        self.records += records

    def book(self, time_ns: int, kind: str, symbol: str, amount: Decimal, trade_id: int | None = None) -> None:
        """Change the wallet."""
        self.wallet += amount
        self.income.append(Income(time_ns, kind, symbol, amount, trade_id))

    def signal(self, minute: float, symbol: str, direction: Direction, price: Decimal, **decision: object) -> None:
        """Raise a signal and decide on it."""
        now = self.at(minute)
        name = f"test:{symbol}:{now}"
        raised = SignalRaised(
            time_ns=now, symbol=symbol, direction=direction, strategy="test", signal_id=name, price=price,
            price_time_ns=now, equity=self.wallet,
        )  # fmt: skip
        self.write(raised, self.decision(symbol, direction, price, name, **decision))

    def decision(
        self, symbol: str, direction: Direction, price: Decimal, name: str, **fields: object
    ) -> RecordDecision:
        """A decision, accepted unless told otherwise."""
        told = {"rung": 0, "accepted": True, **fields}
        return RecordDecision(
            symbol=symbol, direction=direction, strategy="test", signal_id=name, price=price, **told  # type: ignore[arg-type]
        )  # fmt: skip

    def place(
        self, symbol: str, purpose: Purpose, side: Side, qty: Decimal | None, trigger: Decimal | None = None
    ) -> str:  # fmt: skip
        """Send a market order (a stop for protection) and return its id."""
        self.orders += 1
        name = f"o-{self.orders}"
        kind = OrderType.STOP_MARKET if purpose in {Purpose.STOP, Purpose.WALL} else OrderType.MARKET
        order = PlaceOrder(
            symbol=symbol, client_order_id=name, purpose=purpose, side=side, order_type=kind, qty=qty,
            trigger_price=trigger, close_position=qty is None,
        )  # fmt: skip
        self.write(order)
        return name

    def fill(
        self, minute: float, symbol: str, order: str, direction: Direction, price: Decimal, qty: Decimal, *,
        opens: bool, fee: Decimal = FEE, done: bool = True, cause: str = "", fee_kind: str = "COMMISSION",
    ) -> Decimal:  # fmt: skip
        """Fill an order and book what it did to the wallet; returns the realized profit."""
        now, profit = self.at(minute), D(0)
        held = self.held.get(symbol, D(0))
        if opens:
            average = (self.average.get(symbol, D(0)) * held + price * qty) / (held + qty)
            self.average[symbol], self.held[symbol] = average, held + qty
        else:
            profit = (direction.sign * (price - self.average[symbol]) * qty).quantize(ROUNDING)
            self.held[symbol] = held - qty
            self.book(now, "REALIZED_PNL", symbol, profit, len(self.records))
        self.book(now, fee_kind, symbol, -fee, len(self.records))
        self.fees[symbol] = self.fees.get(symbol, D(0)) + fee
        self.profit[symbol] = self.profit.get(symbol, D(0)) + profit
        fill = OrderFilled(
            time_ns=now, symbol=symbol, client_order_id=order, trade_id=len(self.records), price=price, qty=qty,
            fee=fee, realized_pnl=profit, buyer=opens == (direction is Direction.LONG), done=done, cause=cause,
        )  # fmt: skip
        margin = sum((self.held[name] * self.average[name] for name in self.held), D(0)) / 10
        held_now = PositionRecord(symbol, direction.sign * self.held[symbol], self.average[symbol])
        updated = AccountUpdated(
            time_ns=now, cause="ORDER", wallet_balance=self.wallet, available_balance=self.wallet - margin,
            positions=(held_now,),
        )  # fmt: skip
        self.write(fill, updated)
        return profit

    def enter(self, minute: float, symbol: str, direction: Direction, price: Decimal, qty: Decimal) -> None:
        """A signal, its decision, the entry, its fill."""
        self.lives += 1
        self.fees[symbol] = self.profit[symbol] = D(0)
        self.signal(minute, symbol, direction, price)
        self.write(RecordMove(symbol=symbol, position_id=self.lives, event="go", source="FLAT", target="ENTRY_PENDING"))
        order = self.place(symbol, Purpose.ENTRY, direction.entry_side, qty)
        self.fill(minute, symbol, order, direction, price, qty, opens=True)

    def add(self, minute: float, symbol: str, direction: Direction, price: Decimal, qty: Decimal, rung: int) -> None:
        """The add of a rung."""
        self.write(self.decision(symbol, direction, price, "", rung=rung))
        order = self.place(symbol, Purpose.ADD, direction.entry_side, qty)
        self.fill(minute, symbol, order, direction, price, qty, opens=True)

    def reduce(
        self, minute: float, symbol: str, direction: Direction, price: Decimal, parts: dict[str, Decimal], position: int
    ) -> None:
        """One order with a reason for each part of it."""
        qty = sum(parts.values(), D(0))
        for reason, share in parts.items():
            self.write(self.leave(symbol, position, reason, share, f"o-{self.orders + 1}"))
        order = self.place(symbol, Purpose.REDUCE, direction.exit_side, qty)
        self.fill(minute, symbol, order, direction, price, qty, opens=False)

    def leave(self, symbol: str, position: int, reason: str, qty: Decimal, order: str) -> RecordExit:
        """The reason of an exit."""
        return RecordExit(
            symbol=symbol, position_id=position, reason=reason, qty=qty, actor="engine", cause="tick",
            client_order_id=order,
        )  # fmt: skip

    def exit(self, minute: float, symbol: str, direction: Direction, price: Decimal, reason: str) -> None:
        """Close everything for a reason and record the position."""
        qty = self.held[symbol]
        self.write(self.leave(symbol, self.lives, reason, qty, f"o-{self.orders + 1}"))
        order = self.place(symbol, Purpose.EXIT, direction.exit_side, qty)
        self.fill(minute, symbol, order, direction, price, qty, opens=False)

    def record(
        self, symbol: str, direction: Direction, opened: float, closed: float, reason: str, *, stage: int = 0,
        worst_case: Decimal = RISK, position: int | None = None,
    ) -> None:  # fmt: skip
        """The engine's record of the position that has just ended."""
        number = self.lives if position is None else position
        self.write(
            RecordPosition(
                symbol=symbol, position_id=number, direction=direction, strategy="test",
                signal_id=f"test:{symbol}:{self.at(opened)}", opened_ns=self.at(opened), closed_ns=self.at(closed),
                stage=stage, reason=reason, entry_qty=D(1), max_qty=D(1), entry_price=self.average[symbol],
                exit_price=D(100), pnl=self.profit[symbol], fees=self.fees[symbol], adds=0, max_notional=D(1000),
                plan_balance=D(10_000), worst_case=worst_case,
            )
        )  # fmt: skip

    def trade(
        self, minute: float, symbol: str, direction: Direction, entry: Decimal, leave: Decimal, reason: str,
        qty: Decimal = ONE, hold: float = 60,
    ) -> None:  # fmt: skip
        """A whole position: in at one price, out at another."""
        self.enter(minute, symbol, direction, entry, qty)
        self.exit(minute + hold, symbol, direction, leave, reason)
        self.record(symbol, direction, minute, minute + hold, reason)

    def fund(self, minute: float, symbol: str, amount: Decimal) -> None:
        """A funding payment, positive when received."""
        now = self.at(minute)
        self.book(now, "FUNDING_FEE", symbol, amount)
        self.write(FundingPaid(time_ns=now, symbol=symbol, amount=amount, rate=D("0.0001"), mark_price=D(100)))

    def protect(self, minute: float, symbol: str, direction: Direction, price: Decimal | None = None) -> str:
        """A resting stop, accepted."""
        order = self.place(symbol, Purpose.WALL, direction.exit_side, None, price)
        self.write(OrderAccepted(time_ns=self.at(minute), symbol=symbol, client_order_id=order))
        return order

    def cancel(self, minute: float, symbol: str, order: str) -> None:
        """The end of an order that was not filled."""
        self.write(OrderCanceled(time_ns=self.at(minute), symbol=symbol, client_order_id=order))

    def run(self, **fields: object) -> Run:
        """The run as it stands."""
        end = START + self.days * DAY_NS
        facts = tuple(
            SymbolFacts(
                symbol=symbol, rows=self.days * 1440, start_ns=START, end_ns=end, interval_ns=MINUTE_NS,
                funding_known=symbol not in self.unknown,
            )
            for symbol in self.symbols
        )  # fmt: skip
        told = {"settings": Settings(), "candles": self.days * 1440 * len(self.symbols), **fields}
        return Run(
            symbols=facts, records=self.records, wallet_start=D(10_000), wallet_end=self.wallet, income=self.income,
            open_positions=tuple(self.open), equity=self.equity, **told,  # type: ignore[arg-type]
        )  # fmt: skip


def denied(scribe: Scribe, day: int, count: int, direction: Direction, ratio: str = "0.5") -> None:
    """So many signals of a day that are denied for their reward to risk."""
    for number in range(count):
        name = f"{day}:{number}"
        raised = SignalRaised(
            time_ns=START + day * DAY_NS + number, symbol="AUSDT", direction=direction, strategy="test", signal_id=name,
            price=D(100), price_time_ns=0, equity=D(1),
        )  # fmt: skip
        decided = RecordDecision(
            symbol="AUSDT", direction=direction, strategy="test", signal_id=name, rung=0, price=D(100), accepted=False,
            denial="RR_BELOW_MINIMUM", value=ratio, limit="1",
        )  # fmt: skip
        scribe.write(raised, decided)


def held(scribe: Scribe, day: int, count: int, direction: Direction, at_once: int) -> None:
    """So many positions of a day, of which so many are held together."""
    for number in range(count):
        symbol = f"S{number}USDT"
        minute = day * 1440 + 100 + number // at_once * 30
        scribe.trade(
            minute,
            symbol,
            direction,
            D(100),
            D(104 if (number % 2 == 1) is (direction is LONG) else 96),
            "STOP_LOSS_INITIAL",
            hold=20,
        )


def two_days() -> Scribe:
    """Two days with the counts of requirement R003-39: 410 signals and 17 fills, then 555 and 10."""
    scribe = Scribe(days=2, symbols=tuple(f"S{number}USDT" for number in range(17)))
    denied(scribe, 0, 393, LONG, "0.26")
    held(scribe, 0, 17, LONG, 5)
    denied(scribe, 1, 545, SHORT, "0.35")
    held(scribe, 1, 10, SHORT, 3)
    return scribe


__all__ = ["HOUR_NS", "START", "D", "Scribe", "two_days"]

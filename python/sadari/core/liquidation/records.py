"""What is written down of a liquidation: a record for each phase, and in each phase one for each symbol.

A price stands in these records only as the last one that was told, or as the mean of trades; what is not known is None.
Source: strategies §11, invariants I8 and I13.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from functools import reduce

from sadari.core.desk import Desk
from sadari.core.liquidation.state import Liquidation
from sadari.core.position import Position
from sadari.model.command import RecordLiquidated, RecordLiquidation
from sadari.model.units import EXACT, SECOND_NS, Exact, decimal_of, exact

ZERO = Decimal(0)


class Outcome(StrEnum):
    """What became of a symbol in a phase."""

    HELD = "HELD"
    KEPT = "KEPT"
    ENTERING = "ENTERING"
    CANCEL_SENT = "CANCEL_SENT"
    NOTHING_TO_CANCEL = "NOTHING_TO_CANCEL"
    CLOSE_SENT = "CLOSE_SENT"
    CLOSING_ALREADY = "CLOSING_ALREADY"
    FLAT = "FLAT"
    OPEN = "OPEN"
    NOT_READ = "NOT_READ"
    SETTLED = "SETTLED"
    UNSETTLED = "UNSETTLED"
    UNEXPLAINED = "UNEXPLAINED"
    NEVER_FILLED = "NEVER_FILLED"


def last_price(position: Position) -> Decimal | None:
    """The last price that was told of a symbol, None before the first."""
    return position.last_price if position.last_price > 0 else None


def unrealized(position: Position) -> Exact | None:
    """What is held would bring at the last price; None where none was told."""
    price = last_price(position)
    if position.qty == 0:
        return Exact(0)
    return None if price is None else position.side.sign * (exact(price) - position.average) * exact(position.qty)


def closing_order(positions: Iterable[Position]) -> list[Position]:
    """What is held, in ascending value, ties by symbol; without a price it counts at its average."""

    def value(position: Position) -> tuple[Exact, str]:
        price = last_price(position)
        return exact(position.qty) * (position.average if price is None else exact(price)), position.symbol

    return sorted((position for position in positions if position.qty > 0), key=value)


def unrealized_of(positions: Iterable[Position]) -> Decimal | None:
    """What closing all of them would bring; None if that is unknown of one."""
    total = Exact(0)
    for position in positions:
        amount = unrealized(position)
        if amount is None:
            return None
        total += amount
    return decimal_of(total)


def tell_phase(
    desk: Desk,
    liquidation: Liquidation,
    event: str,
    *,
    actor: str = "engine",
    cause: str = "",
    symbols: Iterable[str] = (),
    amount: Decimal | None = None,
) -> None:
    """Write down that a phase begins, or goes on."""
    wanted = liquidation.wanted
    desk.out.append(
        RecordLiquidation(
            correlation_id=wanted.correlation_id, phase=liquidation.state.value, event=event, source=wanted.source,
            reason=wanted.reason, actor=actor, cause=cause or wanted.cause, after=liquidation.after,
            deadline_ns=liquidation.deadline_ns if liquidation.is_in("NOTICE") else 0, symbols=tuple(symbols),
            unrealized=amount,
        )
    )  # fmt: skip


def tell_symbol(
    desk: Desk, liquidation: Liquidation, symbol: str, outcome: Outcome, *, qty: Decimal | None = None
) -> None:
    """Write down what became of a symbol in the phase at hand; ``qty`` is what is held where no record of ours is."""
    position = desk.positions.get(symbol)
    if position is not None and qty is None:
        qty = position.qty
    valued = position is not None and position.qty > 0
    amount = unrealized(position) if position is not None and valued else None
    desk.out.append(
        RecordLiquidated(
            correlation_id=liquidation.wanted.correlation_id, phase=liquidation.state.value, symbol=symbol,
            outcome=outcome.value, position_id=position.id if position is not None else 0, number=liquidation.number,
            qty=qty, last_price=last_price(position) if position is not None and valued else None,
            unrealized=None if amount is None else decimal_of(amount),
        )
    )  # fmt: skip


def tell_result(desk: Desk, liquidation: Liquidation, number: int, outcome: Outcome) -> None:
    """Write down how one position has ended, as far as its trades say so."""
    record = liquidation.results.get(number)
    desk.out.append(
        RecordLiquidated(
            correlation_id=liquidation.wanted.correlation_id, phase=liquidation.state.value,
            symbol=liquidation.concerned[number], outcome=outcome.value, position_id=number, number=liquidation.number,
            exit_price=None if record is None else record.exit_price, pnl=None if record is None else record.pnl,
            fees=None if record is None or record.unexplained else record.fees,
        )
    )  # fmt: skip


def outcome_of(desk: Desk, liquidation: Liquidation, number: int) -> Outcome:
    """How one position has ended so far."""
    record = liquidation.results.get(number)
    if record is not None:
        return Outcome.UNEXPLAINED if record.unexplained else Outcome.SETTLED
    old = (one for one in desk.unsettled if one.id == number)
    position = next(old, desk.positions.get(liquidation.concerned[number]))
    if position is None or position.id != number or position.is_in("FLAT"):
        return Outcome.NEVER_FILLED
    return Outcome.UNSETTLED if position.is_in("CLOSED_UNSETTLED") else Outcome.OPEN


def tell_end(desk: Desk, liquidation: Liquidation, event: str) -> str:
    """Write down the whole and each position; the sentence for a person. The total is unknown if one of them is."""
    outcomes = {number: outcome_of(desk, liquidation, number) for number in liquidation.concerned}
    for number, outcome in outcomes.items():
        tell_result(desk, liquidation, number, outcome)
    ended = [liquidation.results[number] for number, one in outcomes.items() if one is Outcome.SETTLED]
    known = all(one in (Outcome.SETTLED, Outcome.NEVER_FILLED) for one in outcomes.values())
    gains = [record.pnl for record in ended if record.pnl is not None]
    known = known and len(gains) == len(ended)
    realized = reduce(EXACT.add, gains, ZERO) if known else None
    fees = reduce(EXACT.add, (record.fees for record in ended), ZERO) if known else None
    wanted, account = liquidation.wanted, desk.account
    shown = liquidation.wallet is not None and (account.updated_ns or 0) >= liquidation.settling_ns > 0
    wallet = EXACT.subtract(account.wallet_balance, liquidation.wallet or ZERO) if shown else None
    desk.out.append(
        RecordLiquidation(
            correlation_id=wanted.correlation_id, phase=liquidation.state.value, event=event, source=wanted.source,
            reason=wanted.reason, actor="engine", cause=wanted.cause, after=liquidation.after,
            symbols=liquidation.symbols, realized=realized, fees=fees, wallet_change=wallet,
            booked_change=EXACT.subtract(desk.ledger.change, liquidation.booked),
        )
    )  # fmt: skip
    told = ", ".join(f"{liquidation.concerned[number]} {one}" for number, one in outcomes.items()) or "nothing was held"
    total = "unknown" if realized is None else f"{realized:f}, fees {fees:f}"
    return f"{wanted.correlation_id}: {told}; realized {total}"


def notice_text(desk: Desk, liquidation: Liquidation, held: Iterable[Position], total: Decimal | None) -> str:
    """The notice as a person reads it."""
    wanted = liquidation.wanted
    listed = ", ".join(_summary(position) for position in held) or "nothing is held"
    seconds = max(liquidation.deadline_ns - desk.now_ns, 0) // SECOND_NS
    return (
        f"{wanted.reason} by {wanted.source} ({wanted.actor}: {wanted.cause or 'no words'}), {wanted.correlation_id}: "
        f"{listed}; unrealized {'unknown' if total is None else f'{total:f}'}; closing begins in {seconds} s"
    )


def _summary(position: Position) -> str:
    amount = unrealized(position)
    shown = "unknown" if amount is None else f"{decimal_of(amount):f}"
    return f"{position.symbol} {position.direction.value} {position.qty:f} ({shown})"

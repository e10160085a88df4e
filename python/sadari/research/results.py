"""The sections of a report that are about money: entries, exits, result, statistics, groups, single positions."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sadari.core.exposure import by_side
from sadari.core.plans import plans
from sadari.model.order import SizingBasis
from sadari.model.plan import Ladder
from sadari.model.reason import stage_name
from sadari.model.units import SECOND_NS
from sadari.research import metrics
from sadari.research.book import Book
from sadari.research.run_record import OpenPosition
from sadari.research.shapes import iso, money, rounded
from sadari.research.trades import Life, Share

ZERO = Decimal(0)
Section = dict[str, Any]


def entries(book: Book) -> list[Section]:
    """What entries and adds bought, by rung; rung 0 is the entry."""
    highest = max(ladder.rungs for ladder in book.run.settings.ladders)
    rungs: dict[int, tuple[int, Share]] = {rung: (0, Share()) for rung in range(highest + 1)}
    for life in book.lives:
        for rung, share in life.openings.items():
            count, total = rungs.get(rung) or (0, Share())
            total.add(share.qty, share.value, share.pnl, share.fees)
            rungs[rung] = (count + 1, total)
    return [
        {"rung": rung, "count": count, "value": money(share.value), "pnl": money(share.pnl), "fees": money(share.fees)}
        for rung, (count, share) in sorted(rungs.items())
    ]


def exits(book: Book) -> list[Section]:
    """What closed positions or parts of them, by reason: count, quantities by symbol, value, profit, fees."""
    reasons: dict[str, tuple[int, Share, dict[str, Decimal]]] = {}
    for life in book.lives:
        for part in life.parts:
            count, total, symbols = reasons.get(part.reason) or (0, Share(), {})
            total.add(part.qty, part.value, part.pnl, part.fees)
            symbols[life.symbol] = symbols.get(life.symbol, ZERO) + part.qty
            reasons[part.reason] = (count + 1, total, symbols)
    return [
        {
            "reason": reason,
            "count": count,
            "qty": {symbol: money(qty) for symbol, qty in sorted(symbols.items())},
            "value": money(share.value),
            "pnl": money(share.pnl),
            "fees": money(share.fees),
        }
        for reason, (count, share, symbols) in sorted(reasons.items())
    ]


def result(book: Book) -> Section:
    """Where the money came from, and whether it adds up to the wallet's change to the last decimal (I8)."""
    run = book.run
    price = sum((life.pnl for life in book.lives), ZERO)
    fees = sum((life.fees for life in book.lives), ZERO)
    funding = sum((life.funding for life in book.lives), ZERO)
    other = book.other_income()
    change = run.wallet_end - run.wallet_start
    # Amounts of all assets together: the value of wallets may count some of them for less.
    moved = sum((end - start for start, end in book.balances.values()), ZERO)
    difference = moved - price - fees - funding - sum(other.values(), ZERO)
    unrealized = sum((position.unrealized for position in run.open_positions), ZERO)
    return {
        "wallet_start": money(run.wallet_start),
        "wallet_end": money(run.wallet_end),
        "wallet_change": money(change),
        "price": money(price),
        "fees": money(fees),
        "funding": money(book.funding(book.lives)),
        "funding_booked": money(funding),
        "funding_unknown_for": sorted({life.symbol for life in book.lives} & book.unknown),
        "other": {kind: money(amount) for kind, amount in sorted(other.items())},
        "difference": money(difference),
        "adds_up": difference == 0,
        "unrealized": money(unrealized),
        "equity_end": money(run.wallet_end + unrealized),
        "return": _ratio(change + unrealized, run.wallet_start),
    }


def statistics(book: Book) -> Section:
    """Figures over the positions that have ended and over the curve of equity."""
    done = metrics.outcomes(life.net for life in book.closed)
    holds = [book.until(life) - life.opened_ns for life in book.closed if life.opened_ns is not None]
    spans = [(life.opened_ns, book.until(life)) for life in book.lives if life.opened_ns is not None]
    fall = metrics.drawdown(book.equity)
    closes = metrics.daily_closes(book.equity)
    gain = result(book)["return"]
    return {
        "closed": done.trades,
        "wins": done.wins,
        "losses": done.losses,
        "break_even": done.even,
        "win_rate": done.win_rate,
        "break_even_win_rate": done.break_even_win_rate,
        "profit": money(done.profit),
        "loss": money(done.loss),
        "profit_factor": done.profit_factor,
        "mean_win": done.mean_win,
        "mean_loss": done.mean_loss,
        "mean_hold_s": sum(holds) / len(holds) / SECOND_NS if holds else None,
        "longest_hold_s": max(holds) / SECOND_NS if holds else None,
        "time_in_market": metrics.covered_ns(spans) / (book.end_ns - book.start_ns) if spans else 0.0,
        "max_drawdown": None
        if fall is None
        else {
            "amount": fall.amount,
            "fraction": fall.fraction,
            "peak": iso(fall.peak_ns),
            "trough": iso(fall.trough_ns),
        },
        "sharpe": metrics.sharpe(closes),
        "days": max(len(closes) - 1, 0),
        "risk_adjusted_return": None if gain is None or not fall or not fall.fraction else gain / -fall.fraction,
    }


def worst_case(book: Book) -> Section:
    """What the configuration puts at risk, against what happened; losses by price alone, as the plan counts them."""
    settings = book.run.settings
    each = plans(settings).values()
    at_once = min(settings.risk.max_positions, sum(plan.risk.max_positions for plan in each), len(book.run.symbols))
    share = max(plan_loss(plan.ladder) for plan in each)
    planned = [(life, life.record) for life in book.lives if life.record is not None]
    spans = [(record.opened_ns, record.closed_ns, record.worst_case) for _, record in planned]
    worst = min(planned, key=lambda pair: pair[0].pnl, default=None)
    fall = metrics.drawdown(book.equity)
    return {
        "configured": {
            "position": float(share),
            "positions": at_once,
            "account": float(share * at_once),
            "limit": float(settings.risk.max_portfolio_stop_loss_pct),
        },
        "planned_at_once": money(metrics.highest_sum(spans)),
        "worst_position": None
        if worst is None or worst[0].pnl >= 0
        else {
            "id": worst[0].position_id,
            "symbol": worst[0].symbol,
            "pnl": money(worst[0].pnl),
            "fraction": _ratio(worst[0].pnl, worst[1].plan_balance),
            "worst_case": money(worst[1].worst_case),
            "reason": worst[1].reason,
        },
        "max_drawdown": None if fall is None else fall.fraction,
        "beyond_plan": [
            {
                "id": life.position_id,
                "symbol": life.symbol,
                "pnl": money(life.pnl),
                "worst_case": money(record.worst_case),
                "beyond": money(-life.pnl - record.worst_case),
                "reason": record.reason,
            }
            for life, record in planned
            if -life.pnl > record.worst_case
        ],
    }


def plan_loss(ladder: Ladder) -> Decimal:
    """The largest planned loss of one position over its stages, as a fraction of the balance (strategies §9.5)."""
    leverage = ladder.leverage if ladder.sizing_basis is SizingBasis.MARGIN else 1
    held, worst = ZERO, ZERO
    for weight, stop in zip(ladder.weights, ladder.stop_by_stage, strict=True):
        held += weight * leverage
        worst = max(worst, held * stop)
    return worst


def grouped(book: Book, key: Callable[[Life], str]) -> list[Section]:
    """Results by some property of positions, open ones included: the rows add up to the whole."""
    groups: dict[str, list[Life]] = {}
    for life in book.lives:
        groups.setdefault(key(life), []).append(life)
    rows = []
    for name, members in sorted(groups.items()):
        ended = [life for life in members if life.record is not None and life.record.pnl is not None]
        done = metrics.outcomes(life.net for life in ended)
        rows.append(
            {
                "name": name,
                "positions": len(members),
                "closed": done.trades,
                "wins": done.wins,
                "losses": done.losses,
                "win_rate": done.win_rate,
                "profit_factor": done.profit_factor,
                "price": money(sum((life.pnl for life in members), ZERO)),
                "fees": money(sum((life.fees for life in members), ZERO)),
                "funding": money(book.funding(members)),
                "net": money(sum((life.net for life in members), ZERO)),
            }
        )
    return rows


def position(book: Book, life: Life) -> Section:
    """One position with everything that is known of it; what is still open has no end and no reason."""
    record = life.record
    return {
        "id": life.position_id,
        "symbol": life.symbol,
        "direction": None if life.direction is None else str(life.direction),
        "strategy": life.strategy,
        "signal_id": life.signal_id,
        "opened": iso(life.opened_ns),
        "closed": iso(life.closed_ns),
        "stage": book.stage(life),
        "adds": sum(rung > 0 for rung in life.openings),
        "entry_price": rounded(_entry_price(life)),
        "exit_price": rounded(record.exit_price) if record is not None else None,
        "max_qty": money(record.max_qty) if record is not None else None,
        "pnl": money(life.pnl),
        "fees": money(life.fees),
        "funding": money(book.funding([life])),
        "net": money(life.net),
        "worst_case": money(record.worst_case) if record is not None else None,
        "drift": money(record.drift) if record is not None else None,
        "reason": record.reason if record is not None else None,
        "parts": [
            {
                "reason": part.reason,
                "actor": part.actor,
                "cause": part.cause,
                "time": iso(part.time_ns),
                "qty": money(part.qty),
                "price": rounded(part.price),
                "pnl": money(part.pnl),
                "fees": money(part.fees),
            }
            for part in life.parts
        ],
    }


def still_open(book: Book, held: OpenPosition) -> Section:
    """A position that the end of the data left open, with what it would bring at its mark."""
    life = next((life for life in reversed(book.lives) if life.symbol == held.symbol and not life.over), None)
    return {
        "id": None if life is None else life.position_id,
        "symbol": held.symbol,
        "direction": str(held.direction),
        "opened": None if life is None else iso(life.opened_ns),
        "stage": stage_name(held.stage),
        "qty": money(held.qty),
        "entry_price": rounded(held.entry_price),
        "mark_price": money(held.mark_price),
        "unrealized": money(held.unrealized),
    }


def exposure(book: Book) -> Section:
    """What the end of the run left at stake, by side and net, at the last prices (strategies §9.4)."""
    found = by_side((one.direction, one.qty, one.mark_price, one.unrealized) for one in book.run.open_positions)
    return {
        "long": money(found.long),
        "short": money(found.short),
        "net": money(found.net),
        "long_unrealized": money(found.long_unrealized),
        "short_unrealized": money(found.short_unrealized),
    }


def _entry_price(life: Life) -> Decimal | None:
    if life.record is not None:
        return life.record.entry_price
    total = Share()
    for share in life.openings.values():
        total.add(share.qty, share.value, share.pnl, share.fees)
    return total.price


def _ratio(amount: Decimal, whole: Decimal) -> float | None:
    return float(amount / whole) if whole > 0 else None

"""Which conditions of strategies §10 are true now: measured from the engine and from what is seen beside it.

All comparisons are exact and inclusive or not as the table there says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from sadari.core.alerts import Condition, Reading, Severity
from sadari.core.engine import Engine
from sadari.core.exposure import counts, open_short_risk
from sadari.core.life import DAILY_LOSS
from sadari.core.position import Position
from sadari.core.protection import covered
from sadari.core.reconcile import NEAR, PLACES
from sadari.core.settlement import TRIES, tried
from sadari.core.standing import RATIO_CRITICAL, RATIO_PAUSE
from sadari.core.stops import PROTECT_RETRY_NS, PROTECT_TRIES
from sadari.model.order import Direction
from sadari.model.units import SECOND_NS, Exact, decimal_of, exact

# Source: strategies §10.
STALE_NS = 60 * SECOND_NS
SILENT_NS = 90 * SECOND_NS


class Limits(NamedTuple):
    """Thresholds, as fractions and counts.

    Attributes:
        drawdown: How far equity may fall from its peak.
        position_loss: How far the price may move against an average price.
        shorts: How many shorts there may be.
        short_risk: What all shorts may lose if they stop, as a share of the balance.
        day_loss: How far the result of a UTC day may fall, as a share of the balance it began with.
        whole_life: Whether the peak is that of the engine's whole life, not of the day.
    """

    drawdown: Decimal = Decimal("0.10")
    position_loss: Decimal = Decimal("0.15")
    shorts: int = 3
    short_risk: Decimal = Decimal("0.015")
    day_loss: Decimal = Decimal("0.05")
    whole_life: bool = False


class Sights(NamedTuple):
    """What is seen beside the engine.

    Attributes:
        now_ns: When.
        equity: Wallet balance plus unrealized profit, None while it is not known.
        price: The mark price of a symbol, or the last one where no mark is followed; None if there is none.
        unseen_ns: How long ago each connection gave its last proof of life.
        silent_ns: How long ago each subscribed symbol was last heard of.
        peak: The highest equity that was seen and that the engine was not told of; 0 if there is none.
    """

    now_ns: int
    equity: Decimal | None
    price: Callable[[str], Decimal | None]
    unseen_ns: Mapping[str, int] = {}
    silent_ns: Mapping[str, int] = {}
    peak: Decimal = Decimal(0)


class Conditions:
    """The conditions of one engine.

    Args:
        engine: Its state is read, nothing else.
        limits: Thresholds.
        run_id: The first part of every correlation.

    Attributes:
        key_lost: The listen key was lost, and the user stream has not been seen since.
    """

    def __init__(self, engine: Engine, limits: Limits, run_id: str) -> None:
        self.key_lost = False
        self._engine = engine
        self._limits = limits
        self._run_id = run_id
        self._bare: dict[tuple[str, int], int] = {}

    def readings(self, sights: Sights) -> list[Reading]:
        """Everything that is true now."""
        engine = self._engine
        held = [position for position in engine.positions.values() if position.qty > 0]
        found = [*self._of_account(sights), *self._of_shorts(), *_of_connections(sights)]
        bare: dict[tuple[str, int], int] = {}
        for position in held:
            found += self._of_position(position, sights, bare)
        self._bare = bare
        for position in (*engine.positions.values(), *engine.unsettled):
            if position.is_in("CLOSED_UNSETTLED"):
                found += self._of_settlement(position)
        return found

    # the account

    def _of_account(self, sights: Sights) -> Iterator[Reading]:
        engine, account = self._engine, self._engine.account
        fall, limit = self._fallen(sights), self._limits.drawdown
        if fall is not None and fall >= exact(limit):
            yield Reading(
                Condition.PORTFOLIO_DRAWDOWN, Severity.CRITICAL, value=_shown(-fall), threshold=f"{-limit:f}",
                text=f"equity {sights.equity:f}",
            )  # fmt: skip
        ratio = account.margin_ratio
        if ratio >= RATIO_PAUSE:
            critical = ratio >= RATIO_CRITICAL
            severity = Severity.CRITICAL if critical else Severity.WARNING
            limit = RATIO_CRITICAL if critical else RATIO_PAUSE
            yield Reading(Condition.MARGIN_RATIO, severity, value=f"{ratio:f}", threshold=f"{limit:f}")
        if account.margin_refused:
            yield Reading(Condition.ORDER_REJECTED_MARGIN, Severity.WARNING)
        if self.key_lost:
            yield Reading(Condition.LISTEN_KEY_LOST, Severity.WARNING)
        if DAILY_LOSS in engine.causes:
            yield Reading(
                Condition.DAILY_LOSS_LIMIT, Severity.WARNING, value=self._day_result(sights),
                threshold=f"{-self._limits.day_loss:f}",
            )  # fmt: skip

    def _day_result(self, sights: Sights) -> str:
        account = self._engine.account
        if sights.equity is None or account.day_wallet <= 0:
            return ""
        return _shown(exact(account.day_result(sights.equity)) / exact(account.day_wallet))

    def _fallen(self, sights: Sights) -> Exact | None:
        account = self._engine.account
        peak = account.life_peak if self._limits.whole_life else account.day_peak
        if sights.equity is None or account.updated_ns is None:
            return None
        return fallen(sights.equity, max(peak, sights.peak))

    def _of_shorts(self) -> Iterator[Reading]:
        positions, limits = self._engine.positions.values(), self._limits
        shorts = sum(one.direction is Direction.SHORT and counts(one) for one in positions)
        if shorts > limits.shorts:
            yield Reading(
                Condition.SHORT_POSITION_COUNT, Severity.WARNING, value=str(shorts), threshold=str(limits.shorts)
            )
        balance = self._engine.account.wallet_balance
        risk = open_short_risk(positions)
        if risk > exact(limits.short_risk) * exact(balance):
            share = _shown(risk / exact(balance)) if balance > 0 else ""
            yield Reading(Condition.TOTAL_SHORT_RISK, Severity.WARNING, value=share, threshold=f"{limits.short_risk:f}")

    # a position

    def _of_position(self, position: Position, sights: Sights, bare: dict[tuple[str, int], int]) -> Iterator[Reading]:
        price, correlation = sights.price(position.symbol), self._correlation(position)
        if price is not None and price > 0:
            lost, limit = loss(position, price), self._limits.position_loss
            if lost >= exact(limit):
                yield Reading(
                    Condition.SINGLE_POSITION_LOSS, Severity.CRITICAL, position.symbol, _shown(-lost), f"{-limit:f}",
                    f"price {price:f}", correlation,
                )  # fmt: skip
        distance = None if price is None or price <= 0 else liquidation_distance(position, price)
        if position.near_liquidation or (distance is not None and distance <= exact(NEAR)):
            yield Reading(
                Condition.LIQUIDATION_DISTANCE, Severity.CRITICAL, position.symbol,
                "" if distance is None else _shown(distance), f"{NEAR:f}", correlation=correlation,
            )  # fmt: skip
        if covered(position):
            return
        place = position.symbol, position.id
        since_ns = bare[place] = self._bare.get(place, sights.now_ns)
        if sights.now_ns - since_ns > PROTECT_RETRY_NS:
            failed = position.tries.get("protect", 0) >= PROTECT_TRIES
            severity = Severity.CRITICAL if failed else Severity.WARNING
            yield Reading(
                Condition.PROTECTIVE_STOP_MISSING, severity, position.symbol, _seconds(sights.now_ns - since_ns),
                _seconds(PROTECT_RETRY_NS), correlation=correlation,
            )  # fmt: skip

    def _of_settlement(self, position: Position) -> Iterator[Reading]:
        correlation = self._correlation(position)
        if position.mismatch:
            yield Reading(
                Condition.SETTLEMENT_MISMATCH, Severity.CRITICAL, position.symbol, text=position.mismatch,
                correlation=correlation,
            )  # fmt: skip
        elif tried(position) >= TRIES:
            yield Reading(Condition.SETTLEMENT_PENDING, Severity.WARNING, position.symbol, correlation=correlation)

    def _correlation(self, position: Position) -> str:
        """That of the audit's lines of this life of a position."""
        return f"{self._run_id}/p{position.id}"


def _of_connections(sights: Sights) -> Iterator[Reading]:
    for condition, ages, limit_ns, symbols in (
        (Condition.CONNECTION_STALE, sights.unseen_ns, STALE_NS, False),
        (Condition.MARKET_STREAM_SILENT, sights.silent_ns, SILENT_NS, True),
    ):
        # A connection that is gone takes its streams with it: it is told, and not each of its symbols beside it.
        for name, age_ns in ages.items():
            if age_ns > limit_ns:
                text = "" if symbols else name
                yield Reading(condition, Severity.WARNING, name, _seconds(age_ns), _seconds(limit_ns), text)


def fallen(equity: Decimal, peak: Decimal) -> Exact | None:
    """How far equity is below its peak, as a share of the peak; None if there is none.

    The account's peaks move along with transfers: neither bringing in nor taking out is a gain or a loss.
    """
    return None if peak <= 0 else (exact(peak) - exact(equity)) / exact(peak)


def loss(position: Position, price: Decimal) -> Exact:
    """How far the price is on the wrong side of the average price, as a share of that; negative in profit."""
    average = position.average
    return -position.side.sign * (exact(price) - average) / average


def liquidation_distance(position: Position, price: Decimal) -> Exact | None:
    """How far the price is from the liquidation price, as a share of the price."""
    liquidation = position.known_liquidation()
    return None if liquidation is None or liquidation <= 0 else abs(exact(price) - liquidation) / exact(price)


def _shown(share: Exact) -> str:
    return f"{decimal_of(share, PLACES).normalize():f}"


def _seconds(span_ns: int) -> str:
    return f"{span_ns / SECOND_NS:.0f} s"

"""The table of alert conditions, row by row, each at its threshold and one tick before it. Source: strategies §10."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from sadari.core.alerts import ONCE, Alerts, Condition, Edge, Severity
from sadari.core.conditions import Conditions, Limits, Sights
from sadari.model.event import (
    AccountUpdated,
    DayStarted,
    EngineTurned,
    EquityCrossed,
    ForceExitRequested,
    PositionLossCrossed,
)
from sadari.model.order import Direction, Purpose
from sadari.model.reason import RejectReason
from sadari.model.units import DAY_NS, SECOND_NS, exact
from tests.conditions_look import look
from tests.ladder_driver import SYMBOL, Driver, held, patient, pending
from tests.unit.core import test_loss_conditions

D = Decimal
SHORTS = ("ADAUSDT", "BNBUSDT", "ETHUSDT", "SOLUSDT", SYMBOL)


def test_an_engine_that_is_well_has_none() -> None:
    """Neither flat nor with a protected position."""
    assert look(Driver(patient()), equity="100000") == {}
    assert look(held(), equity="99900", unseen_s={"user": 60, "market-1": 60}, silent_s={SYMBOL: 90}) == {}


def plain(value: Any) -> Fraction:
    """As the standard library counts."""
    return Fraction(int(value.numerator), int(value.denominator))


# short_position_count, total_short_risk


def shorts(number: int, **changes: Any) -> Driver:
    """So many shorts at 100, each stopped somewhere above."""
    free = {"max_shorts": 10, "max_positions": 10, "strategy_positions": 10, "max_short_risk_pct": "1"}
    driver = Driver(patient(**(free | changes)), symbols=SHORTS)
    for symbol in SHORTS[:number]:
        driver.signal(Direction.SHORT, "100", symbol=symbol)
        assert driver.engine.positions[symbol].qty > 0, driver.done
    return driver


@pytest.mark.requirement("R003-45")
@pytest.mark.parametrize(("number", "most", "true"), [(3, 3, False), (4, 3, True), (4, 4, False), (5, 4, True)])
def test_short_position_count_is_more_than_three(number: int, most: int, true: bool) -> None:
    """Three are allowed when the market is bearish; a limit of one's own counts likewise."""
    found = look(shorts(number), limits=Limits(shorts=most, short_risk=D(1)))
    assert (Condition.SHORT_POSITION_COUNT in found) is true
    if true:
        reading = found[Condition.SHORT_POSITION_COUNT]
        assert (reading.value, reading.threshold) == (str(number), str(most))


@pytest.mark.requirement("R003-46")
def test_short_position_count_leaves_no_room_for_another_short() -> None:
    """Admission stops before, so that beyond it every new short is denied."""
    driver = shorts(3, max_shorts=3)
    assert driver.signal(Direction.SHORT, "100", symbol=SYMBOL) == ["DENIED SHORT_POSITION_LIMIT"]


@pytest.mark.requirement("R003-45")
def test_total_short_risk_is_more_than_its_share_of_the_balance() -> None:
    """Σ Q·max(0, X − avg) over balance > limit: not at it, exactly."""
    driver = shorts(2)
    held_now = [position for position in driver.engine.positions.values() if position.qty]
    risk = sum(
        (plain(exact(one.qty)) * plain(one.stop - one.average) for one in held_now if one.stop is not None), Fraction(0)
    )
    driver.wallet = D(1000)
    driver.account()
    share = risk / 1000
    at = D(share.numerator) / D(share.denominator)
    assert Fraction(at) == share, "so that the limit can stand at it"
    assert Condition.TOTAL_SHORT_RISK not in look(driver, limits=Limits(short_risk=at))
    assert Condition.TOTAL_SHORT_RISK in look(driver, limits=Limits(short_risk=at - D("1e-15")))


# connections


@pytest.mark.requirement("R003-44", "R003-45")
@pytest.mark.parametrize("name", ["user", "market-1", "rest"])
@pytest.mark.parametrize(("seconds", "true"), [(60, False), (60.001, True)])
def test_connection_stale_is_more_than_a_minute_without_proof_of_life(name: str, seconds: float, true: bool) -> None:
    """Each connection by itself."""
    found = look(held(), unseen_s={name: seconds, "other": 1})
    assert [reading.symbol for reading in found.values()] == ([name] if true else [])


@pytest.mark.parametrize(("seconds", "true"), [(90, False), (90.001, True)])
def test_market_stream_silent_is_more_than_ninety_seconds_without_a_message_of_a_symbol(
    seconds: float, true: bool
) -> None:
    """While its connection lives."""
    found = look(held(), unseen_s={"market-1": 0}, silent_s={SYMBOL: seconds, "ETHUSDT": 0})
    assert (Condition.MARKET_STREAM_SILENT in found) is true
    assert Condition.CONNECTION_STALE not in found


def test_listen_key_lost_lasts_until_the_user_stream_is_seen_again() -> None:
    """Whoever looks after the connection says when."""
    driver = held()
    conditions = Conditions(driver.engine, Limits(), "run")
    conditions.key_lost = True
    assert set(look(driver, conditions=conditions)) == {Condition.LISTEN_KEY_LOST}
    conditions.key_lost = False
    assert look(driver, conditions=conditions) == {}


# margin and liquidation


@pytest.mark.requirement("R002-11")
@pytest.mark.parametrize(
    ("ratio", "severity"),
    [("0.4999", None), ("0.5", "warning"), ("0.7999", "warning"), ("0.8", "critical"), ("1.2", "critical")],
)
def test_margin_ratio_warns_at_half_and_is_critical_at_four_fifths(ratio: str, severity: str | None) -> None:
    """Both inclusive; the engine is paused by the same reading (see test_standing)."""
    driver = held()
    driver.give(
        AccountUpdated(
            time_ns=driver.now_ns, cause="REFRESH", wallet_balance=driver.wallet, available_balance=driver.wallet,
            margin_ratio=D(ratio),
        )
    )  # fmt: skip
    found = look(driver)
    assert [one.severity for one in found.values()] == ([] if severity is None else [severity])
    assert driver.engine.state == ("RUNNING" if severity is None else "PAUSED")


@pytest.mark.requirement("R002-11")
@pytest.mark.parametrize(("price", "true"), [("50000", True), ("50000.01", False), ("49600", True)])
def test_liquidation_distance_is_one_percent_of_the_price_inclusive(price: str, true: bool) -> None:
    """|mark − LP|/mark ≤ 0.01 at any price between two readings of the exchange."""
    driver = held()
    driver.read_liquidation("49500")
    driver.prices[SYMBOL] = D(price)
    found = look(driver, price=price, limits=Limits(position_loss=D(1)))
    assert (Condition.LIQUIDATION_DISTANCE in found) is true
    if true:
        assert found[Condition.LIQUIDATION_DISTANCE].severity is Severity.CRITICAL


# protection


@pytest.mark.parametrize(("seconds", "true"), [(5, False), (5.001, True)])
def test_protective_stop_missing_is_more_than_five_seconds_without_one(seconds: float, true: bool) -> None:
    """Held, and nothing rests that the exchange has accepted."""
    driver = Driver(patient())
    driver.hold = {Purpose.STOP, Purpose.WALL}
    driver.signal(Direction.LONG, "50000")
    conditions = Conditions(driver.engine, Limits(), "run")
    assert look(driver, conditions=conditions) == {}
    found = look(driver, conditions=conditions, seconds=seconds)
    assert [one.severity for one in found.values()] == ([Severity.WARNING] if true else [])
    for order in driver.held:
        driver.accept(order)
    assert look(driver, conditions=conditions, seconds=seconds + 5) == {}


def test_protective_stop_missing_is_told_of_a_position_that_is_being_closed_too() -> None:
    """§10: held and bare is held and bare, whatever is on its way."""
    driver = Driver(patient())
    driver.hold = {Purpose.STOP, Purpose.WALL, Purpose.EXIT}
    driver.signal(Direction.LONG, "50000")
    driver.give(ForceExitRequested(time_ns=driver.now_ns, symbol=SYMBOL, actor="anna"))
    assert driver.position.is_in("EXITING")
    conditions = Conditions(driver.engine, Limits(), "run")
    look(driver, conditions=conditions)
    assert Condition.PROTECTIVE_STOP_MISSING in look(driver, conditions=conditions, seconds=6)


def test_protective_stop_missing_is_critical_when_placing_it_has_failed_three_times() -> None:
    """The engine goes on placing it, and closes the position where nothing rests at all (faults R2)."""
    driver = Driver(patient())
    driver.hold = {Purpose.STOP, Purpose.WALL, Purpose.EXIT}
    driver.signal(Direction.LONG, "50000")
    conditions = Conditions(driver.engine, Limits(), "run")
    look(driver, conditions=conditions)
    driver.position.tries["protect"] = 3
    (reading,) = look(driver, conditions=conditions, seconds=6).values()
    assert reading.severity is Severity.CRITICAL


# settlement


def test_settlement_pending_is_three_tries_without_the_trades() -> None:
    """Not before the third, and until they are there."""
    driver, order = pending(Purpose.EXIT, "40000")
    driver.reject(order, -2022, RejectReason.REDUCE_ONLY)
    driver.read_flat()
    assert driver.state == "CLOSED_UNSETTLED"
    for _ in range(2):
        driver.ring("settle:")
        assert Condition.SETTLEMENT_PENDING not in look(driver)
    driver.ring("settle:")
    assert look(driver)[Condition.SETTLEMENT_PENDING].severity is Severity.WARNING
    assert driver.alerts()[-1] == ("warning", "SETTLEMENT_PENDING")


def test_settlement_mismatch_stands_as_long_as_the_position_is_not_settled() -> None:
    """Critical, with what differs."""
    driver, order = pending(Purpose.EXIT, "40000")
    position = driver.position
    position.realized += D(1)
    driver.fill(order)
    assert driver.state == "CLOSED_UNSETTLED"
    reading = look(driver)[Condition.SETTLEMENT_MISMATCH]
    assert (reading.severity, reading.text) == (Severity.CRITICAL, position.mismatch)
    assert ("critical", "SETTLEMENT_MISMATCH") in driver.alerts()


# orders, days


def test_order_rejected_margin_lasts_until_the_account_is_shown_again() -> None:
    """-2019: no entry meanwhile."""
    driver, entry = pending(Purpose.ENTRY)
    driver.reject(entry, -2019, RejectReason.INSUFFICIENT_MARGIN)
    assert set(look(driver)) == {Condition.ORDER_REJECTED_MARGIN}
    assert driver.signal(Direction.LONG, "50000") == ["DENIED ACCOUNT_DATA_STALE"]
    driver.account()
    assert look(driver) == {}


def test_daily_loss_limit_lasts_until_the_next_day() -> None:
    """It pauses when a signal meets it (strategies §5.6)."""
    driver = Driver(patient(max_loss_pct="0.05"))
    assert driver.signal(Direction.LONG, "50000", equity=D(94_000)) == ["DENIED DAILY_LOSS_LIMIT"]
    assert set(look(driver)) == {Condition.DAILY_LOSS_LIMIT}
    day = (driver.now_ns // DAY_NS + 1) * DAY_NS
    driver.now_ns = day
    driver.give(DayStarted(time_ns=day, wallet_balance=driver.wallet, equity=driver.wallet))
    assert look(driver) == {}
    assert driver.engine.state == "RUNNING"


# all of them


def test_every_row_of_the_table_has_a_test_that_bears_its_name() -> None:
    """None is forgotten; what only happens is tested with the life of an alert."""
    here = "\n".join((*globals(), *vars(test_loss_conditions)))
    assert not [one for one in Condition if one not in ONCE and f"test_{one}" not in here]


def test_a_whole_spell_from_the_engine_to_the_notices() -> None:
    """A loss is raised once, reminded, and recovers when the position is gone."""
    driver, alerts = held(), Alerts()
    conditions = Conditions(driver.engine, Limits(), "run")

    def told(seconds: int, price: str) -> list[Edge]:
        sights = Sights(now_ns=driver.now_ns + seconds * SECOND_NS, equity=None, price={SYMBOL: D(price)}.get)
        return [one.edge for one in alerts.judge(conditions.readings(sights), sights.now_ns)]

    assert told(0, "42500") == [Edge.RAISED]
    assert told(5, "42000") == []
    assert told(900, "42000") == [Edge.REMINDED]
    driver.prices[SYMBOL] = D(42_000)
    driver.give(PositionLossCrossed(time_ns=driver.now_ns, symbol=SYMBOL, price=D(42_000), limit=D("0.15")))
    assert told(905, "42000") == []
    assert told(965, "42000") == [Edge.RECOVERED]


def test_what_an_engine_at_its_end_is_told_breaks_nothing() -> None:
    """A crossing that comes when nothing acts any more."""
    driver = held()
    driver.give(EngineTurned(time_ns=driver.now_ns, trigger="fatal", cause="test"))
    driver.give(PositionLossCrossed(time_ns=driver.now_ns, symbol=SYMBOL, price=D(42_000), limit=D("0.15")))
    driver.give(EquityCrossed(time_ns=driver.now_ns, equity=D(1), peak=D(100_000), limit=D("0.10")))
    assert driver.engine.state == "FAILED"
    assert driver.sent(Purpose.EXIT) == []

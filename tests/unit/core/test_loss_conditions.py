"""The rows of the table of alert conditions that act: equity far below its peak, a position far below its price."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.core.alerts import Condition, Severity
from sadari.core.conditions import Limits
from sadari.model.event import DayStarted, EquityCrossed, EquityPeaked, PositionLossCrossed, TransferListed
from sadari.model.order import Direction, Purpose
from sadari.model.units import DAY_NS
from tests.conditions_look import look
from tests.ladder_driver import SYMBOL, Driver, held, patient

D = Decimal


# portfolio_drawdown


@pytest.mark.requirement("R003-45")
@pytest.mark.parametrize(
    ("limit", "equity", "true"),
    [
        ("0.10", "90000.00000001", False), ("0.10", "90000", True), ("0.10", "50000", True),
        ("0.05", "95000.00000001", False), ("0.05", "95000", True),
    ],
)  # fmt: skip
def test_portfolio_drawdown_is_ten_percent_below_the_peak_inclusive(limit: str, equity: str, true: bool) -> None:
    """(equity − peak)/peak ≤ −0.10, exactly; and a limit of one's own."""
    found = look(Driver(patient()), equity=equity, limits=Limits(drawdown=D(limit)))
    assert (Condition.PORTFOLIO_DRAWDOWN in found) is true
    if true:
        reading = found[Condition.PORTFOLIO_DRAWDOWN]
        assert reading.severity is Severity.CRITICAL
        assert (D(reading.value), D(reading.threshold)) == ((D(equity) - 100_000) / 100_000, -D(limit))


def test_portfolio_drawdown_is_measured_from_the_highest_equity_of_the_day() -> None:
    """Not from the wallet, and not from the day's beginning."""
    driver = Driver(patient())
    driver.give(EquityPeaked(time_ns=driver.now_ns, peak=D(120_000)))
    assert Condition.PORTFOLIO_DRAWDOWN in look(driver, equity="108000")
    assert Condition.PORTFOLIO_DRAWDOWN not in look(driver, equity="108000.01")


@pytest.mark.parametrize(("whole_life", "true"), [(False, False), (True, True)])
def test_portfolio_drawdown_begins_anew_with_the_day_unless_the_window_is_all(whole_life: bool, true: bool) -> None:
    """`drawdown_window`: the peak of yesterday counts only for the whole life."""
    driver = Driver(patient())
    driver.give(EquityPeaked(time_ns=driver.now_ns, peak=D(120_000)))
    day = (driver.now_ns // DAY_NS + 1) * DAY_NS
    driver.give(DayStarted(time_ns=day, wallet_balance=D(100_000), equity=D(100_000)))
    found = look(driver, equity="95000", limits=Limits(whole_life=whole_life))
    assert (Condition.PORTFOLIO_DRAWDOWN in found) is true


@pytest.mark.parametrize("amount", ["-50000", "50000"])
def test_portfolio_drawdown_is_net_of_transfers(amount: str) -> None:
    """Taking half of the money out is no loss, and bringing some in hides none."""
    driver = Driver(patient())
    driver.wallet += D(amount)
    driver.give(TransferListed(time_ns=driver.now_ns, asset="USDT", amount=D(amount), booked_ns=driver.now_ns))
    driver.account()
    peak = 100_000 + D(amount)
    assert Condition.PORTFOLIO_DRAWDOWN not in look(driver, equity=str(peak))
    assert Condition.PORTFOLIO_DRAWDOWN in look(driver, equity=str(peak * D("0.9")))


def test_portfolio_drawdown_waits_for_what_the_wallet_lacks_against_the_ledger() -> None:
    """A withdrawal that the account shows before anything tells of it, and one that nothing ever tells of."""
    driver = Driver(patient())
    driver.wallet -= 40_000
    driver.account(cause="REFRESH")
    assert driver.engine.untold == -40_000
    moved = TransferListed(time_ns=driver.now_ns, asset="USDT", amount=D(-40_000), booked_ns=driver.now_ns)
    driver.give(moved)
    assert [driver.engine.untold, driver.engine.account.day_peak] == [0, 60_000]
    driver.now_ns += 1
    driver.wallet -= 10_000
    driver.account(cause="REFRESH")
    driver.now_ns += 1
    driver.account(cause="REFRESH")
    assert ("critical", "LEDGER_DIFFERS") in driver.alerts()
    assert [driver.engine.untold, driver.engine.account.day_peak] == [0, 50_000]


def test_portfolio_drawdown_of_what_is_not_known_is_not_told() -> None:
    """No equity, or an account that was first shown beside positions of somebody else."""
    assert look(Driver(patient()), equity=None) == {}


def test_portfolio_drawdown_pauses_until_an_operator_resumes() -> None:
    """New entries and adds only; nothing is closed, and no day ends it."""
    driver = held()
    peak = driver.engine.account.day_peak
    fallen = EquityCrossed(time_ns=driver.now_ns, equity=peak * D("0.9"), peak=peak, limit=D("0.10"))
    driver.give(fallen)
    driver.give(fallen)
    assert (driver.engine.state, driver.engine.causes) == ("PAUSED", ("portfolio_drawdown",))
    assert driver.tick("48500") == ["DENIED ENGINE_NOT_RUNNING"], "no add"
    assert driver.sent(Purpose.EXIT) == []
    day = (driver.now_ns // DAY_NS + 1) * DAY_NS
    driver.give(DayStarted(time_ns=day, wallet_balance=driver.wallet, equity=driver.wallet))
    assert driver.engine.state == "PAUSED"
    driver.command("resume")
    assert driver.engine.state == "RUNNING"


def test_portfolio_drawdown_that_is_none_pauses_nothing() -> None:
    """The engine compares for itself."""
    driver = held()
    driver.give(EquityCrossed(time_ns=driver.now_ns, equity=D("90000.01"), peak=D(100_000), limit=D("0.10")))
    assert driver.engine.state == "RUNNING"


# single_position_loss


@pytest.mark.requirement("R003-45")
@pytest.mark.parametrize(
    ("direction", "limit", "price", "true"),
    [
        (Direction.LONG, "0.15", "42500.01", False), (Direction.LONG, "0.15", "42500", True),
        (Direction.SHORT, "0.15", "57499.99", False), (Direction.SHORT, "0.15", "57500", True),
        (Direction.LONG, "0.20", "40000.01", False), (Direction.LONG, "0.20", "40000", True),
    ],
)  # fmt: skip
def test_single_position_loss_is_fifteen_percent_of_price_inclusive(
    direction: Direction, limit: str, price: str, true: bool
) -> None:
    """sg·(mark − avg)/avg ≤ −0.15, unlevered, critical; the engine closes the position for that reason."""
    driver = held(direction=direction)
    found = look(driver, price=price, limits=Limits(position_loss=D(limit)))
    assert (Condition.SINGLE_POSITION_LOSS in found) is true
    if true:
        reading = found[Condition.SINGLE_POSITION_LOSS]
        assert (reading.severity, reading.symbol, reading.correlation) == (Severity.CRITICAL, SYMBOL, "run/p1")
    driver.prices[SYMBOL] = D(price)
    driver.done = []
    driver.give(PositionLossCrossed(time_ns=driver.now_ns, symbol=SYMBOL, price=D(price), limit=D(limit)))
    assert (driver.state in {"CLOSED", "FLAT"}) is true
    assert ("CLOSED SINGLE_POSITION_LOSS_LIMIT" in driver.done) is true


@given(
    st.integers(1, 10**7), st.integers(1, 10**7), st.sampled_from([1, -1]), st.sampled_from(["0.15", "0.03", "0.333"])
)
def test_single_position_loss_agrees_with_fractions_for_every_price(
    average: int, price: int, sign: int, limit: str
) -> None:
    """On any grid, whatever the average: no tolerance flips it."""
    driver = Driver(patient())
    driver.signal(Direction.LONG if sign > 0 else Direction.SHORT, f"{D(average) / 100:f}")
    if driver.position.qty == 0:
        return
    at, mark = Fraction(average, 100), Fraction(price, 100)
    found = look(driver, price=f"{D(price) / 100:f}", limits=Limits(position_loss=D(limit)))
    assert (Condition.SINGLE_POSITION_LOSS in found) is (sign * (mark - at) / at <= -Fraction(limit))


def test_single_position_loss_closes_once() -> None:
    """While its exit is on the way, and when nothing is held, nothing is sent."""
    driver, exit_order = pending_exit()
    crossed = PositionLossCrossed(time_ns=driver.now_ns, symbol=SYMBOL, price=D(42_000), limit=D("0.15"))
    driver.give(crossed)
    assert driver.sent(Purpose.EXIT) == [exit_order]
    driver.fill(exit_order)
    driver.give(crossed)
    assert driver.sent(Purpose.EXIT) == [exit_order]


def pending_exit() -> tuple[Driver, Any]:
    """A position that is left for its loss, whose exit has no answer yet."""
    driver = held()
    driver.hold = {Purpose.EXIT}
    driver.prices[SYMBOL] = D(42_000)
    driver.give(PositionLossCrossed(time_ns=driver.now_ns, symbol=SYMBOL, price=D(42_000), limit=D("0.15")))
    return driver, driver.held.pop()

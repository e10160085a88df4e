"""Entries that the venue refuses again and again: after the third in a row none is sent. Source: faults R5, I12."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.model.event import DayStarted, InstrumentChanged, SymbolPrepared
from sadari.model.order import Direction, Purpose
from sadari.model.reason import RejectReason
from tests.ladder_driver import SYMBOL, Driver, instrument, patient

BAND = -4131


def refused(*codes: int, reason: RejectReason = RejectReason.OTHER) -> Driver:
    """An engine whose entries were refused with these codes, one after the other."""
    driver = Driver(patient(max_per_symbol_per_day=100))
    driver.hold = {Purpose.ENTRY}
    for code in codes:
        driver.signal(Direction.LONG, "50000")
        driver.reject(driver.held.pop(), code, reason)
    return driver


def asks(driver: Driver) -> bool:
    """Whether a signal leads to an entry."""
    driver.signal(Direction.LONG, "50000")
    return bool(driver.held)


@pytest.mark.parametrize(
    ("codes", "goes_on"),
    [
        ((BAND, BAND), True),
        ((BAND, BAND, BAND), False),
        ((BAND, BAND, -4400, BAND), True),
        ((-1001, -1001, -1001, -1008), True),
    ],
)
def test_the_third_refusal_in_a_row_is_the_last(codes: tuple[int, ...], goes_on: bool) -> None:
    """Of one code; what the venue says of its own trouble does not count."""
    driver = refused(*codes)
    assert asks(driver) is goes_on
    assert ("critical", "ENTRIES_REFUSED") in driver.alerts() or goes_on


def test_what_was_proved_never_to_have_arrived_was_not_refused() -> None:
    """The proof says nothing about the next one."""
    assert asks(refused(BAND, BAND, BAND, reason=RejectReason.NOT_FOUND))


def test_an_entry_that_fills_ends_the_row() -> None:
    """Two refusals before it and two after it are no three."""
    driver = refused(BAND, BAND)
    driver.signal(Direction.LONG, "50000")
    driver.fill(driver.held.pop())
    driver.tick("44000")
    for _ in range(2):
        driver.signal(Direction.LONG, "50000")
        driver.reject(driver.held.pop(), BAND)
    assert asks(driver)


@pytest.mark.parametrize("changed", ["contract", "preparation", "day", "resume"])
def test_it_is_asked_again_when_something_has_changed(changed: str) -> None:
    """Anything that may change the answer, and whoever knows better."""
    driver = refused(BAND, BAND, BAND)
    if changed == "contract":
        driver.give(InstrumentChanged(time_ns=driver.now_ns, instrument=instrument()))
    elif changed == "preparation":
        driver.give(SymbolPrepared(time_ns=driver.now_ns, symbol=SYMBOL, leverage=10, max_notional=Decimal(10**9)))
    elif changed == "day":
        driver.give(DayStarted(time_ns=driver.now_ns, wallet_balance=driver.wallet, equity=driver.wallet))
    else:
        driver.command("pause")
        driver.command("resume")
    assert asks(driver)

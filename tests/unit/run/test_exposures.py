"""What is at stake on each side, as the log of a live engine tells it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.model.order import Direction
from sadari.run.figures.exposures import Exposures, exposure
from tests.ladder_driver import Driver, patient

D = Decimal


@pytest.mark.requirement("R003-37")
def test_both_sides_are_told_on_every_change_and_on_no_other_event() -> None:
    """A long of 30,000 and a short of 15,000: values, signs and profits; nothing while quantities stay."""
    driver = Driver(patient(allow_opposite_side=True), balance="200000", symbols=("BTCUSDT", "ETHUSDT"))
    lines: list[str] = []
    told = Exposures(driver.engine.positions, driver.prices.get, lines.append)
    driver.signal(Direction.LONG, "50000")
    driver.account()
    driver.signal(Direction.SHORT, "1500", symbol="ETHUSDT")
    driver.prices |= {"BTCUSDT": D(51_000), "ETHUSDT": D(1_530)}
    now = exposure(driver.engine.positions, driver.prices.get)
    btc, eth = (driver.engine.positions[symbol].qty for symbol in ("BTCUSDT", "ETHUSDT"))
    assert (now.long, now.short, now.net) == (btc * 51_000, eth * 1_530, btc * 51_000 - eth * 1_530)
    assert (now.long_unrealized, now.short_unrealized) == (btc * 1_000, -eth * 30)
    for event in driver.events:
        told.seen(0, event, ())
    (line,) = lines
    sides = f"long {now.long:.2f} (+{btc * 1_000:.2f}), short {now.short:.2f} (-{eth * 30:.2f})"
    assert line == f"exposure: {sides}, net {now.net:+.2f}"
    driver.tick("45000")
    told.seen(0, driver.events[-1], ())
    assert lines[-1].startswith("exposure: long 0.00 (+0.00), short ")
    assert len(lines) == 2

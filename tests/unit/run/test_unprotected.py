"""How long exposure is without a stop, as it is measured from what is told."""

from __future__ import annotations

from sadari.model.event import OrderFilled
from sadari.model.order import Direction
from sadari.run.figures.unprotected import UnprotectedTimes
from tests.ladder_driver import held


def test_what_was_held_before_the_start_is_no_rise_when_a_part_of_it_goes() -> None:
    """A measuring that begins with a restart knows what the engine already holds."""
    driver = held()
    times = UnprotectedTimes(driver.engine.positions)
    before = driver.position.qty
    driver.tick("55100")
    reduced = [one for one in driver.events if isinstance(one, OrderFilled)][-1]
    assert 0 < driver.position.qty < before
    assert driver.position.direction is Direction.LONG
    times.see(reduced)
    assert times.show().rises == 0

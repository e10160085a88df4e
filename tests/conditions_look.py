"""What is true of an engine of the ladder driver: the look that tests of alert conditions share."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sadari.core.alerts import Condition, Reading
from sadari.core.conditions import Conditions, Limits, Sights
from sadari.model.units import SECOND_NS
from tests.ladder_driver import SYMBOL, Driver

LIMITS = Limits()


def look(
    driver: Driver,
    *,
    equity: str | None = None,
    price: str | None = None,
    limits: Limits = LIMITS,
    seconds: float = 0,
    conditions: Conditions | None = None,
    unseen_s: Mapping[str, float] | None = None,
    silent_s: Mapping[str, float] | None = None,
) -> dict[Condition, Reading]:
    """What is true of an engine now."""
    prices = {SYMBOL: Decimal(price)} if price is not None else driver.prices
    made = Conditions(driver.engine, limits, "run") if conditions is None else conditions
    sights = Sights(
        now_ns=driver.now_ns + int(seconds * SECOND_NS),
        equity=None if equity is None else Decimal(equity),
        price=prices.get,
        unseen_ns={name: int(age * SECOND_NS) for name, age in (unseen_s or {}).items()},
        silent_ns={name: int(age * SECOND_NS) for name, age in (silent_s or {}).items()},
    )
    return {Condition(one.code): one for one in made.readings(sights)}

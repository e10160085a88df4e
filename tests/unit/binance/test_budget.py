"""The request budget: never over the limit, a reserve for exits, and silence under a ban."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.binance.budget import Budget, Limits
from sadari.localexchange.asking.limits import Limited, Usage
from sadari.localexchange.asking.limits import Limits as ServedLimits
from sadari.model.units import MINUTE_NS, SECOND_NS

SMALL = Limits(100, 20, 10)
START_NS = 1_000 * MINUTE_NS


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3), st.booleans(), st.integers(0, 20)), max_size=80))
def test_what_the_budget_lets_pass_the_exchange_lets_pass(asks: list[tuple[int, int, bool, int]]) -> None:
    """Driven by one clock, the exchange's own counters never refuse what was spent here."""
    budget = Budget(SMALL)
    served = Usage(ServedLimits(100, 20, 10))
    now_ns = START_NS
    for weight, orders, urgent, seconds in asks:
        now_ns += seconds * SECOND_NS
        if budget.spend(weight, orders, now_ns, urgent=urgent) == 0:
            served.charge_weight("here", weight, now_ns)
            served.charge_orders(orders, now_ns)


def test_a_fifth_of_each_limit_is_left_for_what_is_urgent() -> None:
    """Exits and protection still pass when everything else has used up its part (faults R8)."""
    budget = Budget(SMALL)
    assert budget.spend(80, 8, START_NS, urgent=False) == 0
    assert budget.spend(1, 0, START_NS, urgent=False) > 0
    assert budget.spend(0, 1, START_NS, urgent=False) > 0
    assert budget.spend(20, 2, START_NS, urgent=True) == 0
    assert budget.spend(1, 0, START_NS, urgent=True) > 0


def test_the_wait_ends_with_the_window_that_is_full() -> None:
    """Ten seconds for orders, a minute for weight; asked again then it passes."""
    budget = Budget(SMALL)
    now_ns = START_NS + 3 * SECOND_NS
    assert budget.spend(0, 8, now_ns, urgent=False) == 0
    wait_ns = budget.spend(0, 1, now_ns, urgent=False)
    assert wait_ns == 7 * SECOND_NS
    assert budget.spend(0, 1, now_ns + wait_ns, urgent=False) == 0
    assert budget.spend(80, 0, now_ns, urgent=False) == 0
    assert budget.spend(1, 0, now_ns, urgent=False) == 57 * SECOND_NS


def test_what_is_refused_spends_nothing() -> None:
    """A request that does not go out takes nothing of any window."""
    budget = Budget(SMALL)
    assert budget.spend(81, 1, START_NS, urgent=False) > 0
    assert budget.used_weight(START_NS) == 0
    assert budget.spend(80, 8, START_NS, urgent=False) == 0


def test_what_others_have_used_counts() -> None:
    """The headers outrank our own count where they say more, and never lower it: answers overtake each other."""
    budget, now_ns = Budget(SMALL), START_NS + 2 * SECOND_NS
    budget.told(now_ns, now_ns, weight=79, ten_seconds=8)
    assert budget.spend(2, 0, now_ns, urgent=False) > 0
    assert budget.spend(0, 1, now_ns, urgent=False) > 0
    assert budget.spend(1, 0, now_ns, urgent=False) == 0
    budget.told(now_ns, now_ns, weight=5)
    assert budget.used_weight(now_ns) == 80
    assert budget.used_weight(now_ns + MINUTE_NS) == 0


@pytest.mark.parametrize("asked_ns", [-1, 0, 900_000_000])
def test_a_count_that_may_be_the_last_periods_is_not_taken_over(asked_ns: int) -> None:
    """It was asked before the turn of the minute, or just after it by a clock that may be ahead of the venue's."""
    budget = Budget(SMALL)
    after_ns = START_NS + MINUTE_NS
    budget.told(after_ns + asked_ns, after_ns + max(asked_ns, 0), weight=100, minute=20, ten_seconds=10)
    assert budget.spend(80, 8, after_ns, urgent=False) == 0


def test_a_clock_that_goes_back_neither_frees_nor_locks_the_budget() -> None:
    """A little way back the count stands; after an hour back it does not block for an hour (faults F113)."""
    budget = Budget(SMALL)
    assert budget.spend(80, 0, START_NS, urgent=False) == 0
    assert budget.spend(1, 0, START_NS - SECOND_NS, urgent=False) > 0
    assert budget.spend(80, 0, START_NS - 60 * MINUTE_NS, urgent=False) == 0


@pytest.mark.parametrize("urgent", [False, True])
def test_under_a_ban_nothing_at_all_is_asked(*, urgent: bool) -> None:
    """Not even what is urgent: each request makes a ban longer (faults F16, F17)."""
    budget = Budget()
    budget.shut(START_NS + 120 * SECOND_NS)
    budget.shut(START_NS + 5 * SECOND_NS)
    assert budget.spend(0, 0, START_NS, urgent=urgent) == 120 * SECOND_NS
    assert budget.spend(1, 0, START_NS + 119 * SECOND_NS, urgent=urgent) == SECOND_NS
    assert budget.spend(1, 0, START_NS + 120 * SECOND_NS, urgent=urgent) == 0


def test_too_many_orders_stop_orders_only() -> None:
    """Looking and canceling take no order count (faults F18)."""
    budget = Budget()
    budget.shut_orders(START_NS + 10 * SECOND_NS)
    assert budget.spend(0, 1, START_NS, urgent=True) == 10 * SECOND_NS
    assert budget.spend(1, 0, START_NS, urgent=False) == 0


def test_the_exchange_would_have_refused_more() -> None:
    """The twin above is no empty promise: over the limit it does refuse."""
    served = Usage(ServedLimits(100, 20, 10))
    served.charge_weight("here", 100, START_NS)
    with pytest.raises(Limited):
        served.charge_weight("here", 1, START_NS)


def test_a_connection_that_is_told_to_wait_holds_back_the_others() -> None:
    """F16: the limit is the address's; requests go on, and a silence of everything holds connections as well."""
    budget = Budget()
    budget.shut_connections(100)
    assert (budget.connections_wait_ns(40), budget.spend(1, 0, 40, urgent=False)) == (60, 0)
    assert budget.connections_wait_ns(100) == 0
    budget.shut(300)
    assert budget.connections_wait_ns(100) == 200

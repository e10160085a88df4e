"""Delays of reconnects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.binance.recovery import Recovery, replaced_at
from sadari.model.units import HOUR_NS, SECOND_NS


@pytest.mark.requirement("R003-31", "R003-44")
def test_delays_double_up_to_a_minute_and_the_fifth_failure_is_told_once() -> None:
    """1, 2, 4, 8, 16, 32, 60, 60 seconds; attempts go on."""
    recovery = Recovery()
    retries = [recovery.failed(0, 0.0) for _ in range(8)]
    assert [retry.at_ns // SECOND_NS for retry in retries] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [retry.exhausted for retry in retries] == [False, False, False, False, True, False, False, False]


@given(st.floats(-1, 1), st.integers(0, 3000))
def test_jitter_moves_a_delay_by_a_tenth_at_most(jitter: float, before: int) -> None:
    """However many failures there were."""
    plain, shaken = Recovery(), Recovery()
    plain.failures = shaken.failures = before
    wanted = plain.failed(0, 0.0).at_ns
    assert abs(shaken.failed(0, jitter).at_ns - wanted) <= wanted // 10 + 1


@pytest.mark.requirement("R003-31")
def test_a_minute_of_data_makes_failures_forgotten_and_less_does_not() -> None:
    """A connection that ends at once counts on."""
    recovery = Recovery()
    for _ in range(3):
        recovery.failed(0, 0.0)
    recovery.heard(SECOND_NS)
    recovery.heard(60 * SECOND_NS)
    assert recovery.failures == 3
    assert recovery.failed(60 * SECOND_NS, 0.0).at_ns == 68 * SECOND_NS
    recovery.heard(70 * SECOND_NS)
    recovery.heard(130 * SECOND_NS)
    assert recovery.failures == 0
    assert recovery.failed(130 * SECOND_NS, 0.0).at_ns == 131 * SECOND_NS


def test_what_the_exchange_asks_to_wait_is_waited() -> None:
    """Also where the delay would be shorter."""
    assert Recovery().failed(0, 0.0, 17.0).at_ns == 17 * SECOND_NS


@given(st.floats(-1, 1))
def test_a_connection_is_replaced_between_20_and_23_hours(jitter: float) -> None:
    """Long before the exchange ends it."""
    assert 20 * HOUR_NS <= replaced_at(0, jitter) <= 23 * HOUR_NS

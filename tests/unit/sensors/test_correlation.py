"""How alike two symbols move."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sadari.errors import ConfigError
from sadari.model.units import HOUR_NS, MINUTE_NS
from sadari.sensors.correlation import Correlations
from tests.reference.scanner import Quoted, quoted
from tests.reference.tapes import START_NS, made_up


def closes(prices: list[float], start_ns: int = START_NS) -> Quoted:
    """Hours that close at some prices."""
    return quoted([(start_ns + n * HOUR_NS, p, p, p, p, 1.0, 1.0) for n, p in enumerate(prices)], HOUR_NS)


def test_a_scaled_copy_correlates_wholly_and_its_inverse_wholly_against() -> None:
    """Returns do not know the price's scale."""
    prices = [100.0, 103.0, 99.0, 104.5, 104.0, 90.0]
    market = Correlations(
        {"A": closes(prices), "B": closes([7 * p for p in prices]), "C": closes([1000 / p for p in prices])}, n=5
    )
    end_ns = START_NS + 6 * HOUR_NS
    assert market.between("A", "B", end_ns) == pytest.approx(1, abs=1e-12)
    assert market.between("A", "C", end_ns) == pytest.approx(-1, abs=1e-12)
    assert market.between("A", "A", end_ns) == pytest.approx(1, abs=1e-12)


def test_fewer_than_half_of_the_hours_are_not_enough() -> None:
    """Of six hours three returns are, two are not; where one symbol did not move there is none."""
    prices = [100.0, 101.0, 100.0, 102.0]
    market = Correlations({"A": closes(prices), "B": closes(prices), "F": closes([5.0] * 4)}, n=6)
    assert market.between("A", "B", START_NS + 4 * HOUR_NS) == pytest.approx(1)
    assert market.between("A", "B", START_NS + 4 * HOUR_NS - 1) is None
    assert market.between("A", "F", START_NS + 4 * HOUR_NS) is None
    assert market.between("A", "Z", START_NS + 4 * HOUR_NS) is None


def test_hours_that_lie_too_far_back_do_not_count() -> None:
    """The window is one of hours, not of returns: a symbol that stopped trading fades out of it."""
    prices = [100.0, 101.0, 100.0, 102.0, 101.0, 103.0, 104.0]
    market = Correlations({"A": closes(prices), "B": closes(prices)}, n=4)
    assert market.between("A", "B", START_NS + 9 * HOUR_NS - 1) is not None
    assert market.between("A", "B", START_NS + 10 * HOUR_NS) is None


def test_a_return_needs_the_hour_before_it() -> None:
    """After a hole the first hour has none: what happened in the hole is no hourly return."""
    prices = [100.0, 101.0, 100.0, 900.0, 905.0, 900.0]
    holed = replace(closes(prices).without([3]), interval_ns=HOUR_NS)
    market = Correlations({"A": closes(prices), "B": holed}, n=5)
    assert market.between("A", "B", START_NS + 6 * HOUR_NS) == pytest.approx(1)


def test_longer_history_counts() -> None:
    """Hours before the candles are looked back to."""
    minutes = made_up(3, 60 * 10)
    longer = closes([1_000.0 + n % 3 for n in range(12)], START_NS - 10 * HOUR_NS)
    end_ns = START_NS + 2 * HOUR_NS
    alone = Correlations({"A": minutes, "B": minutes}, n=12)
    assert alone.between("A", "B", end_ns) is None
    market = Correlations({"A": minutes, "B": minutes}, {"A": longer, "B": longer}, n=12)
    assert market.between("A", "B", end_ns) == pytest.approx(1)


def test_one_hour_makes_no_correlation() -> None:
    """At least two are allowed; candles must make hours."""
    with pytest.raises(ConfigError, match=r"over 1 hours .* allowed: 2 or more"):
        Correlations({}, n=1)
    with pytest.raises(ConfigError, match="parts of 60"):
        Correlations({"A": replace(made_up(1, 9), interval_ns=7 * MINUTE_NS)}).between("A", "A", 0)

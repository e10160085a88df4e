"""The made-up market."""

from __future__ import annotations

import hashlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari import kernel
from sadari.kernel import Candles

MINUTE = 60_000_000_000
START = 1_700_000_040_000_000_000


def market(seed: int, rows: int, price: float = 50_000.0, tick_units: int = 10_000_000) -> Candles:
    """A market of minutes."""
    return kernel.synthetic(seed, rows, START, MINUTE, price, tick_units)


def test_a_seed_gives_the_same_market_on_every_machine() -> None:
    """The bytes of a market are fixed by its seed: integers and the four operations alone make it."""
    made = market(7, 20_000)
    digest = hashlib.sha256()
    for column in (made.open_time_ns, made.open, made.high, made.low, made.close, made.volume, made.quote_volume):
        assert column is not None
        digest.update(memoryview(column))
    assert digest.hexdigest()[:12] == "d6c846bf726b"


@given(seed=st.integers(0, 2**64 - 1), rows=st.integers(0, 300))
def test_a_longer_market_begins_with_the_shorter_one(seed: int, rows: int) -> None:
    """The number of rows decides where a market ends and nothing else."""
    assert market(seed, 300).close.tolist()[:rows] == market(seed, rows).close.tolist()


@given(
    seed=st.integers(0, 2**64 - 1),
    price=st.sampled_from([0.000012, 0.37, 51.0, 64_000.0]),
    tick_units=st.sampled_from([1, 5, 10]),
)
def test_a_made_up_candle_is_a_sound_candle_on_the_tick_grid(seed: int, price: float, tick_units: int) -> None:
    """No fault, no hole, every price a whole number of ticks, every volume above zero."""
    made = market(seed, 2_000, price, tick_units)
    table = (made.open_time_ns, made.open, made.high, made.low, made.close, made.volume)
    assert kernel.check_candles(*table, MINUTE) is None
    assert made.open_time_ns[0] == START
    tick = Decimal(tick_units).scaleb(-8)
    for value in made.high.tolist() + made.low.tolist():
        assert Decimal(repr(value)) % tick == 0
    assert min(made.volume.tolist()) > 0


def test_a_year_of_made_up_minutes_has_calm_storms_gaps_and_crashes_and_stays_in_its_decade() -> None:
    """Half a million candles hold every kind of weather that a position engine must meet."""
    made = market(1, 525_600)
    opens, close = made.open.tolist(), made.close.tolist()
    assert 5_000 < min(close) < max(close) < 500_000
    hours = [abs(b / a - 1) for a, b in zip(close[::60], close[60::60], strict=False)]
    assert sum(change < 0.002 for change in hours) > 500
    assert max(1 - b / a for a, b in zip(close, close[30:], strict=False)) > 0.15
    assert sum(o != c for o, c in zip(opens[1:], close, strict=False)) > 10_000


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rows": 16_000_001}, "rows is 16000001"),
        ({"start_ns": 1}, "start_ns is 1"),
        ({"interval_ns": 0}, "interval_ns is 0"),
        ({"price": 1e-7}, "price is 0.0000001"),
        ({"price": float("nan")}, "price is NaN"),
        ({"tick_units": 0}, "tick_units is 0"),
    ],
)
def test_a_market_that_cannot_be_made_is_refused(change: dict[str, float], sentence: str) -> None:
    """One sentence names the argument and its value."""
    arguments = {"seed": 1, "rows": 10, "start_ns": 0, "interval_ns": MINUTE, "price": 100.0, "tick_units": 1_000}
    with pytest.raises(ValueError, match=sentence):
        kernel.synthetic(**(arguments | change))  # type: ignore[arg-type]

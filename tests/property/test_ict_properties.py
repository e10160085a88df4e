"""The ICT concepts and the entry model over any market: slow twins, both drives, no look at the future, both sides."""

from __future__ import annotations

import random
from array import array
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari import kernel
from sadari.model.units import MINUTE_NS
from sadari.sensors.ict_settings import FACTS, IctSettings
from sadari.store.candles import load
from tests.reference import ict as slow
from tests.reference.ict import Bar, Fact, Said
from tests.reference.tapes import Columns, minutes

CENT = 0.01


def walk(rng: random.Random, rows: int, tick: float = CENT) -> list[Bar]:
    """Candles on a coarse grid, so that levels are equal, touched and met exactly; some jump."""
    scale, price, found = round(1 / tick), rng.randrange(9_000, 11_000), []
    step = rng.choice((3, 8, 30))
    for _ in range(rows):
        first = price + (rng.randint(-step, step) if rng.random() < 0.2 else 0)
        price = first + rng.randint(-step, step)
        high, low = (max(first, price) + rng.randint(0, step), min(first, price) - rng.randint(0, step))
        found.append(tuple(value / scale for value in (first, high, low, price)))
    return found  # type: ignore[return-value]


@st.composite
def markets(draw: st.DrawFn) -> list[Bar]:
    """A market of up to 260 candles: in the later ones a true range may decide."""
    return walk(random.Random(draw(st.integers(0, 2**32))), draw(st.integers(3, 260)))


rules = st.builds(
    IctSettings,
    swing_left=st.integers(1, 3),
    swing_right=st.integers(1, 3),
    eq_tol=st.sampled_from([0.0, 0.1, 0.5]),
    min_fvg_atr=st.sampled_from([0.0, 0.0, 0.3]),
    ob_select=st.sampled_from(["EXTREME", "LAST_OPPOSITE"]),
    shift_within=st.sampled_from([5, 20]),
    entry_level=st.sampled_from([0.0, 0.5, 0.62, 1.0]),
    entry_ttl=st.sampled_from([4, 24]),
    stop_buffer=st.sampled_from([0.0, 0.005]),
    target=st.sampled_from(["MULTI_R", "ATR", "STRUCTURE"]),
    target_r=st.sampled_from([(0.3, 1.0), (0.8, 1.2)]),
    target_shares=st.just((0.5, 0.5)),
    stop=st.sampled_from(["REVERSAL", "ATR", "WIDER", "TIGHTER"]),
)


def facts(bars: list[Bar], settings_: IctSettings) -> list[Fact]:
    """What columns make known."""
    columns = [array("d", column) for column in zip(*bars, strict=True)]
    found = kernel.ict_facts(settings_, *columns)
    rows = zip(*(getattr(found, name).tolist() for name in ("row", "code", "at", "bottom", "top")), strict=True)
    return [(int(row), FACTS[int(code) // 2], bool(code % 2), int(at), a, b) for row, code, at, a, b in rows]


def near(found: list[Fact], expected: list[Fact]) -> bool:
    """Whether two lists of facts are the same, whatever their order within a candle."""
    return sorted(found, key=slow.order) == expected


@given(bars=markets(), settings_=rules, cut=st.integers(0, 150))
def test_the_facts_are_their_twins_in_both_drives_and_never_look_ahead(
    bars: list[Bar], settings_: IctSettings, cut: int
) -> None:
    """As defined, candle by candle as over columns; a beginning has the beginning of them."""
    found = facts(bars, settings_)
    assert near(found, slow.facts(bars, settings_))
    reader = kernel.IctReader(settings_)
    pushed = [fact for bar in bars for fact in reader.push(*bar)]
    assert [(row, FACTS[code // 2], bool(code % 2), at, a, b) for row, code, at, a, b in pushed] == found
    assert facts(bars[:cut], settings_) == [fact for fact in found if fact[0] < cut] if cut else True


def said(candles: Columns, settings_: IctSettings, tick: float = CENT) -> list[tuple[Any, ...]]:
    """What the model says, candle by candle as over columns."""
    found = kernel.ict_batch(settings_, candles.columns, MINUTE_NS, MINUTE_NS, tick)  # type: ignore[arg-type]
    stream = kernel.IctStream(settings_, MINUTE_NS, MINUTE_NS, tick)
    pushed = [one for row in zip(*candles.columns, strict=True) for one in stream.push(*row) or ()]
    assert pushed == found
    return list(found)


def shown(one: Said, bars: Columns) -> tuple[object, ...]:
    """What the twin says, as the kernel would, without the numbers that only accompany an entry."""
    row, short, sweep, what, entry = one
    closes = [time_ns + MINUTE_NS for time_ns in bars.open_time_ns.tolist()]
    if entry is None:
        return closes[row], short, closes[sweep], what, None
    at, bottom, top = entry.gap
    price, extreme = float(entry.price), entry.extreme
    terms = (price, extreme, entry.swept, entry.broken, closes[at], bottom, top, entry.liquidity, entry.turned)
    return closes[row], short, closes[sweep], what, terms


def plain(one: tuple[Any, ...]) -> tuple[Any, ...]:
    """What the kernel says without true range and volatility."""
    *head, terms = one
    return (*head, None if terms is None else (*terms[:8], terms[10]))


@given(bars=markets(), settings_=rules, tick=st.sampled_from([0.01, 0.05, 0.2]))
@settings(max_examples=200)
def test_the_entry_model_is_its_twin_in_both_drives(bars: list[Bar], settings_: IctSettings, tick: float) -> None:
    """Entries to the last digit, and how every set-up ended."""
    candles = minutes(bars)
    expected = slow.Model(bars, settings_, Fraction(str(tick))).said()
    found = [plain(one) for one in said(candles, settings_, tick)]
    assert sorted(found, key=str) == sorted((shown(one, candles) for one in expected), key=str)


@given(seed=st.integers(0, 2**32), settings_=rules, cut=st.integers(1, 400))
@settings(max_examples=50)
def test_the_entry_model_never_looks_ahead(seed: int, settings_: IctSettings, cut: int) -> None:
    """A beginning says what it says within the whole."""
    candles = minutes(walk(random.Random(seed), 400))
    end_ns = candles.open_time_ns[cut - 1] + MINUTE_NS
    whole = said(candles, settings_)
    part = said(candles.rows(slice(cut)), settings_)
    assert part == [one for one in whole if one[0] <= end_ns]


@given(seed=st.integers(0, 2**32), settings_=rules)
@settings(max_examples=100)
def test_the_sides_are_mirrors_of_each_other(seed: int, settings_: IctSettings) -> None:
    """With every price p as 200 - p, highs for lows, the same set-ups on the other side; stops and targets aside.

    A stop's buffer is a share of the price, and a candle that is a swing both ways counts as a high: neither reflects.
    """
    bars = [bar for bar in walk(random.Random(seed), 300) if max(bar) < 200]
    kept = bars[:1]
    for bar in bars[1:]:
        if bar[1] < kept[-1][1] or bar[2] > kept[-1][2]:
            kept.append(bar)
    wide = IctSettings(
        swing_left=settings_.swing_left, swing_right=settings_.swing_right, eq_tol=0.0,
        target_r=(900.0,), target_shares=(1.0,),
        entry_level=settings_.entry_level, entry_ttl=settings_.entry_ttl, shift_within=settings_.shift_within,
    )  # fmt: skip
    turned = [tuple(round(200 - price, 2) for price in (a, low, high, b)) for a, high, low, b in kept]
    found = sorted((plain(one) for one in said(minutes(kept), wide)), key=str)
    other = sorted((reflected(plain(one)) for one in said(minutes(turned), wide)), key=str)  # type: ignore[arg-type]
    assert found == other


def reflected(one: tuple[Any, ...]) -> tuple[Any, ...]:
    """What was said, in the mirror."""
    close_ns, short, sweep_ns, what, terms = one
    names = {"NOT_IN_PREMIUM": "NOT_IN_DISCOUNT", "NOT_IN_DISCOUNT": "NOT_IN_PREMIUM"}
    if terms is None:
        return close_ns, not short, sweep_ns, names.get(what, what), None
    mirrored = [None if value is None else round(200 - value, 2) for value in terms[:4] + terms[5:8]]
    *prices, bottom, top, level = mirrored
    return close_ns, not short, sweep_ns, what, (*prices, terms[4], top, bottom, level, terms[8])


@pytest.mark.parametrize("symbol", ["BTCUSDT", "1000PEPEUSDT"])
def test_the_facts_of_recorded_candles_are_their_twins(recorded_data: Path, symbol: str) -> None:
    """Two thousand recorded five-minute candles of a dear and of a cheap contract."""
    candles = load([recorded_data / "klines-5m"], [symbol])[symbol]
    part = slice(50_000, 52_000)
    bars = list(zip(*(getattr(candles, name)[part].tolist() for name in ("open", "high", "low", "close")), strict=True))
    assert near(facts(bars, IctSettings()), slow.facts(bars, IctSettings()))

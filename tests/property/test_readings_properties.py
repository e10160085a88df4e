"""Scanner, structure, outcomes and correlation over any series: slow twins, both drives, no look at the future."""

from __future__ import annotations

import math
import random
from array import array
from fractions import Fraction
from itertools import pairwise
from typing import Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari import kernel
from sadari.model.order import Direction
from sadari.model.units import HOUR_NS, MINUTE_NS
from sadari.sensors.candidates import ranked
from sadari.sensors.scanner import CONDITIONS, Scanner, ScannerSettings
from sadari.sensors.signals import Candle
from tests.reference import quality as slow_quality
from tests.reference import scanner as slow_scanner
from tests.reference import structure as slow_structure
from tests.reference.scanner import Quoted, Row, quoted

Filter = Literal["option_b", "old"]
QUARTER_NS = 15 * MINUTE_NS
# Steps of a price in percent; those of 3, 2 and 4 meet the boundaries of the conditions exactly.
STEPS = (0, 0, 0, 1, -1, 2, -2, 3, -3, 4, -4)


def market(rng: random.Random, rows: int, start: int) -> list[Row]:
    """Candles around 100, many of them of the same few prices and volumes; some are missing, some had no trade."""
    price, table = 100.0, []
    holes = {rng.randrange(rows * 4) for _ in range(2)}
    busy = rng.choice((1.0, 0.95, 0.5))
    for number in range(rows):
        after = round(100 * (1 + rng.choice(STEPS) / 100), 8) if rng.random() < 0.5 else price
        high = max(price, after, round(price * (1 + rng.choice(STEPS) / 100), 8))
        low = min(price, after, round(price * (1 + rng.choice(STEPS) / 100), 8))
        volume = rng.choice((1.0, 2.0, 3.0)) if rng.random() < busy else 0.0
        if number not in holes:
            amount = volume * rng.choice((2.0, 3.0))
            table.append(((start + number) * QUARTER_NS, price, high, low, after, volume, amount))
        price = after
    return table


@st.composite
def markets(draw: st.DrawFn) -> list[Row]:
    """A market of up to sixty hours, most of them long enough for a verdict."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    rows = draw(st.sampled_from([4, 90, 120, 160, 240]))
    return market(rng, rows, draw(st.integers(0, 7)))


Choice = tuple[Filter, bool, bool]
choices: st.SearchStrategy[Choice] = st.tuples(st.sampled_from(get_args(Filter)), st.booleans(), st.booleans())


def fresh(name: Filter, *, short: bool = False) -> kernel.Scanner:
    """A kernel with the default settings."""
    rise = 0.03 if name == "option_b" else 0.02
    return kernel.Scanner(QUARTER_NS, name, rise=rise, change=0.04, surge=1.5, bodies=2, short=short)


def stream_of(rows: list[Row], choice: Choice, longer: Quoted | None = None) -> list[int]:
    """The masks of a kernel that is given candle after candle."""
    name, short, known = choice
    scanner = fresh(name, short=short)
    if longer is not None:
        scanner.warm(
            longer.open_time_ns, longer.open, longer.high, longer.low, longer.close, longer.volume,
            longer.quote_volume, longer.interval_ns,
        )  # fmt: skip
    return [scanner.push(*row[:6], row[6] if known else None) for row in rows]


@given(rows=markets(), choice=choices)
def test_the_scanner_is_its_twin(rows: list[Row], choice: Choice) -> None:
    """Every scan has the conditions that its definition finds in all hours looked at anew."""
    name, short, known = choice
    expected = slow_scanner.verdicts(rows, QUARTER_NS, old=name == "old", short=short, known=known)
    assert stream_of(rows, choice) == expected


@given(rows=markets(), choice=choices, cut=st.integers(1, 200), overlap=st.integers(0, 40))
def test_longer_history_is_what_came_before(rows: list[Row], choice: Choice, cut: int, overlap: int) -> None:
    """Hours that open before the first candle are taken from longer history, and none that open later."""
    late = rows[cut:]
    if not late:
        return
    name, short, known = choice
    hours = slow_scanner.whole_hours(rows[: cut + overlap], QUARTER_NS, known=known)
    longer = quoted(list(hours.values()), HOUR_NS)
    expected = slow_scanner.verdicts(late, QUARTER_NS, old=name == "old", short=short, known=known, longer=hours)
    assert stream_of(late, choice, longer) == expected


@given(rows=markets(), choice=choices)
def test_the_scans_of_columns_are_those_of_candle_after_candle(
    rows: list[Row], choice: tuple[Filter, bool, bool]
) -> None:
    """Counts, ages at and between closes, and the volume of the day agree in both drives."""
    name, short, known = choice
    direction = Direction.SHORT if short else Direction.LONG
    scanner = Scanner(ScannerSettings(filter=name, short=short))
    candidates = scanner.batch({"A": quoted(rows, QUARTER_NS, known=known)})
    stream = scanner.stream(QUARTER_NS, direction=direction)
    verdicts = []
    for row in rows:
        verdicts.append(stream.push(Candle(*row[:6]), row[6] if known else None))
        for time_ns in (verdicts[-1].close_ns, verdicts[-1].close_ns + QUARTER_NS - 1):
            assert candidates.age_ns("A", time_ns, direction) == stream.age_ns(time_ns)
    facts = candidates.facts("A", direction)
    assert facts.candidate_scans == sum(verdict.candidate for verdict in verdicts)
    assert facts.ready == sum(verdict.held is not None for verdict in verdicts)
    assert facts.scans == len(rows)
    for condition in CONDITIONS[name]:
        assert facts.held[condition] == sum(condition in (verdict.held or ()) for verdict in verdicts)
        others = set(CONDITIONS[name]) - {condition}
        assert facts.sole_failures[condition] == sum(set(verdict.held or ()) == others for verdict in verdicts)


@given(rows=markets(), choice=choices, cuts=st.lists(st.integers(0, 240), max_size=3))
def test_columns_may_come_in_parts(rows: list[Row], choice: Choice, cuts: list[int]) -> None:
    """Scans over parts one after another are the scans over the whole, and nothing later changes what was found."""
    name, short, known = choice
    masks, first = [0] * 16, list[float]()
    days, seen = list[tuple[float, float]](), list[tuple[float, float]]()
    scanner, stream = fresh(name, short=short), fresh(name, short=short)
    for start, stop in pairwise([0, *sorted(cuts), len(rows)]):
        part = quoted(rows[start:stop], QUARTER_NS, known=known)
        found = scanner.scan(
            part.open_time_ns, part.open, part.high, part.low, part.close, part.volume, part.quote_volume
        )
        masks = [a + b for a, b in zip(masks, found.masks, strict=True)]
        days += zip(found.hour_ns.tolist(), found.quote_volume.tolist(), strict=True)
        first += found.first_ns.tolist()
    expected = []
    for row in rows:
        expected.append(stream.push(*row[:6], row[6] if known else None))
        if stream.day is not None and stream.day not in seen[-1:]:
            seen.append(stream.day)
    assert masks == [expected.count(mask) for mask in range(16)]
    assert days == seen
    every = (1 << len(CONDITIONS[name])) - 1
    assert set(first) <= {row[0] + QUARTER_NS for row, mask in zip(rows, expected, strict=True) if mask == every}


@pytest.mark.parametrize("minutes", [1, 5, 30, 60])
@given(
    seed=st.integers(0, 2**32),
    name=st.sampled_from(get_args(Filter)),
    start=st.integers(0, 90),
    hole=st.integers(0, 5000),
)
@settings(max_examples=8)
def test_candles_of_any_part_of_an_hour_are_scanned_alike_in_both_drives(
    minutes: int, seed: int, name: Filter, start: int, hole: int
) -> None:
    """Over a made-up market with a hole: each mask as often, and each volume of a day to the last bit."""
    interval_ns = minutes * MINUTE_NS
    made = kernel.synthetic(seed, 4000 // minutes + 40, start * interval_ns, interval_ns, 1000.0, 10_000_000)
    columns = (made.open_time_ns, made.open, made.high, made.low, made.close, made.volume, made.quote_volume)
    rows: list[Row] = list(zip(*(memoryview(column).tolist() for column in columns if column), strict=True))
    del rows[hole : hole + 1]
    rise = 0.01 if name == "option_b" else 0.005
    batch, stream = (kernel.Scanner(interval_ns, name, rise=rise, change=0.01, surge=1.1, bodies=2) for _ in range(2))
    table = quoted(rows, interval_ns)
    found = batch.scan(
        table.open_time_ns, table.open, table.high, table.low, table.close, table.volume, table.quote_volume
    )
    masks, days = [], list[tuple[int, float]]()
    for row in rows:
        masks.append(stream.push(*row))
        if stream.day is not None and stream.day not in days[-1:]:
            days.append(stream.day)
    assert found.masks == [masks.count(mask) for mask in range(16)]
    assert (found.short, found.quiet) == (masks.count(-1), masks.count(-2))
    assert list(zip(found.hour_ns.tolist(), found.quote_volume.tolist(), strict=True)) == days
    assert batch.day == stream.day


@given(seeds=st.lists(st.integers(0, 2**32), min_size=3, max_size=5), top=st.integers(1, 4))
@settings(max_examples=30)
def test_ranked_candidacies_are_those_of_each_scan(seeds: list[int], top: int) -> None:
    """Scan by scan: a candidate counts if its volume of the day is among the greatest of that hour."""
    tables = {f"S{n}": market(random.Random(seed), 160, n % 3) for n, seed in enumerate(seeds)}
    scanner = Scanner(ScannerSettings(filter="old", top=top))
    candidates = scanner.batch({symbol: quoted(rows, QUARTER_NS) for symbol, rows in tables.items()})
    streams = {symbol: fresh("old") for symbol in tables}
    days: dict[int, dict[str, float | None]] = {}
    scans: dict[str, list[tuple[int, bool]]] = {symbol: [] for symbol in tables}
    for symbol, rows in tables.items():
        for row in rows:
            mask = streams[symbol].push(*row)
            scans[symbol].append((row[0] + QUARTER_NS, mask == 3))
            day = streams[symbol].day
            if day is not None:
                days.setdefault(day[0], {})[symbol] = day[1]
    for symbol, found in scans.items():
        last = None
        for close_ns, candidate in found:
            if candidate and symbol in ranked(days[close_ns // HOUR_NS * HOUR_NS], top):
                last = close_ns
            assert candidates.age_ns(symbol, close_ns) == (None if last is None else close_ns - last)


sizes = st.integers(1, 4)


@given(rows=markets(), left=sizes, right=sizes, cut=st.integers(0, 240))
def test_market_structure_is_its_twin_in_both_drives_and_never_looks_ahead(
    rows: list[Row], left: int, right: int, cut: int
) -> None:
    """Breaks and swings as defined, candle by candle as over columns; a beginning has the beginning of them."""
    _, _, high, low, close, *_ = (array("d", map(float, column)) for column in zip(*rows, strict=True))
    breaks, swings = kernel.structure(high, low, close, left, right)
    assert swings == slow_structure.swings(high, low, left, right)
    assert breaks == slow_structure.breaks(high, low, close, left, right)
    moving = kernel.Structure(left, right)
    moved = [moving.push(*candle) for candle in zip(high, low, close, strict=True)]
    assert [found for found, _ in moved if found] == breaks
    assert [found for _, found in moved if found] == swings
    part = kernel.structure(high[:cut], low[:cut], close[:cut], left, right)
    assert part[0] == [found for found in breaks if found[0] < cut]
    assert part[1] == [found for found in swings if found[0] < cut]


@given(rows=markets(), short=st.booleans(), share=st.sampled_from([0.01, 0.02, 0.03]), candles=st.integers(1, 20))
def test_outcomes_are_their_twins(rows: list[Row], short: bool, share: float, candles: int) -> None:
    """At every close, between closes and beyond the candles."""
    table = quoted(rows, QUARTER_NS)
    end_ns = rows[-1][0] + 2 * QUARTER_NS
    times = [*range(rows[0][0], end_ns, QUARTER_NS), rows[0][0] + 1]
    found = kernel.outcomes(
        table.open_time_ns,
        table.open,
        table.high,
        table.low,
        table.close,
        table.volume,
        QUARTER_NS,
        array("q", times),
        short=short,
        share=share,
        window_ns=candles * QUARTER_NS,
    )
    exact = Fraction(str(share))
    assert found.tolist() == [
        slow_quality.outcome(rows, QUARTER_NS, time_ns, -1 if short else 1, exact, candles) for time_ns in times
    ]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[int, float], dict[int, float]]:
    """Closes of two symbols by the hour; some hours are missing."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    alike, rows = draw(st.sampled_from([0.0, 0.5, 1.0])), draw(st.integers(2, 60))
    a, b = rng.uniform(0.01, 1e5), rng.uniform(0.01, 1e5)
    found: tuple[dict[int, float], dict[int, float]] = ({}, {})
    for hour in range(1, rows + 1):
        move = rng.gauss(0, 0.01)
        a, b = a * math.exp(move), b * math.exp(alike * move + (1 - alike) * rng.gauss(0, 0.01))
        for table, price in zip(found, (a, b), strict=True):
            if rng.random() < 0.95:
                table[hour * HOUR_NS] = price
    return found


def correlated(a: dict[int, float], b: dict[int, float], n: int, time_ns: int) -> float | None:
    """The kernel's correlation of closes by their closing time."""
    columns = [
        column
        for table in (a, b)
        for column in (array("q", [end - HOUR_NS for end in table]), array("d", table.values()))
    ]
    return kernel.correlation(
        columns[0], columns[1], columns[2], columns[3], frame_ns=HOUR_NS, n=n, least=n // 2, time_ns=time_ns
    )


@given(tables=pairs(), n=st.integers(2, 40), hour=st.integers(0, 62), scale=st.sampled_from([1.0, 2.0, 3.7, 1e-6]))
def test_correlation_is_its_twin_symmetric_bounded_and_blind_to_scale_and_future(
    tables: tuple[dict[int, float], dict[int, float]], n: int, hour: int, scale: float
) -> None:
    """As defined within 1e-9; a copy at any scale correlates wholly."""
    a, b = tables
    time_ns = hour * HOUR_NS - n % 3
    found = correlated(a, b, n, time_ns)
    expected = slow_quality.correlation(a, b, HOUR_NS, n, n // 2, time_ns)
    assert (found is None) == (expected is None)
    if found is not None:
        assert found == pytest.approx(expected, abs=1e-9)
        assert -1 <= found <= 1
    assert correlated(b, a, n, time_ns) == found
    past = [{end: price for end, price in table.items() if end <= time_ns} for table in tables]
    assert correlated(past[0], past[1], n, time_ns) == found
    copy = correlated(a, {end: price * scale for end, price in a.items()}, n, time_ns)
    assert copy is None or copy == pytest.approx(1, abs=1e-9)

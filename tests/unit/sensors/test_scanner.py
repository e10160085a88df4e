"""The scanner's conditions at their boundaries, its counts, its ranking."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sadari.errors import ConfigError
from sadari.model.order import Direction
from sadari.model.units import DAY_NS, HOUR_NS, MINUTE_NS
from sadari.sensors.candidates import ranked
from sadari.sensors.scanner import Scanner, ScannerSettings, in_universe
from sadari.sensors.signals import Candle
from sadari.store.candles import load
from tests.reference.scanner import Quoted, Row, quoted
from tests.reference.tapes import INSTRUMENT, START_NS

Hour = tuple[float, float, float, float, float]

# The vector of strategies §4: open, high, low, close, quote volume of the last four hours.
VECTOR: list[Hour] = [
    (100, 101, 99, 100.5, 1000),
    (100.5, 104, 100, 103, 1800),
    (103, 103.5, 101, 102, 1600),
    (102, 103, 101.5, 102.8, 1700),
]
EVERY = ("SC-1", "SC-2", "SC-3", "SC-4")


def before(baseline: float, count: int = 20) -> list[Hour]:
    """Hours at one price with one quote volume."""
    return [(100, 100, 100, 100, baseline)] * count


def hourly(hours: Sequence[Hour], start_ns: int = START_NS, volume: float = 1.0) -> Quoted:
    """Candles of one hour."""
    rows = [(start_ns + n * HOUR_NS, o, h, low, c, volume, q) for n, (o, h, low, c, q) in enumerate(hours)]
    return quoted(rows, HOUR_NS)


def held(hours: Sequence[Hour], settings: ScannerSettings | None = None, **choice: Any) -> tuple[str, ...] | None:
    """The conditions that hold at the close of the last hour."""
    stream = Scanner(settings or ScannerSettings()).stream(HOUR_NS, **choice)
    verdict = None
    for number, (o, h, low, c, q) in enumerate(hours):
        verdict = stream.push(Candle(START_NS + number * HOUR_NS, o, h, low, c, 1.0), q)
    return verdict.held if verdict else None


@pytest.mark.requirement("R004-33")
def test_the_vector_of_the_scanner() -> None:
    """Strategies §4: rises of 1, 3.4826, 0.4854, 0.9804 %, return +2.8 %, mean 1525, three bullish hours."""
    rises = [(Decimal(str(high)) / Decimal(str(o)) - 1) * 100 for o, high, *_ in VECTOR]
    places = Decimal("0.0001")
    assert [rise.quantize(places) for rise in rises] == [
        Decimal(text) for text in ("1.0000", "3.4826", "0.4854", "0.9804")
    ]
    assert Decimal("102.8") / 100 - 1 == Decimal("0.028")
    assert Fraction(sum(int(hour[4]) for hour in VECTOR), 4) == 1525
    assert held(before(1016.666) + VECTOR) == EVERY
    assert held(before(1016.67) + VECTOR) == ("SC-1", "SC-2", "SC-4")


@pytest.mark.parametrize(
    ("baseline", "surges"), [(1016.6666666666666, True), (1000, True), (1016.6667, False), (0, False)]
)
def test_the_volume_condition_includes_its_boundary_and_excludes_an_empty_baseline(
    baseline: float, surges: bool
) -> None:
    """SC-3: 1525 is one and a half times 1525/1.5, and of nothing it is no multiple."""
    assert ("SC-3" in (held(before(baseline) + VECTOR) or ())) is surges


@pytest.mark.parametrize(
    ("opening", "high", "rises"),
    [
        (100, 103, True),
        (100, 102.99999999, False),
        (0.07, 0.0721, True),
        (0.07, 0.07209999, False),
        (1.1, 1.133, True),
        (3.3e-7, 3.4e-7, True),
        (3.3e-7, 3.3e-7, False),
    ],
)
def test_the_rise_is_compared_as_the_decimals_would_be(opening: float, high: float, rises: bool) -> None:
    """SC-1 at exactly 3 %, also where binary fractions do not know 3 %, and a unit below."""
    hours = [(opening, opening, opening, opening, 1.0)] * 23 + [(opening, high, opening, opening, 1.0)]
    assert ("SC-1" in (held(hours) or ())) is rises


def test_only_the_last_four_hours_can_rise() -> None:
    """SC-1 holds for four hours after a rise and not for a fifth."""
    rise: Hour = (100, 104, 100, 100, 1)
    assert "SC-1" in (held([*before(1), rise, *before(1, 3)]) or ())
    assert "SC-1" not in (held([*before(1), rise, *before(1, 4)]) or ())


@pytest.mark.parametrize(("price", "risen"), [(100.5, True), (100.00000001, True), (100, False), (99.9, False)])
def test_the_return_is_strict(price: float, risen: bool) -> None:
    """SC-2: the price of the scan lies above the open of four hours ago, not at it."""
    hours = [*before(1, 23), (100.0, 101.0, 99.0, price, 1.0)]
    assert ("SC-2" in (held(hours) or ())) is risen


@pytest.mark.parametrize(("closes", "bullish"), [((101, 100, 101, 100), True), ((101, 100, 100, 99), False)])
def test_two_bullish_hours_of_four_are_enough_and_a_doji_is_none(closes: Sequence[float], bullish: bool) -> None:
    """SC-4: a close above the open counts, one at the open does not."""
    hours = before(1) + [(100.0, 101.0, 99.0, close, 1.0) for close in closes]
    assert ("SC-4" in (held(hours) or ())) is bullish


def test_other_settings_move_the_boundaries() -> None:
    """A rise of 3.5 %, a surge of 1.6 and four bullish hours are more than the vector has."""
    strict = ScannerSettings(rise=0.035, surge=1.6, bullish=4)
    assert held(before(1016.666) + VECTOR, strict) == ("SC-2",)
    assert held(before(953) + VECTOR, ScannerSettings(surge=1.6)) == EVERY


@pytest.mark.requirement("R004-32")
@pytest.mark.parametrize(
    ("price", "high", "expected"),
    [
        (104, 104, ("RISE", "CHANGE")),
        (103.99999999, 104, ("RISE",)),
        (104, 101.99999999, ("CHANGE",)),
        (100, 102, ("RISE",)),
    ],
)
def test_the_older_filter_wants_a_rise_and_a_change_over_the_day(
    price: float, high: float, expected: tuple[str, ...]
) -> None:
    """2 % within one of the last four hours, 4 % from the open of the 24th last; both inclusive."""
    day = [*before(1, 21), (100.0, high, 99.0, 100.0, 1.0), *before(1, 1), (price, price, price, price, 1.0)]
    assert held(day, ScannerSettings(filter="old")) == expected


def test_the_mirror_finds_a_fall() -> None:
    """SHORT: every price on the other side of 200 gives the same conditions, and LONG none but the volume."""
    mirrored: list[Hour] = [(200 - o, 200 - low, 200 - h, 200 - c, q) for o, h, low, c, q in VECTOR]
    hours = before(1000) + mirrored
    assert held(hours, direction=Direction.SHORT) == EVERY
    assert held(hours) == ("SC-3",)
    both = Scanner(ScannerSettings(short=True)).batch({"AUSDT": hourly(hours)})
    end_ns = START_NS + DAY_NS
    assert both.age_ns("AUSDT", end_ns, Direction.SHORT) == 0
    assert both.age_ns("AUSDT", end_ns) is None
    assert Scanner(ScannerSettings()).batch({"AUSDT": hourly(hours)}).age_ns("AUSDT", end_ns, Direction.SHORT) is None


def test_a_verdict_needs_twenty_four_hours_without_a_hole() -> None:
    """23 hours are too few, and after a hole they are counted anew."""
    assert held([*before(1000, 19), *VECTOR]) is None
    whole = before(1000, 60)
    rows = [row for row in hour_rows(whole) if row[0] != START_NS + 30 * HOUR_NS]
    facts = Scanner(ScannerSettings()).batch({"AUSDT": quoted(rows, HOUR_NS)}).facts("AUSDT")
    assert (facts.scans, facts.too_short, facts.ready) == (59, 23 + 23, 7 + 6)


def hour_rows(hours: Sequence[Hour]) -> list[Row]:
    """Rows of one hour."""
    return [(START_NS + n * HOUR_NS, o, h, low, c, 1.0, q) for n, (o, h, low, c, q) in enumerate(hours)]


def test_a_market_without_trades_is_not_read() -> None:
    """Strategies §1.5: five of the last twenty hours without a trade are allowed, six are not."""
    for without, quiet in ((5, 0), (6, 1)):
        rows = [
            (*row[:5], 0.0 if n < 4 + without and n >= 4 else 1.0, row[6])
            for n, row in enumerate(hour_rows(before(9, 24)))
        ]
        facts = Scanner(ScannerSettings()).batch({"AUSDT": quoted(rows, HOUR_NS)}).facts("AUSDT")
        assert (facts.quiet, facts.ready) == (quiet, 1 - quiet)


def minutes_of(hours: Sequence[Hour], start_ns: int) -> list[Row]:
    """Minutes that make up some hours: the first touches both extremes, all of them share the volume."""
    rows: list[Row] = []
    for number, (o, h, low, c, q) in enumerate(hours):
        for minute in range(60):
            price = o if minute < 59 else c
            extremes = (h, low) if minute == 0 else (max(o, price), min(o, price))
            rows.append((start_ns + (number * 60 + minute) * MINUTE_NS, o, *extremes, price, 1.0, q / 60))
    return rows


def test_the_age_of_a_candidacy_grows_from_its_last_scan() -> None:
    """0 at each scan of it, then the time since the last one; between candles the time since the last close."""
    quiet_hours = before(1000, 2)
    rows = minutes_of([*before(1000), *VECTOR, *quiet_hours, *before(1e6, 4)], START_NS)
    candidates = Scanner(ScannerSettings()).batch({"AUSDT": quoted(rows, MINUTE_NS)})
    first_ns = START_NS + DAY_NS
    assert candidates.age_ns("AUSDT", first_ns - 1) is None
    assert candidates.age_ns("AUSDT", first_ns) == 0
    facts = candidates.facts("AUSDT")
    assert (facts.episodes, facts.candidate_scans) == (1, 1)
    assert candidates.episodes("AUSDT") == [(first_ns, first_ns)]
    assert candidates.age_ns("AUSDT", first_ns + 59 * MINUTE_NS) == 59 * MINUTE_NS
    assert candidates.age_ns("BUSDT", first_ns) is None


def test_longer_history_makes_the_first_scans_ready() -> None:
    """Hours before the candles count, the one in which they begin included; what overlaps them does not."""
    hours = before(1000) + VECTOR
    longer = hourly(hours)
    late_ns = START_NS + 23 * HOUR_NS + 30 * MINUTE_NS
    rows = [row for row in minutes_of([*hours, *before(1000, 2)], START_NS) if row[0] >= late_ns]
    with_history = Scanner(ScannerSettings()).batch({"A": quoted(rows, MINUTE_NS)}, {"A": longer})
    assert with_history.facts("A").too_short == 29
    assert with_history.age_ns("A", START_NS + DAY_NS) == 0
    alone = Scanner(ScannerSettings()).batch({"A": quoted(rows, MINUTE_NS)})
    assert alone.facts("A").ready == 0
    spoiled = hourly([*hours, (1, 1, 1, 1, 1), (1, 1, 1, 1, 1)])
    overlapping = Scanner(ScannerSettings()).batch({"A": quoted(rows, MINUTE_NS)}, {"A": spoiled})
    assert overlapping.facts("A") == with_history.facts("A")


def test_close_times_volume_stands_for_an_unknown_quote_volume() -> None:
    """D-41: the same verdicts as with those products given, and the facts say so."""
    rows = [(*row[:5], row[6], row[4] * row[6]) for row in hour_rows(before(10) + VECTOR)]
    given, made_up = (
        Scanner(ScannerSettings()).batch({"A": quoted(rows, HOUR_NS, known=known)}).facts("A")
        for known in (True, False)
    )
    assert made_up == msgspec.structs.replace(given, quote_volume_known=False)
    assert given.quote_volume_known
    assert given.candidate_scans == 1


def test_attribution_names_the_condition_that_alone_failed() -> None:
    """Held and sole failures are counted condition by condition over the ready scans."""
    facts = Scanner(ScannerSettings()).batch({"A": hourly(before(1016.67) + VECTOR)}).facts("A")
    assert facts.held == {"SC-1": 1, "SC-2": 1, "SC-3": 0, "SC-4": 1}
    assert facts.sole_failures == {"SC-1": 0, "SC-2": 0, "SC-3": 1, "SC-4": 0}
    assert (facts.ready, facts.candidate_scans, facts.episodes) == (1, 0, 0)


def test_symbols_are_ranked_by_volume_then_by_name() -> None:
    """Strategies §4: descending, ties ascending; what is not known has no rank."""
    volumes = {"D": 5.0, "B": 7.0, "A": 7.0, "C": None, "E": 9.0}
    assert ranked(volumes, 3) == ["E", "A", "B"]
    assert ranked(volumes, 9) == ["E", "A", "B", "D"]


def test_only_the_first_symbols_by_volume_of_the_day_are_candidates() -> None:
    """Of three alike the one with the smallest volume is left out while there is room for two, hour by hour."""
    hours = before(1000) + VECTOR
    factors = {"A": 1, "B": 2, "C": 2}
    last = {"A": 9e9, "B": 1700.0, "C": 1700.0}
    grown = {
        symbol: [*((o, h, low, c, q * factor) for o, h, low, c, q in hours), (102.8, 103, 102, 103, last[symbol])]
        for symbol, factor in factors.items()
    }
    end_ns = START_NS + DAY_NS
    narrow = Scanner(ScannerSettings(top=2)).batch({symbol: hourly(table) for symbol, table in grown.items()})
    assert [narrow.age_ns(symbol, end_ns) for symbol in "ABC"] == [None, 0, 0]
    assert [narrow.age_ns(symbol, end_ns + HOUR_NS) for symbol in "AB"] == [0, HOUR_NS]
    facts = narrow.facts("A")
    assert (facts.candidate_scans, facts.ranked_out) == (1, 1)
    wide = Scanner(ScannerSettings(top=3)).batch({symbol: hourly(table) for symbol, table in grown.items()})
    assert [wide.age_ns(symbol, end_ns) for symbol in "ABC"] == [0, 0, 0]


def test_the_universe_holds_trading_perpetuals_in_usdt_that_are_not_denied() -> None:
    """Strategies §4.1: status, contract type, quote asset, deny list; there is no filter on the day's change."""
    replace = msgspec.structs.replace
    settings = ScannerSettings(deny=("XUSDT",))
    others = [
        replace(INSTRUMENT, symbol="XUSDT"),
        replace(INSTRUMENT, symbol="HUSDT", status="BREAK"),
        replace(INSTRUMENT, symbol="QUSDT", contract_type="CURRENT_QUARTER"),
        replace(INSTRUMENT, symbol="BTCUSDC", quote_asset="USDC"),
    ]
    assert not any(in_universe(other, settings) for other in others)
    assert in_universe(replace(INSTRUMENT, symbol="AUSDT"), settings)
    assert in_universe(others[0], ScannerSettings())


def test_a_denied_symbol_is_not_scanned() -> None:
    """It is no candidate whatever its candles say."""
    candidates = Scanner(ScannerSettings(deny=("A",))).batch({"A": hourly(before(1000) + VECTOR)})
    assert candidates.age_ns("A", START_NS + DAY_NS) is None
    assert candidates.episodes("A") == []


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (ScannerSettings(rise=0), "rise is 0;"),
        (ScannerSettings(old_change=1.5), "old_change is 1.5;"),
        (ScannerSettings(surge=-1), "surge is -1;"),
        (ScannerSettings(bullish=5), "bullish is 5; allowed: 0 to 4"),
        (ScannerSettings(top=0), "top is 0; allowed: 1 or more"),
    ],
)
def test_a_setting_out_of_range_is_refused_in_one_sentence(settings: ScannerSettings, sentence: str) -> None:
    """It names the setting, its value and what is allowed."""
    with pytest.raises(ConfigError, match=sentence):
        Scanner(settings)


def test_candles_that_make_no_hours_are_refused() -> None:
    """Seven minutes do not divide an hour."""
    with pytest.raises(ConfigError, match="7 minutes: allowed are parts of 60"):
        Scanner(ScannerSettings()).stream(7 * MINUTE_NS)


@pytest.mark.parametrize(
    ("row", "shift", "fault"), [(90, 0, "the time of the row above"), (70, 5, "before that of the row above")]
)
def test_times_out_of_order_are_refused(row: int, shift: int, fault: str) -> None:
    """Whether the row lies among whole hours or not, the sentence names it and nothing is skipped."""
    rows = minutes_of(before(1000, 3), START_NS)
    rows[row] = (rows[row - 1 - shift][0], *rows[row][1:])
    with pytest.raises(ValueError, match=f"row {row} has .*{fault}"):
        Scanner(ScannerSettings()).batch({"A": quoted(rows, MINUTE_NS)})


def test_every_recorded_minute_is_accounted_for(recorded_data: Path) -> None:
    """Ready, too short and quiet scans make up all candles; a candidate scan needs a scan in which all hold."""
    candles = load([recorded_data / "klines-1m" / "2023-07"], ["XLMUSDT", "DASHUSDT"])
    candidates = Scanner(ScannerSettings()).batch(candles)
    for symbol, columns in candles.items():
        facts = candidates.facts(symbol)
        assert facts.scans == len(columns) == facts.ready + facts.too_short + facts.quiet
        assert 0 < facts.candidate_scans <= min(facts.held.values())
        assert facts.too_short < 25 * 60

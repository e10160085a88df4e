"""Right and wrong signals, and how sure a rate is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from sadari.errors import ConfigError
from sadari.model.order import Direction
from sadari.model.units import MINUTE_NS
from sadari.research.quality import Outcomes, evenly_spaced, judge, section, wilson
from sadari.sensors.scanner import Scanner, ScannerSettings
from sadari.store.candles import load
from tests.reference.tapes import START_NS, minutes

LONG, SHORT = Direction.LONG, Direction.SHORT
SIGNAL_NS = START_NS + MINUTE_NS
STILL = (100.0, 100.0, 100.0, 100.0)


def up(high: float) -> tuple[float, float, float, float]:
    """A minute that goes as high."""
    return (100.0, high, 100.0, 100.0)


def down(low: float) -> tuple[float, float, float, float]:
    """A minute that goes as low."""
    return (100.0, 100.0, low, 100.0)


@pytest.mark.requirement("R004-44")
@pytest.mark.parametrize(
    ("rows", "long", "short"),
    [
        ([up(103.0)], "right", "wrong"),
        ([down(97.0)], "wrong", "right"),
        ([(100.0, 103.0, 97.0, 100.0)], "wrong", "wrong"),
        ([up(102.99999999), down(97.0)], "wrong", "right"),
        ([down(97.00000001), up(103.0)], "right", "wrong"),
        ([STILL] * 239 + [up(103.0)], "right", "wrong"),
        ([STILL] * 240 + [up(103.0)], "undecided", "undecided"),
        ([STILL] * 240, "undecided", "undecided"),
        ([STILL] * 239, "ended", "ended"),
        ([], "ended", "ended"),
    ],
)
def test_what_becomes_of_a_signal(rows: list[tuple[float, float, float, float]], long: str, short: str) -> None:
    """D-07: 3 % its way before 3 % against it within 240 minutes, both inclusive; both in one candle is wrong."""
    candles = minutes([STILL, *rows])
    assert judge(candles, [SIGNAL_NS], LONG) == Outcomes(**{long: 1})
    assert judge(candles, [SIGNAL_NS], SHORT) == Outcomes(**{short: 1})


def test_the_signals_own_candle_does_not_count() -> None:
    """Its extremes lie before the signal price."""
    assert judge(minutes([(100.0, 110.0, 90.0, 100.0), up(103.0)]), [SIGNAL_NS], LONG).right == 1


def test_without_candles_there_is_no_outcome() -> None:
    """A hole before it is decided, one after it, a signal that no candle closes at: each is counted apart."""
    rows = [STILL, STILL, STILL, up(103.0)]
    assert judge(minutes(rows).without([2]), [SIGNAL_NS], LONG).hole == 1
    assert judge(minutes([STILL, up(103.0), STILL, STILL]).without([2]), [SIGNAL_NS], LONG).right == 1
    assert judge(minutes(rows), [SIGNAL_NS + 1, START_NS, START_NS + 9 * MINUTE_NS], LONG).absent == 3


def test_share_and_window_are_parameters() -> None:
    """1 % within two minutes."""
    candles = minutes([STILL, STILL, up(101.0)])
    assert judge(candles, [SIGNAL_NS], LONG, share=0.01, window_ns=2 * MINUTE_NS).right == 1
    assert judge(candles, [SIGNAL_NS], LONG, share=0.01, window_ns=MINUTE_NS).undecided == 1
    with pytest.raises(ConfigError, match="share of a signal's price is 1;"):
        judge(candles, [SIGNAL_NS], LONG, share=1)
    with pytest.raises(ConfigError, match=r"window of a signal is 0.5 minutes"):
        judge(candles, [SIGNAL_NS], LONG, window_ns=MINUTE_NS // 2)


def test_evenly_spaced_minutes_are_those_a_stride_divides() -> None:
    """Counted from the epoch, so that they do not depend on where the candles begin."""
    candles = minutes([STILL] * 10)
    assert evenly_spaced(candles, 5 * MINUTE_NS) == [START_NS + 5 * MINUTE_NS, START_NS + 10 * MINUTE_NS]
    assert evenly_spaced(candles.rows(slice(2, None)), 5 * MINUTE_NS, START_NS + 6 * MINUTE_NS) == [
        START_NS + 10 * MINUTE_NS
    ]


def test_the_section_counts_rates_and_says_how_sure_it_is() -> None:
    """Undecided signals and those without data are no part of the rate."""
    counts = [Outcomes(right=3, wrong=1, undecided=5, ended=1), Outcomes(right=4, wrong=2, hole=1, absent=1)]
    assert section(counts) == {
        "signals": 18,
        "decided": 10,
        "false": 3,
        "undecided": 5,
        "no_data": 3,
        "false_rate": 0.3,
        "interval": [pytest.approx(0.1077912674), pytest.approx(0.6032218525)],
    }


def test_of_nothing_there_is_no_rate() -> None:
    """None, and no zero."""
    empty = section([])
    assert (empty["signals"], empty["false_rate"], empty["interval"]) == (0, None, None)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    """The worked cases of Newcombe (1998), Two-sided confidence intervals for the single proportion, method 3."""
    assert wilson(count, of) == pytest.approx([low, high], abs=5e-5)


def test_minutes_without_any_reason_are_wrong_about_half_of_the_time(recorded_data: Path) -> None:
    """On recorded candles a signal every hour is decided now and then, and LONG is wrong where SHORT is right."""
    candles = load([recorded_data / "klines-1m" / "2023-07"], ["XLMUSDT"])["XLMUSDT"]
    times = evenly_spaced(candles, 60 * MINUTE_NS)
    long, short = judge(candles, times, LONG), judge(candles, times, SHORT)
    assert long.undecided == short.undecided
    assert long.right <= short.wrong
    assert 0.3 < long.wrong / (long.right + long.wrong) < 0.7


@pytest.mark.requirement("R004-34")
def test_both_filters_are_measured_beside_minutes_without_any_reason(
    recorded_data: Path, record_property: Callable[[str, object], None]
) -> None:
    """How often the price falls first after an episode begins is told for both filters; what the claim says is not."""
    candles = load([recorded_data / "klines-1m" / "2023-07"])
    kinds: dict[str, dict[str, list[int]]] = {
        "every tenth minute": {symbol: evenly_spaced(table, 10 * MINUTE_NS) for symbol, table in candles.items()}
    }
    names: tuple[Literal["option_b", "old"], ...] = ("option_b", "old")
    for name in names:
        found = Scanner(ScannerSettings(filter=name)).batch(candles)
        kinds[name] = {symbol: [first for first, _ in found.episodes(symbol)] for symbol in candles}
    for kind, times in kinds.items():
        counts = section(judge(candles[symbol], times[symbol], LONG) for symbol in candles)
        assert counts["signals"] == sum(map(len, times.values()))
        record_property(
            "figure",
            f"{kind}: {counts['signals']} signals, {counts['decided']} decided, {counts['false']} false "
            f"({counts['false_rate']:.1%}, 95 % interval {counts['interval']})",
        )

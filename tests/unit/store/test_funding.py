"""Funding rates and mark prices out of files."""

from __future__ import annotations

from math import isnan
from pathlib import Path

import pytest

from sadari.errors import DataError
from sadari.model.units import HOUR_NS, MILLISECOND_NS
from sadari.store.funding import beside, load

EIGHT_HOURS_MS = 28_800_000
START_MS = 60_000 * EIGHT_HOURS_MS


def write(path: Path, *lines: str) -> Path:
    """A file of lines, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("header", ["funding_time,funding_rate", "calc_time,funding_interval_hours,last_funding_rate"])
def test_rates_are_read_in_both_spellings(tmp_path: Path, header: str) -> None:
    """Our own columns and those of the exchange's archive."""
    middle = "8," if "hours" in header else ""
    write(
        tmp_path / "BTCUSDT.csv", header, f"{START_MS},{middle}0.0001", f"{START_MS + EIGHT_HOURS_MS},{middle}-0.00025"
    )
    found = load(tmp_path, ["BTCUSDT", "ETHUSDT"])
    assert list(found) == ["BTCUSDT"]
    assert found["BTCUSDT"].rate.tolist() == [0.0001, -0.00025]
    assert found["BTCUSDT"].time_ns[1] == (START_MS + EIGHT_HOURS_MS) * MILLISECOND_NS
    assert found["BTCUSDT"].mark_price is None


def test_a_payment_is_made_at_the_mark_price_of_its_hour(tmp_path: Path) -> None:
    """The venue stamps it some milliseconds later; where no mark candle begins the price is not known."""
    stamps = [START_MS + 3, START_MS + EIGHT_HOURS_MS, START_MS + 3 * EIGHT_HOURS_MS]
    write(tmp_path / "f" / "BTCUSDT.csv", "funding_time,funding_rate", *(f"{stamp},0.0001" for stamp in stamps))
    marks = [f"{START_MS + n * EIGHT_HOURS_MS},{100 + n}" for n in (0, 1, 2)]
    write(tmp_path / "m" / "BTCUSDT.csv", "open_time,open", *marks)
    prices = load(tmp_path / "f", ["BTCUSDT"], tmp_path / "m")["BTCUSDT"].mark_price
    assert prices is not None
    assert prices.tolist()[:2] == [100, 101]
    assert isnan(prices[2])


def test_a_missing_payment_is_noticed(tmp_path: Path) -> None:
    """No payment may be missing between two neighbors, before the first or after the last."""
    stamps = [START_MS + n * EIGHT_HOURS_MS for n in (0, 1, 2, 4)]
    write(tmp_path / "BTCUSDT.csv", "funding_time,funding_rate", *(f"{stamp},0.0001" for stamp in stamps))
    funding = load(tmp_path, ["BTCUSDT"])["BTCUSDT"]
    start = START_MS * MILLISECOND_NS
    hours = [
        tuple(((one - start) // HOUR_NS, (other - start) // HOUR_NS) for one, other in funding.spans(first, last))
        for first, last in [
            (start - 8 * HOUR_NS, start + 24 * HOUR_NS),
            (start - 9 * HOUR_NS, start + 16 * HOUR_NS),
            (start, start + 32 * HOUR_NS),
            (start + 32 * HOUR_NS, start + 41 * HOUR_NS),
        ]
    ]
    assert hours == [((-8, 24),), ((0, 16),), ((0, 16),), ()]


@pytest.mark.parametrize("place", ["data/funding", "funding/data", "../funding/data"])
def test_the_folder_beside_the_candles_is_found(tmp_path: Path, place: str) -> None:
    """Inside, beside, or beside the parent, under the name of the folder of candles."""
    home = tmp_path / "klines" / "data"
    home.mkdir(parents=True)
    folder = (tmp_path / "klines" / place).resolve()
    folder.mkdir(parents=True)
    assert beside(home, "funding") == folder
    assert beside(home, "mark-8h") is None


@pytest.mark.parametrize(("line", "said"), [
    ("{next},nan", "line 3: funding_rate is nan"), ("{same},0.1", "line 3: the time is not later"),
])  # fmt: skip
def test_what_is_no_funding_is_refused(tmp_path: Path, line: str, said: str) -> None:
    """The sentence names the file and the line."""
    spoiled = line.format(next=START_MS + EIGHT_HOURS_MS, same=START_MS)
    write(tmp_path / "BTCUSDT.csv", "funding_time,funding_rate", f"{START_MS},0.0001", spoiled)
    with pytest.raises(DataError, match=said):
        load(tmp_path, ["BTCUSDT"])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Asked for, so its absence is an error and not unknown funding."""
    with pytest.raises(DataError, match="there is no such folder of funding rates"):
        load(tmp_path / "absent", ["BTCUSDT"])

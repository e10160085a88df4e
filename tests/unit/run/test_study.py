"""A study of entry signals: versions and filters side by side over made-up markets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sadari.errors import ConfigError
from sadari.kernel import synthetic
from sadari.model.units import HOUR_NS, MINUTE_NS
from sadari.research.study import CANDIDATES, claims, text
from sadari.run.feed import longer
from sadari.run.history.study import Studied, study
from sadari.run.settings.request import ScannerSection
from sadari.sensors.surge_settings import SurgeSettings
from sadari.store.candles import CandleColumns

START_NS = 1_688_169_600 * 1_000_000_000
ROWS = 20_000
# Rules so loose that a made-up market meets them.
LOOSE = SurgeSettings(
    m1_min_true=3, m15_min_true=1, m1_daily_surge_require_days=1, m1_daily_surge_pct=0.01, m1_min_gap_80_480=0.0
)


def columns(symbol: str, seed: int, interval_ns: int = MINUTE_NS, rows: int = ROWS) -> CandleColumns:
    """A made-up market as it would come out of a file."""
    made = synthetic(seed, rows, START_NS, interval_ns, 1_000.0, 10_000_000)
    return CandleColumns(
        symbol=symbol, interval_ns=interval_ns, open_time_ns=memoryview(made.open_time_ns), open=memoryview(made.open),
        high=memoryview(made.high), low=memoryview(made.low), close=memoryview(made.close),
        volume=memoryview(made.volume), quote_volume=None,
    )  # fmt: skip


def found(candles: dict[str, CandleColumns], scanner: ScannerSection | None = None) -> dict[str, Any]:
    """A study with loose rules."""
    return study(Studied(candles, {}, {}, LOOSE, scanner or ScannerSection()), lambda _share: None)


@pytest.fixture(scope="module")
def two() -> dict[str, Any]:
    """Two symbols."""
    return found({"AAAUSDT": columns("AAAUSDT", 3), "BBBUSDT": columns("BBBUSDT", 4)})


@pytest.mark.requirement("R004-30", "R004-34", "R004-44", "R004-45")
def test_every_version_is_judged_behind_every_filter(two: dict[str, Any]) -> None:
    """Nine rows, and the filters alone; a filter lets through no more than there are; each signal is accounted for."""
    rows = {(row["preset"], row["filter"]): row for row in two["versions"]}
    alone = [rows.pop((CANDIDATES, name)) for name in ("option_b", "old")]
    assert [row["signals"] for row in alone] == [row["episodes"] for row in alone]
    assert len(rows) == 9
    for (preset, _), row in rows.items():
        assert row["signals"] <= rows[preset, "none"]["signals"]
        assert row["signals"] == row["decided"] + row["undecided"] + row["no_data"]
        assert row["episodes"] <= row["signals"]
    assert rows["v33", "none"]["signals"] > 0
    assert two["symbol_months"] == 2 * ROWS / 43_200


def test_a_filter_that_lets_everything_through_changes_nothing() -> None:
    """With any rise and no volume condition only the change and the bodies are left; without an age limit, all pass."""
    open_door = ScannerSection(rise=1e-8, surge=1e-9, bullish=0, max_age_minutes=10**6, old_rise=1e-8)
    rows = {
        (row["preset"], row["filter"]): row for row in found({"AAAUSDT": columns("AAAUSDT", 3)}, open_door)["versions"]
    }
    assert rows["v33", "option_b"]["signals"] == rows["v33", "none"]["signals"]


def test_over_longer_candles_only_the_scanner_is_studied() -> None:
    """A surge is made of minutes; hours have a scan each."""
    told = found({"AAAUSDT": columns("AAAUSDT", 5, HOUR_NS, 1_000)})
    assert ({row["preset"] for row in told["versions"]}, told["surge"]) == ({CANDIDATES}, {})
    assert [claim["requirement"] for claim in told["claims"]] == ["R004-34"]
    assert told["scanner"]["option_b"]["scans"] == 1_000
    assert told["scanner"]["option_b"]["ready"] == 1_000 - 23
    assert "Scanner, filter old" in text(told)


def row(preset: str, name: str, decided: int, wrong: int, interval: list[float] | None) -> dict[str, Any]:
    """A version as it is judged."""
    rate = wrong / decided if decided else None
    return {"preset": preset, "filter": name, "signals": decided, "decided": decided, "false_rate": rate,
            "interval": interval}  # fmt: skip


@pytest.mark.parametrize(("interval", "fewer", "rate"), [
    ([0.05, 0.10], True, True), ([0.50, 0.60], False, False), ([0.10, 0.40], None, None), (None, None, None),
])  # fmt: skip
def test_a_claim_is_judged_by_intervals(interval: list[float] | None, *, fewer: bool | None, rate: bool | None) -> None:
    """It holds if all of the interval does, does not if none of it does, and cannot be said otherwise."""
    rows = [row(preset, "none", 9, 5, None) for preset in ("v33", "v32", "nine_of_thirteen")]
    rows += [row(preset, "option_b", 9, 1, interval) for preset in ("v33", CANDIDATES)]
    rows.append(row(CANDIDATES, "old", 9, 5, [0.5, 0.6]))
    holds = {claim["requirement"]: claim["holds"] for claim in claims(rows)}
    assert (holds["R004-34"], holds["R004-44"]) == (fewer, rate)


def test_longer_candles_are_those_of_the_symbols_that_are_run(tmp_path: Path) -> None:
    """Others are left alone; a folder with none of them is refused."""
    header = "open_time,open,high,low,close,volume\n"
    lines = "".join(f"{hour * 3_600_000},1,1,1,1,1\n" for hour in range(3))
    for symbol in ("AAAUSDT", "BBBUSDT"):
        (tmp_path / f"{symbol}.csv").write_text(header + lines, encoding="utf-8")
    loaded = longer.load([tmp_path], ["AAAUSDT"])
    assert {symbol: [one.interval_ns for one in several] for symbol, several in loaded.items()} == {
        "AAAUSDT": [HOUR_NS]
    }
    with pytest.raises(ConfigError, match="holds no candles of the symbols that are run, CCCUSDT"):
        longer.load([tmp_path], ["CCCUSDT"])


def test_of_several_longer_candles_hours_are_built_from_those_that_begin_first() -> None:
    """A day cannot be cut into hours; of fifteen minutes and hours that begin together, fifteen minutes win."""
    fine, hours = columns("A", 1, 15 * MINUTE_NS, 100), columns("A", 1, HOUR_NS, 100)
    days = columns("A", 1, 24 * HOUR_NS, 100)
    assert longer.hourly({"A": [days, hours, fine], "B": [days]}) == {"A": fine}
    late = fine.rows(slice(1, None))
    assert longer.hourly({"A": [late, hours]}) == {"A": hours}

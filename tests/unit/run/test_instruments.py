"""Instruments put together from files of the exchange and the configuration."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from sadari.binance import encode
from sadari.errors import ConfigError
from sadari.model.instrument import Bracket, Instrument
from sadari.run.feed.instruments import describe, refuse_missing
from sadari.run.settings.config import InstrumentSection, parse

D = Decimal

BRACKETS = (Bracket(floor=D(0), cap=D(50_000), max_leverage=50, maint_margin_rate=D("0.01"), cum=D(0)),)
LISTED = Instrument(
    symbol="AUSDT", tick_size=D("0.1"), step_size=D("0.001"), min_qty=D("0.001"), max_qty=D(1000),
    market_max_qty=D(100), min_notional=D(5), brackets=BRACKETS, status="SETTLING",
)  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A listing, and brackets packed as they are recorded."""
    listing, brackets = tmp_path / "exchangeInfo.json", tmp_path / "brackets.json.gz"
    listing.write_bytes(encode.contracts([LISTED]))
    brackets.write_bytes(gzip.compress(encode.leverage_brackets([LISTED])))
    return [listing, brackets]


def test_files_may_come_in_any_order(files: list[Path]) -> None:
    """What a file is shows in what it holds; a contract that has candles did trade."""
    expected = {"AUSDT": msgspec.structs.replace(LISTED, status="TRADING")}
    assert describe(["AUSDT"], files, {}).instruments == expected
    assert describe(["AUSDT"], files[::-1], {}).instruments == expected


def test_the_configuration_replaces_what_files_say(files: list[Path]) -> None:
    """Only what it names."""
    found = describe(["AUSDT"], files, {"AUSDT": InstrumentSection(tick_size=D("0.5"))}).instruments["AUSDT"]
    assert (found.tick_size, found.step_size) == (D("0.5"), D("0.001"))


def test_the_configuration_alone_can_describe_a_contract() -> None:
    """The market maximum then is the other maximum."""
    section = parse(
        "[instruments.BUSDT]\ntick_size = 0.1\nstep_size = 1\nmin_qty = 1\nmax_qty = 10\nmin_notional = 0\n"
        "brackets = [{ floor = 0, cap = 5000, max_leverage = 20, maint_margin_rate = 0.01 }]"
    )
    found = describe(["BUSDT"], [], section.instruments).instruments["BUSDT"]
    assert (found.market_max_qty, found.min_notional, found.brackets[0].cum) == (D(10), D(0), D(0))


def test_a_later_file_replaces_an_earlier_one(files: list[Path], tmp_path: Path) -> None:
    """Two listings of different days may both be given."""
    newer = tmp_path / "newer.json"
    newer.write_bytes(encode.contracts([msgspec.structs.replace(LISTED, tick_size=D("0.01"))]))
    assert describe(["AUSDT"], [*files, newer], {}).instruments["AUSDT"].tick_size == D("0.01")


def test_what_is_missing_is_named_with_the_remedy(files: list[Path]) -> None:
    """Symbol by symbol, and the three ways out."""
    described = describe(["AUSDT", "CUSDT", "DUSDT"], files[:1], {"DUSDT": InstrumentSection(tick_size=D(1))})
    assert described.missing["AUSDT"] == ("brackets",)
    assert described.missing["DUSDT"] == ("step_size", "min_qty", "max_qty", "min_notional", "brackets")
    with pytest.raises(ConfigError) as refused:
        refuse_missing(described.missing)
    for word in ("AUSDT lacks brackets", "CUSDT lacks tick_size", "--instruments", "[instruments.", "--skip-unknown"):
        assert word in str(refused.value)


def test_nothing_missing_is_nothing_to_refuse() -> None:
    """The check passes in silence."""
    refuse_missing({})


def test_a_tick_finer_than_prices_are_counted_is_refused(files: list[Path]) -> None:
    """Prices are whole numbers of 1e-8."""
    with pytest.raises(ConfigError, match=r"AUSDT: tick_size is 1E-9; allowed: a multiple of 0\.00000001"):
        describe(["AUSDT"], files, {"AUSDT": InstrumentSection(tick_size=D("1e-9"))})


@pytest.mark.parametrize("content", [b"[1]", b"no JSON", b"\x1f\x8bno gzip", b"\x1f\x8b"])
def test_a_file_that_is_neither_is_refused(tmp_path: Path, content: bytes) -> None:
    """One sentence that names it."""
    (tmp_path / "f.json").write_bytes(content)
    with pytest.raises(ConfigError, match=r"f\.json: "):
        describe(["AUSDT"], [tmp_path / "f.json"], {})
    with pytest.raises(ConfigError, match=r"absent: cannot be read"):
        describe(["AUSDT"], [tmp_path / "absent"], {})


def test_every_recorded_symbol_but_one_is_described(recorded_data: Path) -> None:
    """MATICUSDT was renamed before the listing was recorded; an older one has its filters but no brackets."""
    rest = recorded_data / "payloads" / "rest"
    files = [rest / "2026-07-03" / "fapi-v1-exchangeInfo.json", rest / "leverage-brackets-2025-07.ccxt.json.gz"]
    symbols = {path.stem for path in (recorded_data / "klines-1m").glob("*/*.parquet")}
    assert set(describe(symbols, files, {}).missing) == {"MATICUSDT"}
    older = rest / "2021-07-22" / "fapi-v1-exchangeInfo.json"
    assert describe(symbols, [older, *files], {}).missing == {"MATICUSDT": ("brackets",)}

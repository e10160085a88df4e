"""What the local exchange plays: candles or recorded trades, by what the files hold."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from sadari.errors import ConfigError, DataError
from sadari.localexchange.market.recorded import RecordedCandles, RecordedTape
from sadari.localexchange.market.tape import SymbolTape
from sadari.model.instrument import Bracket
from sadari.run.feed.played import load, tapes
from sadari.run.local.exchange import LocalExchange
from sadari.run.local.listings import Listings, LocalSettings
from sadari.store.candles import CandleColumns
from tests.local_market import D, instrument

START_MS = 1_735_689_600_000
MINUTE_MS = 60_000


def candles(path: Path, rows: int, step_ms: int = MINUTE_MS) -> None:
    """A file of candles."""
    lines = [f"{START_MS + at * step_ms},100,101,99,100,5" for at in range(rows)]
    path.write_text("\n".join(["open_time,open,high,low,close,volume", *lines]), encoding="utf-8")


def trades(path: Path, minute: int) -> None:
    """A file of trades: one a minute, ten in all."""
    lines = [f"{500 + at},100.1,0.002,1,1,{START_MS + (minute + at) * MINUTE_MS},true" for at in range(10)]
    path.write_text("\n".join(lines), encoding="utf-8")


def test_a_symbol_with_trades_is_played_from_them(tmp_path: Path) -> None:
    """Its candles become their history, and other symbols stay candles."""
    candles(tmp_path / "BTCUSDT-1m.csv", 40)
    trades(tmp_path / "BTCUSDT-aggTrades.csv", 30)
    candles(tmp_path / "ETHUSDT.csv", 40)
    played = load([tmp_path])
    recorded = played["BTCUSDT"]
    assert isinstance(recorded, RecordedCandles)
    assert (recorded.first_row, len(recorded.open_time_ns)) == (30, 40)
    assert isinstance(played["ETHUSDT"], CandleColumns)
    instruments = {symbol: instrument(symbol) for symbol in played}
    made = tapes(played, instruments, 1, start_ns=recorded.start_ns, shift_ns=0)
    assert [type(one) for one in made] == [RecordedTape, SymbolTape]
    assert list(load([tmp_path], ["ETHUSDT"])) == ["ETHUSDT"]


def test_an_exchange_plays_recorded_trades(tmp_path: Path) -> None:
    """In lockstep, until the last of them."""
    trades(tmp_path / "BTCUSDT.csv", 0)
    brackets = (Bracket(D(0), D(50_000), 20, D("0.01")),)
    contract = msgspec.structs.replace(instrument("BTCUSDT"), brackets=brackets)
    listings = Listings({"BTCUSDT": contract}, load([tmp_path]), {})
    settings = LocalSettings(history_ns=0, lockstep=True, rebase=False)
    local = LocalExchange(listings, settings, lambda: 0)
    local.play.advance((START_MS + 20 * MINUTE_MS) * 1_000_000)
    assert local.play.ended
    last = local.market.symbols["BTCUSDT"].last
    assert last is not None
    assert (last.number, str(last.price), str(last.qty), last.buyer_maker) == (509, "100.10", "0.002", True)


def test_candles_that_are_no_minutes_are_refused_beside_trades(tmp_path: Path) -> None:
    """The message says which are allowed."""
    candles(tmp_path / "BTCUSDT-5m.csv", 5, 5 * MINUTE_MS)
    trades(tmp_path / "BTCUSDT.csv", 30)
    with pytest.raises(ConfigError, match=r"BTCUSDT: its candles are 300 s long; allowed .*: 60 s"):
        load([tmp_path])


def test_a_file_that_is_neither_is_refused(tmp_path: Path) -> None:
    """It is read as candles, and misses their columns."""
    (tmp_path / "BTCUSDT.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="column 'open_time' is missing"):
        load([tmp_path])


def test_recorded_folders_can_be_played(recorded_data: Path) -> None:
    """Aggregated and single trades as they lie there."""
    for folder, symbol in (("aggtrades", "APEUSDT"), ("trades", "BTCUSDT")):
        (found,) = load([recorded_data / folder]).items()
        assert found[0] == symbol
        assert isinstance(found[1], RecordedCandles)

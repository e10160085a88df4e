"""Frames of the streams as values: recorded ones, and whatever else may come."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.binance import market_frames, stream_names, user_frames
from sadari.binance.market_frames import (
    BookTopHeard,
    CandleHeard,
    Malformed,
    MarkHeard,
    ReplyHeard,
    StreamedCandle,
    TradeHeard,
    UnknownKind,
)
from sadari.binance.user_frames import AccountHeard, AlgoHeard, KeyExpiredHeard, MarginCallHeard, OrderHeard, TradeSign
from sadari.model.units import HOUR_NS, MINUTE_NS

TRADE = {"e": "aggTrade", "E": 5, "s": "BTCUSDT", "a": 7, "p": "100.50", "q": "0.2", "f": 1, "l": 2, "T": 4, "m": True}
CANDLE = {
    "e": "kline", "E": 9, "s": "BTCUSDT",
    "k": {"t": 0, "T": 59_999, "i": "1m", "o": "2", "c": "3", "h": "4", "l": "1", "v": "5", "q": "6", "n": 7,
          "x": True},
}  # fmt: skip
MARK = {"e": "markPriceUpdate", "E": 5, "s": "BTCUSDT", "p": "100", "i": "101", "r": "0.0001", "T": 8}
BOOK = {"e": "bookTicker", "u": 3, "E": 5, "T": 4, "s": "BTCUSDT", "b": "99", "B": "1", "a": "101", "A": "2"}
PRICES = [(TRADE, "p"), (MARK, "p"), (MARK, "i"), (BOOK, "b"), (BOOK, "a"), *[(CANDLE, f"k.{name}") for name in "ochl"]]


def frame(event: object, stream: str = "s@x") -> bytes:
    """A combined frame."""
    return json.dumps({"stream": stream, "data": event}).encode()


def changed(event: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """An event with another value in one of its fields."""
    name, _, rest = path.partition(".")
    return event | {name: changed(event[name], rest, value) if rest else value}


@pytest.mark.requirement("R004-51")
def test_each_kind_is_a_value_of_ours() -> None:
    """Times in ns, prices as numbers, a trade's also as it was written."""
    heard = market_frames.decoded
    assert heard(frame(TRADE)) == TradeHeard("s@x", "BTCUSDT", 7, 100.5, "100.50", 0.2, 4_000_000)
    candle = StreamedCandle(0, 2.0, 4.0, 1.0, 3.0, 5.0, 6.0, 7)
    assert heard(frame(CANDLE)) == CandleHeard("s@x", "BTCUSDT", MINUTE_NS, candle, True, 9_000_000)
    assert heard(frame(MARK)) == MarkHeard("s@x", "BTCUSDT", 100.0, "100", 101.0, 0.0001, 8_000_000, 5_000_000)
    assert heard(frame(MARK | {"r": "", "T": 0, "i": ""})) == MarkHeard(
        "s@x", "BTCUSDT", 100.0, "100", None, None, None, 5_000_000
    )
    assert heard(frame(BOOK)) == BookTopHeard("s@x", "BTCUSDT", 99.0, 101.0, 3, 4_000_000)
    assert heard(frame({"e": "forceOrder"})) == UnknownKind("s@x", "forceOrder")
    assert heard(b'{"result":null,"id":3}') == ReplyHeard(3, "")
    assert heard(b'{"error":{"code":2,"msg":"no"},"id":3}') == ReplyHeard(3, "2: no")
    assert heard(b'{"code":2,"msg":"no","id":3}') == ReplyHeard(3, "2: no")


@pytest.mark.parametrize(("event", "path"), PRICES)
@pytest.mark.parametrize("value", ["0", "-1", "NaN", "Infinity", "-Infinity", "1e999", "x", "", None, 5])
def test_what_is_no_price_is_no_event(event: dict[str, Any], path: str, value: object) -> None:
    """F83: in each price of each kind; only an index price may be absent."""
    raw = frame(changed(event, path, value))
    got = market_frames.decoded(raw)
    if path == "i" and value == "":
        assert isinstance(got, MarkHeard)
        return
    assert isinstance(got, Malformed)
    assert got.raw == raw


@given(
    st.binary(max_size=60) | st.sampled_from([frame(one) for one in (TRADE, CANDLE, MARK, BOOK)]), st.integers(0, 90)
)
def test_nothing_that_comes_raises(raw: bytes, cut: int) -> None:
    """F56: bytes of any kind, and good frames that are cut."""
    for decoded in (market_frames.decoded, user_frames.decoded):
        decoded(raw)
        got = decoded(raw[:cut])
        assert not isinstance(got, Malformed) or got.raw == raw[:cut]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda of: st.lists(of) | st.dictionaries(
    st.sampled_from(["e", "s", "stream", "data", "o", "a", "k", "id", "p", "E", "T"]), of), max_leaves=12))  # fmt: skip
def test_no_json_raises(value: object) -> None:
    """Well-formed nonsense is malformed or unknown."""
    raw = json.dumps(value).encode()
    for got in (market_frames.decoded(raw), user_frames.decoded(raw)):
        assert isinstance(got, Malformed | UnknownKind | ReplyHeard | KeyExpiredHeard)


def test_recorded_streams_are_understood(recorded_data: Path) -> None:
    """All the trades, candles and tops of the book of two recordings; what is not wanted is counted by its kind."""
    counts: Counter[str] = Counter()
    for file in sorted((recorded_data / "payloads/ws/recordings").glob("*.gz")):
        with gzip.open(file) as lines:
            for line in lines:
                got = market_frames.decoded(line[max(line.find(b"{"), 0) :].strip())
                counts[got.kind if isinstance(got, UnknownKind) else type(got).__name__] += 1
    # The only two that are none are what a REST endpoint answered meanwhile.
    assert counts == {
        "TradeHeard": 91, "CandleHeard": 67, "BookTopHeard": 66_702, "depthUpdate": 7315, "trade": 21_313,
        "Malformed": 2,
    }  # fmt: skip


def test_documented_user_events_are_understood(recorded_data: Path) -> None:
    """Every sample of an order, a conditional order, an account and a short word, in both ways of wrapping."""
    kinds = {
        "order_update": OrderHeard, "algo_update": AlgoHeard, "account_update": AccountHeard, "trade_lite": TradeSign,
    }  # fmt: skip
    seen: Counter[str] = Counter()
    for file in sorted((recorded_data / "payloads/doc-samples/nautilus/ws").glob("*.json")):
        kind = next((kind for kind in kinds if kind in file.name), "")
        if kind:
            event = json.loads(file.read_bytes())
            got = user_frames.decoded(json.dumps(event.get("data", event)).encode())
            assert isinstance(got, kinds[kind]), (file.name, got)
            seen[kind] += 1
    assert seen == {"order_update": 19, "algo_update": 6, "account_update": 2, "trade_lite": 2}


def test_the_rarer_user_events_are_values_too() -> None:
    """What warns of a liquidation, and what ends the stream."""
    call = b'{"e":"MARGIN_CALL","E":5,"cw":"3.1","p":[{"s":"ETHUSDT","ps":"BOTH","mm":"1"}]}'
    assert user_frames.decoded(call) == MarginCallHeard(("ETHUSDT",), 5_000_000)
    assert user_frames.decoded(b'{"e":"listenKeyExpired","E":5,"listenKey":"k"}') == KeyExpiredHeard("k", 5_000_000)
    assert user_frames.decoded(b'{"e":"GRID_UPDATE","E":5}') == UnknownKind("", "GRID_UPDATE")


@pytest.mark.requirement("R003-51")
def test_a_trade_of_nothing_is_no_trade() -> None:
    """F83: a fill has a price, a quantity and an id, or it is kept as it came."""
    order = {
        "s": "BTCUSDT", "c": "run-1-E", "i": 1, "S": "BUY", "o": "MARKET", "x": "TRADE", "X": "FILLED", "q": "1",
        "z": "1", "l": "1", "L": "100", "T": 4, "t": 9, "n": "0.1", "N": "USDT", "rp": "0", "m": False,
    }  # fmt: skip
    event = {"e": "ORDER_TRADE_UPDATE", "E": 5, "T": 4, "o": order}
    good = user_frames.decoded(json.dumps(event).encode())
    assert isinstance(good, OrderHeard)
    assert (good.last_price, good.fee, good.time_ns) == (Decimal(100), Decimal("0.1"), 4_000_000)
    for name, value in (("L", "0"), ("L", "NaN"), ("l", "0"), ("l", "-1"), ("t", 0), ("S", "HOLD"), ("z", "Infinity")):
        raw = json.dumps(event | {"o": order | {name: value}}).encode()
        assert isinstance(user_frames.decoded(raw), Malformed), (name, value)


@pytest.mark.requirement("R004-51")
def test_names_and_routes_are_those_of_the_exchange() -> None:
    """Lower case, the kind behind the sign, and the route by the kind."""
    assert stream_names.trades("BTCUSDT") == "btcusdt@aggTrade"
    assert stream_names.candles("BTCUSDT", 4 * HOUR_NS) == "btcusdt@kline_4h"
    assert stream_names.symbol_of("btcusdt@kline_4h") == "BTCUSDT"
    base = "wss://fstream.binance.com/"
    urls = {
        name: stream_names.market_url(base, stream_names.lane_of(name))
        for name in ("a@aggTrade", "a@kline_1m", "a@markPrice@1s", "a@bookTicker")
    }
    assert urls == {
        "a@aggTrade": "wss://fstream.binance.com/market/stream",
        "a@kline_1m": "wss://fstream.binance.com/market/stream",
        "a@markPrice@1s": "wss://fstream.binance.com/market/stream",
        "a@bookTicker": "wss://fstream.binance.com/public/stream",
    }
    assert stream_names.user_url("wss://h", "key") == "wss://h/private/ws/key"
    with pytest.raises(ValueError, match="1m, 3m"):
        stream_names.candles("BTCUSDT", 7)

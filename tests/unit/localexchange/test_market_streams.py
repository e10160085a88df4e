"""The market streams of the local exchange."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.localexchange.account.notices import ALL_FORCED, CONTRACTS
from sadari.localexchange.streams.market import MarketStreams
from sadari.localexchange.streams.names import KINDS, route_of
from sadari.model.units import DAY_NS, MILLISECOND_NS, MINUTE_NS, SECOND_NS
from tests.local_market import OPEN_NS, Played, tapes

START_NS = OPEN_NS + 40 * MINUTE_NS


def played(*wanted: str, minutes: int = 10, symbols: tuple[str, ...] = ("BTCUSDT",)) -> Played:
    """A market some minutes after its start, with what has been wanted of it."""
    return Played(tapes(symbols), frozenset(wanted)).play(START_NS + minutes * MINUTE_NS)


def events(told: Played, stream: str) -> list[dict[str, Any]]:
    """What a stream has sent."""
    return [msgspec.convert(event, dict[str, Any]) for event in told.told(stream)]


@pytest.mark.parametrize(
    ("stream", "sample", "known"),
    [
        # What came since: the quantity without hidden retail orders, the market, the pair.
        ("btcusdt@aggTrade", "ws/samples/combined-aggTrade-2021.json", {"nq", "st"}),
        ("btcusdt@trade", "ws/samples/combined-trade-2024.json", {"st"}),
        ("btcusdt@bookTicker", "ws/samples/combined-bookTicker-2024.json", {"st", "ps"}),
        ("btcusdt@depth@100ms", "ws/samples/combined-depthUpdate-2024.json", {"st", "ps"}),
        ("btcusdt@kline_1m", "ws/samples/combined-kline-2021.json", set()),
        # Those of descriptions lack the newest keys.
        ("btcusdt@markPrice@1s", "doc-samples/nautilus/ws/market_data_json-mark_price_stream.json", {"ap"}),
        ("btcusdt@ticker", "doc-samples/nautilus/ws/market_data_json-ticker_stream.json", {"ps"}),
    ],
)
def test_events_have_the_keys_and_types_of_recorded_ones(
    recorded_data: Path, stream: str, sample: str, known: set[str]
) -> None:
    """Only what the exchange has added since differs."""
    theirs = msgspec.json.decode((recorded_data / "payloads" / sample).read_bytes())
    theirs = theirs.get("data", theirs)
    ours = events(played(stream), stream)[0]
    assert ours.keys() ^ theirs.keys() == known
    assert {key: type(ours[key]) for key in theirs} == {key: type(one) for key, one in theirs.items()}
    if "k" in ours:
        assert {key: type(one) for key, one in ours["k"].items()} == {
            key: type(one) for key, one in theirs["k"].items()
        }


def test_nothing_is_sent_that_nobody_wants() -> None:
    """A market without listeners is silent."""
    assert played(symbols=("BTCUSDT", "ETHUSDT")).sent == []


def test_every_trade_is_sent_once_in_order() -> None:
    """The trade streams have the numbers of the tape."""
    told = played("btcusdt@aggTrade", "btcusdt@trade")
    numbers = [trade.number for trade in told.trades]
    assert [event["a"] for event in events(told, "btcusdt@aggTrade")] == numbers
    assert [event["t"] for event in events(told, "btcusdt@trade")] == numbers


@pytest.mark.parametrize("interval", ["1m", "5m"])
def test_a_candle_closes_once_and_before_the_next_one_begins(interval: str) -> None:
    """Exactly one event of each candle is closed, it is its last, and its row is the one REST serves."""
    stream = f"btcusdt@kline_{interval}"
    told = played(stream)
    candles = [event["k"] for event in events(told, stream)]
    opens = [candle["t"] for candle in candles]
    assert opens == sorted(opens)
    closed = [candle for candle in candles if candle["x"]]
    assert [candle["t"] for candle in closed] == sorted(set(opens))
    assert all(candle["x"] == (number == len(candles) - 1 or candles[number + 1]["t"] > candle["t"])
               for number, candle in enumerate(candles))  # fmt: skip
    rows: Any = told.ask("/fapi/v1/klines", symbol="BTCUSDT", interval=interval, limit=str(len(closed)))
    assert [[one["t"], one["o"], one["h"], one["l"], one["c"], one["v"], one["T"], one["q"]] for one in closed] == [
        row[:8] for row in rows
    ]


def test_a_continuous_candle_is_that_of_its_symbol() -> None:
    """It says its pair and contract type and has no symbol inside."""
    told = played("btcusdt@kline_1m", "btcusdt_perpetual@continuousKline_1m")
    own, continuous = events(told, "btcusdt@kline_1m"), events(told, "btcusdt_perpetual@continuousKline_1m")
    assert {(event["e"], event["ps"], event["ct"]) for event in continuous} == {
        ("continuous_kline", "BTCUSDT", "PERPETUAL")
    }
    assert [event["k"] | {"s": "BTCUSDT"} for event in continuous] == [event["k"] for event in own]


@given(skipped=st.lists(st.integers(0, 30), min_size=1, max_size=2))
def test_changes_of_a_book_keep_a_copy_of_it_true(skipped: list[int]) -> None:
    """A book asked for at any time and moved by the changes since is the book, and no change is missing."""
    stream = "btcusdt@depth@100ms"
    told = Played(tapes(), frozenset({stream}))
    for count in skipped:
        for _ in range(count):
            told.play_one()
        snapshot: Any = told.ask("/fapi/v1/depth", symbol="BTCUSDT")
        sides = {"b": dict(snapshot["bids"]), "a": dict(snapshot["asks"])}
        last = snapshot["lastUpdateId"]
        known = len(told.sent)
        for _ in range(8):
            told.play_one()
        for event in [msgspec.convert(event, dict[str, Any]) for _, event in told.sent[known:]]:
            assert event["pu"] == last
            last = event["u"]
            for side, levels in sides.items():
                levels.update(event[side])
                sides[side] = {price: qty for price, qty in levels.items() if float(qty)}
        now: Any = told.ask("/fapi/v1/depth", symbol="BTCUSDT")
        assert sides == {"b": dict(now["bids"]), "a": dict(now["asks"])}


@pytest.mark.parametrize("most", [5, 10, 20])
def test_the_best_levels_are_those_of_the_book(most: int) -> None:
    """A partial book has as many levels as its name says, the same as REST answers."""
    stream = f"btcusdt@depth{most}@500ms"
    told = played(stream)
    book: Any = told.ask("/fapi/v1/depth", symbol="BTCUSDT", limit=str(most))
    last = events(told, stream)[-1]
    assert [last["b"], last["a"]] == [book["bids"], book["asks"]]
    assert len(last["b"]) == most


@pytest.mark.parametrize(
    ("stream", "seconds"),
    [("btcusdt@markPrice", 3), ("btcusdt@markPrice@1s", 1), ("btcusdt@ticker", 2), ("btcusdt@miniTicker", 2)],
)
def test_what_the_clock_sends_comes_in_its_rhythm(stream: str, seconds: int) -> None:
    """Told every second, a stream sends at its own interval."""
    told = Played(tapes(), frozenset({stream}))
    for second in range(61):
        told.play(START_NS + second * SECOND_NS)
    times = [event["E"] for event in events(told, stream)]
    assert times == [
        (START_NS // SECOND_NS + n) * 1000 for n in range(1, 61) if (START_NS // SECOND_NS + n) % seconds == 0
    ]


def test_a_jump_of_time_sends_each_clocked_stream_once_and_every_closed_candle() -> None:
    """Fast play thins out what repeats, never what closes."""
    told = Played(tapes(), frozenset({"btcusdt@markPrice@1s", "btcusdt@kline_1m"}))
    while (following := told.tape.next_ns()) is not None and following < START_NS + 5 * MINUTE_NS:
        told.market.on_trade(told.tape.pop())
    told.market.on_time(START_NS + 5 * MINUTE_NS)
    told.streams.on_time(START_NS + 5 * MINUTE_NS)
    assert len(events(told, "btcusdt@markPrice@1s")) == 1
    assert [event["k"]["x"] for event in events(told, "btcusdt@kline_1m")] == [True] * 5


@pytest.mark.parametrize("stream", ["!ticker@arr", "!miniTicker@arr"])
def test_an_array_has_the_symbols_that_have_traded(stream: str) -> None:
    """Whoever has not traded since the last one is left out; an empty one is not sent."""
    told = Played(tapes(("BTCUSDT", "ETHUSDT")), frozenset({stream}))
    told.play(START_NS + SECOND_NS)
    assert [one["s"] for one in msgspec.convert(told.told(stream)[0], list[dict[str, Any]])] == ["BTCUSDT", "ETHUSDT"]
    count = len(told.sent)
    told.streams.on_time(START_NS + 2 * SECOND_NS)
    assert len(told.sent) == count


def test_mark_prices_of_all_symbols_are_one_array() -> None:
    """Everybody's mark price comes each second."""
    told = played("!markPrice@arr@1s", symbols=("BTCUSDT", "ETHUSDT"))
    assert [one["s"] for one in msgspec.convert(told.told("!markPrice@arr@1s")[0], list[dict[str, Any]])] == [
        "BTCUSDT",
        "ETHUSDT",
    ]


# Those of the account, and those of notices.
UNTRADED = {"<listenKey>", "<symbol>@forceOrder", ALL_FORCED, CONTRACTS}


def test_every_served_stream_sends_something() -> None:
    """A stream that is listed as served is one that is sent: by trades and times, but for three that wait for more."""
    wanted: set[str] = set()

    def asked(name: str) -> bool:
        wanted.add(name)
        return False

    silent = Played(tapes())
    streams = MarketStreams(silent.market, asked, lambda *_: None)
    trade = silent.tape.pop()
    silent.market.on_trade(trade)
    streams.on_trade(trade)
    streams.on_time(OPEN_NS + 40 * DAY_NS)
    for kind in KINDS:
        known = any(kind.pattern.fullmatch(name) for name in wanted)
        assert known == (kind.served and kind.form not in UNTRADED), kind.form
    told = played(*wanted, minutes=30)
    assert {name for name, _ in told.sent} == wanted
    assert all(route_of(name) is not None for name in wanted)


@pytest.mark.parametrize(
    ("name", "route"),
    [
        ("btcusdt@trade", "public"),
        ("btcusdt@depth20@100ms", "public"),
        ("币安人生usdt@bookTicker", "public"),
        ("btcusdt@aggTrade", "market"),
        ("btcusdt_perpetual@continuousKline_1M", "market"),
        ("!forceOrder@arr", "market"),
        ("a" * 64, "private"),
        ("btcusdt@kline_7m", None),
        ("btcusdt@depth7", None),
        ("1", None),
        ("", None),
    ],
)
def test_a_stream_is_delivered_by_its_route(name: str, route: str | None) -> None:
    """A name that is no stream has none."""
    assert route_of(name) == route


def test_events_carry_the_tapes_time() -> None:
    """Times are those of the trades, in ms."""
    told = played("btcusdt@aggTrade")
    assert [event["T"] for event in events(told, "btcusdt@aggTrade")] == [
        trade.time_ns // MILLISECOND_NS for trade in told.trades
    ]

"""The public endpoints of the local exchange."""

from __future__ import annotations

from array import array
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sadari.binance.decode import contracts
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused
from sadari.model.units import DAY_NS, HOUR_NS, MILLISECOND_NS, MINUTE_NS
from tests.local_market import OPEN_NS, Funding, Played, instrument, tapes

SYMBOLS = ("BTCUSDT", "ETHUSDT")
OPEN_MS = OPEN_NS // MILLISECOND_NS
EACH = (
    "/fapi/v1/premiumIndex",
    "/fapi/v1/ticker/24hr",
    "/fapi/v1/ticker/price",
    "/fapi/v2/ticker/price",
    "/fapi/v1/ticker/bookTicker",
)


@pytest.fixture(scope="module")
def played() -> Played:
    """Two symbols, played some minutes into their candles."""
    rates = Funding(
        memoryview(array("q", [OPEN_NS + 20 * MINUTE_NS + 3, OPEN_NS + 60 * MINUTE_NS])),
        memoryview(array("d", [0.0001, -0.00025])),
        memoryview(array("d", [60_000.5, float("nan")])),
    )
    return Played(tapes(SYMBOLS), funding={"BTCUSDT": rates}).play(OPEN_NS + 50 * MINUTE_NS + 30 * 10**9)


def shape(value: object) -> object:
    """A value with its leaves replaced by the names of their JSON types; of an array the first element."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def differences(ours: object, theirs: object, at: str = "") -> list[str]:
    """Where two JSON values differ in keys or types."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = [f"{at}.{key}" for key in sorted(ours.keys() ^ theirs.keys())]
        return found + [
            one for key in ours.keys() & theirs.keys() for one in differences(ours[key], theirs[key], f"{at}.{key}")
        ]
    if isinstance(ours, list) and isinstance(theirs, list):
        return differences(ours[0], theirs[0], f"{at}[]") if ours and theirs else []
    return [] if type(ours) is type(theirs) else [f"{at}: {shape(ours)}, {shape(theirs)}"]


@pytest.mark.parametrize(
    ("path", "recorded", "values", "known"),
    [
        ("/fapi/v1/exchangeInfo", "2026-07-03/fapi-v1-exchangeInfo", {}, []),
        ("/fapi/v1/premiumIndex", "2026-07-04/fapi-v1-premiumIndex", {}, []),
        ("/fapi/v1/premiumIndex", "2026-07-13/fapi-v1-premiumIndex-BTCUSDT", {"symbol": "BTCUSDT"}, []),
        ("/fapi/v1/ticker/bookTicker", "2026-07-15/fapi-v1-ticker-bookTicker-all", {}, []),
        ("/fapi/v1/ticker/bookTicker", "2026-07-15/fapi-v1-ticker-bookTicker-BTCUSDT", {"symbol": "BTCUSDT"}, []),
        ("/fapi/v1/depth", "2024-08-08/fapi-v1-depth-BTCUSDT", {"symbol": "BTCUSDT"}, []),
        # Rate types came two weeks after the recording.
        ("/fapi/v1/fundingRate", "2026-07-13/fapi-v1-fundingRate-BTCUSDT", {"symbol": "BTCUSDT"}, ["[].rateType"]),
    ],
)
def test_answers_have_the_keys_and_types_of_recorded_ones(
    played: Played, recorded_data: Path, path: str, recorded: str, values: dict[str, str], known: list[str]
) -> None:
    """Only what the exchange has changed since differs."""
    theirs = msgspec.json.decode((recorded_data / "payloads/rest" / f"{recorded}.json").read_bytes())
    assert differences(played.ask(path, **values), theirs) == known


@pytest.mark.parametrize(
    ("path", "values"),
    [("/fapi/v1/klines", {"symbol": "BTCUSDT", "interval": "1m"}), ("/fapi/v1/trades", {"symbol": "BTCUSDT"})],
)
def test_rows_have_the_types_of_the_reference(played: Played, path: str, values: dict[str, str]) -> None:
    """A candle is twelve values; a trade says whether it was of the hidden retail kind."""
    answer: Any = played.ask(path, **values)
    if path.endswith("klines"):
        assert shape(answer[0]) == shape([0])
        names = "int str str str str str int str int str str str"
        assert [type(one).__name__ for one in answer[0]] == names.split()
    else:
        assert set(answer[0]) == {"id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isRPITrade"}


def test_the_contracts_served_are_read_back(played: Played) -> None:
    """Our own decoding of exchangeInfo gives the instruments again."""
    content = msgspec.json.encode(played.ask("/fapi/v1/exchangeInfo"))
    assert contracts(content) == {symbol: instrument(symbol) for symbol in SYMBOLS}


@pytest.mark.parametrize("path", EACH)
def test_one_symbol_gives_an_object_and_none_an_array(played: Played, path: str) -> None:
    """The object is the array's element; asking for all costs more."""
    answer: Any = played.ask(path)
    assert [one["symbol"] for one in answer] == list(SYMBOLS)
    assert played.ask(path, symbol="ETHUSDT") == answer[1]
    weight = played.endpoint(path).weight
    assert callable(weight)
    assert weight(Parameters({})) > weight(Parameters({"symbol": "BTCUSDT"}))


@pytest.mark.parametrize(
    ("path", "values", "code"),
    [
        ("/fapi/v1/depth", {}, -1102),
        ("/fapi/v1/depth", {"symbol": "NOUSDT"}, -1121),
        ("/fapi/v1/depth", {"symbol": "BTCUSDT", "limit": "7"}, -4021),
        ("/fapi/v1/klines", {"symbol": "BTCUSDT"}, -1102),
        ("/fapi/v1/klines", {"symbol": "BTCUSDT", "interval": "7m"}, -1120),
        ("/fapi/v1/klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": "x"}, -1130),
        ("/fapi/v1/klines", {"symbol": "BTCUSDT", "interval": "1m", "startTime": "2", "endTime": "1"}, -1023),
        ("/fapi/v1/continuousKlines", {"pair": "BTCUSDT", "interval": "1m"}, -1102),
        ("/fapi/v1/ticker/24hr", {"symbol": "NOUSDT"}, -1121),
        ("/fapi/v1/aggTrades", {"symbol": "BTCUSDT", "startTime": "1", "endTime": "3600002"}, -4011),
    ],
)
def test_bad_parameters_are_refused_by_their_codes(
    played: Played, path: str, values: dict[str, str], code: int
) -> None:
    """Each gets the exchange's code."""
    with pytest.raises(Refused) as caught:
        played.ask(path, **values)
    assert caught.value.code == code


@pytest.mark.parametrize("time_ms", ["-1", "0", "999999999999999999"])
@pytest.mark.parametrize("name", ["startTime", "endTime"])
@pytest.mark.parametrize("path", ["/fapi/v1/klines", "/fapi/v1/aggTrades", "/fapi/v1/fundingRate"])
def test_times_far_off_are_answered(played: Played, path: str, name: str, time_ms: str) -> None:
    """A time before everything or after it is no fault."""
    values = {"symbol": "BTCUSDT", name: time_ms} | ({"interval": "1M"} if path.endswith("klines") else {})
    assert isinstance(played.ask(path, **values), list)


def test_candles_are_served_from_before_the_start(played: Played) -> None:
    """The history is there for warming up, the last row is the minute in play."""
    rows: Any = played.ask("/fapi/v1/klines", symbol="BTCUSDT", interval="1m", limit="1500")
    assert [row[0] for row in rows] == [OPEN_MS + 60_000 * number for number in range(51)]
    assert all(row[6] == row[0] + 59_999 for row in rows)
    assert rows[-1][4] == f"{played.market.symbols['BTCUSDT'].last_price:f}"


def test_a_pairs_perpetual_has_the_candles_of_its_symbol(played: Played) -> None:
    """The continuous contract is the only one there is."""
    values = {"interval": "5m", "limit": "9"}
    continuous = played.ask("/fapi/v1/continuousKlines", pair="BTCUSDT", contractType="PERPETUAL", **values)
    assert continuous == played.ask("/fapi/v1/klines", symbol="BTCUSDT", **values)


def test_trades_are_those_that_were_played(played: Played) -> None:
    """The last ones, the first ones from an id, and those of a time are parts of one tape."""
    own = [trade for trade in played.trades if trade.symbol == "BTCUSDT"]
    last: Any = played.ask("/fapi/v1/trades", symbol="BTCUSDT", limit="20")
    assert [(one["id"], Decimal(one["price"]), Decimal(one["qty"])) for one in last] == [
        (trade.number, trade.price, trade.qty) for trade in own[-20:]
    ]
    first: Any = played.ask("/fapi/v1/aggTrades", symbol="BTCUSDT", fromId=str(own[7].number), limit="30")
    assert [one["a"] for one in first] == [trade.number for trade in own[7:37]]
    start_ms, end_ms = OPEN_MS + 41 * 60_000 + 500, OPEN_MS + 43 * 60_000 + 20_000
    timed: Any = played.ask("/fapi/v1/aggTrades", symbol="BTCUSDT", startTime=str(start_ms), endTime=str(end_ms))
    assert [one["a"] for one in timed] == [
        trade.number for trade in own if start_ms <= trade.time_ns // MILLISECOND_NS <= end_ms
    ]


def test_a_deep_book_is_in_order_and_grows(played: Played) -> None:
    """Bids fall, asks rise, one tick lies between, and there is more farther away."""
    book: Any = played.ask("/fapi/v1/depth", symbol="BTCUSDT", limit="100")
    bids, asks = ([(Decimal(price), Decimal(qty)) for price, qty in book[side]] for side in ("bids", "asks"))
    assert [price for price, _ in bids] == sorted((price for price, _ in bids), reverse=True)
    assert [price for price, _ in asks] == sorted(price for price, _ in asks)
    assert asks[0][0] - bids[0][0] == Decimal("0.10")
    assert played.market.symbols["BTCUSDT"].last_price in {bids[0][0], asks[0][0]}
    assert sum(qty for _, qty in asks[:20]) < sum(qty for _, qty in asks[20:40])
    assert all(qty > 0 for _, qty in bids + asks)


def test_funding_comes_from_its_columns(played: Played) -> None:
    """Paid rates are history, the next one is the estimate; a symbol without columns has the rate 0."""
    paid: Any = played.ask("/fapi/v1/fundingRate")
    assert [(one["fundingTime"], one["fundingRate"], one["markPrice"]) for one in paid] == [
        (OPEN_MS + 20 * 60_000, "0.00010000", "60000.50000000")
    ]
    answer: Any = played.ask("/fapi/v1/premiumIndex")
    assert [(one["lastFundingRate"], one["nextFundingTime"]) for one in answer] == [
        ("-0.00025000", OPEN_MS + 60 * 60_000),
        ("0", (OPEN_NS + 8 * HOUR_NS) // MILLISECOND_NS),
    ]


def test_the_day_is_the_last_1440_minutes() -> None:
    """Volume and extremes of the ticker are those of the minutes in it."""
    made = tapes(rows=1600, start_row=1500)
    played = Played(made).play(OPEN_NS + 1550 * MINUTE_NS)
    ticker: Any = played.ask("/fapi/v1/ticker/24hr", symbol="BTCUSDT")
    rows = made[0].candles
    # At the start of a minute it counts as one of them, so that 1439 whole ones lie in the day.
    part = slice(1551 - DAY_NS // MINUTE_NS, 1550)
    assert float(ticker["highPrice"]) == max(rows.high[part])
    assert float(ticker["lowPrice"]) == min(rows.low[part])
    assert float(ticker["volume"]) == pytest.approx(sum(rows.volume[part]), abs=0.001)
    assert ticker["count"] == ticker["lastId"] - ticker["firstId"] + 1


def test_before_the_first_trade_everything_is_answered() -> None:
    """A market that stands at its start has prices, a book and candles, also without any history."""
    for start_row in (0, 40):
        played = Played(tapes(start_row=start_row))
        for path in EACH:
            assert played.ask(path, symbol="BTCUSDT")
        for path in ("depth", "trades", "aggTrades", "openInterest", "fundingRate"):
            assert played.ask(f"/fapi/v1/{path}", symbol="BTCUSDT") is not None
        rows: Any = played.ask("/fapi/v1/klines", symbol="BTCUSDT", interval="1m")
        assert len(rows) == start_row


def test_a_rebased_market_tells_shifted_times() -> None:
    """Rows and tickers are the same but for their times, where the shift keeps the frames."""
    until_ns, days = OPEN_NS + 50 * MINUTE_NS, 700
    plain = Played(tapes()).play(until_ns)
    shifted = Played(tapes(shift_ns=days * DAY_NS)).play(until_ns + days * DAY_NS)
    values, days_ms = {"symbol": "BTCUSDT", "interval": "15m"}, days * DAY_NS // MILLISECOND_NS
    before: Any = plain.ask("/fapi/v1/klines", **values)
    after: Any = shifted.ask("/fapi/v1/klines", **values)
    assert [[row[0] + days_ms, *row[1:6], row[6] + days_ms, *row[7:]] for row in before] == after


def test_takers_are_told_as_half_of_a_candle(played: Played) -> None:
    """A row closes one millisecond before the next one opens, and half of its volume was bought."""
    rows: Any = played.ask("/fapi/v1/klines", symbol="BTCUSDT", interval="3m", limit="9")
    assert [row[6] + 1 for row in rows[:-1]] == [row[0] for row in rows[1:]]
    assert all(float(row[9]) == pytest.approx(float(row[5]) / 2, abs=0.001) for row in rows)


def test_clients_that_ask_the_spot_market_are_answered(played: Played) -> None:
    """Some clients start with the paths of the spot market."""
    assert played.ask("/api/v3/ping") == {}
    assert played.ask("/api/v3/time") == {"serverTime": played.market.now_ns // MILLISECOND_NS}
    assert played.ask("/sapi/v1/capital/config/getall") == []

"""The exchange's description of contracts as instruments."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sadari.binance import encode
from sadari.binance.decode import contracts, leverage_brackets, symbol_of
from sadari.errors import DataError
from sadari.model.instrument import Bracket

D = Decimal


@pytest.mark.parametrize(("text", "symbol"), [
    ("BTCUSDT", "BTCUSDT"), ("btcusdt", "BTCUSDT"), ("BTC/USDT:USDT", "BTCUSDT"),
    ("1000PEPE/USDT:USDT", "1000PEPEUSDT"),
    ("BTC/USDT:USDT-251226", "BTCUSDT_251226"), ("BTCUSDT_251226", "BTCUSDT_251226"), ("eth/usdc", "ETHUSDC"),
])  # fmt: skip
def test_a_symbol_is_known_in_either_spelling(text: str, symbol: str) -> None:
    """The exchange's own, and the unified one of other programs."""
    assert symbol_of(text) == symbol


@pytest.mark.parametrize("text", ["", "BTC-USDT", "BTC/", "BTC/USDT:USDT-2512", "../BTCUSDT"])
def test_what_is_no_symbol_is_refused(text: str) -> None:
    """The sentence shows it and both spellings."""
    with pytest.raises(DataError, match="allowed: the form BTCUSDT or BTC/USDT:USDT"):
        symbol_of(text)


def listing(**changes: Any) -> dict[str, Any]:
    """A contract as the exchange lists it, with a filter and fields that nobody here has heard of."""
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.10", "minPrice": "556.80", "maxPrice": "4529764"},
        {"filterType": "LOT_SIZE", "stepSize": "0.001", "minQty": "0.001", "maxQty": "1000"},
        {"filterType": "MARKET_LOT_SIZE", "stepSize": "0.001", "minQty": "0.001", "maxQty": "120"},
        {"filterType": "MIN_NOTIONAL", "notional": "50"},
        {"filterType": "PERCENT_PRICE", "multiplierUp": "1.0500", "multiplierDown": "0.9500", "multiplierDecimal": "4"},
        {"filterType": "NEWEST_FILTER", "tickSize": "9", "some": {"thing": 1}},
    ]
    return {
        "symbol": "BTCUSDT", "status": "TRADING", "contractType": "PERPETUAL", "quoteAsset": "USDT",
        "liquidationFee": "0.012500", "filters": filters, "newest": [1],
    } | changes  # fmt: skip


def answer(*listings: dict[str, Any]) -> bytes:
    """An exchangeInfo answer."""
    return json.dumps({"timezone": "UTC", "symbols": listings}).encode()


def test_a_contract_is_read_from_its_filters() -> None:
    """Every number exactly as it is written; what is not known here is left alone."""
    found = contracts(answer(listing()))["BTCUSDT"]
    assert (found.tick_size, found.step_size, found.min_qty) == (D("0.10"), D("0.001"), D("0.001"))
    assert (found.max_qty, found.market_max_qty, found.min_notional) == (D(1000), D(120), D(50))
    assert (found.max_price, found.min_price) == (D(4529764), D("556.80"))
    assert (found.multiplier_up, found.multiplier_down, found.liquidation_fee) == (D("1.05"), D("0.95"), D("0.0125"))
    assert (found.status, found.contract_type, found.quote_asset) == ("TRADING", "PERPETUAL", "USDT")


@pytest.mark.requirement("R001-2")
def test_a_contract_of_whole_coins_is_read_from_its_filters() -> None:
    """ALCHUSDT: quantities by one from one on, a value of at least five."""
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.0000100", "minPrice": "0.0000100", "maxPrice": "200"},
        {"filterType": "LOT_SIZE", "stepSize": "1", "minQty": "1", "maxQty": "1000000"},
        {"filterType": "MIN_NOTIONAL", "notional": "5"},
    ]
    found = contracts(answer(listing(symbol="ALCHUSDT", filters=filters)))["ALCHUSDT"]
    assert (found.min_qty, found.step_size, found.min_notional, found.status) == (D(1), D(1), D(5), "TRADING")


def test_a_contract_without_a_market_filter_uses_the_other() -> None:
    """Filters that may be absent have a meaning when they are."""
    listed = listing()
    kept = [one for one in listed["filters"] if one["filterType"] in {"PRICE_FILTER", "LOT_SIZE"}]
    found = contracts(answer(listing(filters=kept)))["BTCUSDT"]
    assert (found.market_max_qty, found.min_notional, found.multiplier_up) == (D(1000), D(0), D(0))


@pytest.mark.parametrize(("content", "said"), [
    (answer(listing(filters=[])), "BTCUSDT: the filter PRICE_FILTER is missing"),
    (answer(listing(filters=[{"filterType": "PRICE_FILTER"}, {"filterType": "LOT_SIZE"}])), "do not say the tick_size"),
    (b'{"symbols": 1}', "this is no exchangeInfo"),
    (b"{", "this is no exchangeInfo"),
    (b"[]", "this is no exchangeInfo"),
])  # fmt: skip
def test_what_is_no_listing_is_refused(content: bytes, said: str) -> None:
    """One sentence."""
    with pytest.raises(DataError, match=said):
        contracts(content)


def test_a_contract_that_is_none_to_us_may_be_left_out() -> None:
    """By a filter that is missing, a number that is none, or brackets that do not follow one another; and told of."""
    odd: list[str] = []
    lacking, wrong = {**listing(filters=[]), "symbol": "AUSDT"}, {**listing(), "symbol": "BUSDT", "status": 7}
    rows: tuple[Any, ...] = (listing(), lacking, wrong, {}, 1)
    assert list(contracts(answer(*rows), odd.append)) == ["BTCUSDT"]
    assert [one.partition(":")[0] for one in odd] == ["AUSDT", "BUSDT", "a contract", "a contract"]
    told: list[str] = []
    brackets = json.dumps([ONE, {**ONE, "symbol": "AUSDT", "brackets": ROWS[1:]}]).encode()
    assert list(leverage_brackets(brackets, told.append)) == ["BTCUSDT"]
    assert told[0].startswith("AUSDT: bracket 1 is from 300000")


ROWS = [
    {"bracket": 1, "initialLeverage": 125, "notionalCap": 300000, "notionalFloor": 0, "maintMarginRatio": 0.004,
     "cum": 0.0},
    {"bracket": 2, "initialLeverage": 100, "notionalCap": 800000, "notionalFloor": 300000, "maintMarginRatio": 0.005,
     "cum": 300.0},
]  # fmt: skip
ONE = {"symbol": "BTCUSDT", "notionalCoef": 1.5, "brackets": ROWS}
RECORD = {"BTC/USDT:USDT": [{"tier": 1.0, "info": {key: str(value) for key, value in row.items()}} for row in ROWS]}


@pytest.mark.parametrize("content", [[ONE], ONE, RECORD, [{**ONE, "brackets": ROWS[::-1]}]], ids=[
    "all symbols", "one symbol", "ccxt", "highest first",
])  # fmt: skip
def test_leverage_brackets_are_read_in_every_form(content: object) -> None:
    """As the exchange serves them, for all symbols or for one, and as ccxt records them; exact, in order."""
    found = leverage_brackets(json.dumps(content).encode())
    assert found == {
        "BTCUSDT": (
            Bracket(floor=D(0), cap=D(300000), max_leverage=125, maint_margin_rate=D("0.004"), cum=D(0)),
            Bracket(floor=D(300000), cap=D(800000), max_leverage=100, maint_margin_rate=D("0.005"), cum=D(300)),
        )
    }


@pytest.mark.parametrize(("content", "said"), [
    (b"[1]", "these are no leverage brackets"),
    (b"{}x", "these are no leverage brackets"),
    (json.dumps([{**ONE, "brackets": ROWS[1:]}]).encode(), "bracket 1 is from 300000 to 800000 where one from 0"),
    (json.dumps([{**ONE, "brackets": [ROWS[0], ROWS[0]]}]).encode(), "BTCUSDT: bracket 2 is from 0 to 300000"),
])  # fmt: skip
def test_brackets_that_do_not_follow_one_another_are_refused(content: bytes, said: str) -> None:
    """A hole between two brackets would be a notional without a margin."""
    with pytest.raises(DataError, match=said):
        leverage_brackets(content)


def test_what_is_encoded_is_decoded_again() -> None:
    """A made-up exchange describes its contracts as the real one does."""
    described = contracts(answer(listing()))["BTCUSDT"]
    assert contracts(encode.contracts([described])) == {"BTCUSDT": described}
    brackets = leverage_brackets(json.dumps([ONE]).encode())["BTCUSDT"]
    whole = type(described)(
        **{**{name: getattr(described, name) for name in described.__struct_fields__}, "brackets": brackets}
    )
    assert leverage_brackets(encode.leverage_brackets([whole])) == {"BTCUSDT": brackets}


def test_the_recorded_descriptions_are_read(recorded_data: Path) -> None:
    """All contracts of a recorded day, and the brackets of a recorded year."""
    rest = recorded_data / "payloads" / "rest"
    listed = contracts((rest / "2026-07-03" / "fapi-v1-exchangeInfo.json").read_bytes())
    assert len(listed) == 820
    assert (listed["BTCUSDT"].tick_size, listed["BTCUSDT"].market_max_qty) == (D("0.10"), D(120))
    packed = (rest / "leverage-brackets-2025-07.ccxt.json.gz").read_bytes()
    brackets = leverage_brackets(gzip.decompress(packed))
    assert len(brackets) == 528
    assert brackets["BTCUSDT"][0].max_leverage == 125

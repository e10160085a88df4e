"""The exchange's answers as values: recorded and sample payloads, and what no answer may say."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sadari.binance import account_answers, answers, values
from sadari.errors import DataError
from sadari.model.order import MarginMode, PositionSide, Side
from sadari.model.units import MILLISECOND_NS

D = Decimal
SAMPLES = "payloads/doc-samples/binance-net/rest"
NAUTILUS = "payloads/doc-samples/nautilus/rest"

# Each sample of the documentation and what reads it.
READ_BY: list[tuple[str, Callable[[bytes], object]]] = [
    (f"{SAMPLES}/Account-GetAccountInfoV3.json", account_answers.account),
    (f"{SAMPLES}/Account-GetPositionInformation.json", account_answers.positions),
    (f"{SAMPLES}/Trading-GetPositions.json", account_answers.positions),
    (f"{SAMPLES}/Account-GetSymbolConfiguration.json", account_answers.symbol_settings),
    (f"{SAMPLES}/Account-GetAccountConfiguration.json", account_answers.account_flags),
    (f"{SAMPLES}/Account-GetMultiAssetsMode.json", account_answers.multi_assets_mode),
    (f"{SAMPLES}/Account-ChangeInitialLeverage.json", account_answers.leverage_set),
    (f"{SAMPLES}/Account-GetUserCommissionRate.json", account_answers.fee_rates),
    (f"{SAMPLES}/Account-StartUserStream.json", account_answers.listen_key),
    (f"{SAMPLES}/Account-KeepAliveUserStream.json", account_answers.listen_key),
    (f"{SAMPLES}/Account-GetIncomeHistory.json", answers.income),
    (f"{SAMPLES}/Trading-GetOrder.json", answers.order),
    (f"{SAMPLES}/Trading-PlaceOrder.json", answers.order),
    (f"{SAMPLES}/Trading-CancelOrder.json", answers.order),
    (f"{SAMPLES}/Trading-GetOrders.json", answers.orders),
    (f"{SAMPLES}/Trading-GetOpenOrders.json", answers.orders),
    (f"{SAMPLES}/Trading-GetConditionalOrder.json", answers.algo_order),
    (f"{SAMPLES}/Trading-PlaceConditionalOrder.json", answers.algo_order),
    (f"{SAMPLES}/Trading-GetConditionalOrders.json", answers.algo_orders),
    (f"{SAMPLES}/Trading-GetOpenConditionalOrders.json", answers.algo_orders),
    (f"{SAMPLES}/Trading-GetUserTrades.json", answers.trades),
    (f"{SAMPLES}/ExchangeData-GetServerTime.json", answers.server_time_ns),
    (f"{SAMPLES}/ExchangeData-GetPrice.json", answers.prices),
    (f"{SAMPLES}/ExchangeData-GetMarkPrice.json", answers.marks),
    (f"{SAMPLES}/ExchangeData-GetFundingRates.json", answers.funding_rates),
    (f"{SAMPLES}/ExchangeData-GetExchangeInfo.json", answers.rate_limits),
    (f"{SAMPLES}/ExchangeData-GetKlines.json", lambda body: answers.klines(body, "BTCUSDT")),
    ("payloads/rest/2026-07-03/fapi-v1-exchangeInfo.json", answers.rate_limits),
    ("payloads/rest/2026-07-04/fapi-v1-premiumIndex.json", answers.marks),
    ("payloads/rest/2026-07-13/fapi-v1-premiumIndex-BTCUSDT.json", answers.marks),
    ("payloads/rest/2026-07-13/fapi-v1-fundingRate-BTCUSDT.json", answers.funding_rates),
    ("payloads/rest/ccxt-recorded/swap-openOrder-response.json", answers.orders),
    (f"{NAUTILUS}/http_responses-http_futures_account_position_side_dual.json", account_answers.hedge_mode),
    (f"{NAUTILUS}/http_responses-http_futures_account_symbol_config.json", account_answers.symbol_settings),
    (f"{NAUTILUS}/http_json-open_algo_orders.json", answers.algo_orders),
]


@pytest.mark.parametrize(("name", "reader"), READ_BY, ids=[name.rpartition("/")[2] for name, _ in READ_BY])
def test_a_recorded_or_documented_answer_is_read(
    recorded_data: Path, name: str, reader: Callable[[bytes], object]
) -> None:
    """Whatever else is in it, and whichever of its numbers are text."""
    body = (recorded_data / name).read_bytes()
    got = reader(body)
    assert got is not None
    if isinstance(got, list):
        parsed = json.loads(body)
        assert len(got) == (len(parsed) if isinstance(parsed, list) else 1)


@pytest.mark.parametrize("name", sorted({name for name, _ in READ_BY}), ids=lambda name: name.rpartition("/")[2])
def test_keys_that_nobody_knows_change_nothing(recorded_data: Path, name: str) -> None:
    """The venue adds fields to its answers at any time."""
    reader = dict(READ_BY)[name]
    body = (recorded_data / name).read_bytes()
    assert reader(json.dumps(widened(json.loads(body))).encode()) == reader(body)


def widened(value: Any) -> Any:
    """A decoded body with an unknown key in each of its objects."""
    if isinstance(value, dict):
        return {"unheardOf": {"a": [1]}, **{key: widened(inner) for key, inner in value.items()}}
    return [widened(one) for one in value] if isinstance(value, list) else value


def row(name: str, data: Path) -> dict[str, Any]:
    """The first row of a sample."""
    parsed = json.loads((data / SAMPLES / name).read_bytes())
    first = parsed[0] if isinstance(parsed, list) else parsed
    assert isinstance(first, dict)
    return first


PRICES = [
    ("Trading-GetUserTrades.json", answers.trades, "price"),
    ("Trading-GetUserTrades.json", answers.trades, "qty"),
    ("ExchangeData-GetPrice.json", answers.prices, "price"),
    ("ExchangeData-GetMarkPrice.json", answers.marks, "markPrice"),
]


@pytest.mark.requirement("R003-51")
@pytest.mark.parametrize("bad", ["0", "-1", "NaN", "Infinity", "", None, "1,5"])
@pytest.mark.parametrize(("name", "reader", "field"), PRICES, ids=[f"{name}-{field}" for name, _, field in PRICES])
def test_a_price_that_must_be_there_is_above_zero(
    recorded_data: Path, name: str, reader: Callable[[bytes], object], field: str, bad: str | None
) -> None:
    """Nothing else becomes a price (faults F83)."""
    with pytest.raises(DataError):
        reader(json.dumps([row(name, recorded_data) | {field: bad}]).encode())


def test_a_symbol_that_nobody_asks_for_does_not_spoil_the_others() -> None:
    """A contract that is not traded yet may have a price of zero in the list of all."""
    body = b'[{"symbol":"NEWUSDT","price":"0","time":1},{"symbol":"BTCUSDT","price":"6000.01","time":1}]'
    (shown,) = answers.prices(body, {"BTCUSDT"})
    assert (shown.symbol, shown.price, shown.time_ns) == ("BTCUSDT", D("6000.01"), MILLISECOND_NS)
    with pytest.raises(DataError, match="NEWUSDT: the price is 0"):
        answers.prices(body)


def test_a_zero_that_means_none_becomes_none(recorded_data: Path) -> None:
    """An unfilled order has no mean price, a market order no price, a position without danger no liquidation price."""
    asked = row("Trading-PlaceOrder.json", recorded_data)
    shown = answers.order(json.dumps(asked | {"price": "0", "avgPrice": "0.00000"}).encode())
    assert (shown.price, shown.avg_price) == (None, None)
    del asked["avgPrice"], asked["cumQuote"]
    assert answers.order(json.dumps(asked).encode()).avg_price is None
    flat = account_answers.positions(json.dumps([row("Account-GetPositionInformation.json", recorded_data)]).encode())
    assert (flat[0].liquidation_price, flat[0].entry_price, flat[0].record()) == (None, None, None)


def test_a_position_without_an_entry_price_is_an_error(recorded_data: Path) -> None:
    """A quantity that is held was bought at some price."""
    broken = row("Trading-GetPositions.json", recorded_data) | {"entryPrice": "0.0"}
    with pytest.raises(DataError, match="entry price"):
        account_answers.positions(json.dumps([broken]).encode())


def test_a_position_is_told_as_events_carry_it(recorded_data: Path) -> None:
    """Sides, signs and prices of the documentation's sample."""
    long, flat = account_answers.positions((recorded_data / SAMPLES / "Trading-GetPositions.json").read_bytes())
    assert (long.position_side, long.qty, long.liquidation_price) == (
        PositionSide.LONG, D("0.001"), D("19731.45529116"),
    )  # fmt: skip
    record = long.record()
    assert record is not None
    assert (record.qty, record.entry_price) == (D("0.001"), D("22185.2"))
    assert flat.record() is None


def test_a_conditional_order_names_the_order_that_it_has_become(recorded_data: Path) -> None:
    """The id of its child, None before there is one (faults F40)."""
    body = (recorded_data / SAMPLES / "Trading-GetConditionalOrder.json").read_bytes()
    shown = answers.algo_order(body)
    assert (shown.order_id, shown.algo_id, shown.side) == (974828356187, 1000001270850379, Side.BUY)
    assert (shown.ended, shown.waiting) == (True, False)
    waiting = answers.algo_order(json.dumps(json.loads(body) | {"actualOrderId": "", "algoStatus": "NEW"}).encode())
    assert (waiting.order_id, waiting.waiting) == (None, True)


def test_a_status_that_nobody_knows_is_neither_working_nor_ended(recorded_data: Path) -> None:
    """It is kept as it came and never guessed (faults F44)."""
    asked = row("Trading-GetOrder.json", recorded_data) | {"status": "PONDERING"}
    shown = answers.order(json.dumps(asked).encode())
    assert (shown.status, shown.working, shown.ended) == ("PONDERING", False, False)


ACCOUNT = {
    "totalWalletBalance": "10",
    "totalCrossWalletBalance": "10",
    "totalUnrealizedProfit": "0",
    "totalMarginBalance": "10",
    "totalMaintMargin": "2.5",
    "totalInitialMargin": "5",
    "totalPositionInitialMargin": "5",
    "totalOpenOrderInitialMargin": "0",
    "totalCrossUnPnl": "0",
    "availableBalance": "5",
    "assets": [{"asset": "USDT", "walletBalance": "10"}],
}


@pytest.mark.requirement("R000-9")
@pytest.mark.parametrize("missing", ["availableBalance", "totalWalletBalance"])
def test_an_account_without_a_balance_is_no_account(missing: str) -> None:
    """It is a reading that has failed: what was known stays and grows old; nothing is taken as zero or as unchanged."""
    body = json.dumps({name: value for name, value in ACCOUNT.items() if name != missing}).encode()
    with pytest.raises(DataError, match=missing):
        account_answers.account(body)


def test_margin_ratio_is_none_where_nothing_is_left_to_divide_by() -> None:
    """Missing is not zero."""

    def shown(margin_balance: str) -> values.AccountShown:
        return account_answers.account(json.dumps(ACCOUNT | {"totalMarginBalance": margin_balance}).encode())

    assert shown("10").margin_ratio == D("0.25")
    assert shown("0").margin_ratio is None
    assert shown("10").wallets == (("USDT", D(10)),)


@pytest.mark.parametrize(
    ("sent", "allowed"),
    [("1000000", D(1_000_000)), (1000000, D(1_000_000)), ("INF", None), ("", None), (None, None)],
)
def test_the_largest_notional_is_a_number_or_not_said(sent: object, allowed: Decimal | None) -> None:
    """Some symbols have none."""
    body = json.dumps({"symbol": "BTCUSDT", "leverage": 50, "maxNotionalValue": sent}).encode()
    assert account_answers.leverage_set(body).max_notional == allowed


def test_a_margin_type_is_read_in_each_of_its_spellings() -> None:
    """The API writes CROSSED in one place and cross in another; any other word is an error."""
    for text, mode in (
        ("CROSSED", MarginMode.CROSSED),
        ("cross", MarginMode.CROSSED),
        ("isolated", MarginMode.ISOLATED),
    ):
        body = json.dumps([{"symbol": "BTCUSDT", "marginType": text, "leverage": 5}]).encode()
        assert account_answers.symbol_settings(body)[0].margin_mode is mode
    with pytest.raises(DataError, match="ISOLATED, CROSSED"):
        account_answers.symbol_settings(b'[{"symbol":"BTCUSDT","marginType":"HALF","leverage":5}]')


def test_what_a_key_may_do_is_none_where_the_venue_does_not_say_it() -> None:
    """Only a plain false clears a key of withdrawing or transferring."""
    full = b'{"ipRestrict":true,"enableReading":true,"enableFutures":true,"enableWithdrawals":false,"createTime":1}'
    shown = account_answers.key_restrictions(full)
    assert (shown.reads, shown.futures, shown.withdrawals, shown.transfers, shown.address_list) == (
        True, True, False, None, True,
    )  # fmt: skip
    moving = account_answers.key_restrictions(b'{"enableWithdrawals":true,"permitsUniversalTransfer":true}')
    assert (moving.withdrawals, moving.transfers, moving.futures) == (True, True, None)
    trading = account_answers.key_restrictions(b'{"enableMargin":true,"enableVanillaOptions":false}')
    assert trading.other_trading == ("margin",)


GOOD_ROW = [60_000, "2", "3", "1", "2.5", "10", 119_999, "25", 5, "1", "2", "0"]


@pytest.mark.parametrize(
    ("index", "bad"),
    [(1, "0"), (2, "NaN"), (2, "Infinity"), (3, "-1"), (3, "2.2"), (4, "4"), (4, ""), (5, "-1"), (7, "NaN"), (1, None)],
)
def test_a_candle_that_cannot_be_is_an_error(index: int, bad: str | None) -> None:
    """Prices are above zero and inside the candle's range."""
    broken = list(GOOD_ROW)
    broken[index] = bad
    with pytest.raises(DataError):
        answers.klines(json.dumps([broken]).encode(), "BTCUSDT")


def test_candles_come_in_the_order_of_their_times() -> None:
    """A row that is there twice, or goes back, is an error; a good one has its times in nanoseconds."""
    (candle,) = answers.klines(json.dumps([GOOD_ROW]).encode(), "BTCUSDT")
    assert candle.open_time_ns == 60_000 * MILLISECOND_NS
    assert candle.close_time_ns == 120_000 * MILLISECOND_NS
    with pytest.raises(DataError, match="order of their times"):
        answers.klines(json.dumps([GOOD_ROW, GOOD_ROW]).encode(), "BTCUSDT")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b"<html>", b"\xff", b'{"orderId":1}'])
def test_what_is_no_order_is_an_error_that_shows_it(body: bytes) -> None:
    """One sentence with the start of what came."""
    with pytest.raises(DataError, match="order"):
        answers.order(body)

"""ccxt's `binanceusdm`, unmodified but for its addresses, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import ccxt
import pytest

from tests.clients.ccxt_settings import amount, beside, first_market, settings
from tests.clients.exchange_process import Address

TRIGGER = {"trigger": True}
NEAR = 0.001
FIRES_S = 120
POLL_S = 1  # The limit of requests is the live one.


@pytest.fixture(scope="module")
def client(address: Address) -> Any:
    """A client with its markets loaded."""
    made = ccxt.binanceusdm(settings(address))
    made.load_markets()
    return made


@pytest.fixture(scope="module")
def symbol(client: Any) -> str:
    """The market that is traded."""
    return first_market(client.markets)


@pytest.fixture
def last(client: Any, symbol: str) -> Iterator[float]:
    """The last price; afterwards no order and no position is left on the symbol."""
    yield float(client.fetch_ticker(symbol)["last"])
    client.cancel_all_orders(symbol)
    client.cancel_all_orders(symbol, TRIGGER)
    for position in client.fetch_positions([symbol]):
        side = "sell" if position["side"] == "long" else "buy"
        if position["contracts"]:
            client.create_order(symbol, "market", side, position["contracts"], None, {"reduceOnly": True})


def test_markets_have_limits_and_precisions(client: Any, symbol: str) -> None:
    """What ccxt reads out of exchangeInfo is complete enough to trade on."""
    market = client.market(symbol)
    assert (market["swap"], market["linear"], market["settle"], market["active"]) == (True, True, "USDT", True)
    assert market["precision"]["price"] > 0
    assert market["precision"]["amount"] > 0
    assert market["limits"]["cost"]["min"] > 0


def test_the_gateway_lives_in_wall_time(client: Any) -> None:
    """The server's clock is this machine's."""
    assert abs(client.fetch_time() - time.time_ns() // 1_000_000) < 5_000


def test_candles_are_served_before_now_and_on_their_grid(client: Any, symbol: str) -> None:
    """Warm-ups get whole minutes in a row, the last one unfinished."""
    rows = client.fetch_ohlcv(symbol, "1m", limit=200)
    assert len(rows) == 200
    assert {later[0] - earlier[0] for earlier, later in pairwise(rows)} == {60_000}
    assert all(low <= min(start, end) <= max(start, end) <= high for _, start, high, low, end, _ in rows)
    assert len(client.fetch_ohlcv(symbol, "1h", limit=48)) == 48


def test_tickers_book_and_trades_agree_on_the_price(client: Any, symbol: str) -> None:
    """One tape is behind them all."""
    last = client.fetch_ticker(symbol)["last"]
    assert client.fetch_tickers([symbol])[symbol]["last"] == pytest.approx(last, rel=0.05)
    book = client.fetch_order_book(symbol, 5)
    assert book["bids"][0][0] < book["asks"][0][0]
    assert book["bids"][0][0] == pytest.approx(last, rel=0.05)
    trades = client.fetch_trades(symbol, limit=10)
    assert trades[-1]["price"] == pytest.approx(last, rel=0.05)
    quoted = client.fetch_bids_asks([symbol])[symbol]
    assert quoted["bid"] < quoted["ask"]


def test_funding_has_a_rate_and_a_next_time(client: Any, symbol: str) -> None:
    """The premium index names the coming settlement."""
    funding = client.fetch_funding_rate(symbol)
    assert funding["markPrice"] > 0
    assert funding["fundingTimestamp"] > 0
    assert abs(funding["fundingRate"]) < 0.05


def test_the_account_has_money_and_brackets(client: Any, symbol: str) -> None:
    """A ready account can trade at once, and its leverage tiers rise."""
    balance = client.fetch_balance()
    assert balance["USDT"]["free"] > 1_000
    tiers = client.fetch_leverage_tiers([symbol])[symbol]
    assert [tier["maintenanceMarginRate"] for tier in tiers] == sorted(tier["maintenanceMarginRate"] for tier in tiers)


def test_a_mode_that_is_already_set_is_refused_by_name(client: Any, symbol: str) -> None:
    """-4046 is MarginModeAlreadySet and -4059 says that nothing changes."""
    wanted = "isolated" if client.fetch_margin_mode(symbol)["marginMode"] == "cross" else "cross"
    client.set_margin_mode(wanted, symbol)
    with pytest.raises(ccxt.MarginModeAlreadySet):
        client.set_margin_mode(wanted, symbol)
    assert client.fetch_position_mode()["hedged"] is False
    with pytest.raises(ccxt.BaseError, match="-4059"):
        client.set_position_mode(hedged=False)


def test_a_leverage_that_is_set_is_told(client: Any, symbol: str) -> None:
    """The answer and the account's settings agree."""
    for leverage in (7, 5):
        assert int(client.set_leverage(leverage, symbol)["leverage"]) == leverage
        assert client.fetch_leverage(symbol)["longLeverage"] == leverage


def test_a_market_order_fills_opens_a_position_and_is_closed_by_a_reducing_one(
    client: Any, symbol: str, last: float
) -> None:
    """The order, its trades, the position and the income tell one story."""
    size = amount(client, symbol, last)
    bought = client.create_order(symbol, "market", "buy", size)
    assert (bought["status"], bought["filled"]) == ("closed", size)
    assert client.fetch_order(bought["id"], symbol)["average"] == pytest.approx(last, rel=0.05)
    position = client.fetch_positions([symbol])[0]
    assert (position["side"], position["contracts"]) == ("long", size)
    assert position["entryPrice"] == pytest.approx(last, rel=0.05)

    sold = client.create_order(symbol, "market", "sell", size, None, {"reduceOnly": True})
    assert (sold["status"], sold["reduceOnly"]) == ("closed", True)
    assert not [one for one in client.fetch_positions([symbol]) if one["contracts"]]
    trades = client.fetch_my_trades(symbol)
    mine = [trade for trade in trades if trade["order"] in {bought["id"], sold["id"]}]
    assert sum(trade["amount"] for trade in mine) == pytest.approx(2 * size)
    assert all(trade["fee"]["currency"] == "USDT" and trade["fee"]["cost"] > 0 for trade in mine)
    ledger = client.fapiPrivateGetIncome({"incomeType": "COMMISSION", "limit": 1_000})
    assert {row["tradeId"] for row in ledger} >= {trade["id"] for trade in mine}
    assert isinstance(client.fetch_funding_history(symbol), list)
    with pytest.raises(ccxt.BaseError, match="-2022"):
        client.create_order(symbol, "market", "sell", size, None, {"reduceOnly": True})


def test_a_limit_order_rests_and_is_canceled(client: Any, symbol: str, last: float) -> None:
    """It is open, then canceled, and a second cancel finds nothing."""
    order = client.create_order(
        symbol, "limit", "buy", amount(client, symbol, last), beside(client, symbol, last, 0.97)
    )
    assert order["status"] == "open"
    assert order["id"] in {one["id"] for one in client.fetch_open_orders(symbol)}
    assert client.cancel_order(order["id"], symbol)["status"] == "canceled"
    assert client.fetch_order(order["id"], symbol)["status"] == "canceled"
    with pytest.raises(ccxt.OrderNotFound):
        client.cancel_order(order["id"], symbol)


def test_cancel_all_leaves_no_open_order(client: Any, symbol: str, last: float) -> None:
    """Several resting orders go at once."""
    for factor in (0.97, 0.965, 0.96):
        client.create_order(symbol, "limit", "buy", amount(client, symbol, last), beside(client, symbol, last, factor))
    assert len(client.fetch_open_orders(symbol)) == 3
    client.cancel_all_orders(symbol)
    assert client.fetch_open_orders(symbol) == []


def test_trigger_orders_live_apart_from_the_others(client: Any, symbol: str, last: float) -> None:
    """A stop is placed, listed and canceled on the conditional side only."""
    size = amount(client, symbol, last)
    client.create_order(symbol, "market", "buy", size)
    stop = client.create_order(
        symbol, "market", "sell", size, None, {"stopLossPrice": beside(client, symbol, last, 0.95), "reduceOnly": True}
    )
    entry = client.create_order(
        symbol, "market", "buy", size, None, {"triggerPrice": beside(client, symbol, last, 1.05)}
    )
    assert {one["id"] for one in client.fetch_open_orders(symbol, params=TRIGGER)} == {stop["id"], entry["id"]}
    assert client.fetch_open_orders(symbol) == []
    assert client.fetch_order(stop["id"], symbol, TRIGGER)["status"] == "open"
    client.cancel_all_orders(symbol)
    assert len(client.fetch_open_orders(symbol, params=TRIGGER)) == 2
    client.cancel_order(stop["id"], symbol, TRIGGER)
    client.cancel_order(entry["id"], symbol, TRIGGER)
    assert client.fetch_open_orders(symbol, params=TRIGGER) == []


def test_a_stop_or_its_target_closes_the_position(client: Any, symbol: str, last: float) -> None:
    """One of the two fires while the market moves on, and says by which order."""
    size = amount(client, symbol, last)
    client.create_order(symbol, "market", "buy", size)
    last = float(client.fetch_ticker(symbol)["last"])
    for trigger, factor in (("stopLossPrice", 1 - NEAR), ("takeProfitPrice", 1 + NEAR)):
        wanted = {trigger: beside(client, symbol, last, factor), "reduceOnly": True}
        client.create_order(symbol, "market", "sell", size, None, wanted)
    deadline = time.monotonic() + FIRES_S
    while any(one["contracts"] for one in client.fetch_positions([symbol])):
        assert time.monotonic() < deadline
        time.sleep(POLL_S)
    rows = client.fapiPrivateGetAllAlgoOrders({"symbol": client.market_id(symbol)})
    fired = [row for row in rows if row["algoStatus"] == "FINISHED"]
    child = client.fetch_order(fired[-1]["actualOrderId"], symbol)
    assert (child["status"], child["side"], child["filled"]) == ("closed", "sell", size)


def test_a_stop_on_the_wrong_side_and_a_conditional_type_on_the_old_path_are_refused(
    client: Any, symbol: str, last: float
) -> None:
    """-2021 would trigger at once; -4120 sends conditional types to their own endpoint."""
    size = amount(client, symbol, last)
    with pytest.raises(ccxt.BaseError, match="-2021"):
        client.create_order(
            symbol,
            "market",
            "buy",
            size,
            None,
            {"triggerPrice": beside(client, symbol, last, 0.9), "type": "STOP_MARKET"},
        )
    with pytest.raises(ccxt.BaseError, match="-4120"):
        client.fapiPrivatePostOrder(
            {
                "symbol": client.market_id(symbol),
                "side": "SELL",
                "type": "STOP_MARKET",
                "quantity": size,
                "stopPrice": 1,
            }
        )


def test_what_the_account_cannot_pay_is_refused(client: Any, symbol: str, last: float) -> None:
    """-2019; on a host that is not the exchange's own, ccxt has no name for it and shows the text."""
    client.set_leverage(1, symbol)
    free = client.fetch_balance()["USDT"]["free"]
    size = float(client.amount_to_precision(symbol, 1.5 * free / last))
    with pytest.raises(ccxt.BaseError, match="Margin is insufficient"):
        client.create_order(symbol, "limit", "buy", size, beside(client, symbol, last, 0.99))
    client.set_leverage(5, symbol)


def test_unknown_orders_symbols_and_wrong_signatures_have_ccxts_own_errors(
    client: Any, symbol: str, address: Address
) -> None:
    """The common codes map to the errors that a bot catches."""
    with pytest.raises(ccxt.OrderNotFound):
        client.fetch_order("123456789", symbol)
    with pytest.raises(ccxt.BadSymbol):
        client.fapiPublicGetDepth({"symbol": "NOSUCHUSDT"})
    with pytest.raises(ccxt.AuthenticationError):
        ccxt.binanceusdm({**settings(address), "secret": "wrong"}).fapiPrivateV3GetAccount()
    with pytest.raises(ccxt.AuthenticationError):
        ccxt.binanceusdm({**settings(address), "apiKey": "wrong"}).fapiPrivateV3GetAccount()
    with pytest.raises(ccxt.InvalidNonce):
        client.fapiPrivateV3GetAccount({"timestamp": 1_500_000_000_000})

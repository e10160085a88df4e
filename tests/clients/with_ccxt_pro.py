"""ccxt.pro's `binanceusdm`, unmodified but for its addresses, over WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt.pro
import pytest

from tests.clients.ccxt_settings import amount, beside, first_market, settings
from tests.clients.exchange_process import Address

WAIT_S = 60
SETTLED_S = 2  # The client connects and takes its first picture of the account.


def played(address: Address, scene: Callable[[Any, str], Awaitable[None]]) -> None:
    """Run a scene with a loaded client and its market, and close the client whatever happens."""

    async def run() -> None:
        client = ccxt.pro.binanceusdm(settings(address))
        try:
            async with asyncio.timeout(WAIT_S):
                await client.load_markets()
                await scene(client, first_market(client.markets))
        finally:
            await client.close()

    asyncio.run(run())


@pytest.mark.parametrize("twice", [1, 2])
def test_a_ticker_comes_by_and_again(address: Address, twice: int) -> None:
    """The symbol's ticker has a last price, on each message."""

    async def scene(client: Any, symbol: str) -> None:
        for _ in range(twice):
            ticker = await client.watch_ticker(symbol)
            assert ticker["symbol"] == symbol
            assert ticker["last"] > 0

    played(address, scene)


def test_trades_come_by_in_order(address: Address) -> None:
    """Trade ids rise from message to message."""

    async def scene(client: Any, symbol: str) -> None:
        seen: list[int] = []
        while len(seen) < 5:
            seen += [int(trade["id"]) for trade in await client.watch_trades(symbol)]
        assert sorted(set(seen)) == seen

    played(address, scene)


def test_candles_come_by_and_one_closes(address: Address) -> None:
    """At the played speed the minute turns while one looks on."""

    async def scene(client: Any, symbol: str) -> None:
        opened: set[int] = set()
        while len(opened) < 2:
            opened |= {row[0] for row in await client.watch_ohlcv(symbol, "1m")}
        assert all(time % 60_000 == 0 for time in opened)

    played(address, scene)


def test_the_book_stays_in_step(address: Address) -> None:
    """The client joins its snapshot to the stream and checks that no update is missing."""

    async def scene(client: Any, symbol: str) -> None:
        for _ in range(5):
            book = await client.watch_order_book(symbol)
            assert book["bids"][0][0] < book["asks"][0][0]

    played(address, scene)


def test_best_prices_and_mark_price_come_by(address: Address) -> None:
    """Both have a stream of their own."""

    async def scene(client: Any, symbol: str) -> None:
        quoted = (await client.watch_bids_asks([symbol]))[symbol]
        assert quoted["bid"] < quoted["ask"]
        assert (await client.watch_mark_price(symbol))["markPrice"] > 0

    played(address, scene)


def test_an_order_shows_in_orders_trades_balance_and_position(address: Address) -> None:
    """One market order is told on all four of the account's streams."""

    async def scene(client: Any, symbol: str) -> None:
        size = amount(client, symbol, (await client.fetch_ticker(symbol))["last"])
        listening = asyncio.gather(
            until(lambda: client.watch_orders(symbol), lambda orders: orders[-1]["status"] == "closed"),
            until(lambda: client.watch_my_trades(symbol), bool),
            until(client.watch_balance, lambda balance: "USDT" in balance),
            until(lambda: client.watch_positions([symbol]), lambda found: bool(found and found[-1]["contracts"])),
        )
        await asyncio.sleep(SETTLED_S)
        bought = await client.create_order(symbol, "market", "buy", size)
        try:
            orders, trades, balance, positions = await listening
        finally:
            await client.create_order(symbol, "market", "sell", size, None, {"reduceOnly": True})
        assert (orders[-1]["id"], orders[-1]["filled"]) == (bought["id"], size)
        assert trades[-1]["order"] == bought["id"]
        assert balance["USDT"]["total"] > 0
        assert (positions[-1]["side"], positions[-1]["contracts"]) == ("long", size)

    played(address, scene)


def test_orders_are_placed_and_canceled_over_the_websocket_api(address: Address) -> None:
    """The same account is reached without a request over HTTP."""

    async def scene(client: Any, symbol: str) -> None:
        last = (await client.fetch_ticker(symbol))["last"]
        price = beside(client, symbol, last, 0.97)
        order = await client.create_order_ws(symbol, "limit", "buy", amount(client, symbol, last), price)
        assert (order["status"], order["price"]) == ("open", price)
        assert [one["id"] for one in await client.fetch_open_orders(symbol)] == [order["id"]]
        assert (await client.cancel_order_ws(order["id"], symbol))["status"] == "canceled"
        assert await client.fetch_open_orders(symbol) == []

    played(address, scene)


async def until(watch: Callable[[], Awaitable[Any]], enough: Callable[[Any], bool]) -> Any:
    """What is watched, once it shows what is waited for."""
    while not enough(found := await watch()):
        pass
    return found

"""How many trades a second go through the local exchange's tape, market and streams, with and without listeners?

150 symbols at a hundred times real time have some 2,500 trades a second.
"""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from sadari.localexchange.market import Market
from sadari.localexchange.market_streams import MarketStreams
from sadari.localexchange.tape import Tape
from tests.local_market import tapes

SYMBOLS = tuple(f"S{number:03}USDT" for number in range(150))
HISTORY, ROWS = 1_440, 1_540
LISTENED = frozenset(
    f"{symbol.lower()}@{stream}" for symbol in SYMBOLS for stream in ("aggTrade", "bookTicker", "kline_1m", "kline_1h")
) | {"!ticker@arr", "!markPrice@arr@1s"}


@pytest.mark.parametrize("wanted", [frozenset(), LISTENED], ids=["nobody", "four_streams_a_symbol"])
def bench_a_market_of_150_symbols(benchmark: BenchmarkFixture, wanted: frozenset[str]) -> None:
    trades = messages = 0

    def publish(stream: str, payload: bytes) -> None:
        nonlocal messages
        messages += 1

    def play() -> None:
        nonlocal trades, messages
        trades = messages = 0
        made = tapes(SYMBOLS, ROWS, HISTORY)
        tape, market = Tape(made), Market(made, made[0].candles.open_time_ns[HISTORY])
        streams = MarketStreams(market, wanted.__contains__, publish)
        while tape.next_ns() is not None:
            trade = tape.pop()
            market.on_trade(trade)
            streams.on_trade(trade)
            trades += 1

    benchmark.pedantic(play, rounds=3)
    benchmark.extra_info["per round"] = f"{trades} trades, {messages} messages, {ROWS - HISTORY} minutes"

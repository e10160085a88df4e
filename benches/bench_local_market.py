"""How many trades a second go through the local exchange's tape, market and streams, with and without listeners?

150 symbols at a hundred times real time have some 2,500 trades a second.
"""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from sadari.localexchange.market.market import Market
from sadari.localexchange.market.tape import Tape
from sadari.localexchange.streams.market import MarketStreams
from tests.local_market import tapes

SYMBOLS = tuple(f"S{number:03}USDT" for number in range(150))
HISTORY, ROWS = 1_440, 1_540
LISTENED = frozenset(
    f"{symbol.lower()}@{stream}" for symbol in SYMBOLS for stream in ("aggTrade", "bookTicker", "kline_1m", "kline_1h")
) | {"!ticker@arr", "!markPrice@arr@1s"}


@pytest.mark.parametrize("wanted", [frozenset(), LISTENED], ids=["nobody", "four_streams_a_symbol"])
def bench_a_market_of_150_symbols(benchmark: BenchmarkFixture, wanted: frozenset[str]) -> None:
    trades = 0
    sent: list[tuple[str, bytes]] = []

    def play() -> None:
        nonlocal trades
        trades = 0
        sent.clear()
        made = tapes(SYMBOLS, ROWS, HISTORY)
        tape, market = Tape(made), Market(made, made[0].candles.open_time_ns[HISTORY])
        streams = MarketStreams(market, wanted.__contains__, lambda stream, payload: sent.append((stream, payload)))
        while tape.next_ns() is not None:
            trade = tape.pop()
            market.on_trade(trade)
            streams.on_trade(trade)
            trades += 1

    benchmark(play)
    benchmark.extra_info["per round"] = f"{trades} trades, {len(sent)} messages, {ROWS - HISTORY} minutes"

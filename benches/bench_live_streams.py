"""What do 5,000 stream messages a second take of one core, from the socket to the callback?

A sender in a process of its own pushes trades of 150 symbols at that rate; this process reads them as the engine does
and tells each to a watch. Aimed at: less than half of a core.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from sadari.binance.market_frames import decoded
from sadari.binance.stream_names import trades
from sadari.kernel import Watch
from sadari.venue.clock import Stopwatch, wall_ns
from sadari.venue.live.wire.market_streams import MarketStreams

SYMBOLS = [f"S{number}USDT" for number in range(150)]
RATE, WARM_S, COUNTED_S = 5000, 1.0, 5.0
SENDER = Path(__file__).with_name("stream_sender.py")
FRAME = (
    b'{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1700000000123,"s":"BTCUSDT","a":123456789,"p":"43210.50",'
    b'"q":"0.012","nq":"0.012","f":1,"l":2,"T":1700000000120,"m":true,"st":1}}'
)


def bench_decode_one_trade(benchmark: BenchmarkFixture) -> None:
    benchmark(decoded, FRAME)


@contextmanager
def sender() -> Iterator[str]:
    """The address of a sender."""
    command = [sys.executable, str(SENDER), ",".join(SYMBOLS), str(RATE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"ws://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


async def share(url: str) -> tuple[float, float]:
    """Messages a second, and the part of a core that they took."""
    watches = {symbol: Watch() for symbol in SYMBOLS}
    count = 0

    def told(symbol: str, price: float, _text: str, _time_ns: int, _number: int) -> None:
        nonlocal count
        count += 1
        watches[symbol].tick(price)

    streams = MarketStreams(
        url, told, lambda *_: None, lambda _: None, lambda _: None, now_ns=wall_ns, jitter=lambda: 0.0
    )
    streams.follow(trades(symbol) for symbol in SYMBOLS)
    await asyncio.sleep(WARM_S)
    watch, before = Stopwatch(), count
    await asyncio.sleep(COUNTED_S)
    spent = watch.spent()
    streams.close()
    return (count - before) / spent.wall_s, spent.cpu_s / spent.wall_s


@pytest.mark.requirement("R004-57")
def bench_connect_until_the_first_trade(benchmark: BenchmarkFixture) -> None:
    """From nothing to a trade of a symbol that is followed; the users' aim is below five seconds."""

    async def first(url: str) -> None:
        came = asyncio.Event()
        streams = MarketStreams(
            url, lambda *_: came.set(), lambda *_: None, lambda _: None, lambda _: None,
            now_ns=wall_ns, jitter=lambda: 0.0,
        )  # fmt: skip
        streams.follow([trades(SYMBOLS[0])])
        await came.wait()
        streams.close()

    with sender() as url:
        benchmark.pedantic(lambda: asyncio.run(first(url)), rounds=1 if benchmark.disabled else 10)  # type: ignore[no-untyped-call]


@pytest.mark.requirement("R004-57")
def bench_5000_messages_a_second(benchmark: BenchmarkFixture) -> None:
    found: list[tuple[float, float]] = []

    def run() -> None:
        with sender() as url:
            found.append(asyncio.run(share(url)))

    benchmark.pedantic(run, rounds=1 if benchmark.disabled else 3)  # type: ignore[no-untyped-call]
    rate = sum(one[0] for one in found) / len(found)
    busy = sum(one[1] for one in found) / len(found)
    benchmark.extra_info.update(messages_a_second=round(rate), part_of_a_core=round(busy, 3))
    print(f"\n{rate:,.0f} messages a second take {busy:.1%} of a core, {busy / rate * 1e6:.1f} us each")
    assert rate > RATE / 2

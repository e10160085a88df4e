"""What does `sadari exchange` push and answer, end to end, in a process of its own?

150 symbols at a hundred times real time, told to four clients in processes of their own; and the round trip of an
order over HTTP and over the WebSocket API, alone and while all that is pushed. The processes share the machine's cores:
where there are fewer than six, the clients take their part of what is measured.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benches.stream_reader import connected, send
from sadari.run.feed import synthetic

SYMBOLS, DAYS, SPEED, CLIENTS = 150, 3, 100, 4
WARM_S, COUNTED_S = 3.0, 10.0
ORDERS = 1000
# The exchange takes 300 orders in ten seconds where it has limits.
ORDERS_WHILE_PUSHING = 250
READER = Path(__file__).with_name("stream_reader.py")


class Running(NamedTuple):
    """An exchange in its own process."""

    pid: int
    host: str
    port: int
    key: str
    secret: str

    def cpu_s(self) -> float:
        """How long it has computed."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A folder of 150 made-up symbols."""
    home = tmp_path_factory.mktemp("market") / "one"
    synthetic.write(home, SYMBOLS, DAYS, 1)
    return [home]


@contextmanager
def exchange(folders: list[Path], *options: str) -> Iterator[Running]:
    """`sadari exchange` on folders, until it is told to end."""
    program = str(Path(sys.executable).with_name("sadari"))
    command = [program, "exchange", "--data", *map(str, folders), "--history", "1d", "--port", "0", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            told = json.loads(process.stdout.readline())
            url = urlsplit(told["rest"])
            assert url.hostname is not None
            assert url.port is not None
            yield Running(process.pid, url.hostname, url.port, told["key"], told["secret"])
        finally:
            process.terminate()


def streams(folders: list[Path]) -> list[str]:
    """Three streams of each symbol."""
    symbols = sorted(file.stem.lower() for folder in folders for file in folder.glob("*USDT.csv"))
    return [f"{symbol}@{kind}" for symbol in symbols for kind in ("aggTrade", "kline_1m", "markPrice")]


def readers(
    running: Running, names: list[str], speed: float = SPEED, clients: int = CLIENTS
) -> list[subprocess.Popen[str]]:
    """Clients that have been told what to count."""
    arguments = [sys.executable, str(READER), running.host, str(running.port), str(speed), str(WARM_S), str(COUNTED_S)]
    found = []
    for _ in range(clients):
        one = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert one.stdin is not None
        one.stdin.write(" ".join(names))
        one.stdin.close()
        found.append(one)
    return found


def counted(processes: list[subprocess.Popen[str]]) -> list[dict[str, float]]:
    """What they have counted."""
    found = []
    for one in processes:
        assert one.stdout is not None
        with one:
            found.append(json.loads(one.stdout.read()))
    return found


class Orders:
    """Market orders that buy and sell in turn, each signed beforehand."""

    def __init__(self, running: Running, symbol: str, count: int) -> None:
        self.running = running
        self._http = http.client.HTTPConnection(running.host, running.port)
        self._http.connect()
        self._http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        now = json.loads(self._asked("GET", "/fapi/v1/time"))["serverTime"]
        self.wishes = [
            {
                "apiKey": running.key, "quantity": "0.01", "recvWindow": 60_000,
                "side": "SELL" if number % 2 else "BUY", "symbol": symbol, "timestamp": now, "type": "MARKET",
            }
            for number in range(count)
        ]  # fmt: skip

    def over_http(self) -> list[float]:
        """Seconds from the request to its whole answer."""
        found = []
        for wish in self.wishes:
            path = f"/fapi/v1/order?{self._signed({name: wish[name] for name in wish if name != 'apiKey'})}"
            began = time.perf_counter()
            answer = self._asked("POST", path)
            found.append(time.perf_counter() - began)
            assert b'"orderId"' in answer, answer
        self._http.close()
        return found

    def over_websocket(self) -> list[float]:
        """Seconds from the call to its reply."""
        connection = connected(self.running.host, self.running.port, "/ws-fapi/v1")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        found = []
        for number, wish in enumerate(self.wishes):
            signature = self._signed(wish).rpartition("=")[2]
            call = {"id": number, "method": "order.place", "params": {**wish, "signature": signature}}
            text = json.dumps(call)
            began = time.perf_counter()
            send(connection, text)
            reply = connection.recv(1 << 16)
            found.append(time.perf_counter() - began)
            assert b'"orderId"' in reply, reply
        connection.close()
        self._http.close()
        return found

    def _signed(self, wish: dict[str, object]) -> str:
        query = urlencode(wish)
        return f"{query}&signature={hmac.new(self.running.secret.encode(), query.encode(), hashlib.sha256).hexdigest()}"

    def _asked(self, method: str, path: str) -> bytes:
        self._http.request(method, path, headers={"X-MBX-APIKEY": self.running.key})
        return self._http.getresponse().read()


def shown(seconds: list[float]) -> dict[str, float]:
    """The middle and the slow end, in milliseconds."""
    parts = quantiles(seconds, n=100)
    return {"p50_ms": round(parts[49] * 1000, 3), "p99_ms": round(parts[98] * 1000, 3)}


def report(benchmark: BenchmarkFixture, **figures: object) -> None:
    """Keep figures with the measurement, and print them."""
    benchmark.extra_info.update(figures)
    print(json.dumps(figures))


def bench_150_symbols_for_four_clients(benchmark: BenchmarkFixture, market: list[Path]) -> None:
    figures: dict[str, object] = {}

    def play() -> None:
        with exchange(market, "--speed", str(SPEED)) as running:
            clients = readers(running, streams(market))
            time.sleep(WARM_S)
            cpu, began = running.cpu_s(), time.perf_counter()
            orders = Orders(running, streams(market)[0].partition("@")[0].upper(), ORDERS_WHILE_PUSHING)
            trips = shown(orders.over_http())
            time.sleep(max(0.0, COUNTED_S - 1 - (time.perf_counter() - began)))
            share = (running.cpu_s() - cpu) / (time.perf_counter() - began)
            found = counted(clients)
        figures.update(
            messages_per_s=round(sum(one["messages"] for one in found) / COUNTED_S),
            megabytes_per_s=round(sum(one["bytes"] for one in found) / COUNTED_S / 1e6, 2),
            server_cpu=round(share, 2),
            speed_reached=round(min(one["market_s"] for one in found) / COUNTED_S, 1),
            most_behind_ms=round(max(one["behind_s"] for one in found) * 1000),
            order_over_http_meanwhile=trips,
        )

    benchmark.pedantic(play, rounds=1)  # type: ignore[no-untyped-call]
    report(benchmark, **figures)


@pytest.mark.parametrize("speed", [1, 60])
def bench_what_is_left_for_the_one_engine_that_it_serves(
    benchmark: BenchmarkFixture, market: list[Path], speed: int
) -> None:
    figures: dict[str, object] = {}

    def play() -> None:
        with exchange(market, "--speed", str(speed)) as running:
            names = streams(market)
            symbols = [name.partition("@")[0].upper() for name in names[::3]]
            cpu, began = running.cpu_s(), time.perf_counter()
            for symbol in symbols:
                url = f"http://{running.host}:{running.port}/fapi/v1/klines?symbol={symbol}&interval=1m&limit=1000"
                with urlopen(url) as answer:
                    answer.read()
            warm_up = {"wall_s": time.perf_counter() - began, "cpu_s": running.cpu_s() - cpu}
            clients = readers(running, names, speed, 1)
            time.sleep(WARM_S)
            cpu, began = running.cpu_s(), time.perf_counter()
            time.sleep(COUNTED_S - 1)
            share = (running.cpu_s() - cpu) / (time.perf_counter() - began)
            (found,) = counted(clients)
        figures.update(
            candles_of_150_symbols={what: round(seconds, 2) for what, seconds in warm_up.items()},
            messages_per_s=round(found["messages"] / COUNTED_S),
            server_cpu=round(share, 3),
            speed_reached=round(found["market_s"] / COUNTED_S, 1),
        )

    benchmark.pedantic(play, rounds=1)  # type: ignore[no-untyped-call]
    report(benchmark, **figures)


@pytest.mark.parametrize("way", [Orders.over_http, Orders.over_websocket])
def bench_an_order(benchmark: BenchmarkFixture, market: list[Path], way: Callable[[Orders], list[float]]) -> None:
    trips: list[float] = []
    with exchange(market, "--lockstep") as running:
        orders = Orders(running, streams(market)[0].partition("@")[0].upper(), ORDERS)
        benchmark.pedantic(lambda: trips.extend(way(orders)), rounds=1)  # type: ignore[no-untyped-call]
    report(benchmark, **shown(trips))

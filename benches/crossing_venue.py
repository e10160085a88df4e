"""A venue in a process of its own that sends trades of 150 symbols and notes when orders arrive.

It is told how many symbols to make cross by a line on its standard input, and answers with a line of JSON: for each the
time just before its frame was written, by the clock that all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from websockets.asyncio.server import ServerConnection, serve

SYMBOLS = 150
NOISE_BETWEEN = 20
PAUSE_S = 0.004


def name(number: int) -> str:
    """A symbol."""
    return f"S{number:03d}USDT"


def frame(symbol: str, number: int, price: str) -> str:
    """A trade as the market stream sends it."""
    now_ms = time.time_ns() // 1_000_000
    return (
        f'{{"stream":"{symbol.lower()}@aggTrade","data":{{"e":"aggTrade","E":{now_ms},"s":"{symbol}","a":{number},'
        f'"p":"{price}","q":"0.5","nq":"0.5","f":{number},"l":{number},"T":{now_ms},"m":false,"st":1}}}}'
    )


class Venue:
    """The streams and the orders."""

    def __init__(self) -> None:
        self.market: ServerConnection | None = None
        self.number = 0
        self.orders = 0

    async def serve(self, connection: ServerConnection) -> None:
        """Take a connection, whatever it is for."""
        path = connection.request.path if connection.request is not None else ""
        if "/market/" in path:
            self.market = connection
        async for message in connection:
            told = json.loads(message)
            if told.get("method") == "SUBSCRIBE":
                await connection.send(json.dumps({"result": None, "id": told["id"]}))
            else:
                self.orders += 1

    async def send(self, symbol: str, price: str) -> int:
        """Send a trade; when it was about to be written."""
        assert self.market is not None
        self.number += 1
        text = frame(symbol, self.number, price)
        before_ns = time.monotonic_ns()
        await self.market.send(text)
        return before_ns

    async def cross(self, symbols: int) -> dict[str, int]:
        """Let each symbol cross its stop once, among trades of the others."""
        sent = {}
        for number in range(symbols):
            for other in range(NOISE_BETWEEN):
                await self.send(name((number + other + 1) % SYMBOLS), "100.01")
            await asyncio.sleep(PAUSE_S)
            sent[name(number)] = await self.send(name(number), "80.00")
            await asyncio.sleep(PAUSE_S)
        return sent

    async def flood(self, seconds: float, per_second: int) -> int:
        """Send trades that cross nothing at a steady rate."""
        start, sent = time.monotonic(), 0
        while (passed := time.monotonic() - start) < seconds:
            while sent < passed * per_second:
                await self.send(name(sent % SYMBOLS), "100.01")
                sent += 1
            await asyncio.sleep(0.001)
        return sent


async def main() -> None:
    """Serve until the standard input ends."""
    venue = Venue()
    asked: asyncio.Queue[str] = asyncio.Queue()
    asyncio.get_running_loop().add_reader(sys.stdin, lambda: asked.put_nowait(sys.stdin.readline()))
    async with serve(venue.serve, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(port, flush=True)
        while line := (await asked.get()).split():
            if line[0] == "cross":
                answer: object = await venue.cross(int(line[1]))
            else:
                answer = await venue.flood(float(line[1]), int(line[2]))
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main())

"""A server in a process of its own that pushes trades at a steady rate to whoever connects: symbols and rate are given.

It does the handshake by the book, ignores what it is sent and never slows down; its frames are made beforehand but for
the trade's id.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import sys
import time

TICK_S = 0.002
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(symbol: str, number: int, price: float) -> bytes:
    """One trade as the exchange sends it."""
    now_ms = time.time_ns() // 1_000_000
    text = (
        f'{{"stream":"{symbol.lower()}@aggTrade","data":{{"e":"aggTrade","E":{now_ms},"s":"{symbol}","a":{number},'
        f'"p":"{price:.2f}","q":"0.012","nq":"0.012","f":{number},"l":{number},"T":{now_ms},"m":true,"st":1}}}}'
    ).encode()
    return bytes((0x81, 126)) + len(text).to_bytes(2) + text


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, symbols: list[str], rate: int) -> None:
    """Push until the other side has enough."""
    request = await reader.readuntil(b"\r\n\r\n")
    (key,) = [line.split(b": ")[1] for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")]
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())  # noqa: S324 - as RFC 6455 asks
    writer.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    # The client asks for its streams first.
    await reader.read(65536)
    began, sent = time.perf_counter(), 0
    while not writer.is_closing():
        due = int((time.perf_counter() - began) * rate)
        # Each trade is a write of its own, as they come from the exchange.
        for number in range(sent, due):
            writer.write(frame(symbols[number % len(symbols)], number // len(symbols) + 1, 100 + number % 50))
        sent = due
        await asyncio.sleep(TICK_S)


async def main() -> None:
    """Tell the port, then serve for ever."""
    symbols, rate = sys.argv[1].split(","), int(sys.argv[2])
    server = await asyncio.start_server(lambda one, other: serve(one, other, symbols, rate), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

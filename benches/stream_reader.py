"""A client of `bench_local_server.py` in a process of its own: subscribes, and counts what comes in some seconds.

Takes host, port, the market's speed, how many seconds to warm up and to count, and the streams on standard input.
Prints one line of JSON: messages, bytes, how many seconds the market's time went on, and by how many seconds of the
wall it was behind when it was most, against when it was least.
"""

from __future__ import annotations

import base64
import json
import re
import socket
import struct
import sys
import time

# So begins each event, and nothing inside of one.
EVENT = b'{"e":"'
TIME = re.compile(rb'"E":(\d+)')


def connected(host: str, port: int, path: str) -> socket.socket:
    """A WebSocket connection after its handshake."""
    connection = socket.create_connection((host, port))
    key = base64.b64encode(bytes(16)).decode()
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(1)
    if b" 101 " not in answer:
        raise ConnectionError(answer.decode())
    return connection


def send(connection: socket.socket, text: str) -> None:
    """Send a frame, under a mask of zeros."""
    payload = text.encode()
    small = len(payload) < 126
    size = bytes([0x80 | len(payload)]) if small else struct.pack("!BH", 0xFE, len(payload))
    connection.sendall(b"\x81" + size + bytes(4) + payload)


def count(connection: socket.socket, speed: float, warm_s: float, seconds: float) -> dict[str, float]:
    """Read for some time and count the rest of it."""
    messages = size = 0
    tail = b""
    market_s: list[float] = []
    behind_s: list[float] = []
    began = time.perf_counter() + warm_s
    while (now := time.perf_counter()) < began + seconds:
        chunk = connection.recv(1 << 18)
        if not chunk:
            raise ConnectionError("the exchange has closed the connection")
        joined = tail + chunk
        tail = joined[-len(EVENT) + 1 :]
        if now < began:
            continue
        messages += joined.count(EVENT)
        size += len(chunk)
        times = TIME.findall(joined[-400:])
        if times:
            market_s.append(int(times[-1]) / 1000)
            behind_s.append(time.perf_counter() - market_s[-1] / speed)
    return {
        "messages": messages,
        "bytes": size,
        "market_s": market_s[-1] - market_s[0],
        "behind_s": max(behind_s) - min(behind_s),
    }


if __name__ == "__main__":
    HOST, PORT, *NUMBERS = sys.argv[1:]
    READER = connected(HOST, int(PORT), "/market/ws")
    send(READER, json.dumps({"method": "SUBSCRIBE", "params": sys.stdin.read().split(), "id": 1}))
    print(json.dumps(count(READER, *map(float, NUMBERS))))

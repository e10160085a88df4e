"""A stream that says nothing: stalled, or is nothing traded? Source: faults F50, F61."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest

from sadari.binance import stream_names
from sadari.binance.endpoint import Endpoint
from sadari.binance.endpoints import TRADES
from sadari.errors import RetryableError
from sadari.model.units import MILLISECOND_NS, SECOND_NS
from sadari.venue.live.market.silence import Silence

SYMBOL = "BTCUSDT"
STREAM = stream_names.trades(SYMBOL)
TOLD_NS = 1_000 * SECOND_NS


class Scene:
    """An exchange with one last trade, and streams of which one is silent."""

    def __init__(self, traded_ns: int | None, told_ns: int | None) -> None:
        self.traded_ns, self.told = traded_ns, told_ns
        self.asked = 0
        self.silent = True
        self.lost: list[str] = []

    async def call(
        self,
        endpoint: Endpoint,
        parameters: Mapping[str, str] = {},
        *,
        weight: int | None = None,
        urgent: bool = False,
    ) -> bytes:
        """The last trade of the symbol that is asked for."""
        del weight, urgent
        assert (endpoint, parameters) == (TRADES, {"symbol": SYMBOL, "limit": "1"})
        self.asked += 1
        if self.traded_ns is None:
            raise RetryableError("nobody answers")
        return json.dumps([{"id": 1, "price": "1", "time": self.traded_ns // MILLISECOND_NS}]).encode()

    def is_silent(self, stream: str) -> bool:
        """Whether it still is."""
        return self.silent and stream == STREAM

    def told_ns(self, stream: str) -> int | None:
        """What its last frame bore."""
        return self.told if stream == STREAM else None

    def lose(self, stream: str) -> None:
        """It is stalled."""
        self.lost.append(stream)


def judged(scene: Scene) -> None:
    """Let a silent stream be looked at once."""

    async def main() -> None:
        silence = Silence(scene, scene, lambda _: TOLD_NS)
        silence.doubt(STREAM)
        silence.doubt(STREAM)
        for _ in range(5):
            await asyncio.sleep(0)
        await silence.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("traded_ns", "told_ns", "lost"),
    [
        (TOLD_NS, TOLD_NS, False),
        (TOLD_NS + SECOND_NS, TOLD_NS, False),
        (TOLD_NS + SECOND_NS + MILLISECOND_NS, TOLD_NS, True),
        (TOLD_NS - SECOND_NS, None, False),
        (TOLD_NS + 2 * SECOND_NS, None, True),
        (None, TOLD_NS, True),
    ],
)
def test_only_a_trade_that_was_not_told_makes_a_silent_stream_a_lost_one(
    traded_ns: int | None, told_ns: int | None, lost: bool
) -> None:
    """Before its first frame it is judged from when it was wanted; no answer proves nothing, so it is lost."""
    scene = Scene(traded_ns, told_ns)
    judged(scene)
    assert scene.lost == ([STREAM] if lost else [])
    assert scene.asked == 1


def test_a_stream_that_speaks_again_is_not_lost() -> None:
    """Whatever the exchange says then: the frame came first."""
    scene = Scene(TOLD_NS + 60 * SECOND_NS, TOLD_NS)
    scene.silent = False
    judged(scene)
    assert scene.lost == []

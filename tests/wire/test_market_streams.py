"""Market streams over real sockets, from a local exchange that misbehaves."""

from __future__ import annotations

import asyncio
import gc
from collections import defaultdict
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from sadari.binance import stream_names
from sadari.binance.market_frames import MarkHeard, StreamedCandle
from sadari.errors import ConfigError
from sadari.model.units import MINUTE_NS
from sadari.venue.clock import wall_ns
from sadari.venue.live.wire.market_streams import MarketStreams
from tests.local_exchange import BTC, ETH
from tests.wire.live_venue import Scene, scene

TRADES = stream_names.trades(BTC)
CANDLES = stream_names.candles(BTC, MINUTE_NS)


class Heard:
    """What streams have told."""

    def __init__(self, scene: Scene) -> None:
        self.trades: dict[str, list[tuple[int, float, int]]] = defaultdict(list)
        self.candles: list[tuple[str, StreamedCandle, bool]] = []
        self.marks: list[MarkHeard] = []
        self.lost: list[str] = []
        self.recovered: list[str] = []
        self.exhausted: list[str] = []
        self.ahead_ns = 0
        self._scene = scene
        self.streams = MarketStreams(
            scene.address.ws,
            self.trade,
            self.candle,
            lambda name: self._told(self.lost, name),
            lambda name: self._told(self.recovered, name),
            now_ns=self.now_ns,
            jitter=scene.draw,
            on_mark=lambda mark: self._told(self.marks, mark),
            on_exhausted=lambda name: self._told(self.exhausted, name),
        )

    def now_ns(self) -> int:
        """The clock that the streams live by."""
        return wall_ns() + self.ahead_ns

    def trade(self, symbol: str, price: float, text: str, time_ns: int, trade_id: int) -> None:
        """A trade."""
        assert float(text) == price
        self._told(self.trades[symbol], (trade_id, price, time_ns))

    def candle(self, symbol: str, interval_ns: int, candle: StreamedCandle, closed: bool) -> None:
        """A candle."""
        assert interval_ns == MINUTE_NS
        self._told(self.candles, (symbol, candle, closed))

    def _told(self, where: list[Any], what: object) -> None:
        where.append(what)
        self._scene.changed()


def play(script: Callable[[Scene, Heard], Awaitable[None]], speed: float = 300.0) -> Heard:
    """What was heard while a script went on."""

    async def main() -> Heard:
        async with scene(speed) as one:
            heard = Heard(one)
            try:
                await script(one, heard)
            finally:
                heard.streams.close()
            return heard

    return asyncio.run(main())


def in_order(heard: Heard, symbol: str = BTC) -> bool:
    """Whether every trade was told once, and later ones later."""
    return all(one[0] < other[0] and one[2] <= other[2] for one, other in pairwise(heard.trades[symbol]))


@pytest.mark.requirement("R004-49", "R004-50")
def test_trades_candles_and_marks_come_of_what_is_followed_and_of_nothing_else() -> None:
    """Each kind on its route; what is dropped is not told any more."""

    async def script(one: Scene, heard: Heard) -> None:
        heard.streams.follow([TRADES, CANDLES, stream_names.marks(BTC), stream_names.trades(ETH)])
        await one.until(lambda: len(heard.trades[BTC]) > 5 and any(closed for *_, closed in heard.candles))
        await one.until(lambda: bool(heard.marks) and bool(heard.trades[ETH]))
        heard.streams.drop([stream_names.trades(ETH)])
        before, mine = len(heard.trades[ETH]), len(heard.trades[BTC])
        await one.until(lambda: len(heard.trades[BTC]) > mine + 10)
        assert len(heard.trades[ETH]) == before
        assert {health.name: health.streams for health in heard.streams.health()} == {"trades-1": 1, "candles-1": 2}

    heard = play(script)
    assert in_order(heard)
    assert heard.streams.missed == 0
    assert heard.lost == []
    assert heard.recovered == []
    assert len({candle.open_ns for _, candle, closed in heard.candles if closed}) == sum(
        closed for *_, closed in heard.candles
    )


def test_a_closed_connection_is_told_tried_again_and_told_to_be_back() -> None:
    """The first attempt comes after a second; what was followed is asked for again."""

    async def script(one: Scene, heard: Heard) -> None:
        heard.streams.follow([TRADES])
        await one.until(lambda: len(heard.trades[BTC]) > 3)
        one.fault(f'verb = "close"\nstream = "{TRADES}"\ntimes = 1')
        await one.until(lambda: heard.lost == [TRADES])
        assert heard.streams.lost == {TRADES}
        await one.until(lambda: heard.recovered == [TRADES])
        assert heard.streams.lost == set()
        assert heard.streams.health()[0].reconnects == 1

    assert in_order(play(script))


def test_frames_that_come_twice_late_or_out_of_order_are_told_once_and_never_backwards() -> None:
    """F53 and F54."""

    async def script(one: Scene, heard: Heard) -> None:
        one.fault('verb = "duplicate_frame"\nprobability = 0.3')
        one.fault('verb = "reorder_frame"\nprobability = 0.2\nbehind = 2')
        heard.streams.follow([TRADES, CANDLES])
        await one.until(lambda: len(heard.trades[BTC]) > 60 and heard.streams.repeated > 20)

    heard = play(script)
    assert in_order(heard)
    ends = [candle.open_ns for _, candle, closed in heard.candles if closed]
    assert ends == sorted(set(ends))


def test_a_malformed_frame_is_kept_and_counted_and_the_next_one_is_read() -> None:
    """F56 and F83: broken, alien, and a price that is none."""

    async def script(one: Scene, heard: Heard) -> None:
        heard.streams.follow([TRADES])
        await one.until(lambda: len(heard.trades[BTC]) > 3)
        one.fault('verb = "malformed_frame"\ntimes = 2')
        one.fault('verb = "malformed_frame"\ntimes = 1\ntext = "{\\"code\\":1,\\"msg\\":\\"\\"}"')
        for price in ("0", "NaN", "-5", "1e999", ""):
            one.fault(f'verb = "alter_frame"\ntimes = 1\nfind = \'"p":"[^"]*"\'\nput = \'"p":"{price}"\'')
        await one.until(lambda: heard.streams.health()[0].malformed == 8)
        before = len(heard.trades[BTC])
        await one.until(lambda: len(heard.trades[BTC]) > before + 3)
        assert len(heard.streams.quarantine()) == 8
        assert heard.lost == []

    heard = play(script)
    assert in_order(heard)
    # Five in a row open another connection, over which some of them come well.
    assert 5 <= heard.streams.missed <= 8


def test_an_enormous_frame_ends_the_connection_and_it_comes_back() -> None:
    """F57."""

    async def script(one: Scene, heard: Heard) -> None:
        heard.streams.follow([TRADES])
        await one.until(lambda: len(heard.trades[BTC]) > 3)
        one.fault('verb = "huge_frame"\ntimes = 1\nsize = 67108864')
        await one.until(lambda: heard.recovered == [TRADES])

    assert in_order(play(script))


def test_a_burst_is_read_to_its_end_and_told_once() -> None:
    """F58: thousands of frames at once."""

    async def script(one: Scene, heard: Heard) -> None:
        heard.streams.follow([TRADES])
        await one.until(lambda: len(heard.trades[BTC]) > 3)
        one.fault('verb = "duplicate_frame"\ntimes = 5\ncopies = 2000')
        await one.until(lambda: heard.streams.repeated == 10_000)
        before = len(heard.trades[BTC])
        await one.until(lambda: len(heard.trades[BTC]) > before + 3)

    heard = play(script)
    assert in_order(heard)
    assert heard.lost == []
    assert heard.streams.missed == 0


def test_a_path_that_is_retired_is_told_as_lost_until_it_is_served_again() -> None:
    """F62: the handshake is refused with a page."""

    async def script(one: Scene, heard: Heard) -> None:
        one.fault('verb = "html"\npath = "/market/stream"\nstatus = 404')
        heard.streams.follow([TRADES])
        await one.until(lambda: heard.lost == [TRADES])
        one.no_more_faults()
        await one.until(lambda: heard.recovered == [TRADES])

    play(script)


def test_a_planned_replacement_opens_first_and_loses_nothing() -> None:
    """F52: nobody notices, no trade is missing."""

    async def script(one: Scene, heard: Heard) -> None:
        heard.streams.follow([TRADES])
        await one.until(lambda: len(heard.trades[BTC]) > 3)
        (connection,) = heard.streams._all()
        connection.replace(wall_ns())
        await one.until(lambda: heard.streams.health()[0].reconnects == 1)
        old = connection._link
        await one.until(lambda: connection._link is not old)
        assert old.socket is not None
        assert not old.socket.is_open
        before = len(heard.trades[BTC])
        await one.until(lambda: len(heard.trades[BTC]) > before + 10)

    heard = play(script)
    assert in_order(heard)
    assert heard.streams.missed == 0
    assert heard.lost == []


def test_a_replacement_that_does_not_deliver_is_given_up_and_the_old_one_goes_on() -> None:
    """A new socket that says nothing is no reason to leave one that does."""

    async def script(one: Scene, heard: Heard) -> None:
        heard.streams.follow([TRADES])
        await one.until(lambda: len(heard.trades[BTC]) > 3)
        (connection,) = heard.streams._all()
        old = connection._link
        connection._url = one.address.ws + "/public/stream"
        connection.replace(heard.now_ns())
        await one.until(lambda: heard.streams.health()[0].reconnects == 1)
        before = len(heard.trades[BTC])
        await one.until(lambda: len(heard.trades[BTC]) > before + 3)
        heard.ahead_ns += 10 * 10**9
        await one.until(lambda: connection._next is None)
        assert connection._link is old
        before = len(heard.trades[BTC])
        await one.until(lambda: len(heard.trades[BTC]) > before + 3)

    heard = play(script)
    assert heard.streams.missed == 0
    assert heard.lost == []


def test_more_streams_than_one_connection_takes_are_spread() -> None:
    """At most 200 on each, all of them asked for."""

    async def script(one: Scene, heard: Heard) -> None:
        names = [f"s{number}usdt@aggTrade" for number in range(450)]
        heard.streams.follow([*names, TRADES])
        await one.until(lambda: len(heard.trades[BTC]) > 3)
        assert [health.streams for health in heard.streams.health()] == [200, 200, 51]
        heard.streams.drop(names)
        assert [health.streams for health in heard.streams.health()] == [0, 1]

    play(script)


@pytest.mark.requirement("R003-44")
def test_a_host_that_never_answers_is_tried_again_and_the_fifth_failure_is_told() -> None:
    """Attempts go on after it."""

    async def main() -> None:
        async with scene() as one:
            heard = Heard(one)
            connection = heard.streams._another(stream_names.Lane.TRADES)
            connection._url = "ws://127.0.0.1:1/"
            heard.streams.follow([TRADES])
            for failures in range(1, 7):
                await one.until(lambda: heard.lost == [TRADES])
                while connection._recovery.failures < failures:
                    connection._retry_ns = 0
                    connection.look(wall_ns())
                    assert connection._attempt is not None
                    await asyncio.wait([connection._attempt])
            assert heard.exhausted == ["trades-1"]
            connection._url = one.address.ws + "/market/stream"
            connection._retry_ns = 0
            await one.until(lambda: heard.recovered == [TRADES])
            heard.streams.close()

    asyncio.run(main())


def test_an_address_that_is_no_websocket_is_refused_at_once() -> None:
    """Before anything is connected."""
    with pytest.raises(ConfigError, match="ws:// or wss://"):
        MarketStreams(
            "https://fstream.binance.com",
            lambda *_: None,
            lambda *_: None,
            lambda _: None,
            lambda _: None,
            now_ns=wall_ns,
            jitter=lambda: 0.0,
        )


def test_one_stream_that_falls_silent_gets_a_new_connection_while_the_others_go_on() -> None:
    """F50: pings are answered, the other stream flows; told after a minute, replaced at the look after 90 seconds."""

    async def script(one: Scene, heard: Heard) -> None:
        names = [TRADES, stream_names.trades(ETH)]
        heard.streams.follow(names)
        await one.until(lambda: len(heard.trades[BTC]) > 3 and len(heard.trades[ETH]) > 3)
        one.fault(f'verb = "drop_frame"\nstream = "{TRADES}"')
        (connection,) = heard.streams._all()
        for _ in range(7):
            # The other stream is heard at every step of the clock.
            heard.ahead_ns += 20 * 10**9
            before = len(heard.trades[ETH])
            await one.until(lambda before=before: len(heard.trades[ETH]) > before)  # type: ignore[misc]
            connection.look(heard.now_ns())
        await one.until(lambda: heard.lost == [TRADES])
        one.no_more_faults()
        await one.until(lambda: heard.recovered == [TRADES])
        await one.until(lambda: heard.streams.health()[0].reconnects == 1)

    heard = play(script)
    assert in_order(heard, ETH)
    assert heard.lost == [TRADES]


def test_a_subscription_that_is_acknowledged_and_never_comes_is_reported() -> None:
    """F61: the stream is not seen, whatever the exchange says, until its first frame."""

    async def script(one: Scene, heard: Heard) -> None:
        one.fault(f'verb = "drop_frame"\nstream = "{TRADES}"')
        heard.streams.follow([TRADES, stream_names.trades(ETH)])
        await one.until(lambda: len(heard.trades[ETH]) > 3)
        heard.ahead_ns += 11 * 10**9
        await one.until(lambda: TRADES in heard.lost)
        one.no_more_faults()
        await one.until(lambda: TRADES in heard.recovered)

    play(script)


@pytest.mark.requirement("R004-60")
def test_a_thousand_subscriptions_leave_nothing_behind() -> None:
    """Objects, tasks and what the exchange delivers are as before."""

    async def main() -> None:
        async with scene(lockstep=True) as one:
            heard = Heard(one)
            names = [f"s{number}usdt@aggTrade" for number in range(20)]

            async def cycles(count: int) -> tuple[int, int, int]:
                for _ in range(count):
                    heard.ahead_ns += 10**9
                    heard.streams.follow(names)
                    await asyncio.sleep(0)
                    heard.ahead_ns += 10**9
                    heard.streams.drop(names)
                    await asyncio.sleep(0)
                # Every message is answered before anything is counted.
                sent = heard.streams._all()[0].session._number
                await one.until(lambda: heard.streams.health()[0].messages >= sent)
                gc.collect()
                sessions = sum("sadari.binance" in str(type(one)) for one in gc.get_objects())
                return len(gc.get_objects()), sessions, len(asyncio.all_tasks())

            heard.streams.follow([TRADES])
            await one.until(lambda: heard.streams.health()[0].connected)
            heard.streams.drop([TRADES])
            before = await cycles(50)
            after = await cycles(1000)
            assert heard.streams._all()[0].session._number > 2000
            assert after[1:] == before[1:]
            assert after[0] - before[0] < 100
            assert heard.streams.streams == ()
            heard.streams.close()

    asyncio.run(main())

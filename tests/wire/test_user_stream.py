"""The user stream over real sockets: lost, expired, ended by others, and what it tells of orders."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import msgspec
import pytest

from sadari.binance.budget import Budget
from sadari.binance.endpoint import Endpoint
from sadari.binance.sign import HmacSigner
from sadari.binance.user_frames import AccountHeard, AlgoHeard, ConfigHeard, OrderHeard, TradeSign, UserFrame
from sadari.errors import FatalError, RefusedError, SadariError
from sadari.model.event import Event, OrderAccepted, OrderCanceled, OrderFilled, OrderRejected, StopStuck
from sadari.model.units import MINUTE_NS
from sadari.venue.clock import wall_ns
from sadari.venue.live.orders.reports import Reports
from sadari.venue.live.ports import NO_PARAMETERS
from sadari.venue.live.wire.rest import Rest
from sadari.venue.live.wire.server_clock import ServerClock
from sadari.venue.live.wire.user_stream import UserStream
from tests.local_exchange import BTC
from tests.wire.live_venue import Scene, scene


class Kept:
    """A caller that keeps what was asked and what came of it, over the real one."""

    def __init__(self, rest: Rest) -> None:
        self.asked: list[tuple[str, str]] = []
        self._rest = rest

    async def call(
        self,
        endpoint: Endpoint,
        parameters: Mapping[str, str] = NO_PARAMETERS,
        *,
        weight: int | None = None,
        urgent: bool = False,
    ) -> bytes:
        """Ask."""
        outcome = "ok"
        try:
            return await self._rest.call(endpoint, parameters, weight=weight, urgent=urgent)
        except RefusedError as error:
            outcome = str(error.code)
            raise
        except SadariError as error:
            outcome = type(error).__name__
            raise
        finally:
            self.asked.append((endpoint.method, outcome))


class Account:
    """The account as its stream tells of it."""

    def __init__(self, one: Scene, session: aiohttp.ClientSession, rest: Rest) -> None:
        self.scene = one
        self.caller = Kept(rest)
        self.frames: list[UserFrame] = []
        self.events: list[Event] = []
        self.lost: list[str] = []
        self.connections = 0
        self.exhausted = 0
        self.fatal: list[FatalError] = []
        self.ahead_ns = 0
        self.reports = Reports()
        self._session = session
        self.stream = UserStream(
            self.caller,
            one.address.ws,
            self._frame,
            self._lose,
            self._recover,
            now_ns=self.now_ns,
            jitter=one.draw,
            on_exhausted=self._exhaust,
            on_fatal=self._fail,
        )

    def now_ns(self) -> int:
        """The clock that the stream lives by."""
        return wall_ns() + self.ahead_ns

    def _frame(self, frame: UserFrame) -> None:
        self.frames.append(frame)
        if isinstance(frame, OrderHeard | AlgoHeard | TradeSign):
            self.events += self.reports.events(frame, self.now_ns())
        self.scene.changed()

    def _lose(self, reason: str) -> None:
        self.lost.append(reason)
        self.scene.changed()

    def _recover(self) -> None:
        self.connections += 1
        self.scene.changed()

    def _exhaust(self) -> None:
        self.exhausted += 1
        self.scene.changed()

    def _fail(self, error: FatalError) -> None:
        self.fatal.append(error)
        self.scene.changed()

    async def connected(self, times: int = 1) -> None:
        """Wait for so many connections."""
        await self.scene.until(lambda: self.connections >= times)

    async def human(self, where: str, **values: str) -> object:
        """What a person does on the account."""
        method, _, path = where.partition(" ")
        headers = {"Authorization": f"Bearer {self.scene.exchange.credentials.token}"}
        url = f"{self.scene.address.http}/control/human{path}"
        async with self._session.request(method, url, headers=headers, params=values) as reply:
            return msgspec.json.decode(await reply.read())

    async def buy(self, name: str) -> None:
        """A market order."""
        await self.human(
            "POST /fapi/v1/order", symbol=BTC, side="BUY", type="MARKET", quantity="0.01", newClientOrderId=name
        )

    def of(self, name: str) -> list[Event]:
        """The events of an order."""
        return [event for event in self.events if getattr(event, "client_order_id", "") == name]


def play(script: Callable[[Account], Awaitable[None]], *, secret: str | None = None) -> Account:
    """The account after a script."""

    async def main() -> Account:
        async with scene() as one, aiohttp.ClientSession() as session:
            key, right, _ = one.exchange.credentials
            signer = HmacSigner(key if secret is None else secret, right)
            async with Rest(one.address.http, signer, ServerClock(wall_ns), Budget()) as rest:
                account = Account(one, session, rest)
                account.stream.start()
                try:
                    await script(account)
                finally:
                    account.stream.close()
                return account

    return asyncio.run(main())


def test_an_order_is_told_from_its_acceptance_to_its_fill() -> None:
    """Short word, report, account: each as what it is."""

    async def script(account: Account) -> None:
        await account.connected()
        await account.buy("run-1-E")
        await account.scene.until(lambda: any(isinstance(one, AccountHeard) for one in account.frames))
        await account.human("POST /fapi/v1/leverage", symbol=BTC, leverage="7")
        await account.scene.until(lambda: isinstance(account.frames[-1], ConfigHeard))

    account = play(script)
    accepted, *fills = account.of("run-1-E")
    assert isinstance(accepted, OrderAccepted)
    assert all(isinstance(one, OrderFilled) for one in fills)
    assert [one.done for one in fills if isinstance(one, OrderFilled)][-1]
    assert account.reports.signs == len(fills)
    assert account.reports.gaps == set()
    assert account.lost == []
    assert account.stream.lost == ""


@pytest.mark.requirement("R003-12", "R003-30", "R003-33")
@pytest.mark.parametrize("event", ["true", "false"])
def test_a_key_that_has_expired_is_replaced_at_once_with_its_event_and_at_the_next_renewal_without(event: str) -> None:
    """F65 and F66: one -1125 at most, another key, and never a word about the dead one again."""

    async def script(account: Account) -> None:
        await account.connected()
        account.scene.fault(f'verb = "listen_key_death"\nevent = {event}')
        account.scene.exchange.faults.act(account.scene.exchange.gateway_ns())
        if event == "false":
            account.ahead_ns += 30 * MINUTE_NS - 5 * 10**9
        await account.connected(2)
        await account.buy("run-1-E")
        await account.scene.until(lambda: bool(account.of("run-1-E")))

    account = play(script)
    assert len(account.lost) == 1
    posts = [("POST", "ok"), ("POST", "ok")]
    assert account.caller.asked == (posts if event == "true" else [("POST", "ok"), ("PUT", "-1125"), ("POST", "ok")])


def test_a_key_that_somebody_else_has_ended_is_found_out_when_there_is_doubt() -> None:
    """F67: the stream is silent; what was seen elsewhere leads to another key."""

    async def script(account: Account) -> None:
        await account.connected()
        await account.scene.exchange_key_deleted()
        account.ahead_ns += MINUTE_NS
        account.stream.doubt()
        await account.connected(2)
        await account.buy("run-1-E")
        await account.scene.until(lambda: bool(account.of("run-1-E")))

    assert play(script).lost == []


def test_a_key_that_lives_is_kept_alive_and_never_deleted() -> None:
    """Every 30 minutes; closing ends the connection and leaves the key."""

    async def script(account: Account) -> None:
        await account.connected()
        for times in (1, 2, 3):
            account.ahead_ns += 30 * MINUTE_NS - 5 * 10**9
            while account.caller.asked.count(("PUT", "ok")) < times:
                account.stream._act()
                assert account.stream._task is not None
                await asyncio.wait([account.stream._task])

    account = play(script)
    assert account.caller.asked == [("POST", "ok"), *[("PUT", "ok")] * 3]
    assert account.connections == 1


@pytest.mark.requirement("R003-32")
def test_a_keep_alive_that_fails_is_tried_three_times_more_and_then_the_key_is_made_anew() -> None:
    """Exactly four requests, a second apart; the new connection opens before the old one is closed."""

    async def script(account: Account) -> None:
        await account.connected()
        account.scene.fault('verb = "code"\nmethod = "PUT"\npath = "/fapi/v1/listenKey"\ncode = -1000\nstatus = 400')
        account.ahead_ns += 30 * MINUTE_NS - 5 * 10**9
        await account.connected(2)

    account = play(script)
    assert account.caller.asked == [("POST", "ok"), *[("PUT", "UnknownOutcomeError")] * 4, ("POST", "ok")]
    assert account.lost == []


def test_a_closed_connection_is_told_once_and_comes_back() -> None:
    """F68: with a call for a comparison, because what happened meanwhile is never told."""

    async def script(account: Account) -> None:
        await account.connected()
        account.scene.fault('verb = "close"\nstream = "TRADE_LITE"\ntimes = 1')
        await account.buy("run-1-E")
        await account.scene.until(lambda: len(account.lost) == 1)
        assert account.stream.lost
        assert not account.stream.health().connected
        await account.connected(2)
        assert account.stream.health().reconnects == 1
        await account.buy("run-2-E")
        await account.scene.until(lambda: len(account.of("run-2-E")) > 1)

    account = play(script)
    assert [type(one) for one in account.of("run-1-E")] != []
    assert account.stream.lost == ""


def test_a_key_that_is_not_accepted_is_told_and_told_again() -> None:
    """Nothing hangs and nothing is swallowed: the next attempt comes later."""

    async def script(account: Account) -> None:
        await account.scene.until(lambda: len(account.fatal) == 2)

    account = play(script, secret="x" * 64)
    assert account.connections == 0
    assert len(account.lost) == 1


def test_what_a_callback_raises_is_not_swallowed() -> None:
    """Neither in the read nor in a task: the loop's exception handler has it."""
    failures: list[str] = []

    async def script(account: Account) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: failures.append(str(context["exception"])))

        def broken() -> None:
            raise ValueError("a bug in the comparison")

        account.stream._on_recovered = broken
        await account.scene.until(lambda: len(failures) == 1)

    play(script)
    assert failures == ["a bug in the comparison"]


def test_a_broken_frame_leads_to_another_connection_because_what_it_said_is_lost() -> None:
    """F56: kept, counted, and not guessed at."""

    async def script(account: Account) -> None:
        await account.connected()
        account.scene.fault('verb = "malformed_frame"\nstream = "ORDER_TRADE_UPDATE"\ntimes = 1')
        await account.buy("run-1-E")
        await account.scene.until(lambda: any(isinstance(one, AccountHeard) for one in account.frames))
        account.ahead_ns += MINUTE_NS
        await account.connected(2)
        assert account.stream.health().malformed == 1
        assert len(account.stream.quarantine) == 1

    play(script)


@pytest.mark.parametrize("outcome", ["stuck", "rejected", "unfilled", ""])
def test_what_becomes_of_a_stop_at_its_trigger_is_told(outcome: str) -> None:
    """F77 to F79, and the stop that works."""

    async def script(account: Account) -> None:
        await account.connected()
        await account.buy("run-1-E")
        price = account.scene.exchange.market.symbols[BTC].last_price
        trigger = f"{price * 98 / 100:.1f}"
        await account.human(
            "POST /fapi/v1/algoOrder", algoType="CONDITIONAL", symbol=BTC, side="SELL", type="STOP_MARKET",
            triggerPrice=trigger, closePosition="true", clientAlgoId="run-2-W",
        )  # fmt: skip
        await account.scene.until(lambda: bool(account.of("run-2-W")))
        if outcome:
            account.scene.fault(f'verb = "break_trigger"\nsymbol = "{BTC}"\noutcome = "{outcome}"')
            account.scene.exchange.faults.act(account.scene.exchange.gateway_ns())
        account.scene.fault(f'verb = "price_gap"\nsymbol = "{BTC}"\nfraction = -0.05')
        account.scene.exchange.faults.act(account.scene.exchange.gateway_ns())
        last = {"stuck": "TRIGGERING", "rejected": "REJECTED"}.get(outcome, "FINISHED")
        await account.scene.until(
            lambda: any(isinstance(one, AlgoHeard) and one.status == last for one in account.frames)
        )
        account.events += account.reports.due(account.now_ns() + 2 * 10**9)

    events = play(script).of("run-2-W")
    assert isinstance(events[0], OrderAccepted)
    wanted = {"stuck": StopStuck, "rejected": OrderRejected, "unfilled": StopStuck, "": OrderFilled}[outcome]
    assert {type(one) for one in events[1:]} == {wanted}


def test_a_person_and_the_exchange_act_on_the_account() -> None:
    """A stop that somebody cancels is told as ended; fills told again and out of order change nothing."""

    async def script(account: Account) -> None:
        await account.connected()
        account.scene.fault('verb = "duplicate_frame"\ncopies = 2')
        account.scene.fault('verb = "reorder_frame"\nstream = "ORDER_TRADE_UPDATE"\nprobability = 0.5\nbehind = 1')
        for number in range(10):
            await account.buy(f"run-{number}-E")
        account.scene.no_more_faults()
        for number in range(10, 13):
            await account.buy(f"run-{number}-E")
        await account.human(
            "POST /fapi/v1/algoOrder", algoType="CONDITIONAL", symbol=BTC, side="SELL", type="STOP_MARKET",
            triggerPrice="1000", closePosition="true", clientAlgoId="run-99-W",
        )  # fmt: skip
        await account.human("DELETE /fapi/v1/algoOrder", clientAlgoId="run-99-W")
        await account.scene.until(lambda: len(account.of("run-99-W")) == 2)

    account = play(script)
    assert isinstance(account.of("run-99-W")[-1], OrderCanceled)
    trades = {event.trade_id: event for event in account.events if isinstance(event, OrderFilled)}
    truth = {one.trade_id: one.qty for one in account.scene.exchange.desk.trades}
    assert {number: one.qty for number, one in trades.items()} == truth

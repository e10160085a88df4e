"""The account at the exchange: orders, the user stream, what is prepared there."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from sadari.binance import answers, codes
from sadari.binance.endpoints import EXCHANGE_INFO
from sadari.core.intent_table import IntentState
from sadari.core.position import Position
from sadari.errors import FatalError, SadariError
from sadari.model.event import Event, GateShut, OrderRejected
from sadari.model.instrument import Instrument
from sadari.run.live.account import expected_of
from sadari.run.live.side import Facts
from sadari.venue.live.account.examination import found
from sadari.venue.live.account.flags import read_flags
from sadari.venue.live.account.preparation import FAILED, Preparation, Prepared, Wish
from sadari.venue.live.account.readings import read_all, read_contracts
from sadari.venue.live.background import Background
from sadari.venue.live.orders.comparison import Held
from sadari.venue.live.orders.exchange_trading import ExchangeTrading
from sadari.venue.live.ports import Urgent
from sadari.venue.live.wire.stream_health import StreamHealth
from sadari.venue.live.wire.user_stream import UserStream

if TYPE_CHECKING:
    from sadari.run.live.engine import LiveEngine

USER = "user"
KEY_REFUSED = "KEY_REFUSED"
WORKING = ("RUNNING", "PAUSED", "DEGRADED", "STOPPING", "LIQUIDATING")
CONNECT_S = 10.0
LOOK_S = 0.05


async def examined(live: LiveEngine) -> Facts:
    """What the account at the exchange is, before anything is traded on it."""
    connections, expected = live.connections, expected_of(live.asked.config)
    await connections.rest.measure_clock()
    wallet_host = bool(connections.hosts.wallet)
    # Positions may be without a stop: their start waits for no budget that is left to spare.
    caller = Urgent(connections.rest)
    readings = await read_all(caller, live.asked.clocks.wall_ns, expected, wallet_host=wallet_host)
    flags = readings.flags
    connections.budget.limits = answers.rate_limits(await caller.call(EXCHANGE_INFO))
    return Facts(
        readings.instruments or {},
        found(readings, expected),
        hedge=flags is not None and bool(flags.hedge),
        multi_assets=None if flags is None else flags.multi_assets,
    )


class ExchangeSide:
    """Orders to the exchange, and what it tells.

    Args:
        live: The engine's life.
        facts: What the examination found.
    """

    def __init__(self, live: LiveEngine, facts: Facts) -> None:
        asked, connections, parts = live.asked, live.connections, live.parts
        lanes = connections.lanes
        if lanes is None:
            raise FatalError("there is no key: nothing can be ordered at an exchange")
        clocks = asked.clocks
        self._live = live
        self._seen_ns: int | None = None
        self._background = Background()
        self._trading = ExchangeTrading(
            live.take, connections.rest, lanes, parts.clock, connections.server.ns, clocks.measure_ns, parts.balances,
            known=self._known, unresolved=self._unresolved, ours=self._ours, seen_since=self._seen_since,
            half_dead=self._half_dead, differs=self._differs, configured=self._configured, report=asked.log,
        )  # fmt: skip
        self._trading.gateway.hedge = facts.hedge
        policy = asked.config.venue.on_recovery_exhausted.upper()
        self._user = UserStream(
            connections.rest,
            connections.hosts.streams,
            self._trading.frame,
            self._lose,
            self._recover,
            now_ns=clocks.measure_ns,
            jitter=lambda: 2 * asked.jitter() - 1,
            on_exhausted=lambda: live.parts.supervision.exhausted(USER, policy),
            on_fatal=self._refused,
            on_key_lost=parts.alerting.listen_key_lost,
        )
        self._margin_types: dict[str, str] = {}
        self._preparation = Preparation(connections.rest, asked.config.venue.on_multi_assets)

    @property
    def trading(self) -> ExchangeTrading:
        """Where orders go."""
        return self._trading

    def restore(self, trades: Mapping[str, Iterable[int]]) -> None:
        """See `Side`."""
        for symbol, told in trades.items():
            for trade_id in sorted(told):
                self._trading.fills.remember(symbol, trade_id)
        self._trading.comparison.income_ns = self._live.opened.income_from_ns(self._live.now_ns())
        server_ns = self._live.connections.server.ns()
        for order in self._live.opened.placed.values():
            self._trading.gateway.remember(order, server_ns)

    async def start(self) -> None:
        """See `Side`; without the user stream the engine starts degraded."""
        await self._live.connections.start()
        self._user.start()
        waited_s = 0.0
        while self._user.lost and waited_s < CONNECT_S:
            await asyncio.sleep(LOOK_S)
            waited_s += LOOK_S

    async def prepare(self, wishes: Sequence[Wish], *, change: bool) -> list[Prepared]:
        """See `Side`."""
        if not change:
            return [self._as_prepared(one) for one in await self._preparation.confirm(wishes)]
        results = await self._preparation.prepare_all(wishes)
        self._margin_types.update((one.symbol, one.margin_type) for one in results if one.ready)
        return results

    def _as_prepared(self, now: Prepared) -> Prepared:
        """A margin mode that somebody else has changed is not what was prepared, even where it would be accepted."""
        prepared = self._margin_types.get(now.symbol, now.margin_type)
        if not now.ready or now.margin_type == prepared:
            return now
        text = f"the margin mode was prepared as {prepared} and is {now.margin_type} now; prepare it again"
        return msgspec.structs.replace(now, status=FAILED, message=text)

    async def contracts(self) -> Mapping[str, Instrument]:
        """See `Side`."""
        log = self._live.asked.log
        instruments, _ = await read_contracts(
            self._live.connections.rest, lambda why: log(f"a contract is left out: {why}")
        )
        return instruments

    def seen(self, event: Event) -> None:
        """See `Side`."""
        self._trading.seen(event)
        if isinstance(event, OrderRejected) and event.code in codes.OTHER_POSITION_MODE:
            self._background.begin(self._read_mode())

    def health(self) -> tuple[StreamHealth, ...]:
        """See `Side`."""
        names = ("orders: openings", "orders: exits")
        apis = zip(names, self._live.connections.ws_apis, strict=True)
        orders = (
            StreamHealth(name, api.is_connected, 0, sum(api.calls.values()), api.age_s, max(api.connections - 1, 0))
            for name, api in apis
        )
        return (self._user.health(), *orders)

    def calls(self) -> Mapping[str, int]:
        """See `Side`."""
        calls: Counter[str] = Counter()
        for api in self._live.connections.ws_apis:
            calls.update({f"ws {method}": number for method, number in api.calls.items()})
        return calls

    async def close(self) -> None:
        """See `Side`."""
        self._user.close()
        await asyncio.gather(self._trading.close(), self._background.close())

    # what the trading knows of the engine

    def _known(self) -> Mapping[str, Held]:
        engine = self._live.opened.engine
        live: dict[str, list[str]] = {}
        for name, intent in engine.live.items():
            if intent.state is not IntentState.PROPOSED:
                live.setdefault(intent.symbol, []).append(name)
        return {
            symbol: Held(position.side.sign * position.qty, tuple(live.get(symbol, ())), _resting(position))
            for symbol, position in engine.positions.items()
        }

    def _unresolved(self, client_order_id: str) -> bool:
        intent = self._live.opened.engine.orders.get(client_order_id)
        return intent is not None and not intent.final

    def _ours(self, client_order_id: str) -> bool:
        return client_order_id.startswith(f"{self._live.opened.name}-")

    def _differs(self, symbol: str) -> None:
        self._live.parts.supervision.compare_soon(symbol)

    async def _read_mode(self) -> None:
        """Somebody has changed the position mode, of which no message tells: orders are written for it from now on."""
        gateway = self._trading.gateway
        try:
            hedge = bool((await read_flags(self._live.connections.rest)).hedge)
        except SadariError as error:
            self._live.asked.log(f"the position mode could not be read back: {error}")
            return
        if hedge != gateway.hedge:
            gateway.hedge = hedge
            self._live.facts = self._live.facts._replace(hedge=hedge)
            self._live.asked.log(f"critical: the account is in {'hedge' if hedge else 'one-way'} mode now")

    # the user stream

    def _seen_since(self, server_ns: int, over_ns: int) -> bool:
        """Whether nothing can have been missed: the stream was there all the time, or all was compared afterwards."""
        if self._seen_ns is None:
            return False
        return self._seen_ns <= server_ns or self._trading.comparison.begun_ns > over_ns

    def _lose(self, why: str) -> None:
        self._seen_ns = None
        self._live.parts.supervision.lose(USER, why)

    def _recover(self) -> None:
        """It is there, perhaps after something was missed: compare, or reach agreement."""
        self._seen_ns = self._live.connections.server.ns()
        self._trading.comparison.thorough = True
        supervision = self._live.parts.supervision
        if USER in supervision.lost:
            supervision.recover(USER)
        elif self._live.state in WORKING:
            supervision.compare_soon("")

    def _half_dead(self, client_order_id: str) -> None:
        self._live.asked.log(f"the user stream has not told of {client_order_id}: it is opened anew")
        self._user.doubt()

    def _refused(self, error: FatalError) -> None:
        """The key is not accepted any more: nothing new, and a person is told."""
        self._live.asked.log(f"critical: the key is not accepted: {error}")
        self._live.take(GateShut(time_ns=self._live.now_ns(), cause=KEY_REFUSED))

    def _configured(self, symbol: str) -> None:
        """A setting has changed at the exchange: look whether what was prepared still holds."""
        self._background.begin(self._confirm([symbol] if symbol else list(self._live.symbols.prepared)))

    async def _confirm(self, symbols: list[str]) -> None:
        try:
            known = [one for one in symbols if one in self._live.symbols.prepared]
            await self._live.symbols.prepare(known, change=False)
        except SadariError as error:
            self._live.asked.log(f"settings could not be read back: {error}")


def _resting(position: Position) -> tuple[str, ...]:
    """The stops of a position that the exchange is known to have."""
    stops = (position.inner, position.inner_next, position.wall)
    return tuple(one.client_order_id for one in stops if one is not None and one.state is IntentState.NEW)

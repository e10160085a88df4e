"""The account on paper: live market data, our own exchange model; no order ever leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from sadari.binance import answers
from sadari.binance.decode import contracts
from sadari.binance.endpoints import EXCHANGE_INFO, TICKER_PRICE
from sadari.binance.market_frames import MarkHeard
from sadari.errors import RefusedError
from sadari.model.command import CancelOrder, PlaceOrder, QueryOrder
from sadari.model.event import AccountUpdated, Event, InstrumentChanged
from sadari.model.instrument import Instrument
from sadari.run.feed.synthetic import contract
from sadari.run.live.journals import records
from sadari.run.live.side import Facts
from sadari.run.settings.paper import paper_desk
from sadari.venue.live.account.findings import Finding, Severity
from sadari.venue.live.account.preparation import FAILED, SUCCESS, Prepared, Wish
from sadari.venue.live.wire.stream_health import StreamHealth
from sadari.venue.paper import PaperDesk

if TYPE_CHECKING:
    from sadari.run.live.engine import LiveEngine


async def listed(live: LiveEngine) -> Facts:
    """What is listed at the exchange; leverage brackets need a key and are those of the configuration, or assumed."""
    await live.connections.rest.measure_clock()
    body = await live.connections.rest.call(EXCHANGE_INFO)
    known = contracts(body, lambda why: live.asked.log(f"a contract is left out: {why}"))
    sections = live.asked.config.instruments
    described: dict[str, Instrument] = {}
    assumed = 0
    for symbol, instrument in known.items():
        brackets = sections[symbol].brackets if symbol in sections else None
        assumed += brackets is None
        usual = contract(symbol, instrument.tick_size, instrument.step_size).brackets
        described[symbol] = msgspec.structs.replace(instrument, brackets=brackets or usual)
    if not assumed:
        return Facts(described)
    text = f"{assumed} contracts have no leverage brackets without a key; usual ones are assumed"
    remedy = "write [instruments.SYMBOL] brackets in the configuration"
    return Facts(described, [Finding(severity=Severity.WARNS, subject="brackets", found=text, remedy=remedy)])


class PaperTrading:
    """Orders to our own exchange model.

    Args:
        desk: The account.
    """

    meets_trades = True

    def __init__(self, desk: PaperDesk) -> None:
        self._desk = desk

    @property
    def in_flight(self) -> int:
        """Nothing is ever without an answer for longer than the market takes."""
        return 0

    @property
    def compared(self) -> int:
        """How often everything was compared."""
        return 0

    def place(self, order: PlaceOrder) -> None:
        """Send an order to the model."""
        self._desk.execute(order)

    def cancel(self, command: CancelOrder) -> None:
        """Send a cancel to the model."""
        self._desk.execute(command)

    def query(self, command: QueryOrder) -> None:
        """Ask the model for an order."""
        self._desk.execute(command)

    async def compare(self, symbol: str = "") -> None:
        """Show what the model has, the account before the positions."""
        self._desk.show_account("SYNC")
        self._desk.reconcile(symbol)

    async def glance(self) -> None:
        """The model's positions never differ from what it has told."""

    async def refresh(self, cause: str = "REFRESH", *, positions: bool = True) -> None:
        """Show the model's account, which prices move while a crossed position is held."""
        del positions
        self._desk.show_account(cause)

    def moved(self, time_ns: int) -> AccountUpdated | None:
        """See `Trading`: as the model has it."""
        return self._desk.moved(time_ns)

    def trade(self, symbol: str, price: float, time_ns: int) -> None:
        """A trade meets the model's orders first."""
        self._desk.on_trade(symbol, price, time_ns)

    def look(self) -> None:
        """What is due is due by the market's time."""

    async def close(self) -> None:
        """Nothing is under way."""


class PaperSide:
    """An account of our own exchange model.

    Args:
        live: The engine's life.
        facts: What is listed.
    """

    def __init__(self, live: LiveEngine, facts: Facts) -> None:
        self._live = live
        # What is listed later is not traded in this life.
        self._known = frozenset(facts.instruments)
        self._desk = paper_desk(
            live.asked.config, facts.instruments, live.take, now_ns=live.parts.clock.now_ns,
            later=asyncio.get_running_loop().call_later,
        )  # fmt: skip
        self._trading = PaperTrading(self._desk)

    @property
    def trading(self) -> PaperTrading:
        """Where orders go."""
        return self._trading

    def restore(self, trades: Mapping[str, Iterable[int]]) -> None:
        """See `Side`: the account goes on as the journal tells it."""
        del trades
        self._desk.recover(records(self._live.asked.folder.journal))

    async def start(self) -> None:
        """See `Side`; the account needs no connection, but the price of what it holds."""
        held = {record.symbol for record in self._desk.positions()}
        if held:
            now_ns = self._live.now_ns()
            for one in answers.prices(await self._live.connections.rest.call(TICKER_PRICE), held):
                self._desk.on_trade(one.symbol, float(one.price), one.time_ns or now_ns)

    async def prepare(self, wishes: Sequence[Wish], *, change: bool) -> list[Prepared]:
        """See `Side`."""
        del change
        return [self._prepared(wish) for wish in wishes]

    def _prepared(self, wish: Wish) -> Prepared:
        try:
            limit = self._desk.prepare(wish.symbol, wish.leverage, wish.margin_mode)
        except RefusedError as refusal:
            return Prepared(symbol=wish.symbol, status=FAILED, message=str(refusal))
        return Prepared(
            symbol=wish.symbol,
            status=SUCCESS,
            margin_type=wish.margin_mode.name,
            leverage=wish.leverage,
            max_notional=limit,
            message="ready",
        )

    async def contracts(self) -> Mapping[str, Instrument]:
        """See `Side`."""
        return (await listed(self._live)).instruments

    def seen(self, event: Event) -> None:
        """See `Side`: the account that is shown is the model's, and the model goes by the contracts as they are."""
        if isinstance(event, AccountUpdated):
            self._live.parts.balances.follow(event, self._desk.positions())
        elif isinstance(event, InstrumentChanged) and event.instrument.symbol in self._known:
            self._desk.relist(event.instrument)

    def mark(self, heard: MarkHeard) -> None:
        """A mark price, with the funding that it announces."""
        if heard.funding_rate is not None and heard.next_funding_ns is not None:
            self._desk.on_mark(
                heard.symbol,
                Decimal(heard.text),
                Decimal(repr(heard.funding_rate)),
                heard.next_funding_ns,
                heard.time_ns,
            )

    def health(self) -> tuple[StreamHealth, ...]:
        """See `Side`."""
        return ()

    def calls(self) -> Mapping[str, int]:
        """See `Side`."""
        return {}

    async def close(self) -> None:
        """See `Side`."""

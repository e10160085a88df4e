"""A live engine whose surroundings go wrong: no new exposure until they are right, positions as they were."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import pytest

from sadari.binance.stream_names import trades
from sadari.localexchange.faults.file import load_faults
from sadari.model.command import PlaceOrder
from sadari.model.event import Event, GateShut, InstrumentChanged
from sadari.model.instrument import Instrument
from sadari.model.order import OrderType, Purpose, Side
from sadari.model.units import SECOND_NS
from sadari.run.live import health
from sadari.run.live.paper_side import PaperSide
from sadari.run.operator.commands import Commands
from sadari.venue.clock import wall_ns
from tests.live_account import NEVER, entered
from tests.live_engine import CONFIG, MARKET, SYMBOL, Rig, rig


def played(folder: Path, play: Callable[[Rig], Awaitable[None]]) -> None:
    """Play something with a running engine."""

    async def whole() -> None:
        async with rig(folder) as made, made.running():
            await made.until(lambda: made.live.state == "RUNNING")
            await play(made)

    asyncio.run(whole())


def fault(made: Rig, rule: str) -> None:
    """Add a rule of faults."""
    made.exchange.faults.add(load_faults(f"[[fault]]\n{rule}"), made.exchange.gateway_ns())


def gate(made: Rig) -> tuple[str, ...]:
    """Why nothing may be opened."""
    return made.live.opened.engine.gate()


def test_a_clock_that_has_gone_off_shuts_the_gate_until_it_is_right(tmp_path: Path) -> None:
    """More than a second between the two clocks, measured again (faults F19)."""

    async def play(made: Rig) -> None:
        fault(made, 'verb = "clock_shift"\nseconds = 5')
        await made.until(made.exchange.faults.firings)
        await made.live.health.check_clock()
        assert gate(made) == (health.CLOCK_OFF,)
        assert "set it by NTP" in made.alerts[-1].text
        fault(made, 'verb = "clock_shift"\nname = "back"\nseconds = -5')
        await made.until(lambda: len(made.exchange.faults.firings()) > 1)
        await made.live.health.check_clock()
        assert gate(made) == ()

    played(tmp_path, play)


def test_an_order_that_is_refused_for_its_time_is_made_by_the_clock_measured_then(tmp_path: Path) -> None:
    """The way over HTTP measures it and asks once more: nothing was done by the first request (faults F19)."""

    async def whole() -> None:
        config = CONFIG.replace("sync_s = 2", "sync_s = 600")
        async with rig(tmp_path / "engine", config=config) as made, made.running() as live:
            await made.until(lambda: live.state == "RUNNING")
            await Commands(live).pause("tester", "until the clocks differ")
            fault(made, 'verb = "clock_shift"\nseconds = 30')
            await made.until(made.exchange.faults.firings)
            await Commands(live).resume("tester")
            await entered(made)
            assert live.recent.refusals == 0

    asyncio.run(whole())


def test_a_clock_that_is_set_back_keeps_no_stream_waiting(tmp_path: Path) -> None:
    """What is followed after that is seen at once, and requests bear the server's time all along (faults F113)."""
    other = max(MARKET.instruments)
    set_by: list[int] = []

    async def whole() -> None:
        async with rig(tmp_path / "engine") as made:
            made.wall_ns = lambda: wall_ns() + sum(set_by)
            async with made.running() as live:
                await made.until(lambda: live.state == "RUNNING" and made.held())
                set_by.append(-3600 * SECOND_NS)
                assert abs(live.connections.server.ns() - wall_ns()) < SECOND_NS
                live.parts.market.follow(other)
                await made.until(lambda: live.parts.streams.heard_ns(trades(other)) is not None, patience_s=10)

    asyncio.run(whole())


def test_a_slow_journal_is_told_and_a_very_slow_one_shuts_the_gate(tmp_path: Path) -> None:
    """A tenth of a second, a second, and then a quick one (faults F112)."""

    async def play(made: Rig) -> None:
        journal = made.live.opened.journal

        def took(ns: int) -> None:
            journal.last_sync_ns, journal.syncs = ns, journal.syncs + 1
            made.live.take(GateShut(time_ns=made.live.now_ns(), symbol="OTHER", cause=str(ns)))

        took(SECOND_NS // 2)
        assert (gate(made), made.alerts[-1].text) == ((), "a write to the journal took 500 ms")
        took(2 * SECOND_NS)
        assert gate(made) == (health.SLOW_JOURNAL,)
        await made.live.health.look()
        assert gate(made) == ()

    played(tmp_path, play)


def followed(made: Rig) -> dict[str, Instrument]:
    """The contracts of which the engine is told from now on."""
    listed: dict[str, Instrument] = {}

    def see(_: int, event: Event, __: object) -> None:
        if isinstance(event, InstrumentChanged):
            listed[event.instrument.symbol] = event.instrument

    made.live.driver.observers.append(see)
    return listed


def test_a_filter_that_refuses_an_order_is_read_at_once(tmp_path: Path) -> None:
    """The entry is refused for its step; the next one knows the new step (faults F88)."""

    async def play(made: Rig) -> None:
        listed = followed(made)
        fault(made, f'verb = "filter_change"\nsymbol = "{SYMBOL}"\nstep_size = 0.01')
        await made.until(lambda: SYMBOL in listed)
        assert listed[SYMBOL].step_size == Decimal("0.01")
        assert made.live.recent.refusals == 1
        await made.until(made.held)
        assert made.held() % Decimal("0.01") == 0

    played(tmp_path, play)


def test_a_paper_account_goes_by_filters_that_have_changed(tmp_path: Path) -> None:
    """Its own exchange refuses what the exchange would refuse from now on (faults F88)."""

    async def whole() -> None:
        config = CONFIG.replace('mode = "local"', 'mode = "paper"')
        async with rig(tmp_path / "engine", config=config) as made, made.running(NEVER) as live:
            await made.until(lambda: live.state == "RUNNING")
            side = live.parts.side
            assert isinstance(side, PaperSide)
            fault(made, f'verb = "filter_change"\nsymbol = "{SYMBOL}"\nstep_size = 0.01')
            await made.until(made.exchange.faults.firings)
            await live.health.check_contracts()
            order = PlaceOrder(
                symbol=SYMBOL, client_order_id="x-1-E", purpose=Purpose.ENTRY, side=Side.BUY,
                order_type=OrderType.MARKET, qty=Decimal("1.001"),
            )  # fmt: skip
            price = made.exchange.market.symbols[SYMBOL].last_price
            assert side._desk.exchange.check(order, price) == -1111

    asyncio.run(whole())


def test_changed_contracts_are_told_and_an_empty_list_is_not_believed(tmp_path: Path) -> None:
    """Filters, and the status of a symbol that is halted (faults F46, F86, F88)."""

    async def play(made: Rig) -> None:
        listed = followed(made)
        fault(made, f'verb = "filter_change"\nsymbol = "{SYMBOL}"\nmin_qty = 0.5')
        await made.until(made.exchange.faults.firings)
        await made.live.health.check_contracts()
        assert listed[SYMBOL].min_qty == Decimal("0.5")
        find = '"status":"TRADING"'
        fault(made, f"name = 'halt'\nverb = 'alter_reply'\npath = '/fapi/v1/exchangeInfo'\nfind = '{find}'\n"
                    "put = '\"status\":\"HALT\"'")  # fmt: skip
        await made.live.health.check_contracts()
        assert listed[SYMBOL].status == "HALT"
        made.exchange.faults.remove("halt")
        fault(made, 'verb = "empty_read"\npath = "/fapi/v1/exchangeInfo"\nbody = \'{"symbols":[],"rateLimits":[]}\'')
        await made.live.health.check_contracts()
        assert "those that were known are kept" in made.lines[-1]

    played(tmp_path, play)


def test_a_disk_that_fills_up_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than a fifth of it is free (faults F108)."""

    async def play(made: Rig) -> None:
        monkeypatch.setattr(health, "LEAST_FREE", 2)
        await made.live.health.look()
        await made.live.health.look()
        told = [one.text for one in made.alerts if one.code == "DISK"]
        assert len(told) == 1
        assert "% of the disk are free" in told[0]

    played(tmp_path, play)

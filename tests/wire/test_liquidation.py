"""A liquidation over sockets, judged by the exchange's own records. Source: strategies §11; requirement R003-9."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sadari.errors import ConfigError
from sadari.localexchange.faults.file import load_faults
from sadari.model.command import RecordLiquidated, RecordLiquidation, RecordPosition
from sadari.model.reason import LiquidationSource
from sadari.model.units import MILLISECOND_NS, SECOND_NS
from sadari.run.operator.commands import Commands
from sadari.run.operator.control import OfLiquidation
from sadari.run.settings.tokens import secret_of
from sadari.store.folder import Folder
from sadari.store.journal import decode, read
from sadari.venue.clock import wall_ns
from tests.incident_market import incident_market
from tests.liquidation_asked import signed_request
from tests.liquidation_driver import INCIDENT, ORDER
from tests.live_account import NEVER, resting, trades
from tests.live_engine import Rig, rig
from tests.live_truth import same_positions, wrongs

D = Decimal
MARKET = incident_market()
ZERO = D(0)
MORE = NEVER + "auto_adopt = true\n[liquidation]\nnotice_s = 2\n"
EXIT = 'method = "POST"\npath = "/fapi/v1/order"\ncontains = "symbol={symbol}"'


@contextlib.asynccontextmanager
async def incident(folder: Path) -> AsyncIterator[Rig]:
    """The account with the four shorts of the incident; no engine runs yet."""
    async with rig(folder, symbols=tuple(INCIDENT), market=MARKET, slippage_ticks=0, same_hour=False) as played:
        for symbol, held in INCIDENT.items():
            await trades(played, "SELL", D(held.qty), symbol)
        yield played


def fault(played: Rig, rule: str) -> None:
    """Let a rule stand from now on."""
    played.exchange.faults.add(load_faults(f"[[fault]]\n{rule}"), played.exchange.gateway_ns())


async def covered(played: Rig) -> None:
    """Wait until all four are held behind their stops."""
    await played.until(lambda: all(len(resting(played, symbol)) == 2 for symbol in INCIDENT))


async def turned(played: Rig) -> None:
    """Wait for the last prices that were logged."""
    marks = {symbol: D(held.mark) for symbol, held in INCIDENT.items()}
    await played.until(lambda: {symbol: played.live.price(symbol) for symbol in INCIDENT} == marks)


def phase(played: Rig) -> str:
    """Where the liquidation is."""
    found = played.live.opened.engine.liquidation
    return "" if found is None else str(found.state.value)


def records(played: Rig) -> list[object]:
    """What stands in the journal."""
    return [decode(line) for _, line in read(Folder(played.folder).journal)]


def closed_orders(played: Rig) -> list[tuple[str, Decimal]]:
    """Symbol and filled quantity of every order that bought, in the order of their trades."""
    desk = played.exchange.desk
    ids = dict.fromkeys(trade.order_id for trade in desk.trades if trade.side.value == "BUY")
    return [(desk.orders[one].symbol, desk.orders[one].filled_qty) for one in ids]


@pytest.mark.requirement("R003-9", "R003-10", "R003-26", "R003-27", "R003-51")
def test_the_incident_of_section_11(tmp_path: Path) -> None:
    """One acknowledgement says price 0, one symbol is refused at first: four closed, in order, the total by trades."""

    async def play() -> None:
        async with incident(tmp_path) as played, played.running(MORE) as live:
            await covered(played)
            await turned(played)
            zero = """find = '"avgPrice":"[^"]*"'\nput = '"avgPrice":"0.0"'"""
            fault(played, f'verb = "alter_reply"\n{EXIT.format(symbol="XRPUSDT")}\n{zero}')
            fault(played, f'verb = "code"\n{EXIT.format(symbol="TAOUSDT")}\ncode = -4131\ntimes = 2')
            await Commands(live).liquidate(signed_request(live))
            began_ns = wall_ns()
            await played.until(lambda: phase(played) == "CANCEL" or closed_orders(played))
            assert wall_ns() - began_ns >= 2 * SECOND_NS - 100 * MILLISECOND_NS
            await played.until(lambda: phase(played) == "DONE")
            assert {symbol: played.held(symbol) for symbol in INCIDENT} == dict.fromkeys(INCIDENT, ZERO)
            assert [resting(played, symbol) for symbol in INCIDENT] == [[]] * len(INCIDENT)
            bought = closed_orders(played)
            assert sorted(bought) == sorted((symbol, D(held.qty)) for symbol, held in INCIDENT.items())
            first = [symbol for symbol, _ in bought if symbol != "TAOUSDT"]
            assert first == [symbol for symbol in ORDER if symbol != "TAOUSDT"]
            assert bought[-1][0] == "TAOUSDT", "it was refused when its turn came"
            assert live.state == "PAUSED"
            assert (same_positions(played), wrongs(played)) == (True, [])
            assert not {"LEDGER_DIFFERS", "SETTLEMENT_MISMATCH"} & {one.code for one in played.alerts}
        judge(played)

    asyncio.run(play())


def judge(played: Rig) -> None:
    """By the journal: no price without a trade, one reason, a record in each phase, the exchange's own total."""
    kept = records(played)
    true = {(trade.symbol, trade.price) for trade in played.exchange.desk.trades}
    ended = [one for one in kept if isinstance(one, RecordPosition)]
    assert {one.symbol for one in ended} == set(INCIDENT)
    assert {one.reason for one in ended} == {"ENGINE_LIQUIDATION:OPERATOR_REQUEST"}
    told = [one for one in kept if isinstance(one, RecordLiquidated)]
    prices = [(one.symbol, one.exit_price) for one in ended if one.exit_price is not None]
    prices += [(one.symbol, one.exit_price) for one in told if one.exit_price is not None]
    assert prices
    assert set(prices) <= true
    for symbol in INCIDENT:
        mine = list(dict.fromkeys(one.phase for one in told if one.symbol == symbol))
        assert mine == ["NOTICE", "CANCEL", "CLOSE", "VERIFY", "SETTLE"]
    income = [row for row in played.exchange.desk.exchange.income if row.kind == "REALIZED_PNL"]
    (end,) = [one for one in kept if isinstance(one, RecordLiquidation) and one.event == "settled"]
    assert end.realized == sum(row.amount for row in income) == D("-21.394475")
    assert end.wallet_change == end.booked_change


@pytest.mark.requirement("R003-9", "R003-10")
def test_a_symbol_that_never_closes_is_reported_until_it_is_given_up(tmp_path: Path) -> None:
    """The other three are closed, its stops stay, and the end names it."""

    async def play() -> None:
        async with incident(tmp_path) as played, played.running(MORE) as live:
            await covered(played)
            fault(played, f'verb = "code"\n{EXIT.format(symbol="TAOUSDT")}\ncode = -4131')
            await Commands(live).liquidate(signed_request(live))
            await played.until(lambda: [one for one in played.alerts if one.code == "LIQUIDATION_INCOMPLETE"])
            assert [symbol for symbol in INCIDENT if played.held(symbol)] == ["TAOUSDT"]
            assert len(resting(played, "TAOUSDT")) == 2
            assert live.state == "LIQUIDATING"
            said = await Commands(live).abandon_liquidation("anna", "by hand")
            assert "stays behind its stops" in said
            await played.until(lambda: live.state == "FAILED")
        assert played.held("TAOUSDT") == -D(INCIDENT["TAOUSDT"].qty)
        assert len(resting(played, "TAOUSDT")) == 2
        told = [one for one in records(played) if isinstance(one, RecordLiquidation)]
        assert (told[-1].event, told[-1].symbols, told[-1].actor) == ("abandoned", ("TAOUSDT",), "anna")

    asyncio.run(play())


@pytest.mark.requirement("R003-24", "R003-25", "R003-42", "R003-28")
def test_each_refusal_reaches_who_asks_and_touches_nothing(tmp_path: Path) -> None:
    """A wrong token, an old one, another's, no name, no reason, one that comes again, a second one; then a cancel."""

    async def refused(played: Rig, code: str, **changes: Any) -> None:
        with pytest.raises(ConfigError, match=f"^{code}: "):
            await Commands(played.live).liquidate(signed_request(played.live, **changes))

    async def play() -> None:
        async with incident(tmp_path) as played, played.running(MORE) as live:
            await covered(played)
            await refused(played, "LIQUIDATION_SOURCE_UNKNOWN", source="WEB")
            await refused(played, "LIQUIDATION_AUTH_FAILED", token="0" * 64)
            await refused(played, "LIQUIDATION_AUTH_FAILED", token="")
            await refused(played, "LIQUIDATION_AUTH_FAILED", source="API_AUTH")
            await refused(played, "LIQUIDATION_AUTH_FAILED", correlation_id="c2")
            await refused(played, "LIQUIDATION_AUTH_FAILED", actor="")
            await refused(played, "LIQUIDATION_AUTH_FAILED", age_ms=61_000)
            await refused(played, "LIQUIDATION_REASON_REQUIRED", name="why", reason="")
            assert live.state == "RUNNING"
            await refused(played, "LIQUIDATION_REPLAYED")
            await Commands(live).liquidate(signed_request(live, "c3"))
            await refused(played, "LIQUIDATION_IN_PROGRESS", name="c2")
            said = await Commands(live).cancel_liquidation(OfLiquidation(command="", actor="anna"))
            assert "nothing was closed" in said
            await played.until(lambda: live.state == "RUNNING")
            assert closed_orders(played) == []
            assert all(len(resting(played, symbol)) == 2 for symbol in INCIDENT)
        audited = "".join(path.read_text("utf-8") for path in played.folder.glob("audit/*.jsonl"))
        assert audited.count('"LIQUIDATION_AUTH_FAILED"') == 2 * 6, "a note and an alert each"
        secret = secret_of(Folder(played.folder), LiquidationSource.CLI).reveal()
        assert secret not in audited
        assert secret.encode() not in Folder(played.folder).journal.read_bytes()

    asyncio.run(play())

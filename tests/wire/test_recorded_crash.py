"""Recorded trades over the wire: a client is told of each, and everybody of what they do to the account."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import ClientSession

from sadari.localexchange.faults.action_rules import BracketChange, HumanTrade
from sadari.localexchange.serving.server import Address
from sadari.model.instrument import Bracket
from sadari.model.units import MINUTE_NS
from sadari.run.feed.played import load
from sadari.run.local.exchange import LocalExchange
from sadari.run.local.listings import Listings, LocalSettings
from tests.local_market import instrument
from tests.wire.plain_client import heard

D = Decimal
START_MS = 1_735_689_600_000
STREAMS = "/market/stream?streams=btcusdt@aggTrade/!forceOrder@arr/!contractInfo"


def crash(folder: Path) -> LocalExchange:
    """An exchange in lockstep whose recorded price halves in the fourth minute; the first two are history."""
    lines = [f"{77 + at},{100 if at < 3 else 50},50000,1,1,{START_MS + at * 60_000},true" for at in range(6)]
    (folder / "BTCUSDT.csv").write_text("\n".join(lines), encoding="utf-8")
    brackets = (Bracket(D(0), D(900_000), 20, D("0.01")),)
    contract = msgspec.structs.replace(instrument("BTCUSDT"), brackets=brackets, market_max_qty=D(5000))
    settings = LocalSettings(history_ns=2 * MINUTE_NS, lockstep=True, rebase=False)
    return LocalExchange(Listings({"BTCUSDT": contract}, load([folder]), {}), settings, lambda: 0)


async def told(local: LocalExchange, address: Address) -> list[dict[str, Any]]:
    """What a client hears while the account's owner buys too much, just before the crash."""
    async with ClientSession() as session, session.ws_connect(address.ws + STREAMS) as socket:
        local.play.advance((START_MS + 130_000) * 1_000_000)
        change, trade = local.actions.bracket_change, local.actions.human_trade
        assert change is not None
        assert trade is not None
        change(BracketChange(symbol="BTCUSDT", maint_factor=D(2)))
        trade(HumanTrade(symbol="BTCUSDT", side="BUY", qty=D(500)))
        local.play.advance((START_MS + 400_000) * 1_000_000)
        # What is still on its way comes within a second.
        return await heard(socket, {"forceOrder"}, 20) + await heard(socket, {"nothing"}, 1)


def test_a_recorded_crash_is_told_with_the_liquidation_that_it_causes(tmp_path: Path) -> None:
    """Each trade as it was recorded, the contract's new brackets, and the order that closed the position."""
    local = crash(tmp_path)

    async def run() -> list[dict[str, Any]]:
        started: asyncio.Future[Address] = asyncio.get_running_loop().create_future()
        serving = asyncio.ensure_future(local.serve(started.set_result))
        try:
            return await told(local, await started)
        finally:
            local.stop()
            await serving

    found = asyncio.run(run())
    trades = [(one["a"], one["p"], one["q"]) for one in found if one["e"] == "aggTrade"]
    assert trades == [(77 + at, "100.00" if at < 3 else "50.00", "50000.000") for at in range(2, 6)]
    assert [one["bks"][0]["mmr"] for one in found if one["e"] == "contractInfo"] == [0.02]
    (forced,) = [one["o"] for one in found if one["e"] == "forceOrder"]
    assert (forced["s"], forced["S"], forced["X"], forced["z"]) == ("BTCUSDT", "SELL", "FILLED", "500")
    assert not local.desk.exchange.positions

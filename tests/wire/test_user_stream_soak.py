"""Hours of a user stream to which something happens every ten minutes, on a clock that is set on in between."""

from __future__ import annotations

import asyncio

import pytest

from sadari.model.units import MINUTE_NS
from tests.wire.test_user_stream import Account, play

PAUSE_NS = 10 * MINUTE_NS
CLOSED = ('verb = "close"\nstream = "*"\ntimes = 1',)
DIED = ('verb = "listen_key_death"\nevent = true',)
UNTOLD = ('verb = "listen_key_death"\nevent = false',)
REFUSED = ('method = "POST"\npath = "/fapi/v1/listenKey"\nverb = "html"\ntimes = 1', *CLOSED)
FAULTS = (CLOSED, DIED, UNTOLD, REFUSED, DIED, UNTOLD)
# Looks of the stream at its clock, more than one.
A_WHILE_S = 0.35


async def told(account: Account, name: str) -> None:
    """Buy, and wait until that is told."""
    await account.buy(name)
    await account.scene.until(lambda: bool(account.of(name)))


@pytest.mark.requirement("R003-33")
def test_with_a_fault_every_ten_minutes_the_stream_is_there_for_99_hundredths_and_no_dead_key_is_named_twice() -> None:
    """From each fault to the connection after it, on the stream's own clock; orders are told after every one."""
    gone_ns: list[int] = []

    async def script(account: Account) -> None:
        await account.connected()
        faults = account.scene.exchange.faults
        for number, rules in enumerate(FAULTS, 1):
            for _ in range(2):
                account.ahead_ns += PAUSE_NS // 2
                await asyncio.sleep(A_WHILE_S)
            connections, began_ns = account.connections, account.now_ns()
            for rule in rules:
                account.scene.fault(rule)
            faults.act(account.scene.exchange.gateway_ns())
            if rules is UNTOLD:
                # As the engine does when an order is not told.
                account.stream.doubt()
            await account.buy(f"run-{number}-E")
            await account.connected(connections + 1)
            gone_ns.append(account.now_ns() - began_ns)
            account.scene.no_more_faults()
            await told(account, f"run-{number}-F")

    account = play(script)
    assert sum(gone_ns) / (len(FAULTS) * PAUSE_NS) <= 0.01
    assert account.caller.asked.count(("PUT", "-1125")) == 0
    assert account.stream.lost == ""
    assert account.fatal == []

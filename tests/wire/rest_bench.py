"""What the tests of the live clients share: the local exchange over real sockets, and clients of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from sadari.binance.budget import Budget
from sadari.binance.sign import HmacSigner, Signer
from sadari.localexchange.fault_file import load_faults
from sadari.localexchange.server import Address
from sadari.model.units import DAY_NS
from sadari.run.listings import LocalSettings
from sadari.run.local import LocalExchange
from sadari.venue.live.rest import Rest, RestLimits
from sadari.venue.live.server_clock import ServerClock
from tests.local_exchange import MARKET, SEED
from tests.wire.wire_client import WireClient, connected

QUICK = RestLimits(answer_s=5.0, backoff_s=0.001)


class Bench(NamedTuple):
    """A local exchange in lockstep, a plain client that looks at it, and the client under test."""

    exchange: LocalExchange
    plain: WireClient
    address: Address
    rest: Rest
    clock: ServerClock
    signer: Signer


def local_exchange(faults: str = "", **more: Any) -> LocalExchange:
    """An exchange whose clock stands, with faults written in TOML."""
    settings = LocalSettings(
        lockstep=True, rebase=False, history_ns=DAY_NS, seed=SEED, faults=load_faults(faults), **more
    )
    return LocalExchange(MARKET, settings, lambda: 0)


@contextlib.asynccontextmanager
async def bench(faults: str = "", *, limits: RestLimits = QUICK, **more: Any) -> AsyncIterator[Bench]:
    """An exchange and its clients for as long as the block lasts; the client's clock is the exchange's."""
    exchange = local_exchange(faults, **more)
    key, secret, _ = exchange.credentials
    async with connected(exchange) as plain:
        address = plain._address
        clock = ServerClock(lambda: exchange.market.now_ns)
        signer = HmacSigner(key, secret)
        async with Rest(address.http, signer, clock, Budget(), limits=limits) as rest:
            yield Bench(exchange, plain, address, rest, clock, signer)

"""What the tests of the live clients share: the local exchange over real sockets, and a client of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any, NamedTuple

from sadari.binance.budget import Budget
from sadari.binance.orders import Asked, place
from sadari.binance.sign import HmacSigner, Signer
from sadari.localexchange.faults.file import load_faults
from sadari.localexchange.serving.server import Address
from sadari.model.command import PlaceOrder
from sadari.model.order import OrderType, Purpose, Side
from sadari.model.units import DAY_NS
from sadari.run.local.exchange import LocalExchange
from sadari.run.local.listings import LocalSettings
from sadari.venue.clock import wall_ns
from sadari.venue.live.wire.rest import Rest, RestLimits
from sadari.venue.live.wire.server_clock import ServerClock
from tests.local_exchange import BTC, MARKET, SEED
from tests.wire.wire_client import WireClient, connected

QUICK = RestLimits(answer_s=5.0, backoff_s=0.001)
# For what is never answered.
IMPATIENT = QUICK._replace(answer_s=0.2)


class Bench(NamedTuple):
    """A local exchange, a plain client that looks at it, and the client under test."""

    exchange: LocalExchange
    plain: WireClient
    address: Address
    rest: Rest
    clock: ServerClock
    signer: Signer

    @property
    def placed(self) -> int:
        """How many regular orders the exchange has had."""
        return len(self.exchange.desk.orders)


@contextlib.asynccontextmanager
async def bench(
    faults: str = "", *, limits: RestLimits = QUICK, lockstep: bool = True, **more: Any
) -> AsyncIterator[Bench]:
    """An exchange and its clients for as long as the block lasts.

    Args:
        faults: In TOML.
        limits: Of the client.
        lockstep: Whether the exchange's clock stands; the client's is the same one, else both are the wall's.
        more: Settings of the exchange.
    """
    settings = LocalSettings(
        lockstep=lockstep, rebase=not lockstep, history_ns=DAY_NS, seed=SEED, faults=load_faults(faults), **more
    )
    exchange = LocalExchange(MARKET, settings, wall_ns)
    key, secret, _ = exchange.credentials
    async with connected(exchange) as plain:
        address = plain.address
        clock = ServerClock((lambda: exchange.market.now_ns) if lockstep else wall_ns)
        signer = HmacSigner(key, secret)
        async with Rest(address.http, signer, clock, Budget(), limits=limits) as rest:
            yield Bench(exchange, plain, address, rest, clock, signer)


def entry(client_order_id: str = "r-1-E") -> Asked:
    """A small market order."""
    order = PlaceOrder(
        symbol=BTC,
        client_order_id=client_order_id,
        purpose=Purpose.ENTRY,
        side=Side.BUY,
        order_type=OrderType.MARKET,
        qty=Decimal("0.01"),
    )
    return place(order, hedge=False)


def run(script: Callable[[Bench], Awaitable[None]], faults: str = "", **more: Any) -> None:
    """Run a script against an exchange of its own."""

    async def inside() -> None:
        async with bench(faults, **more) as one:
            await script(one)

    asyncio.run(inside())

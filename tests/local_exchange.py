"""What the tests of the local exchange share: a small made-up one in lockstep, whose clocks stand until stepped."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from sadari.model.units import DAY_NS
from sadari.run.feed import synthetic
from sadari.run.local.exchange import LocalExchange
from sadari.run.local.listings import Listings, LocalSettings

SEED = 7
BTC, ETH = (one.instrument.symbol for one in synthetic.market(2, 1, SEED))


def listings(symbols: int = 2, days: int = 2) -> Listings:
    """A made-up market of a few symbols and days."""
    made = list(synthetic.market(symbols, days, SEED))
    return Listings(
        {one.instrument.symbol: one.instrument for one in made},
        {one.instrument.symbol: one.candles for one in made},
        {one.instrument.symbol: one.funding for one in made},
    )


MARKET = listings()


def local(seed: int = SEED, balance: Decimal = Decimal(10_000)) -> LocalExchange:
    """An exchange whose last day is still to be played."""
    settings = LocalSettings(lockstep=True, rebase=False, history_ns=DAY_NS, seed=seed, balance=balance)
    return LocalExchange(MARKET, settings, lambda: 0)


def quantized(price: Decimal, symbol: str) -> Decimal:
    """A price on the symbol's grid."""
    tick = MARKET.instruments[symbol].tick_size
    return (price // tick * tick).normalize()


def encoded(answer: object) -> bytes:
    """An answer as it leaves the server."""
    return msgspec.json.encode(answer)

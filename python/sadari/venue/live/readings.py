"""Everything that an examination looks at, read from the exchange."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sadari.binance import setup
from sadari.binance.decode import contracts, leverage_brackets
from sadari.errors import DataError, FatalError, RefusedError, RetryableError
from sadari.model.instrument import Instrument
from sadari.model.units import MILLISECOND_NS
from sadari.venue.live.findings import Expected, Readings
from sadari.venue.live.ports import Caller

# The best of a few round trips tells the offset; what one weighs is 1.
ROUND_TRIPS = 3
# Fee rates weigh 20 a symbol, and are as a rule the same for all.
FEES_OF = 3


async def read_all(caller: Caller, wallet: Caller | None, now_ns: Callable[[], int], expected: Expected) -> Readings:
    """Read an account; what cannot be read is named and the rest is read all the same.

    Weighs about 120, and 20 more for each of at most three symbols.

    Args:
        caller: Asks the exchange.
        wallet: Asks the wallet's host what the key may do; None where there is none.
        now_ns: This machine's clock.
        expected: What will be traded.
    """
    reading = _Reading(caller, wallet, now_ns, expected)
    parts = {
        "clock": reading.clock, "key": reading.permissions, "account": reading.flags, "balance": reading.funds,
        "settings": reading.settings, "positions": reading.positions, "orders": reading.orders,
        "contracts": reading.instruments, "prices": reading.prices, "fees": reading.fees,
    }  # fmt: skip
    for what, read in parts.items():
        try:
            await read()
        except (RefusedError, RetryableError, FatalError, DataError) as error:
            reading.found.unread[what] = str(error)
    return reading.found


class _Reading:
    """One method for each part; each fills its part of what was found."""

    def __init__(self, caller: Caller, wallet: Caller | None, now_ns: Callable[[], int], expected: Expected) -> None:
        self._call = caller.call
        self._wallet = wallet
        self._now_ns = now_ns
        self._expected = expected
        self.found = Readings(wallet_host=wallet is not None)

    async def flags(self) -> None:
        self.found.flags = setup.account_flags(await self._call(setup.ACCOUNT_FLAGS))

    async def funds(self) -> None:
        self.found.funds = setup.funds(await self._call(setup.ACCOUNT))

    async def settings(self) -> None:
        self.found.settings = setup.symbol_settings(await self._call(setup.SYMBOL_SETTINGS))

    async def positions(self) -> None:
        self.found.positions = setup.held_positions(await self._call(setup.POSITIONS))

    async def orders(self) -> None:
        orders = setup.open_orders(await self._call(setup.OPEN_ORDERS))
        self.found.orders = orders + setup.open_algo_orders(await self._call(setup.OPEN_ALGO_ORDERS))

    async def instruments(self) -> None:
        body = await self._call(setup.EXCHANGE_INFO)
        self.found.weight_limit = setup.weight_limit(body)
        self.found.instruments = _with_brackets(contracts(body), await self._call(setup.BRACKETS))

    async def prices(self) -> None:
        self.found.mark_prices = setup.mark_prices(await self._call(setup.MARK_PRICES))

    async def permissions(self) -> None:
        if self._wallet is not None:
            self.found.permissions = setup.key_permissions(await self._wallet.call(setup.KEY_PERMISSIONS))

    async def fees(self) -> None:
        for symbol in self.found.chosen(self._expected)[:FEES_OF]:
            self.found.fees[symbol] = setup.fee_rates(await self._call(setup.FEE_RATES, {"symbol": symbol}))

    async def clock(self) -> None:
        """The offset of the quickest of a few round trips: the server's time lies within it."""
        trips = []
        for _ in range(ROUND_TRIPS):
            sent_ns = self._now_ns()
            server_ns = setup.server_time_ms(await self._call(setup.TIME)) * MILLISECOND_NS
            back_ns = self._now_ns()
            trips.append(((back_ns - sent_ns) // 2, server_ns - (sent_ns + back_ns) // 2))
        self.found.offset_error_ns, self.found.offset_ns = min(trips)


def _with_brackets(listed: dict[str, Instrument], body: bytes) -> dict[str, Instrument]:
    brackets = leverage_brackets(body)
    return {
        symbol: msgspec.structs.replace(instrument, brackets=brackets.get(symbol, ()))
        for symbol, instrument in listed.items()
    }

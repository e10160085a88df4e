"""Everything that an examination looks at, read from the exchange."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sadari.binance import account_answers, answers, endpoints
from sadari.binance.decode import contracts, leverage_brackets
from sadari.errors import DataError, FatalError, RefusedError, RetryableError
from sadari.model.instrument import Instrument
from sadari.venue.live.account.findings import Expected, OpenOrder, Readings
from sadari.venue.live.account.flags import read_flags
from sadari.venue.live.ports import Caller

# The best of a few round trips tells the offset; what one weighs is 1.
ROUND_TRIPS = 3
# Fee rates weigh 20 a symbol, and are as a rule the same for all.
FEES_OF = 3


async def read_all(caller: Caller, now_ns: Callable[[], int], expected: Expected, *, wallet_host: bool) -> Readings:
    """Read an account; what cannot be read is named and the rest is read all the same.

    Weighs about 120, and 20 more for each of at most three symbols.

    Args:
        caller: Asks the exchange.
        now_ns: This machine's clock.
        expected: What will be traded.
        wallet_host: Whether there is a host that tells what the key may do.
    """
    reading = _Reading(caller, now_ns, expected, wallet_host=wallet_host)
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

    def __init__(self, caller: Caller, now_ns: Callable[[], int], expected: Expected, *, wallet_host: bool) -> None:
        self._caller = caller
        self._call = caller.call
        self._now_ns = now_ns
        self._expected = expected
        self.found = Readings(wallet_host=wallet_host)

    async def flags(self) -> None:
        self.found.flags = await read_flags(self._caller)

    async def funds(self) -> None:
        self.found.funds = account_answers.account(await self._call(endpoints.ACCOUNT))

    async def settings(self) -> None:
        shown = account_answers.symbol_settings(await self._call(endpoints.SYMBOL_CONFIG))
        self.found.settings = {one.symbol: one for one in shown}

    async def positions(self) -> None:
        shown = account_answers.positions(await self._call(endpoints.POSITION_RISK))
        self.found.positions = [one for one in shown if one.qty]

    async def orders(self) -> None:
        orders = answers.orders(await self._call(endpoints.OPEN_ORDERS))
        algos = answers.algo_orders(await self._call(endpoints.OPEN_ALGO))
        found = [OpenOrder(one.symbol, one.client_order_id, conditional=False) for one in orders]
        self.found.orders = found + [OpenOrder(one.symbol, one.client_order_id, conditional=True) for one in algos]

    async def instruments(self) -> None:
        self.found.instruments, self.found.weight_limit = await read_contracts(self._caller, self.found.odd.append)

    async def prices(self) -> None:
        shown = answers.marks(await self._call(endpoints.PREMIUM_INDEX))
        self.found.mark_prices = {one.symbol: one.mark_price for one in shown}

    async def permissions(self) -> None:
        if self.found.wallet_host:
            self.found.key = account_answers.key_restrictions(await self._call(endpoints.KEY_RESTRICTIONS))

    async def fees(self) -> None:
        for symbol in self.found.chosen(self._expected)[:FEES_OF]:
            rates = account_answers.fee_rates(await self._call(endpoints.COMMISSION_RATE, {"symbol": symbol}))
            self.found.fees[symbol] = rates

    async def clock(self) -> None:
        """The offset of the quickest of a few round trips: the server's time lies within it."""
        trips = []
        for _ in range(ROUND_TRIPS):
            sent_ns = self._now_ns()
            server_ns = answers.server_time_ns(await self._call(endpoints.TIME))
            back_ns = self._now_ns()
            trips.append(((back_ns - sent_ns) // 2, server_ns - (sent_ns + back_ns) // 2))
        self.found.offset_error_ns, self.found.offset_ns = min(trips)


async def read_contracts(caller: Caller, leave_out: Callable[[str], None]) -> tuple[dict[str, Instrument], int | None]:
    """Every contract that is listed, with its brackets, and the request weight of a minute.

    Args:
        caller: Asks the exchange.
        leave_out: Told of each contract that cannot be read: it is no reason to read none (faults F44).

    Raises:
        SadariError: It cannot be read.
    """
    body = await caller.call(endpoints.EXCHANGE_INFO)
    brackets = leverage_brackets(await caller.call(endpoints.LEVERAGE_BRACKET), leave_out)
    listed = {
        symbol: msgspec.structs.replace(instrument, brackets=brackets.get(symbol, ()))
        for symbol, instrument in contracts(body, leave_out).items()
    }
    return listed, answers.rate_limits(body).weight

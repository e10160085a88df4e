"""Comparing with the exchange: orders, trades, positions, account and income, told until nothing differs.

Trades are told before the positions that they made; a position that was read while something traded is read again. What
differs then is the engine's to decide on. Source: strategies §5.7, design §3, faults R4, F40, F45, F46, F47, F68.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from sadari.binance import account_answers, answers, endpoints
from sadari.binance.endpoint import Endpoint
from sadari.binance.values import AccountShown, AlgoShown, IncomeShown, OrderShown, PositionShown
from sadari.errors import RetryableError
from sadari.model.event import FundingPaid, OrderFound, PositionsShown, TransferListed
from sadari.model.order import OrderType
from sadari.model.units import MILLISECOND_NS, MINUTE_NS
from sadari.venue.live.orders.balances import Balances
from sadari.venue.live.orders.fills import Fills
from sadari.venue.live.orders.freshness import hides, is_old, unproven
from sadari.venue.live.orders.listed_trades import ListedTrades
from sadari.venue.live.ports import Caller, Take

ZERO = Decimal(0)
FUNDING = "FUNDING_FEE"
PAGE = 1_000
# Symbols that do not differ whose trades one comparison asks for.
IN_TURN = 10
# How often positions are read again because something traded meanwhile.
LOOKS = 4
LOOK_AGAIN_S = 0.2
# How long an answer is waited for before the next look; an order may be held back by a limit for longer.
ANSWER_S = 5.0
# What other kinds of income change a balance by without a trade of a symbol.
TRANSFERS = frozenset({"TRANSFER", "INTERNAL_TRANSFER", "CROSS_COLLATERAL_TRANSFER", "STRATEGY_UMFUTURES_TRANSFER"})
# A row of income may be listed so much later than one of its own time (faults F26).
INCOME_LAG_NS = 10 * MINUTE_NS
# What makes a row of income: kind, symbol, time and number.
_Key: TypeAlias = tuple[str, str, int, str | None]


class Held(NamedTuple):
    """What the engine has of a symbol: the signed quantity that it holds, its live orders, and the stops that rest.

    That a stop still rests where it should is no news: told every time, it would make most of the journal.
    """

    qty: Decimal
    live: tuple[str, ...]
    resting: tuple[str, ...] = ()


class Snapshot(NamedTuple):
    """One reading of everything but trades."""

    orders: list[OrderShown]
    conditional: list[AlgoShown]
    positions: list[PositionShown]
    account: AccountShown


class Comparison:
    """Compares the engine with the exchange.

    Args:
        take: Where what is found goes.
        rest: Who asks.
        fills: Tells trades, and knows how far they are told.
        balances: What the account shows.
        known: What the engine has, by symbol.
        ours: Whether a client order id is of this engine.
        look_up: Begins to find out what became of an order.
        now_ns: The exchange's time.
        server_ns: The server's clock.
        in_flight: How many requests that change something have no answer.
        report: Told of what is no event.

    Attributes:
        done: How many comparisons came to their end.
        begun_ns: When the last comparison of everything began that came to its end, by the server's clock.
        conditional: Client order ids of the conditional orders that were open at the last reading.
        income_ns: From when on income may still be to be told.
        thorough: The next comparison asks for the trades of every symbol, from the reserve if need be: something may
            have been missed, and nothing is opened before that is known.
    """

    def __init__(
        self,
        take: Take,
        rest: Caller,
        fills: Fills,
        balances: Balances,
        known: Callable[[], Mapping[str, Held]],
        ours: Callable[[str], bool],
        look_up: Callable[[str, str], None],
        now_ns: Callable[[], int],
        server_ns: Callable[[], int],
        in_flight: Callable[[], int],
        report: Callable[[str], None],
    ) -> None:
        self.done = 0
        self.begun_ns = 0
        self.conditional: frozenset[str] = frozenset()
        self.thorough = True
        self.income_ns = 0
        self._income_told: dict[_Key, int] = {}
        self._take = take
        self._rest = rest
        self._fills = fills
        self._trades = ListedTrades(take, self._call, fills, ours)
        self._balances = balances
        self._known = known
        self._ours = ours
        self._look_up = look_up
        self._now_ns = now_ns
        self._server_ns = server_ns
        self._in_flight = in_flight
        self._report = report
        self._lock = asyncio.Lock()

    async def compare(self, symbol: str = "") -> None:
        """Read everything of a symbol, or of the account, and tell it. Only one comparison runs at a time.

        Raises:
            SadariError: The exchange could not be asked; nothing is missing because of that, the next one tells it.
        """
        async with self._lock:
            begun_ns = self._server_ns()
            income = [] if symbol else await self._income()
            await self._trades.named_by(income)
            snapshot = await self._settled(symbol)
            if snapshot.account.wallet_balance != self._balances.wallet_balance and not self._is_old(snapshot.account):
                # What is told first has to be in what is told then: nothing is waited for after the last reading.
                income = await self._income()
                await self._trades.named_by(income)
                snapshot = await self._settled(symbol)
            self._tell_orders(snapshot, symbol)
            self._tell_income(income)
            cause = "TRANSFER" if any(row.kind in TRANSFERS for row in income) else "SYNC"
            now_ns = self._now_ns()
            unsure = self._unsure(snapshot.positions, symbol)
            sure = [row for row in snapshot.positions if row.symbol not in unsure]
            if not self._is_old(snapshot.account):
                self._take(self._balances.read(snapshot.account, sure, cause, now_ns, ZERO))
            records = [row.record() for row in sure]
            shown = tuple(record for record in records if record is not None)
            self._take(PositionsShown(time_ns=now_ns, positions=shown, symbol=symbol, unsure=tuple(sorted(unsure))))
            self.done += 1
            self.thorough = self.thorough and bool(symbol)
            if not symbol:
                self.begun_ns = begun_ns

    async def glance(self) -> None:
        """Read positions alone, which weighs little, and compare the symbols whose quantity is not the engine's.

        Raises:
            SadariError: The exchange could not be asked.
        """
        there: dict[str, Decimal] = {}
        for row in account_answers.positions(await self._call(endpoints.POSITION_RISK, {})):
            there[row.symbol] = there.get(row.symbol, ZERO) + row.qty
        here = {symbol: held.qty for symbol, held in self._known().items()}
        for symbol in sorted({*there, *here}):
            if there.get(symbol, ZERO) != here.get(symbol, ZERO):
                await self.compare(symbol)

    async def refresh(self, cause: str = "REFRESH", *, positions: bool = True) -> None:
        """Read the account anew and tell it; a balance that the stream told otherwise is reported, the reading wins.

        What the stream has not told of is found first: trades and income come before the balance that has them.

        Args:
            cause: Why.
            positions: Whether positions are read too, for their liquidation prices.

        Raises:
            SadariError: The exchange could not be asked.
        """
        async with self._lock:
            if self._balances.read_ns is not None and await self._refreshed(cause, positions=positions):
                return
        await self.compare()

    async def _refreshed(self, cause: str, *, positions: bool) -> bool:
        """Read the account and tell it, unless it has what nobody has told of, or is as it was before a trade."""
        told = self._fills.told
        account, rows = await asyncio.gather(self._call(endpoints.ACCOUNT, {}), self._positions(positions))
        shown, streamed = account_answers.account(account), self._balances.wallet_balance
        if self._is_old(shown):
            return True
        if shown.wallet_balance != streamed and cause != FUNDING:
            if told == self._fills.told:
                self._report(f"the account shows a balance of {shown.wallet_balance}, the stream said {streamed}")
            if not self._balances.multi_assets:
                return False
        if rows is not None:
            unsure = self._unsure(rows)
            rows = [row for row in rows if row.symbol not in unsure]
        self._take(self._balances.read(shown, rows, cause, self._now_ns()))
        return True

    async def funding(self) -> None:
        """Tell the funding and the transfers since the last reading of income.

        Raises:
            SadariError: The exchange could not be asked.
        """
        async with self._lock:
            self._tell_income(await self._income())

    # reading

    async def _positions(self, wanted: bool) -> list[PositionShown] | None:  # noqa: FBT001 - a wish handed on
        if not wanted:
            return None
        return account_answers.positions(await self._call(endpoints.POSITION_RISK, {}))

    async def _settled(self, symbol: str) -> Snapshot:
        """A reading during which nothing traded, with every trade before it told."""
        for _ in range(LOOKS):
            told = self._fills.told
            snapshot = await self._read(symbol)
            for one in self._to_follow(snapshot, symbol):
                await self._trades.tell(one)
            listed = snapshot.positions
            if symbol and self._missing(listed, symbol):
                listed = account_answers.positions(await self._call(endpoints.POSITION_RISK, {}))
            missing = self._missing(listed, symbol)
            if missing and hides(missing, snapshot.account):
                raise RetryableError(f"{', '.join(missing)}: no position is listed, but the account has one")
            if self._fills.told == told and not self._in_flight():
                return snapshot
            await self._answered()
        raise RetryableError(f"positions moved {LOOKS} times while they were read")

    async def _answered(self) -> None:
        """Wait a moment, and for what has no answer yet: to read before that would prove nothing and use up weight."""
        await asyncio.sleep(LOOK_AGAIN_S)
        waited_s = LOOK_AGAIN_S
        while self._in_flight() and waited_s < ANSWER_S:
            await asyncio.sleep(LOOK_AGAIN_S)
            waited_s += LOOK_AGAIN_S

    def _missing(self, listed: Iterable[PositionShown], symbol: str) -> list[str]:
        """What is held here and not there, although every trade was told."""
        there = {row.symbol for row in listed if row.qty}
        return [name for name, held in self._known().items() if held.qty and symbol in {"", name} and name not in there]

    def _is_old(self, account: AccountShown) -> bool:
        return is_old(account, self._balances.wallet_balance, self._fills.lately())

    def _unsure(self, listed: Iterable[PositionShown], symbol: str = "") -> set[str]:
        held = {name: one.qty for name, one in self._known().items() if symbol in {"", name}}
        return unproven(listed, held, self._fills.lately())

    async def _read(self, symbol: str) -> Snapshot:
        one = {"symbol": symbol} if symbol else {}
        orders, conditional, positions, account = await asyncio.gather(
            self._call(endpoints.OPEN_ORDERS, one),
            self._call(endpoints.OPEN_ALGO, one),
            self._call(endpoints.POSITION_RISK, one),
            self._call(endpoints.ACCOUNT, {}),
        )
        return Snapshot(
            answers.orders(orders),
            answers.algo_orders(conditional),
            account_answers.positions(positions),
            account_answers.account(account),
        )

    def _call(self, endpoint: Endpoint, parameters: Mapping[str, str]) -> asyncio.Future[bytes]:
        weight = endpoints.weight_of(endpoint, symbol="symbol" in parameters)
        return asyncio.ensure_future(self._rest.call(endpoint, parameters, weight=weight, urgent=self.thorough))

    def _to_follow(self, snapshot: Snapshot, symbol: str) -> list[str]:
        """The symbols whose trades are asked for: those that differ, and of the others some in turn.

        Trades that leave a quantity as it was show nowhere else; to ask for those of a hundred symbols every time would
        take all of the request weight. After a reconnect, and for one symbol, all are asked for.
        """
        if symbol:
            return [symbol]
        there: dict[str, Decimal] = {}
        for row in snapshot.positions:
            there[row.symbol] = there.get(row.symbol, Decimal(0)) + row.qty
        open_there = {row.client_order_id for row in snapshot.orders}
        open_there.update(row.client_order_id for row in snapshot.conditional)
        known = self._known()
        symbols = {name for name, qty in there.items() if qty}
        symbols.update(name for name, held in known.items() if held.qty or held.live)
        if self.thorough:
            return sorted(symbols)
        differing = {
            name
            for name in symbols
            if (held := known.get(name)) is None
            or held.qty != there.get(name, Decimal(0))
            or not open_there.issuperset(held.live)
        }
        others = sorted(symbols - differing)
        start = self.done * IN_TURN % max(len(others), 1)
        return sorted(differing) + (others + others)[start : start + min(IN_TURN, len(others))]

    async def _income(self) -> list[IncomeShown]:
        """What was booked without a trade and is still to be told; every row once."""
        rows: dict[_Key, IncomeShown] = {}
        start_ns = self.income_ns
        while True:
            parameters = {"startTime": str(start_ns // MILLISECOND_NS), "limit": str(PAGE)}
            page = answers.income(await self._call(endpoints.INCOME, parameters))
            known = len(rows)
            rows.update({_key(row): row for row in page})
            if len(page) < PAGE:
                break
            start_ns = max(row.time_ns for row in page)
            if len(rows) == known:
                # More of one millisecond than a page shows: trades are listed elsewhere, the rest is asked for by kind.
                at_ms = str(start_ns // MILLISECOND_NS)
                for kind in (FUNDING, *sorted(TRANSFERS)):
                    of_kind = {"startTime": at_ms, "endTime": at_ms, "incomeType": kind, "limit": str(PAGE)}
                    shown = answers.income(await self._call(endpoints.INCOME, of_kind))
                    rows.update({_key(row): row for row in shown})
                start_ns += MILLISECOND_NS
        return [row for key, row in rows.items() if key not in self._income_told]

    # telling

    def _tell_orders(self, snapshot: Snapshot, symbol: str) -> None:
        """Tell what is open there, and look up what is open here only."""
        now_ns = self._now_ns()
        found = frozenset(row.client_order_id for row in snapshot.conditional)
        self.conditional = self.conditional | found if symbol else found
        there = set()
        as_known = {order for held in self._known().values() for order in held.resting}
        rows: list[OrderShown | AlgoShown] = [*snapshot.orders, *snapshot.conditional]
        for row in rows:
            there.add(row.client_order_id)
            if row.client_order_id in as_known:
                continue
            self._take(
                OrderFound(
                    time_ns=now_ns,
                    symbol=row.symbol,
                    client_order_id=row.client_order_id,
                    side=row.side,
                    order_type=_type(row.order_type),
                    ours=self._ours(row.client_order_id),
                    qty=row.qty,
                    trigger_price=row.trigger_price if isinstance(row, AlgoShown) else None,
                    reduce_only=row.reduce_only,
                    close_position=row.close_position,
                )
            )
        for name, held in self._known().items():
            if symbol in ("", name):
                for order in held.live:
                    if order not in there:
                        self._look_up(name, order)

    def _tell_income(self, rows: Iterable[IncomeShown]) -> None:
        untold: list[int] = []
        funding: dict[tuple[str, int], Decimal] = {}
        for row in rows:
            if self._trades.lacks(row):
                # The list of trades does not show yet what income names: it is asked for again.
                untold.append(row.time_ns)
                continue
            if row.kind in TRANSFERS:
                self._take(
                    TransferListed(
                        time_ns=self._now_ns(), booked_ns=row.time_ns, asset=row.asset, amount=row.amount
                    )
                )  # fmt: skip
            if row.kind == FUNDING:
                # In hedge mode each side of a symbol has a row of its own; no row says which.
                funding[row.symbol, row.time_ns] = funding.get((row.symbol, row.time_ns), ZERO) + row.amount
            # Only what was told is not asked for again: a comparison may fail after it has read income.
            self._income_told[_key(row)] = row.time_ns
            self.income_ns = max(self.income_ns, row.time_ns - INCOME_LAG_NS)
        now_ns = self._now_ns()
        for (symbol, at_ns), amount in funding.items():
            told = FundingPaid(
                time_ns=now_ns, symbol=symbol, amount=amount, rate=None, mark_price=None, booked_ns=at_ns
            )
            self._take(told)
        self.income_ns = min(self.income_ns, *untold) if untold else self.income_ns
        self._income_told = {key: time_ns for key, time_ns in self._income_told.items() if time_ns >= self.income_ns}


def _key(row: IncomeShown) -> _Key:
    return row.kind, row.symbol, row.time_ns, row.income_id


def _type(name: str) -> OrderType:
    """The type of an order; what is none of ours, as a trailing stop, counts as the stop that it is."""
    return OrderType(name) if name in OrderType.__members__ else OrderType.STOP_MARKET

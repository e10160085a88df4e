"""Trades as the exchange's list shows them, told with the names of their orders.

Source: faults F40, F47, F68.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from decimal import Decimal

from sadari.binance import answers, endpoints
from sadari.binance.endpoint import Endpoint
from sadari.binance.orders import query_by_id
from sadari.binance.values import IncomeShown, OrderShown, TradeShown
from sadari.venue.live.orders.fills import Fills
from sadari.venue.live.ports import Take

PAGE = 1_000
# So many orders are looked up one by one; more are read as a list.
FEW = 4


class ListedTrades:
    """Reads and tells them.

    Args:
        take: Where they go.
        call: Asks the exchange.
        fills: Knows how far they are told.
        ours: Whether a client order id is of this engine.
    """

    def __init__(
        self,
        take: Take,
        call: Callable[[Endpoint, Mapping[str, str]], Awaitable[bytes]],
        fills: Fills,
        ours: Callable[[str], bool],
    ) -> None:
        self._take = take
        self._call = call
        self._fills = fills
        self._ours = ours

    async def tell(self, symbol: str) -> None:
        """Tell every trade after the last one told, page by page (faults F47)."""
        while True:
            cursor = self._fills.cursors.get(symbol)
            parameters = {"symbol": symbol, "limit": str(PAGE)}
            if cursor is not None:
                parameters["fromId"] = str(cursor + 1)
            page = answers.trades(await self._call(endpoints.USER_TRADES, parameters))
            last = max((trade.trade_id for trade in page), default=cursor or 0)
            if cursor is None:
                # Nothing of this symbol was ever told: what was before is not this engine's.
                self._fills.read(symbol, last)
                return
            fresh = [trade for trade in page if not self._fills.is_told(symbol, trade.trade_id)]
            await self._tell_trades(symbol, fresh)
            self._fills.read(symbol, last)
            if len(page) < PAGE:
                return

    def lacks(self, row: IncomeShown) -> bool:
        """Whether a row of income names a trade that nobody has told."""
        return row.trade_id is not None and not self._fills.was_told(row.symbol, row.trade_id)

    async def named_by(self, income: Iterable[IncomeShown]) -> None:
        """Tell the trades that income names and nobody has told.

        They are of symbols that nobody holds any more, or of a hand that traded unheard before the first trade of ours.
        """
        untold: dict[str, set[int]] = {}
        for row in income:
            if row.trade_id is not None and self.lacks(row):
                untold.setdefault(row.symbol, set()).add(row.trade_id)
        for symbol, wanted in untold.items():
            self._fills.cursors.setdefault(symbol, min(wanted) - 1)
            await self.tell(symbol)
            await self._tell_before(symbol, {one for one in wanted if not self._fills.was_told(symbol, one)})

    async def _tell_before(self, symbol: str, wanted: set[int]) -> None:
        """Tell trades that lie before where a symbol's list is read from."""
        while wanted:
            asked = {"symbol": symbol, "limit": str(PAGE), "fromId": str(min(wanted))}
            page = answers.trades(await self._call(endpoints.USER_TRADES, asked))
            await self._tell_trades(symbol, [trade for trade in page if trade.trade_id in wanted])
            last = max((trade.trade_id for trade in page), default=max(wanted))
            # What the list does not show yet is asked for again with the next income.
            wanted = {one for one in wanted if one > last}

    async def _tell_trades(self, symbol: str, trades: list[TradeShown]) -> None:
        """Tell trades that were not told of in time, by the names that we gave their orders where they are ours."""
        by_order: dict[int, list[TradeShown]] = {}
        for trade in sorted(trades, key=lambda one: one.trade_id):
            by_order.setdefault(trade.order_id, []).append(trade)
        rows = await self._orders(symbol, list(by_order))
        names = {number: self._fills.names.get((symbol, number)) or row.client_order_id for number, row in rows.items()}
        if not all(map(self._ours, names.values())):
            # A conditional order of ours may have become one that has another name (faults F40).
            listed = answers.algo_orders(await self._call(endpoints.ALL_ALGO, {"symbol": symbol}))
            parents = {row.order_id: row.client_order_id for row in listed if row.order_id is not None}
            names = {number: name if self._ours(name) else parents.get(number, name) for number, name in names.items()}
        for number, told in by_order.items():
            # An order may have gone on after these trades were read, or its last ones are on the next page. What ended
            # with others that were told before is looked up.
            whole = rows[number].ended and sum((trade.qty for trade in told), Decimal(0)) == rows[number].filled_qty
            for trade in told:
                done = whole and trade is told[-1]
                self._take(self._fills.event(trade, names[number], done=done))

    async def _orders(self, symbol: str, numbers: list[int]) -> dict[int, OrderShown]:
        """The orders of these numbers."""
        found: dict[int, OrderShown] = {}
        first = min(numbers, default=0)
        while len(numbers) > FEW and first <= max(numbers):
            asked = {"symbol": symbol, "orderId": str(first), "limit": str(PAGE)}
            page = {row.order_id: row for row in answers.orders(await self._call(endpoints.ALL_ORDERS, asked))}
            found.update(page)
            if len(page) < PAGE:
                break
            first = max(page) + 1
        for number in numbers:
            if number not in found:
                query = query_by_id(symbol, number)
                found[number] = answers.order(await self._call(query.endpoint, query.parameters))
        return found

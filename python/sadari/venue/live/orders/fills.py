"""Orders and trades as the exchange's lists show them, told as the events that the stream would have told.

Source: faults R6, F11, F40, F47, F68, F71: only trades are booked; the engine knows each trade once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TypeAlias

from sadari.binance.forced import cause_of
from sadari.binance.values import AlgoShown, OrderShown, TradeShown
from sadari.model.event import OrderAccepted, OrderCanceled, OrderFilled, OrderRejected
from sadari.model.order import PositionSide
from sadari.model.reason import RejectReason
from sadari.venue.live.orders.freshness import LAG_NS, Lately, Recent
from sadari.venue.live.orders.newest import Newest
from sadari.venue.live.ports import Take

FILLED = "FILLED"
REJECTED = "REJECTED"
# Of so many orders it is remembered which client order id they have.
MOST_NAMES = 10_000
# Symbol, trade id, asset and amount.
OtherFee: TypeAlias = tuple[str, int, str, Decimal]


def is_quote(symbol: str, asset: str) -> bool:
    """Whether an amount is in the quote asset of a symbol; one without an asset is taken for that."""
    return symbol.endswith(asset)


class Fills:
    """Tells what lists show.

    Args:
        take: Where events go.
        now_ns: The exchange's time.
        steady_ns: A clock that never jumps.

    Attributes:
        cursors: Up to which trade everything was read or told, by symbol.
        names: Client order ids by symbol and order id, the newest ones.
        told: How many trades were told, by whatever way.
        other_fees: As those of `Reports`, of trades that were listed.
    """

    def __init__(self, take: Take, now_ns: Callable[[], int], steady_ns: Callable[[], int]) -> None:
        self.cursors: dict[str, int] = {}
        self.names: Newest[tuple[str, int], str] = Newest(MOST_NAMES)
        self.told = 0
        self._recent: dict[tuple[str, PositionSide], list[Recent]] = {}
        self.other_fees: list[OtherFee] = []
        self._beyond: dict[str, set[int]] = {}
        self._by_name: set[tuple[str, int]] = set()
        self._take = take
        self._now_ns = now_ns
        self._steady_ns = steady_ns

    def seen(self, event: OrderFilled) -> None:
        """A trade was told. One before it may have been missed, so that the list is still to be read from there."""
        self.told += 1
        if self.was_told(event.symbol, event.trade_id):
            return
        self.remember(event.symbol, event.trade_id)
        key, at_ns = (event.symbol, event.position_side), self._steady_ns()
        trades = [one for one in self._recent.get(key, ()) if one.told_ns > at_ns - LAG_NS]
        change = event.qty if event.buyer else -event.qty
        self._recent[key] = [*trades, Recent(at_ns, event.booked_ns or event.time_ns, change)]

    def lately(self) -> Lately:
        """The trades that an answer may not know of yet: those that were told so lately, in that order."""
        since_ns = self._steady_ns() - LAG_NS
        return {key: [one for one in trades if one.told_ns > since_ns] for key, trades in self._recent.items()}

    def remember(self, symbol: str, trade_id: int) -> None:
        """A trade was told in an earlier life; the first one of a symbol is where its list begins for us."""
        self._by_name.add((symbol, trade_id))
        if trade_id > self.cursors.setdefault(symbol, trade_id - 1):
            self._beyond.setdefault(symbol, set()).add(trade_id)

    def is_told(self, symbol: str, trade_id: int) -> bool:
        """Whether a trade was told, or was before everything that is ours."""
        return trade_id <= self.cursors.get(symbol, 0) or trade_id in self._beyond.get(symbol, ())

    def was_told(self, symbol: str, trade_id: int) -> bool:
        """Whether this very trade was told: one before where the list began may be of the time in which we ran."""
        return (symbol, trade_id) in self._by_name

    def read(self, symbol: str, trade_id: int) -> None:
        """The list was read, and told, up to a trade."""
        cursor = self.cursors[symbol] = max(trade_id, self.cursors.get(symbol, 0))
        self._beyond[symbol] = {told for told in self._beyond.get(symbol, ()) if told > cursor}

    def order(self, row: OrderShown, trades: Iterable[TradeShown], name: str) -> bool:
        """Tell an order's state and its trades.

        Returns:
            False while trades of it are missing from the list, or its state is one that we do not know.
        """
        listed = sorted(trades, key=lambda trade: trade.trade_id)
        complete = sum((trade.qty for trade in listed), Decimal(0)) == row.filled_qty
        # The end comes with the last trade that is news; where none is, with one that is known.
        listed.sort(key=lambda trade: not self.is_told(trade.symbol, trade.trade_id))
        for number, trade in enumerate(listed, 1):
            last = complete and row.status == FILLED and number == len(listed)
            self._take(self.event(trade, name, done=last))
        if not complete or not (row.working or row.ended):
            return False
        if row.working:
            self._take(OrderAccepted(time_ns=self._now_ns(), symbol=row.symbol, client_order_id=name))
        elif row.status != FILLED:
            self._end(row.symbol, name, row.status)
        return True

    def waiting(self, row: AlgoShown) -> bool:
        """Tell a conditional order of which no regular one has come; False if that is still to come."""
        if row.waiting:
            accepted = OrderAccepted(time_ns=row.created_ns, symbol=row.symbol, client_order_id=row.client_order_id)
            self._take(accepted)
        elif row.ended:
            self._end(row.symbol, row.client_order_id, row.status)
        return row.waiting or row.ended

    def event(self, trade: TradeShown, name: str, *, done: bool) -> OrderFilled:
        """A listed trade as the event of it, which is told now and was booked then."""
        self.names[trade.symbol, trade.order_id] = name
        in_quote = is_quote(trade.symbol, trade.fee_asset)
        if not in_quote and not self.is_told(trade.symbol, trade.trade_id):
            self.other_fees.append((trade.symbol, trade.trade_id, trade.fee_asset, trade.fee))
        return OrderFilled(
            time_ns=self._now_ns(),
            booked_ns=trade.time_ns,
            symbol=trade.symbol,
            client_order_id=name,
            trade_id=trade.trade_id,
            price=trade.price,
            qty=trade.qty,
            fee=trade.fee if in_quote else Decimal(0),
            realized_pnl=trade.realized_pnl,
            buyer=trade.buyer,
            maker=trade.maker,
            done=done,
            cause=cause_of(name),
            position_side=trade.position_side,
        )

    def _end(self, symbol: str, name: str, status: str) -> None:
        now_ns = self._now_ns()
        if status != REJECTED:
            self._take(OrderCanceled(time_ns=now_ns, symbol=symbol, client_order_id=name, cause=status))
            return
        self._take(
            OrderRejected(
                time_ns=now_ns, symbol=symbol, client_order_id=name, code=0, reason=RejectReason.OTHER,
                message="the exchange shows it as rejected",
            )
        )  # fmt: skip

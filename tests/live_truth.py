"""What is true of an account at the local exchange, set beside what a live engine believes."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from sadari.core.ledger import COMMISSION, INSURANCE, REALIZED
from sadari.localexchange.account.records import LIQUIDATION, AlgoOrder
from sadari.model.order import Purpose, Side
from sadari.model.units import MILLISECOND_NS
from tests.live_engine import Account

ZERO = Decimal(0)
OPENING = (Purpose.ENTRY, Purpose.ADD)


def same_trades(account: Account) -> bool:
    """Whether the ledger has the exchange's trades, key by key, and nothing else."""
    return not trade_differences(account)


def trade_differences(account: Account) -> list[str]:
    """What the ledger has of trades and the exchange has not, or otherwise, and the other way round."""
    booked = {
        (key[1], key[2], key[0]): entry.signed
        for key, entry in account.live.opened.engine.ledger._kept.items()
        if key[0] in (REALIZED, COMMISSION, INSURANCE) and key[1] in account.exchange.desk.instruments
    }
    true: dict[tuple[str, int, str], Decimal] = {}
    for trade in account.exchange.desk.trades:
        forced = account.exchange.desk.orders[trade.order_id].auto_close == LIQUIDATION
        fee = INSURANCE if forced else COMMISSION
        for kind, amount in ((REALIZED, trade.realized_pnl), (fee, -trade.fee)):
            if amount:
                true[trade.symbol, trade.trade_id, kind] = amount
    keys = [key for key in {**booked, **true} if booked.get(key) != true.get(key)]
    return [f"{key}: {booked.get(key)} in the ledger, {true.get(key)} at the exchange" for key in keys]


def same_positions(account: Account) -> bool:
    """Whether the engine holds what the exchange says is held."""
    engine = account.live.opened.engine
    return all(
        position.side.sign * position.qty == account.held(symbol) for symbol, position in engine.positions.items()
    )


def unclear(account: Account) -> list[str]:
    """Orders without a last word that do not rest either."""
    orders = account.live.opened.engine.orders
    return [name for name, one in orders.items() if one.state in ("SUBMITTED", "UNKNOWN", "PARTIALLY_FILLED")]


def wrongs(account: Account) -> list[str]:
    """What the exchange's records say against invariants I3 and I10: what is doubled, or filled too far."""
    desk, engine = account.exchange.desk, account.live.opened.engine
    children = {algo.child.order_id for algo in desk.algos.values() if algo.child is not None}
    run = f"{account.live.opened.settings.run_id}-"
    ours = [order for order in desk.orders.values() if order.client_order_id.startswith(run)]
    regular = [order for order in ours if order.order_id not in children]
    names = Counter(order.client_order_id for order in regular)
    names.update(algo.client_algo_id for algo in desk.algos.values())
    found = [f"{name} is there {count} times" for name, count in names.items() if count > 1]
    for order in regular:
        intent = engine.orders.get(order.client_order_id)
        if intent is not None and intent.qty is not None and order.filled_qty > intent.qty:
            found.append(f"{order.client_order_id} was filled beyond {intent.qty}")
        if intent is not None and intent.purpose not in OPENING and not order.reduce_only:
            found.append(f"{order.client_order_id} is not capped")
    for symbol in {order.symbol for order in regular}:
        found += _doubled(account, symbol)
    return found


def _doubled(account: Account, symbol: str) -> list[str]:
    """Entries and rungs of one life that were filled by more than one order, but for what an order left open."""
    engine = account.live.opened.engine
    filled: dict[tuple[int, str, int], Decimal] = {}
    for order in account.exchange.desk.orders.values():
        intent = engine.orders.get(order.client_order_id)
        if intent is None or order.symbol != symbol or intent.purpose not in OPENING or not order.filled_qty:
            continue
        key = intent.position_id, intent.purpose.value, intent.rung
        if key in filled:
            return [f"{symbol}: {key} was filled by two orders, {order.client_order_id} the second"]
        filled[key] = order.filled_qty
    return []


def covered(account: Account, symbol: str) -> bool:
    """Whether stops that wait at the exchange close all that is held of a symbol."""
    held = account.held(symbol)
    stops = [
        one.wish for one in account.exchange.desk.algos.values()
        if one.is_open and one.symbol == symbol and (one.wish.side.value == "SELL") == (held > 0)
    ]  # fmt: skip
    return not held or any(one.close_position or (one.qty or ZERO) >= abs(held) for one in stops)


def unprotected_ms(account: Account) -> list[int]:
    """How long each rise of exposure was without a covering stop, from the exchange's trades and stops alone, sorted.

    A rise while nothing covers belongs to the one before it. Times are the market's, as the wire tells them.
    """
    desk, found = account.exchange.desk, []
    for symbol in {trade.symbol for trade in desk.trades}:
        moments: list[tuple[int, int, Decimal, AlgoOrder | None]] = [
            (trade.time_ns // MILLISECOND_NS, 1, trade.qty if trade.side is Side.BUY else -trade.qty, None)
            for trade in desk.trades
            if trade.symbol == symbol
        ]
        stopped = (algo for algo in desk.algos.values() if algo.symbol == symbol)
        moments += [(algo.created_ns // MILLISECOND_NS, 2, ZERO, algo) for algo in stopped]
        held, since, stops = ZERO, None, list[AlgoOrder]()
        for at_ms, _, signed, stop in sorted(moments, key=lambda one: one[:2]):
            stops += [stop] if stop is not None else []
            rose, held = abs(held + signed) > abs(held), held + signed
            if rose and since is None:
                since = at_ms
            if since is not None and (not held or any(_covers(one, held, at_ms) for one in stops)):
                found.append(at_ms - since)
                since = None
        assert since is None, f"{symbol} is held and nothing has covered it since"
    return sorted(found)


def _covers(stop: AlgoOrder, held: Decimal, at_ms: int) -> bool:
    if stop.ended_ns is not None and stop.ended_ns // MILLISECOND_NS <= at_ms:
        return False
    closes = (stop.wish.side is Side.SELL) == (held > 0)
    return closes and (stop.wish.close_position or (stop.wish.qty or ZERO) >= abs(held))

"""What the account holds between two readings of it."""

from __future__ import annotations

from decimal import Decimal

from sadari.binance.user_frames import AccountHeard, BalanceHeard, PositionHeard
from sadari.binance.values import AccountShown
from sadari.model.order import PositionSide
from sadari.venue.live.orders.balances import Balances

D = Decimal
SYMBOL = "BTCUSDT"


def row(side: str, qty: str) -> PositionHeard:
    """One side of a symbol, entered at 100, isolated."""
    return PositionHeard(SYMBOL, PositionSide(side), D(qty), D(100) if D(qty) else None, D(0), True, D(0))


def told(*positions: PositionHeard, change: str = "0") -> AccountHeard:
    """A message of the user stream with the wallet's balance."""
    balance = BalanceHeard("USDT", D(1000), D(1000), D(change))
    return AccountHeard("ORDER", (balance,), positions, 1, 1)


def test_the_two_sides_of_a_symbol_are_two_positions() -> None:
    """In hedge mode the end of one leaves the other as it is, and both count to the equity."""
    balances = Balances(lambda _: D(110), lambda: 0)
    balances.changed(told(row("LONG", "2"), row("SHORT", "-1")))
    assert balances.equity() == 1000 + 20 - 10
    balances.changed(told(row("SHORT", "0")))
    assert balances.symbols == [SYMBOL]
    assert balances.equity() == 1000 + 20
    balances.changed(told(row("LONG", "0")))
    assert balances.symbols == []


def test_an_amount_is_told_where_the_stream_tells_one() -> None:
    """No amount means that the message does not say it, not that it was nothing."""
    balances = Balances(lambda _: None, lambda: 0)
    assert balances.changed(told(change="-5")).change == D(-5)
    assert balances.changed(told()).change is None


def crossed(qty: str, entry_price: str = "100", wallet: str = "1000") -> AccountHeard:
    """A crossed position as the stream tells it, with the wallet's balance."""
    position = PositionHeard(SYMBOL, PositionSide.BOTH, D(qty), D(entry_price), D(0), False, D(0))
    return AccountHeard("ORDER", (BalanceHeard("USDT", D(wallet), D(wallet), D(0)),), (position,), 1, 1)


def shown(**fields: str) -> AccountShown:
    """A reading of an account with nothing but a wallet of 1000."""
    amounts = dict.fromkeys(("unrealized_pnl", "initial_margin", "maint_margin"), D(0))
    names = ("wallet_balance", "cross_wallet_balance", "available_balance", "free_balance", "margin_balance")
    amounts |= dict.fromkeys(names, D(1000)) | {name: D(value) for name, value in fields.items()}
    return AccountShown(wallets=(), held=frozenset(), updated_ns=0, **amounts)


def test_prices_move_what_a_crossed_position_leaves_available() -> None:
    """Profit is added, the initial margin is that of the value now; below nothing there is nothing."""
    prices = {SYMBOL: D(100)}
    balances = Balances(prices.get, lambda: 0)
    balances.read(shown(), (), "SYNC", 1)
    assert balances.moved(2) is None
    balances.leverages[SYMBOL] = 10
    assert balances.changed(crossed("2", wallet="999")).available_balance == 999 - 20
    prices[SYMBOL] = D(130)
    moved = balances.moved(3)
    assert moved is not None
    assert (moved.cause, moved.time_ns, moved.wallet_balance) == ("PRICES", 3, D(999))
    assert moved.available_balance == balances.available_balance == 999 + 60 - 26
    prices[SYMBOL] = D(1)
    balances.changed(crossed("20", wallet="999"))
    assert balances.available_balance == 0
    balances.changed(crossed("0", wallet="900"))
    assert balances.available_balance == 900
    assert balances.moved(4) is None


def test_a_reading_says_what_is_free_whatever_prices_do() -> None:
    """What orders of others lock is in it; the price of a position may have moved since it was read."""
    balances = Balances(lambda _: D(90), lambda: 0)
    balances.changed(crossed("1"))
    told = balances.read(shown(available_balance="940", free_balance="950"), None, "SYNC", 1)
    assert told.available_balance == 940
    assert balances.available_balance == 950 - 10 - 90


def test_a_side_that_is_none_makes_the_other_one_no_flat_symbol() -> None:
    """Hedge mode: a message may list both sides of a symbol, and a hand may close the other one."""
    balances = Balances(lambda _: None, lambda: 0)

    def told_of(*sides: tuple[PositionSide, str]) -> list[Decimal]:
        rows = tuple(PositionHeard(SYMBOL, side, D(qty), D(100), D(0), True, D(0)) for side, qty in sides)
        report = AccountHeard("ORDER", (BalanceHeard("USDT", D(1000), D(1000), D(0)),), rows, 1, 1)
        return [record.qty for record in balances.changed(report).positions]

    assert told_of((PositionSide.LONG, "1"), (PositionSide.SHORT, "0")) == [D(1)]
    assert told_of((PositionSide.SHORT, "-2")) == [D(-2)]
    assert told_of((PositionSide.SHORT, "0")) == []
    assert told_of((PositionSide.LONG, "0")) == [D(0)]

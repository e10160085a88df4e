"""Crossed positions share a wallet: what they may lose together, and who goes first."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from sadari.exchange import NO_SLIPPAGE, Exchange, Refusal
from sadari.model.event import AccountUpdated, FundingPaid, OrderCanceled, OrderFilled, OrderRejected
from sadari.model.order import MarginMode, Side
from sadari.model.plan import Fees
from tests.exchange_orders import BTC, INSTRUMENT, D, T, account, buy, exchange, fills, limit, names, order, sell, wall

BUY, SELL = Side.BUY, Side.SELL
ETH = "ETHUSDT"
PRICE = D(50_000)


def two(balance: str = "3000", *, fee: str = "0.0125") -> Exchange:
    """A crossed account that holds 0.3 BTC at 50,000 and 5 ETH at 2,000, both LONG and 10 times levered."""
    coins = {symbol: replace(INSTRUMENT, symbol=symbol, liquidation_fee=D(fee)) for symbol in (BTC, ETH)}
    made = Exchange(coins, Fees(), D(balance), slippage=NO_SLIPPAGE)
    for symbol in coins:
        made.set_leverage(symbol, 10)
    made.submit(buy("b", "0.3"), T, PRICE)
    made.submit(buy("e", "5", symbol=ETH), T, D(2_000))
    assert made.wallet_balance == D(balance) - D("12.5")
    return made


def test_the_liquidation_price_of_a_lone_position_is_the_references() -> None:
    """(WB + cum − side·Q·EP) / (Q·MMR − side·Q) with the whole wallet: nothing above it, at it it is due."""
    made = exchange("2000", mode=MarginMode.CROSSED)
    made.submit(buy("a", "0.3"), T, PRICE)
    price = made.liquidation_price(BTC)
    assert price == ((D("1992.5") - 15_000) / D("-0.2988")).quantize(D("1e-8"), rounding="ROUND_CEILING")
    assert made.positions[BTC].record().liquidation_price is None
    assert made.touch(BTC, T, price.quantize(D("0.01"), rounding="ROUND_CEILING")) == []
    events = made.touch(BTC, T, price.quantize(D("0.01"), rounding="ROUND_FLOOR"))
    assert [trade.cause for trade in fills(events)] == ["LIQUIDATION"]


def test_a_position_far_from_liquidation_has_no_price_for_it() -> None:
    """A wallet that pays for a fall to zero; flat has none either."""
    made = exchange("20000", mode=MarginMode.CROSSED)
    assert made.liquidation_price(BTC) is None
    made.submit(buy("a", "0.3"), T, PRICE)
    assert made.liquidation_price(BTC) is None
    assert made.touch(BTC, T, D("0.01")) == []


def test_the_others_count_at_their_marks() -> None:
    """Profit of one moves the other's liquidation price away, its maintenance margin nearer."""
    made = two()
    before = made.liquidation_price(BTC)
    # (2 987.5 − 40 + 0 − 15 000) / (0.3·0.004 − 0.3)
    assert before == (D("-12052.5") / D("-0.2988")).quantize(D("1e-8"), rounding="ROUND_CEILING")
    made.mark(ETH, D(2_200))
    after = made.liquidation_price(BTC)
    assert after == (D("-11056.5") / D("-0.2988")).quantize(D("1e-8"), rounding="ROUND_CEILING")


@pytest.mark.requirement("R001-11")
def test_one_symbol_drags_the_other_under() -> None:
    """The loser is taken over first; its fee leaves less than the healthy one needs, and that goes too."""
    made = two()
    made.submit(wall("w", SELL, "1500", symbol=ETH), T, D(2_000))
    assert made.touch(BTC, T, D("40336.35")) == []
    events = made.touch(BTC, T, D("40336.34"))
    assert names(events) == ["OrderCanceled", "OrderFilled", "AccountUpdated", "OrderFilled", "AccountUpdated"]
    assert [e.client_order_id for e in events if isinstance(e, OrderCanceled)] == ["w"]
    first, second = fills(events)
    assert (first.symbol, first.price, second.symbol, second.price) == (BTC, D("40336.34"), ETH, D(2_000))
    assert {trade.client_order_id for trade in (first, second)} == {f"autoclose-{T // 1_000_000}"}
    assert first.fee == D("2987.5") - D("2899.098")  # 1.25 % of 12 100 would be 151; no more than this is left
    assert second.fee == 0
    assert made.wallet_balance == 0
    assert dict(made.positions) == {}


def test_liquidation_stops_as_soon_as_the_rest_is_covered() -> None:
    """Without a fee what is left after the first is more than the second needs: it stays, and has a band of its own."""
    made = two(fee="0")
    (trade,) = fills(made.touch(BTC, T, D("40336.34")))
    assert trade.symbol == BTC
    assert list(made.positions) == [ETH]
    assert made.margin_balance() == D("2987.5") - D("2899.098")
    ratio = made.margin_ratio()
    assert ratio is not None
    assert ratio < 1
    assert made.watch(ETH).levels() != []
    assert made.touch(ETH, T, D(1_992)) == []
    assert fills(made.touch(ETH, T, D(1_990)))[0].symbol == ETH


def test_the_others_profit_saves_the_loser() -> None:
    """The same fall does nothing if the other has risen by then, and is due if the other has fallen back."""
    made = two()
    made.mark(ETH, D(2_200))
    assert made.touch(BTC, T, D(40_000)) == []
    made.mark(BTC, D(40_000))
    assert len(fills(made.touch(ETH, T, D(2_000)))) == 2


def test_a_gap_beyond_the_wallet_is_paid_by_the_insurance_fund() -> None:
    """What the two lose beyond the wallet comes back as income of its own: the wallet ends at zero, not below."""
    made = two()
    made.mark(ETH, D(1_900))
    events = made.touch(BTC, T, D(30_000))
    assert made.wallet_balance == 0
    entry = made.income[-1]
    assert (entry.kind, entry.amount, entry.asset) == ("INSURANCE_CLEAR", D(6_500) - D("2987.5"), "USDT")
    assert account(events) == AccountUpdated(
        time_ns=T, cause="INSURANCE_CLEAR", wallet_balance=D(0), available_balance=D(0)
    )


def test_a_stop_that_the_account_does_not_pay_for_is_a_liquidation() -> None:
    """As for an isolated position: a gap beyond everything there is takes the position before its order trades."""
    made = exchange("2000", mode=MarginMode.CROSSED)
    made.submit(buy("a", "0.3"), T, PRICE)
    made.submit(wall("w", SELL, "46000"), T, PRICE)
    assert [trade.cause for trade in fills(made.touch(BTC, T, D(40_000)))] == ["LIQUIDATION"]
    assert made.wallet_balance == 0


def test_a_stop_that_the_account_pays_for_trades_first() -> None:
    """A gap beyond stop and liquidation price, but not beyond the wallet."""
    made = exchange("2000", mode=MarginMode.CROSSED)
    made.submit(buy("a", "0.3"), T, PRICE)
    made.submit(wall("w", SELL, "46000"), T, PRICE)
    (trade,) = fills(made.touch(BTC, T, D("43500")))
    assert (trade.client_order_id, trade.cause) == ("w", "")


def test_isolated_margin_is_not_at_stake() -> None:
    """A crossed loss takes what the isolated position has not; that position and its stop stay."""
    made = two()
    isolated = Exchange(
        {symbol: replace(INSTRUMENT, symbol=symbol) for symbol in (BTC, ETH)}, Fees(), D(3_000), slippage=NO_SLIPPAGE
    )
    isolated.set_margin_mode(ETH, MarginMode.ISOLATED)
    for symbol in (BTC, ETH):
        isolated.set_leverage(symbol, 10)
    isolated.submit(buy("b", "0.3"), T, PRICE)
    isolated.submit(buy("e", "5", symbol=ETH), T, D(2_000))
    isolated.submit(wall("w", SELL, "1900", symbol=ETH), T, D(2_000))
    assert isolated.margin_balance() == made.margin_balance() - 1_000
    isolated.touch(BTC, T, D(30_000))
    assert list(isolated.positions) == [ETH]
    assert isolated.wallet_balance == isolated.positions[ETH].margin == 1_000
    assert [waiting.order.client_order_id for waiting in isolated.open_orders(ETH)] == ["w"]


def test_funding_is_paid_by_the_wallet_and_may_make_liquidation_due() -> None:
    """A crossed position's margin stays; the next trade, wherever it is, finds the account below maintenance."""
    made = exchange("2000", mode=MarginMode.CROSSED)
    made.submit(buy("a", "0.3"), T, PRICE)
    paid, report = made.fund(BTC, T, D("0.13"), PRICE)
    assert isinstance(paid, FundingPaid)
    assert isinstance(report, AccountUpdated)
    assert (paid.amount, report.wallet_balance, report.positions[0].margin) == (D(-1_950), D("42.5"), D(1_500))
    assert fills(made.touch(BTC, T, D("50000.01")))[0].cause == "LIQUIDATION"


def test_a_trade_that_brings_the_account_back_above_maintenance_liquidates_nothing() -> None:
    """Due is what the trade finds, not what was before it."""
    made = exchange("2000", mode=MarginMode.CROSSED)
    made.submit(buy("a", "0.3"), T, PRICE)
    made.fund(BTC, T, D("0.13"), PRICE)
    assert made.touch(BTC, T, D(50_100)) == []
    assert fills(made.touch(BTC, T, D(50_000)))[0].cause == "LIQUIDATION"


def test_resting_orders_lock_margin_of_the_shared_wallet() -> None:
    """A bid of one symbol leaves less for the other; its margin is in the figures, not in the maintenance margin."""
    made = two("4000")
    free = made.available_balance()
    made.submit(limit("l", BUY, "0.2", "49000"), T, PRICE)
    assert made.available_balance() == free - 980
    assert (made.initial_margin(BTC), made.initial_margin(ETH)) == (D(2_480), D(1_000))
    assert made.initial_margin() == 3_480
    assert made.maint_margin() == made.maint_margin(BTC) + made.maint_margin(ETH) == 100


def test_an_order_is_refused_by_what_the_marks_leave() -> None:
    """The loss of the other symbol counts at the mark told last, without any trade of this one."""
    made = two("5000")
    made.mark(BTC, D(45_000))
    (answer,) = made.submit(buy("x", "6", symbol=ETH), T, D(2_000))
    assert isinstance(answer, OrderRejected)
    assert answer.code == -2019
    made.mark(BTC, PRICE)
    assert isinstance(made.submit(buy("y", "6", symbol=ETH), T, D(2_000))[0], OrderFilled)


def test_turning_a_crossed_position_counts_its_loss_once() -> None:
    """A LONG of 1 500 margin lost 1 200; closing and turning it needs the margin of the new side and the fee."""
    made = exchange("2800", mode=MarginMode.CROSSED)
    made.submit(buy("a", "0.3"), T, PRICE)
    made.mark(BTC, D(46_000))
    assert isinstance(made.submit(sell("b", "0.6"), T, D(46_000))[0], OrderFilled)
    assert made.positions[BTC].qty == D("-0.3")


def test_a_short_is_liquidated_by_a_rise_across_a_bracket() -> None:
    """0.95 at 50 000 is in the first bracket and in the second from 52 631.58 on."""
    made = exchange("5000", mode=MarginMode.CROSSED)
    made.submit(order("a", SELL, "0.95"), T, PRICE)
    price = made.liquidation_price(BTC)
    wallet = D(5_000) - D("23.75")
    assert price == ((wallet + 50 + 47_500) / (D("0.95") * D("1.005"))).quantize(D("1e-8"), rounding="ROUND_FLOOR")
    for step in range(50_100, int(price) + 1, 100):
        assert made.touch(BTC, T, D(step)) == []
    assert made.touch(BTC, T, D(int(price))) == []
    assert fills(made.touch(BTC, T, D(int(price) + 1)))[0].cause == "LIQUIDATION"


def test_a_transfer_is_income_and_may_take_only_what_is_available() -> None:
    """The engine learns of it by its cause; more than is available is refused with -4050."""
    made = two()
    (report,) = made.transfer(T, D(100))
    assert isinstance(report, AccountUpdated)
    assert (report.cause, report.wallet_balance) == ("TRANSFER", D("3087.5"))
    assert made.income[-1].kind == "TRANSFER"
    free = made.available_balance()
    with pytest.raises(Refusal, match="-4050"):
        made.transfer(T, -free - Decimal("0.01"))
    made.transfer(T, -free)
    assert made.available_balance() == 0

"""What happens at the exchange while a client trades: gaps, new listings, a hand on the account, a wrong clock."""

from __future__ import annotations

from array import array
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from sadari.errors import RefusedError
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.faults.file import load_faults
from sadari.model.units import DAY_NS, MINUTE_NS, SECOND_NS
from sadari.run.feed.synthetic import market
from sadari.run.local.exchange import LocalExchange
from sadari.run.local.listings import Listings, LocalSettings

SYMBOL = "DEMOAUSDT"


def exchange() -> LocalExchange:
    """A made-up market in lockstep, a day into its data."""
    (one,) = market(1, 3, 1)
    listings = Listings({SYMBOL: one.instrument}, {SYMBOL: one.candles}, {SYMBOL: one.funding})
    settings = LocalSettings(history_ns=DAY_NS, lockstep=True, rebase=False)
    return LocalExchange(listings, settings, lambda: 0)


def goes_on(local: LocalExchange, by_ns: int) -> None:
    """Let the market's time go on."""
    local.play.advance(local.market.now_ns + by_ns)


def happens(local: LocalExchange, rule: str) -> None:
    """Let a rule stand that only waits for its time, which is now."""
    local.faults.add(load_faults(f"[[fault]]\n{rule}"), local.gateway_ns())
    goes_on(local, SECOND_NS)
    assert [firing.refusal for firing in local.faults.firings()] == [None]


def ask(local: LocalExchange, what: str, **values: str) -> object:
    """The answer of an endpoint, without a server in between."""
    method, path = what.split()
    (endpoint,) = (one for one in local.endpoints if (one.method, one.path) == (method, path))
    return endpoint.answer(Parameters(values))


@pytest.mark.parametrize("fraction", ["-0.2", "0.3"])
def test_a_gap_is_in_the_trades_and_in_the_candles_that_are_served_later(fraction: str) -> None:
    """The first trade of the next minute is beyond the gap; the candle that closes agrees with it."""
    local = exchange()
    goes_on(local, 90 * SECOND_NS)
    before = local.market.symbols[SYMBOL].last_price
    happens(local, f'verb="price_gap"\nsymbol="{SYMBOL}"\nfraction={fraction}')
    goes_on(local, 3 * MINUTE_NS)
    after = local.market.symbols[SYMBOL].last_price
    assert abs(after / before - 1 - Decimal(fraction)) < Decimal("0.02")
    rows = ask(local, "GET /fapi/v1/klines", symbol=SYMBOL, interval="1m", limit="6")
    assert isinstance(rows, list)
    jumps = [abs(Decimal(str(now[1])) / Decimal(str(then[4])) - 1 - Decimal(fraction)) for then, now in pairwise(rows)]
    assert sum(jump < Decimal("0.02") for jump in jumps) == 1


def test_a_gap_goes_over_a_stop_and_the_fill_is_beyond_it() -> None:
    """Nothing trades between: the stop is filled where the market is, not where it was set."""
    local = exchange()
    goes_on(local, MINUTE_NS)
    ask(local, "POST /fapi/v1/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01")
    trigger = local.market.symbols[SYMBOL].last_price * Decimal("0.95") // 1
    ask(
        local, "POST /fapi/v1/algoOrder", symbol=SYMBOL, side="SELL", type="STOP_MARKET", algoType="CONDITIONAL",
        triggerPrice=str(trigger), closePosition="true",
    )  # fmt: skip
    happens(local, f'verb="price_gap"\nsymbol="{SYMBOL}"\nfraction=-0.1')
    goes_on(local, 3 * MINUTE_NS)
    assert not local.desk.exchange.positions
    assert local.desk.trades[-1].price < trigger * Decimal("0.97")


def test_other_filters_and_brackets_hold_from_then_on() -> None:
    """An order below the new least value is refused; the leverage becomes what the brackets allow."""
    local = exchange()
    goes_on(local, MINUTE_NS)
    happens(local, f'verb="filter_change"\nsymbol="{SYMBOL}"\nmin_notional=1000000')
    with pytest.raises(Exception, match="-4164"):
        ask(local, "POST /fapi/v1/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01")
    local.faults.remove("filter_change-1")
    local.faults.add(
        load_faults(f'[[fault]]\nverb="bracket_change"\nsymbol="{SYMBOL}"\nmax_leverage=3\nmaint_factor=2'),
        local.gateway_ns(),
    )
    goes_on(local, SECOND_NS)
    assert local.desk.exchange.leverage(SYMBOL) == 3


def test_funding_is_paid_at_the_mark_price_that_was_recorded() -> None:
    """As a run over history pays it: not at the last price, where the mark price is known."""
    (one,) = market(1, 3, 1)
    marks = memoryview(array("d", [1234.5] * len(one.funding.time_ns)))
    funding = replace(one.funding, mark_price=marks)
    listings = Listings({SYMBOL: one.instrument}, {SYMBOL: one.candles}, {SYMBOL: funding})
    local = LocalExchange(listings, LocalSettings(history_ns=DAY_NS, lockstep=True, rebase=False), lambda: 0)
    goes_on(local, MINUTE_NS)
    ask(local, "POST /fapi/v1/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.02")
    goes_on(local, DAY_NS)
    paid = [row.amount for row in local.desk.exchange.income if row.kind == "FUNDING_FEE"]
    # The fourth payment is due where the play begins, before anything is held; three follow within the day.
    rates = [Decimal(repr(rate)) for rate in funding.rate[4:7]]
    assert paid == [-Decimal("0.02") * Decimal("1234.5") * rate for rate in rates if rate]


def test_the_owner_acts_on_the_same_account() -> None:
    """A trade by hand is a position that no client has asked for; what is closed by hand is gone."""
    local = exchange()
    goes_on(local, MINUTE_NS)
    happens(local, f'verb="human_trade"\nsymbol="{SYMBOL}"\nside="BUY"\nqty=0.02')
    assert local.desk.exchange.positions[SYMBOL].qty == Decimal("0.02")
    ask(local, "POST /control/human/fapi/v1/order", symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.02")
    assert not local.desk.exchange.positions


def test_a_clock_that_is_shifted_is_the_gateways_alone() -> None:
    """The server's time moves, the market's does not."""
    local = exchange()
    market_ns = local.market.now_ns
    local.faults.add(load_faults('[[fault]]\nverb="clock_shift"\nseconds=-30'), local.gateway_ns())
    goes_on(local, SECOND_NS)
    assert local.market.now_ns == market_ns + SECOND_NS
    assert local.gateway_ns() == market_ns + SECOND_NS - 30 * SECOND_NS


@pytest.mark.parametrize(
    ("outcome", "last"), [("stuck", "TRIGGERING"), ("rejected", "REJECTED"), ("unfilled", "FINISHED")]
)
def test_a_trigger_that_goes_wrong_leaves_the_position_uncovered(outcome: str, last: str) -> None:
    """The stop waits as before; when its price comes there is no order, and it cannot be canceled any more."""
    local = exchange()
    goes_on(local, MINUTE_NS)
    ask(local, "POST /fapi/v1/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01")
    trigger = str(local.market.symbols[SYMBOL].last_price * Decimal("0.95") // 1)
    stop = {"symbol": SYMBOL, "side": "SELL", "type": "STOP_MARKET", "algoType": "CONDITIONAL", "triggerPrice": trigger}
    ask(local, "POST /fapi/v1/algoOrder", **stop, closePosition="true", clientAlgoId="wall")
    happens(local, f'verb="break_trigger"\nsymbol="{SYMBOL}"\noutcome="{outcome}"')
    assert [algo.client_algo_id for algo in local.desk.open_algos(SYMBOL)] == ["wall"]
    local.faults.add(load_faults(f'[[fault]]\nverb="price_gap"\nsymbol="{SYMBOL}"\nfraction=-0.1'), local.gateway_ns())
    goes_on(local, 3 * MINUTE_NS)
    (algo,) = local.desk.algos.values()
    assert (algo.status.value, algo.child) == (last, None)
    assert local.desk.exchange.positions[SYMBOL].qty == Decimal("0.01")
    with pytest.raises(RefusedError, match="-2011"):
        ask(local, "DELETE /fapi/v1/algoOrder", clientAlgoId="wall")


def test_a_broken_stop_can_be_canceled_before_its_price_comes() -> None:
    """It waits, so it can be withdrawn; a new one is not broken."""
    local = exchange()
    goes_on(local, MINUTE_NS)
    ask(local, "POST /fapi/v1/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01")
    trigger = str(local.market.symbols[SYMBOL].last_price * Decimal("0.95") // 1)
    stop = {"symbol": SYMBOL, "side": "SELL", "type": "STOP_MARKET", "algoType": "CONDITIONAL", "triggerPrice": trigger}
    ask(local, "POST /fapi/v1/algoOrder", **stop, closePosition="true", clientAlgoId="wall")
    happens(local, f'verb="break_trigger"\nsymbol="{SYMBOL}"')
    ask(local, "DELETE /fapi/v1/algoOrder", clientAlgoId="wall")
    assert not list(local.desk.open_algos(SYMBOL))
    ask(local, "POST /fapi/v1/algoOrder", **stop, closePosition="true", clientAlgoId="wall")
    local.faults.add(load_faults(f'[[fault]]\nverb="price_gap"\nsymbol="{SYMBOL}"\nfraction=-0.1'), local.gateway_ns())
    goes_on(local, 3 * MINUTE_NS)
    assert not local.desk.exchange.positions


def test_an_empty_book_fills_nothing_and_the_order_expires() -> None:
    """Nothing is filled, nothing is held, and the record says why."""
    local = exchange()
    goes_on(local, MINUTE_NS)
    happens(local, f'verb="thin_book"\nsymbol="{SYMBOL}"\npart=0')
    ask(local, "POST /fapi/v1/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01")
    (order,) = local.desk.orders.values()
    assert (order.status.value, order.expiry_reason.value) == ("EXPIRED", "9")
    assert not order.trades
    assert not local.desk.exchange.positions


def test_a_market_without_history_has_a_book_as_deep_as_one_with_it() -> None:
    """An ordinary order is filled from the first moment on."""
    (one,) = market(1, 2, 1)
    listings = Listings({SYMBOL: one.instrument}, {SYMBOL: one.candles}, {SYMBOL: one.funding})
    local = LocalExchange(listings, LocalSettings(history_ns=0, lockstep=True, rebase=False), lambda: 0)
    goes_on(local, MINUTE_NS)
    ask(local, "POST /fapi/v1/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.05")
    assert local.desk.exchange.positions[SYMBOL].qty == Decimal("0.05")


def firings(local: LocalExchange, *rules: str) -> list[str | None]:
    """Let rules stand, whose time is now, one after the other; what refused each."""
    for rule in rules:
        local.faults.add(load_faults(f'[[fault]]\nname = "{len(local.faults.rules())}"\n{rule}'), local.gateway_ns())
        goes_on(local, SECOND_NS)
    return [firing.refusal for firing in local.faults.firings()]


def test_the_owner_trades_many_times_in_a_row() -> None:
    """1,001 trades are more than a page of them holds."""
    local = exchange()
    goes_on(local, MINUTE_NS)
    happens(local, f'verb="human_trade"\nsymbol="{SYMBOL}"\nside="BUY"\nqty=0.001\ntrades=1001')
    assert len(local.desk.trades) == 1001
    first = ask(local, "GET /fapi/v1/userTrades", symbol=SYMBOL, limit="1000", fromId="1")
    assert isinstance(first, list)
    assert len(first) == 1000


def test_the_owner_cancels_one_stop_by_its_client_id() -> None:
    """The other stays."""
    local = exchange()
    goes_on(local, MINUTE_NS)
    ask(local, "POST /fapi/v1/order", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01")
    trigger = str(local.market.symbols[SYMBOL].last_price * Decimal("0.95") // 1)
    stop = {"symbol": SYMBOL, "side": "SELL", "type": "STOP_MARKET", "algoType": "CONDITIONAL", "triggerPrice": trigger}
    ask(local, "POST /fapi/v1/algoOrder", **stop, closePosition="true", clientAlgoId="wall")
    ask(local, "POST /fapi/v1/algoOrder", **stop, quantity="0.01", reduceOnly="true", clientAlgoId="stop")
    happens(local, f'verb="human_cancel"\nsymbol="{SYMBOL}"\nclient_id="stop"')
    assert [algo.client_algo_id for algo in local.desk.open_algos(SYMBOL)] == ["wall"]


def test_the_owner_goes_over_to_hedge_mode_and_opens_both_sides() -> None:
    """Closed without a side named, the one that is held is meant."""
    local = exchange()
    goes_on(local, MINUTE_NS)
    trade = f'verb="human_trade"\nsymbol="{SYMBOL}"\n'
    done = firings(
        local,
        'verb="human_mode"\nhedge_mode=true',
        f'{trade}side="BUY"\nqty=0.02',
        f'{trade}side="SELL"\nqty=0.01\nposition_side="SHORT"',
        f'{trade}position_side="SHORT"',
        'verb="human_mode"\nhedge_mode=false',
        f'{trade}side="SELL"\nqty=0.005',
    )
    assert done[:4] == [None] * 4
    assert done[4] is not None
    assert "-4068" in done[4]
    assert [(p.position_side.value, p.qty) for p in local.desk.exchange.positions.values()] == [
        ("LONG", Decimal("0.015"))
    ]


def test_a_deleveraged_position_is_closed_by_an_order_of_the_exchange() -> None:
    """In part, then whole; no fee, its own id, listed as ADL and not as a liquidation; the stop is left behind."""
    local = exchange()
    goes_on(local, MINUTE_NS)
    ask(local, "POST /fapi/v1/order", symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.03")
    trigger = str(local.market.symbols[SYMBOL].last_price * Decimal("1.05") // 1)
    ask(
        local, "POST /fapi/v1/algoOrder", symbol=SYMBOL, side="BUY", type="STOP_MARKET", algoType="CONDITIONAL",
        triggerPrice=trigger, closePosition="true",
    )  # fmt: skip
    rule = f'verb="deleveraging"\nsymbol="{SYMBOL}"'
    assert firings(local, f"{rule}\nqty=0.01", rule) == [None, None]
    assert not local.desk.exchange.positions
    assert [(trade.qty, trade.fee) for trade in local.desk.trades[-2:]] == [
        (Decimal(qty), Decimal(0)) for qty in ("0.01", "0.02")
    ]
    forced = ask(local, "GET /fapi/v1/forceOrders", autoCloseType="ADL")
    assert isinstance(forced, list)
    assert [row.client_order_id.startswith("adl_autoclose-") for row in forced] == [True, True]
    assert ask(local, "GET /fapi/v1/forceOrders", autoCloseType="LIQUIDATION") == []
    assert len(list(local.desk.open_algos(SYMBOL))) == 1
    refused = firings(local, f'{rule}\nposition_side="LONG"')[-1]
    assert refused is not None
    assert "-4061" in refused


def test_the_owner_closes_and_cancels_everything() -> None:
    """Both sides of a symbol among it, and what rests in either family."""
    local = exchange()
    goes_on(local, MINUTE_NS)
    ask(local, "POST /fapi/v1/positionSide/dual", dualSidePosition="true")
    for side, position_side in (("BUY", "LONG"), ("SELL", "SHORT")):
        ask(
            local, "POST /fapi/v1/order", symbol=SYMBOL, side=side, type="MARKET", quantity="0.01",
            positionSide=position_side,
        )  # fmt: skip
    trigger = str(local.market.symbols[SYMBOL].last_price * Decimal("0.95") // 1)
    ask(
        local, "POST /fapi/v1/algoOrder", symbol=SYMBOL, side="SELL", type="STOP_MARKET", algoType="CONDITIONAL",
        triggerPrice=trigger, closePosition="true", positionSide="LONG",
    )  # fmt: skip
    done = firings(local, 'verb="human_cancel"\nsymbol="*"', 'verb="human_trade"\nsymbol="*"')
    assert done == [None, None]
    assert not local.desk.exchange.positions
    assert not list(local.desk.open_algos())

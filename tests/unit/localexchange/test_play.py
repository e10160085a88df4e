"""The tape in motion: time, funding and the end of it."""

from __future__ import annotations

import pytest

from sadari.localexchange.account.truth import Truth, truth
from sadari.localexchange.asking.parameters import Parameters
from sadari.model.units import DAY_NS, HOUR_NS
from sadari.run.local.exchange import LocalExchange
from tests.local_exchange import BTC, encoded, local

MARKET = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.01"}


def ask(exchange: LocalExchange, where: str, **values: str) -> object:
    """The answer of an endpoint."""
    method, _, path = where.partition(" ")
    (answer,) = (one.answer for one in exchange.endpoints if (one.method, one.path) == (method, path))
    return answer(Parameters(values))


def held_over(steps: list[int]) -> Truth:
    """The truth after a position was held over times after the start, in ns."""
    exchange = local()
    start_ns = exchange.market.now_ns
    ask(exchange, "POST /fapi/v1/order", **MARKET)
    for after_ns in steps:
        exchange.play.advance(start_ns + after_ns)
    return truth(exchange.desk)


def test_funding_is_paid_once_at_each_of_its_times_however_time_is_divided() -> None:
    """At 8 hours exactly, whether a step ends there, jumps over it or stops a nanosecond before."""
    whole = held_over([9 * HOUR_NS])
    paid = [one for one in whole.income if one.kind == "FUNDING_FEE"]
    assert [one.time_ns % (8 * HOUR_NS) for one in paid] == [0]
    near = [8 * HOUR_NS - 1, 8 * HOUR_NS, 8 * HOUR_NS, 8 * HOUR_NS + 1, 9 * HOUR_NS]
    assert encoded(held_over(near)) == encoded(whole)


@pytest.mark.parametrize("after", [0, DAY_NS])
def test_the_tape_ends_and_the_account_stays(after: int) -> None:
    """No trade comes after the last one; every question is answered as before."""
    exchange = local()
    ask(exchange, "POST /fapi/v1/order", **MARKET)
    end_ns = exchange.market.now_ns + DAY_NS
    exchange.play.advance(end_ns + after)
    assert exchange.play.ended
    assert exchange.market.now_ns == end_ns + after
    assert len(truth(exchange.desk).trades) == 1
    for path in ("klines", "depth", "ticker/24hr", "aggTrades", "trades"):
        assert encoded(ask(exchange, f"GET /fapi/v1/{path}", symbol=BTC, interval="1m"))
    assert encoded(ask(exchange, "GET /fapi/v3/account"))
    ask(exchange, "POST /fapi/v1/order", **MARKET | {"side": "SELL"})
    assert truth(exchange.desk).positions == []

"""The tape of the local exchange."""

from __future__ import annotations

from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.kernel import expand
from sadari.localexchange.market.tape import Tape, Trade
from sadari.model.seeds import own_seed
from sadari.model.units import DAY_NS, MINUTE_NS, PRICE_SCALE, floor_units
from tests.local_market import OPEN_NS, SEED, D, columns, tapes

SYMBOLS = ("ETHUSDT", "BTCUSDT", "XRPUSDT")


def drawn(**options: int) -> list[Trade]:
    """All trades of a tape of three symbols."""
    tape = Tape(tapes(SYMBOLS, **options))
    found = []
    while tape.next_ns() is not None:
        found.append(tape.pop())
    return found


def test_trades_come_in_order_of_time_and_symbol() -> None:
    """The order is total, whatever order the symbols were given in."""
    order = [(trade.time_ns, trade.symbol) for trade in drawn()]
    assert order == sorted(order)
    assert {symbol for _, symbol in order} == set(SYMBOLS)


def test_the_next_time_is_that_of_the_trade_that_comes() -> None:
    """What `next_ns` says is what `pop` then gives; an ended tape has none."""
    tape = Tape(tapes(SYMBOLS, rows=42))
    while (following := tape.next_ns()) is not None:
        assert tape.pop().time_ns == following
    with pytest.raises(IndexError):
        tape.pop()


def test_numbers_of_a_symbol_are_consecutive() -> None:
    """Trade ids rise by one, also from candle to candle."""
    ordered = sorted(drawn(), key=lambda trade: (trade.symbol, trade.time_ns))
    for _, group in groupby(ordered, key=lambda trade: trade.symbol):
        numbers = [trade.number for trade in group]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_visit_is_played_in_its_turn_and_numbered_with_the_others() -> None:
    """It comes between the trades around it, once; where the symbol trades then anyway there is none."""
    plain = drawn()
    mine = [trade for trade in plain if trade.symbol == "BTCUSDT"]
    between_ns = (mine[3].time_ns + mine[4].time_ns) // 2
    tape = Tape(tapes(SYMBOLS))
    played = [tape.pop() for _ in range(plain.index(mine[3]) + 1)]
    tape.visit("BTCUSDT", between_ns, D("60000.1"))
    tape.visit("BTCUSDT", between_ns, D("60000.1"))
    tape.visit("BTCUSDT", mine[4].time_ns, D("60000.1"))
    while tape.next_ns() is not None:
        played.append(tape.pop())
    assert len(played) == len(plain) + 1
    assert [trade.time_ns for trade in played] == sorted(trade.time_ns for trade in played)
    own = [trade for trade in played if trade.symbol == "BTCUSDT"]
    assert (own[4].time_ns, own[4].price) == (between_ns, D("60000.1"))
    assert [trade.number for trade in own] == list(range(own[0].number, own[0].number + len(own)))


def test_a_candle_has_the_prices_that_a_run_over_history_sees() -> None:
    """The tape is the kernel's expansion under the symbol's own seed."""
    tape = tapes()[0]
    rows = tape.candles
    for row in range(40, 60):
        prices = [round(column[row] * PRICE_SCALE) for column in (rows.open, rows.high, rows.low, rows.close)]
        wanted = expand(
            own_seed(SEED, "BTCUSDT"),
            rows.open_time_ns[row],
            MINUTE_NS,
            prices[0],
            prices[1],
            prices[2],
            prices[3],
            rows.volume[row],
            floor_units(D("0.10")),
        )
        assert [(trade.time_ns, floor_units(trade.price)) for trade in tape.trades(row)] == [
            (time_ns, units) for time_ns, units, _ in wanted
        ]


def test_quantities_lie_on_the_step_and_add_up_to_the_volume() -> None:
    """No trade is of nothing, and rounding loses at most half a step of the candle."""
    tape = tapes()[0]
    for row in range(40, 100):
        trades = tape.trades(row)
        assert all(trade.qty >= D("0.001") and trade.qty % D("0.001") == 0 for trade in trades)
        if trades and tape.candles.volume[row] > 1:
            assert float(sum(trade.qty for trade in trades)) == pytest.approx(tape.candles.volume[row], abs=0.00051)


def test_prices_are_written_with_the_decimals_of_the_tick() -> None:
    """A tick of 0.10 writes two decimals."""
    assert {trade.price.as_tuple().exponent for trade in drawn()} == {-2}


def test_a_seller_took_where_the_price_fell() -> None:
    """The buyer is the maker exactly after a fall."""
    trades = tapes()[0].trades(50)
    for before, trade in pairwise(trades):
        assert trade.buyer_maker == (trade.price < before.price)


@given(days=st.integers(-400, 400))
def test_a_shift_moves_times_and_nothing_else(days: int) -> None:
    """The same trades come at re-based times."""
    shift_ns = days * DAY_NS
    plain, shifted = drawn(rows=44), drawn(rows=44, shift_ns=shift_ns)
    assert [trade._replace(time_ns=trade.time_ns + shift_ns) for trade in plain] == shifted


def test_the_play_begins_at_its_start() -> None:
    """Candles before the start are not played."""
    assert drawn()[0].time_ns == OPEN_NS + 40 * MINUTE_NS
    assert columns(40).open_time_ns[39] == OPEN_NS + 39 * MINUTE_NS


def test_of_trades_at_one_time_those_of_some_symbols_come_last() -> None:
    """Everything else is as before: no trade is left out, and each symbol's own stay in order."""
    tape = Tape(tapes(SYMBOLS))
    tape.last = frozenset({"BTCUSDT"})
    found = []
    while tape.next_ns() is not None:
        found.append(tape.pop())
    assert sorted(found) == drawn()
    order = [(trade.time_ns, trade.symbol == "BTCUSDT", trade.symbol) for trade in found]
    assert order == sorted(order)
    assert found != drawn(), "some are at one time"

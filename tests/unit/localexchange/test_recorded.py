"""Recorded trades as a tape of the local exchange."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.localexchange.market.recorded import RecordedTape, recorded_candles
from sadari.localexchange.market.tape import PlayedCandles, Tape, Trade
from sadari.model.units import MINUTE_NS, SECOND_NS
from sadari.store.trades import load_files
from tests.local_market import OPEN_NS, SEED, D, Played, columns, instrument

SHIFT_NS = 5 * MINUTE_NS


@dataclass(frozen=True)
class Recorded:
    """Trades as plain columns."""

    time_ns: memoryview
    number: memoryview
    price: memoryview
    qty: memoryview
    buyer_maker: memoryview
    begins: tuple[int, ...] = (0,)


def recorded(
    seconds: Sequence[int], *, first: int = 1_000_000, number: Sequence[int] = (), begins: tuple[int, ...] = (0,)
) -> Recorded:
    """Trades at some seconds after 30 minutes, each dearer by a tick and larger by a step than the one before."""
    count = len(seconds)
    return Recorded(
        memoryview(array("q", [OPEN_NS + 30 * MINUTE_NS + at * SECOND_NS for at in seconds])),
        memoryview(array("d", number or [first + at for at in range(count)])),
        memoryview(array("d", [60_000 + at / 10 for at in range(count)])),
        memoryview(array("d", [(at + 1) / 1000 for at in range(count)])),
        memoryview(array("d", [at % 2 for at in range(count)])),
        begins,
    )


def tape_of(trades: Recorded, history: PlayedCandles | None = None, start_ns: int = OPEN_NS) -> RecordedTape:
    """Their tape."""
    made = recorded_candles(trades, history)
    return RecordedTape("BTCUSDT", made, instrument("BTCUSDT"), SEED, start_ns=start_ns, shift_ns=SHIFT_NS)


def played(tape: RecordedTape) -> list[Trade]:
    """All that it has to play."""
    whole, found = Tape([tape]), []
    while whole.next_ns() is not None:
        found.append(whole.pop())
    return found


@given(st.lists(st.integers(0, 400), min_size=1, max_size=40).map(sorted), st.booleans())
def test_every_trade_is_played_as_it_was(seconds: list[int], lonely: bool) -> None:
    """Time, price, quantity, side and number, whether or not candles lie before."""
    trades = recorded(seconds)
    found = played(tape_of(trades, None if lonely else columns(20), OPEN_NS + 25 * MINUTE_NS))
    assert [trade.time_ns - SHIFT_NS for trade in found] == trades.time_ns.tolist()
    assert [trade.price for trade in found] == [D("60000.0") + D(at) / 10 for at in range(len(seconds))]
    assert [trade.qty for trade in found] == [D(at + 1) / 1000 for at in range(len(seconds))]
    assert [trade.buyer_maker for trade in found] == [at % 2 == 1 for at in range(len(seconds))]
    assert [trade.number for trade in found] == trades.number.tolist()


def test_prices_and_quantities_have_the_decimals_of_tick_and_step() -> None:
    """As on any tape."""
    trade = played(tape_of(recorded([0])))[0]
    assert (str(trade.price), str(trade.qty)) == ("60000.00", "0.001")


def test_numbers_with_a_gap_count_on_from_the_first() -> None:
    """So that a candle's first and last number say how many trades it has."""
    found = played(tape_of(recorded([0, 1, 2], number=[50, 51, 99])))
    assert [trade.number for trade in found] == [50, 51, 52]


def test_candles_are_those_of_the_trades() -> None:
    """Whole minutes, a minute without a trade being flat."""
    made = recorded_candles(recorded([10, 59, 185]))
    minutes = [OPEN_NS + at * MINUTE_NS for at in (30, 31, 32, 33)]
    assert made.open_time_ns.tolist() == minutes
    assert made.close.tolist() == [60_000.1, 60_000.1, 60_000.1, 60_000.2]
    assert made.volume.tolist() == [0.003, 0.0, 0.0, 0.003]
    assert (made.start_ns, made.end_ns) == (minutes[0], minutes[-1] + MINUTE_NS)


def test_between_files_candles_are_missing() -> None:
    """Nobody knows whether there was a trade."""
    made = recorded_candles(recorded([10, 70, 185], begins=(0, 2)))
    assert [(at - OPEN_NS) // MINUTE_NS for at in made.open_time_ns] == [30, 31, 33]


def test_candles_before_are_the_history_and_others_are_not() -> None:
    """History ends where the recording begins."""
    history = columns(60)
    made = recorded_candles(recorded([0, 61]), history)
    assert made.open_time_ns.tolist() == [OPEN_NS + at * MINUTE_NS for at in range(32)]
    assert made.close[:30].tolist() == history.close[:30].tolist()
    assert made.close[30:].tolist() == [60_000.0, 60_000.1]
    assert made.quote_volume is not None
    assert len(made.quote_volume) == 32


@pytest.mark.parametrize("first", [1, 1_000_000])
def test_numbers_of_the_history_lead_up_to_the_recorded_ones(first: int) -> None:
    """They rise, are none below 1, and a trade is found by its own, before the recording and in it."""
    tape = tape_of(recorded([0, 0, 61], first=first), columns(30), OPEN_NS + 30 * MINUTE_NS)
    numbers = [trade.number for row in range(len(tape.candles.open_time_ns)) for trade in tape.trades(row)]
    assert numbers == sorted(set(numbers))
    assert numbers[0] >= 1
    market = Played([tape]).play(OPEN_NS + 40 * MINUTE_NS).market.symbols["BTCUSDT"]
    for number in (numbers[0], numbers[200], numbers[-2]):
        assert market.trades_from(number, OPEN_NS + 50 * MINUTE_NS, 1)[0].number == number


def test_another_interval_is_no_history() -> None:
    """Trades make minutes."""
    with pytest.raises(ValueError, match="minutes can"):
        recorded_candles(recorded([0]), Hours())


class Hours:
    """Candles of an hour, without rows."""

    interval_ns = 60 * MINUTE_NS
    open_time_ns = open = high = low = close = volume = memoryview(array("d"))
    quote_volume = None


def test_what_was_recorded_is_told_as_it_was(recorded_data: Path) -> None:
    """Every trade comes with its id, and the candles in play are those that the trades make."""
    trades = load_files("BTCUSDT", [recorded_data / "trades" / "BTCUSDT-2024-08-08.parquet"])
    made = recorded_candles(trades)
    tape = RecordedTape("BTCUSDT", made, instrument("BTCUSDT"), SEED, start_ns=made.start_ns, shift_ns=0)
    end_ns = tape.candles.open_time_ns[-1] + MINUTE_NS
    whole = Played([tape]).play(end_ns)
    assert [trade.number for trade in whole.trades] == trades.number.tolist()
    one = whole.market.symbols["BTCUSDT"]
    bars = one.candles.bars("1m", end_ns)
    assert sum(bar.trade_count for bar in bars) == len(trades)
    assert one.recent(end_ns, 5) == whole.trades[-5:]
    assert one.trades_between(trades.time_ns[100], trades.time_ns[200], end_ns, 1000) == [
        trade for trade in whole.trades if trades.time_ns[100] <= trade.time_ns <= trades.time_ns[200]
    ]

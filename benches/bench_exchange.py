"""What does the exchange model cost a decision: an entry, its two resting stops, an exit, and the stops' cancels?"""

from __future__ import annotations

from msgspec.structs import replace
from pytest_benchmark.fixture import BenchmarkFixture

from sadari.exchange import Exchange
from sadari.model.order import Side
from sadari.model.plan import Fees
from tests.exchange_orders import BTC, INSTRUMENT, D, T, buy, exchange, sell, stop, wall

PRICE = D(50_000)
ROUNDS = 200

ENTRY = buy("entry", "0.02")
WALL = wall("wall", Side.SELL, "44550")
INNER = stop("inner", Side.SELL, "0.02", "45315.82")
EXIT = sell("exit", "0.02", reduce_only=True)


def lives(made: Exchange) -> None:
    """Whole position lives, six calls each."""
    for _ in range(ROUNDS):
        for wish in (ENTRY, WALL, INNER, EXIT):
            made.submit(wish, T, PRICE)
        made.cancel(BTC, "wall", T)
        made.cancel(BTC, "inner", T)
    made.income.clear()


def bench_position_lives(benchmark: BenchmarkFixture) -> None:
    """200 lives; divide by 1,200 for one call."""
    made = exchange("1000000")
    benchmark(lives, made)
    assert dict(made.positions) == {}


def bench_trades_that_meet_nothing(benchmark: BenchmarkFixture) -> None:
    """A touch with two stops and a liquidation price armed."""
    made = exchange()
    for wish in (ENTRY, WALL, INNER):
        made.submit(wish, T, PRICE)
    assert benchmark(made.touch, BTC, T, D(49_999)) == []


def bench_a_crossed_account_of_ten_is_asked_at_a_level(benchmark: BenchmarkFixture) -> None:
    """All ten marks told, a trade at the end of one band, the condition, and ten bands armed anew."""
    symbols = [f"S{number}USDT" for number in range(10)]
    made = Exchange({symbol: replace(INSTRUMENT, symbol=symbol) for symbol in symbols}, Fees(), D(10_000))
    for symbol in symbols:
        made.submit(buy(symbol, "0.02", symbol=symbol), T, PRICE)

    def asked() -> None:
        for symbol in symbols:
            made.mark(symbol, PRICE)
        made.fund(symbols[0], T, D(0), PRICE)
        made.touch(symbols[0], T, D(1_000))

    benchmark(asked)
    assert len(made.crossed) == 10

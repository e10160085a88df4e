"""Made-up tapes, drawn at random, over history and through the live engine: both do the same to the last digit.

Each tape that once made a difference, or stood still for ever, stays as an example.
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sadari.run.feed.inputs import Prepared
from sadari.run.parity.both import parity
from sadari.run.settings.config import Config
from sadari.store.candles import CandleColumns
from sadari.store.funding import FundingColumns
from tests.parity_runs import ALWAYS, CROSS, agreed, configured, made_up, without


class Tape(NamedTuple):
    """What becomes of one symbol in the last minutes: which candles are missing, and which one falls and comes back."""

    gap: tuple[int, int] = (0, 0)
    crash: tuple[int, float] = (0, 0.0)
    funded: tuple[int, ...] = ()


class Story(NamedTuple):
    """A tape of some symbols, and by which configuration it is run."""

    tapes: tuple[Tape, ...]
    minutes: int = 90
    signal: str = ALWAYS.format("long")
    margin: str = "isolated"
    latency: int = 50
    seed: int = 1
    more: str = ""

    def told(self) -> tuple[Config, Prepared]:
        """What is given to both."""
        config = configured(self.signal, margin=self.margin, latency=self.latency, seed=self.seed, more=self.more)
        prepared = made_up(config, len(self.tapes), self.minutes)
        request, columns, funding = prepared.request, dict(prepared.columns), dict(prepared.request.funding)
        for (symbol, whole), tape in zip(prepared.columns.items(), self.tapes, strict=True):
            first = len(whole.open_time_ns) - self.minutes
            tick = float(request.instruments[symbol].tick_size)
            columns[symbol] = disturbed(whole, first, tape.gap, tape.crash, tick)
            paid_ns = [whole.open_time_ns[first + minute] for minute in sorted(tape.funded)]
            if paid_ns:
                rates = memoryview(array("d", [0.002 if at % 2 else -0.0003 for at in range(len(paid_ns))]))
                funding[symbol] = FundingColumns(memoryview(array("q", paid_ns)), rates, None)
        changed = replace(request, candles=columns, funding=funding)
        return config, prepared._replace(request=changed, columns=columns)


def disturbed(
    columns: CandleColumns, first: int, gap: tuple[int, int], crash: tuple[int, float], tick: float
) -> CandleColumns:
    """Candles from which some are missing, and of which one falls, on the tick, and comes back."""
    at, depth = first + crash[0], crash[1]
    lows = array("d", columns.low)
    lows[at] = min(lows[at], max(tick, round(round(lows[at] * (1 - depth) / tick) * tick, 8)))
    whole = replace(columns, low=memoryview(lows))
    missing = range(first + gap[0], first + gap[0] + gap[1])
    return whole if not missing else without(whole, missing)


MINUTES = 80
TAPES = st.builds(
    Tape,
    gap=st.tuples(st.integers(3, MINUTES - 20), st.sampled_from([0, 0, 1, 2, 3, 12])),
    crash=st.tuples(st.integers(3, MINUTES - 5), st.one_of(st.just(0.0), st.floats(0.0, 0.02), st.floats(0.0, 0.2))),
    funded=st.sets(st.integers(5, MINUTES - 1), max_size=3).map(tuple),
)
# Small accounts and large orders, so that margin, steps and gates have their say; a ladder whose lots come back.
RICH = "[account]\nbalance = 10000\n"
POOR = """
[account]
balance = 300
[risk]
max_positions = 2
strategy_positions = 2
min_reserve_pct = 0.0
max_order_margin_pct = 0.9
[ladder]
weights = [0.10, 0.12, 0.12]
dca_rearm = true
tech_frame_minutes = 1
tech_exit = "ATR_TRAIL"
tech_atr_k = 1.0
"""
STORIES = st.builds(
    Story,
    tapes=st.lists(TAPES, min_size=1, max_size=3).map(tuple),
    minutes=st.just(MINUTES),
    signal=st.sampled_from([CROSS, ALWAYS.format("long"), ALWAYS.format("long"), ALWAYS.format("short")]),
    margin=st.sampled_from(["isolated", "crossed"]),
    latency=st.sampled_from([0, 50, 700]),
    seed=st.integers(1, 50),
    more=st.sampled_from([RICH, POOR]),
)
CRASH = Story((Tape(crash=(30, 0.15)), Tape(crash=(30, 0.09))), seed=3)


MET = {
    "two signals at once, and an order that takes no time": Story((Tape(), Tape()), latency=0, seed=4),
    "an order that arrives where candles are missing": Story((Tape((20, 2)), Tape()), seed=5),
    "a signal that follows missing candles": Story((Tape((20, 12)), Tape((25, 12)), Tape()), more=POOR),
    "a rung that is armed where the price is beyond it": CRASH._replace(margin="crossed", latency=700),
    "two levels that are met at one nanosecond": CRASH._replace(margin="crossed", latency=0),
    "an order that arrives at a price that was left on the way and is there again": Story(
        (Tape((56, 1), (34, 0.0174), (36, 77)), Tape((6, 12), funded=(8,)), Tape((55, 12), (75, 0.177))),
        MINUTES, margin="crossed", latency=700, seed=10, more=RICH,
    ),
    "an alarm at a moment in which no price is new": Story(
        (Tape((21, 12)), Tape(crash=(70, 0.0554))), MINUTES, CROSS, latency=700, seed=46, more=POOR
    ),
    "an order that takes no time, at the end": Story(
        (Tape(crash=(66, 0.00365), funded=(44,)), Tape((4, 2), (4, 0.1668), (50, 63)), Tape((5, 2), (62, 0.0428))),
        MINUTES, latency=0, seed=43, more=POOR,
    ),
    "an equity with more decimals than the exchange books": Story(
        (Tape((41, 3), (10, 0.0181)), Tape((49, 12)), Tape((29, 12), (28, 0.1907))),
        MINUTES, latency=0, seed=14, more=POOR,
    ),
    "a signal just before missing candles": Story(
        (Tape(crash=(62, 0.1171)), Tape((14, 3), funded=(22, 49)), Tape(crash=(17, 0.0491), funded=(24,))),
        MINUTES, CROSS, "crossed", seed=3, more=RICH,
    ),
    "an exit that the data end before": Story(
        (Tape((21, 3)), Tape(crash=(6, 0.0483))), MINUTES, ALWAYS.format("short"), latency=700, seed=35, more=RICH
    ),
    "a trail that a candle moves to the price, and a signal with it": Story(
        (Tape((53, 2), (49, 0.0126), (50, 6, 20)), Tape((3, 1), (5, 0.1007))),
        MINUTES, ALWAYS.format("short"), "crossed", 0, 38, POOR,
    ),
    "a trail that is armed where the price has left its best already": Story(
        (Tape(funded=(20,)), Tape(crash=(72, 0.008), funded=(10,)), Tape(crash=(57, 0.1175))),
        MINUTES, ALWAYS.format("short"), latency=700, seed=3, more=POOR,
    ),
    "a signal beside an exit whose answer overtook it": Story(
        (Tape((39, 3), funded=(7,)), Tape(crash=(40, 0.0439)), Tape((13, 1))), MINUTES, margin="crossed", latency=0,
        seed=28, more=POOR,
    ),
}  # fmt: skip


@pytest.mark.parametrize("met", MET)
def test_what_once_made_a_difference_makes_none(met: str) -> None:
    """Each of these tapes was told in two ways, or never to its end."""
    agreed(parity(*MET[met].told()), fills=0)


@settings(
    max_examples=18,
    phases=(Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(story=STORIES)
def test_made_up_tapes_are_the_same(story: Story) -> None:
    """Missing candles, prices that fall through all levels at once, funding, whatever the latency and the margin."""
    agreed(parity(*story.told()), fills=0)

"""The demo: its seed tells the whole story of a ladder, and its configuration as a file says the same as the values."""

from __future__ import annotations

from bisect import bisect_left

import pytest

from sadari.core.plan import check_plan
from sadari.model.units import MINUTE_NS, SECOND_NS
from sadari.run.local import demo
from sadari.run.local.demo_search import DONE_S, ENTERED_S, MOMENTS, Found, Story, request, search, story
from sadari.run.local.exchange import LocalExchange
from sadari.run.local.listings import begin, listings
from sadari.run.settings.config import parse
from sadari.run.settings.explained import plain


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_demo_shows_a_whole_ladder_within_a_minute(moment: tuple[float, int]) -> None:
    """It enters within 20 seconds, adds, recovers, closes half, stops and ends a rest, whenever the engine is ready."""
    seen = story(demo.SEED, *moment)
    assert seen.entry_s is not None
    assert seen.entry_s <= ENTERED_S
    assert seen.whole_s is not None
    assert seen.whole_s < DONE_S


def test_the_search_finds_the_seed_of_the_demo() -> None:
    """Of a few neighbors it is the one whose story ends soonest."""
    found = {one.seed: one.whole_s for one in search(range(demo.SEED - 2, demo.SEED + 3))}
    assert min((end, seed) for seed, end in found.items() if end is not None)[1] == demo.SEED


def test_a_seed_counts_only_if_every_start_tells_its_story() -> None:
    """One start without a stop in time, and the market is none for the demo."""
    ends = {"DCA1_RECOVERY": 4.0, "HALF_PROFIT": 5.0, "STOP_LOSS_INITIAL": 9.0, "BREAKEVEN_STOP": 6.0, "TECH_X": 7.0}
    whole = Story(1.0, 2.0, 3.0, ends, 1, 1)
    short = whole._replace(exits={"HALF_PROFIT": 5.0})
    late = whole._replace(entry_s=ENTERED_S + 1)
    assert Found(1, (whole, whole)).whole_s == 9.0
    assert Found(1, (whole, short)).whole_s is None
    assert Found(1, (whole, late)).whole_s is None
    assert short.told
    assert not late.told


def test_the_search_runs_on_the_tape_that_the_exchange_plays() -> None:
    """Same candles, same seed, same beginning: what was found is what will be seen."""
    settings = demo.exchange()
    served, asked = listings(settings), request(demo.SEED, 0.0)
    start_ns = begin(served.candles, settings.history_ns, None)
    assert asked.start_ns == start_ns
    assert asked.market.seed == settings.seed
    assert served.instruments == asked.instruments
    for symbol, columns in asked.candles.items():
        played = served.candles[symbol].close[: len(columns.open_time_ns)]
        assert played == columns.close
        last_ns = columns.open_time_ns[-1] + MINUTE_NS
        assert last_ns - start_ns >= DONE_S * demo.SPEED * SECOND_NS


@pytest.mark.parametrize("ict", [False, True])
def test_the_plan_of_the_demo_keeps_its_own_limits(ict: bool) -> None:
    """Nothing in it contradicts anything else, and as a file it is the same configuration."""
    config = demo.config(
        "here", rest="http://127.0.0.1:1", streams="ws://127.0.0.1:1", ws_api="ws://127.0.0.1:1/x", ict=ict
    )
    assert check_plan(config.settings(), config.account.balance).faults == ()
    assert parse(plain(config)) == config


@pytest.mark.parametrize("now_ns", [1_800_000_000 * SECOND_NS, 1_800_040_321 * SECOND_NS])
def test_the_demo_begins_at_one_place_of_its_market_and_now(now_ns: int) -> None:
    """Whatever the hour: its first price is the same, and its time is this minute's."""
    settings = demo.exchange()
    local = LocalExchange(listings(settings), settings, lambda: now_ns)
    assert local.market.now_ns == now_ns // MINUTE_NS * MINUTE_NS
    first = request(demo.SEED, 0.0)
    for symbol, columns in first.candles.items():
        last = bisect_left(columns.open_time_ns, first.start_ns or 0) - 1
        assert float(local.market.symbols[symbol].last_price) == columns.close[last]

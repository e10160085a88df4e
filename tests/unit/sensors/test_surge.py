"""The surge rule over candles: when it can be read, what it raises, and what it remembers of the way."""

from __future__ import annotations

import random
from array import array
from collections import Counter
from itertools import groupby

import pytest

from sadari.errors import ConfigError
from sadari.kernel import SurgeStream
from sadari.model.order import Direction
from sadari.model.units import DAY_NS, HOUR_NS, MINUTE_NS
from sadari.sensors.signals import Candle as OneCandle
from sadari.sensors.signals import Signal
from sadari.sensors.surge import Columns as KernelColumns
from sadari.sensors.surge import Surge, SurgeFacts
from sadari.sensors.surge_settings import Basis, SurgeSettings
from tests.reference.surge import Candle, framed
from tests.reference.surge_markets import columns, days, market, swift
from tests.reference.tapes import START_NS, Columns, flat, made_up

V33 = Surge(SurgeSettings())


def facts(settings: SurgeSettings, candles: list[Candle], *longer: Columns) -> SurgeFacts:
    """What a batch has seen."""
    return Surge(settings).batch(columns(candles), longer).facts


def streamed(settings: SurgeSettings, candles: list[Candle], *longer: Columns) -> list[Signal]:
    """The signals candle by candle."""
    drive = Surge(settings).stream(MINUTE_NS, longer)
    raised = (drive.push(OneCandle(*candle)) for candle in candles)
    return [signal for signal in raised if signal is not None]


@pytest.mark.parametrize(
    ("rows", "ready", "cold"),
    [(9_449, 0, (629, 1_889, 9_449)), (9_450, 1, (629, 1_889, 9_449)), (9_460, 11, (629, 1_889, 9_449))],
)
def test_six_hundred_and_thirty_candles_of_each_frame_make_it_readable(
    rows: int, ready: int, cold: tuple[int, int, int]
) -> None:
    """The 630th closed frame of fifteen minutes is the last one to come."""
    assert SurgeSettings().warm_up == 630
    seen = V33.batch(made_up(1, rows)).facts
    assert seen.ready_minutes == ready
    assert tuple(seen.not_ready[f"cold_{frame}"] for frame in ("1m", "3m", "15m")) == cold


def test_the_warm_up_follows_from_the_parameters() -> None:
    """The longest look-back and the longest line; here 13 frames of 15 minutes."""
    settings = swift()
    assert settings.warm_up == 12
    candles = market(3, 200)
    assert facts(settings, candles[:179], columns(days(3, 4, START_NS - 1), DAY_NS)).not_ready["cold_15m"] == 179
    assert facts(settings, candles[:180], columns(days(3, 4, START_NS - 1), DAY_NS)).not_ready["cold_15m"] == 179


def test_a_price_path_raises_its_signals_at_the_minutes_it_always_has() -> None:
    """Found by a search over seeds: two spells of the one-minute part, one of the three-minute part."""
    candles = made_up(217, 10_800)
    raised = V33.batch(candles).signals
    assert [((signal.close_ns - START_NS) // MINUTE_NS - 1, signal.tag, signal.episode) for signal in raised] == [
        (10_598, "ONE_MINUTE", 1),
        (10_599, "ONE_MINUTE", 1),
        (10_606, "ONE_MINUTE", 2),
        (10_607, "ONE_MINUTE", 2),
        (10_691, "THREE_MINUTE", 3),
        (10_694, "THREE_MINUTE", 3),
    ]
    assert {signal.direction for signal in raised} == {Direction.LONG}


def test_the_next_signal_is_later_than_the_time_asked_for() -> None:
    """At a close itself, the signal of that close is over."""
    signals = V33.batch(made_up(217, 10_800))
    first, second = signals.signals[:2]
    assert signals.after(START_NS) == first
    assert signals.after(first.close_ns - 1) == first
    assert signals.after(first.close_ns) == second
    assert signals.after(signals.signals[-1].close_ns) is None


def test_a_constant_price_crosses_nothing() -> None:
    """No cross, and no line above or below another, at a price no binary fraction equals (D-28)."""
    held = V33.batch(flat(10_000, 0.1)).facts.held
    assert {name for name, count in held.items() if count} == {"M1-3", "M3-2", "M3-4", "M15-2"}


def test_the_forming_frames_change_nothing() -> None:
    """Minutes inside a frame leave the conditions of that frame's length as they were until it closes."""
    settings, known = swift(), given(columns(days(5, 4, START_NS - 1), DAY_NS))
    past, length = market(5, 600), 14
    words: list[list[tuple[int, int]]] = []
    for seed in (1, 2, 3):
        stream = SurgeStream(settings, (None, None, known))
        for candle in past:
            stream.push(*candle)
        words.append([])
        for candle in market(seed, length, START_NS + 600 * MINUTE_NS):
            stream.push(*candle)
            words[-1].append((stream.mask >> 12 & 0xF, stream.mask >> 5 & 1))
    assert words[0] == words[1] == words[2]
    assert len(set(words[0])) == 1


def given(candles: Columns) -> KernelColumns:
    """Columns as the kernel takes them."""
    return candles.open_time_ns, candles.open, candles.high, candles.low, candles.close, candles.volume


def test_after_a_hole_the_lines_start_anew() -> None:
    """The next readable minute closes the twelfth frame of fifteen minutes; the last one before stands for its time."""
    settings, known = swift(), columns(days(4, 4, START_NS - 1), DAY_NS)
    candles = market(4, 700)
    stream = SurgeStream(settings, (None, None, given(known)))
    readable, quarters = [], []
    for row, candle in enumerate(candles):
        if row != 400:
            stream.push(*candle)
            readable += [row] * (stream.causes & 0b111 == 0)
            quarters += [row] * (stream.causes >> 2 & 1 == 0)
    assert readable == [*range(179, 400), *range(405 + 12 * 15 - 1, 700)]
    assert quarters == [*range(179, 400), *range(401, 404), *range(405 + 12 * 15 - 1, 700)]


def test_frames_from_elsewhere_bridge_what_minutes_have_not() -> None:
    """With recorded frames, a hole of minutes costs only the warm-up of the minutes."""
    settings, whole = swift(), market(4, 700)
    longer = [columns(framed(whole, frame, []), frame) for frame in (3 * MINUTE_NS, 15 * MINUTE_NS)]
    longer.append(columns(days(4, 4, START_NS - 1), DAY_NS))
    holed = [candle for row, candle in enumerate(whole) if not 400 <= row < 410]
    seen = facts(settings, holed, *longer)
    assert seen.not_ready["cold_1m"] == 11 + 11
    assert seen.not_ready["cold_3m"] == 35
    assert seen.not_ready["cold_15m"] == 179


def test_frames_before_the_minutes_shorten_the_warm_up() -> None:
    """Recorded frames of fifteen minutes and days before the first minute leave the three-minute frames the last."""
    candles, before = made_up(2, 2_000, START_NS + 7 * MINUTE_NS), START_NS - 640 * 15 * MINUTE_NS
    quarters = columns(framed(market(2, 9_615, before), 15 * MINUTE_NS, []), 15 * MINUTE_NS)
    alone, helped = V33.batch(candles).facts, V33.batch(candles, [quarters]).facts
    assert (alone.ready_minutes, alone.days_known_start, alone.days_known_end) == (0, 0, 0)
    assert helped.not_ready["cold_15m"] == 0
    assert helped.ready_minutes == helped.minutes - helped.not_ready["cold_3m"] == 2_000 - 2 - 1_889
    assert (helped.days_known_start, helped.days_known_end) == (6, 6)


def test_days_come_from_hours_too() -> None:
    """Hourly candles make days; daily ones stand in where they make none."""
    candles = market(6, 300)
    hours = columns(framed(market(6, 2_880, START_NS - 2 * DAY_NS), HOUR_NS, []), HOUR_NS)
    known = columns(days(6, 3, START_NS - 1), DAY_NS)
    assert facts(swift(), candles, hours).days_known_start == 2
    assert facts(swift(), candles, known, hours).days_known_start == 3
    assert facts(swift(require_days=3), candles, hours).not_ready["few_days"] == 300
    assert facts(swift(require_days=3), candles, hours, known).not_ready["few_days"] == 0


def one_day(opened: int, open_price: float, high: float, low: float, close: float) -> Candle:
    """A daily candle so many days before the start."""
    return (START_NS - opened * DAY_NS, open_price, high, low, close, 1.0)


@pytest.mark.parametrize(
    ("basis", "table", "surged"),
    [
        ("HIGH_OVER_OPEN", [one_day(1, 100.0, 115.0, 90.0, 100.0)], True),
        ("HIGH_OVER_OPEN", [one_day(1, 100.0, 114.99999999, 90.0, 100.0)], False),
        ("HIGH_OVER_OPEN", [one_day(1, 0.1, 0.115, 0.1, 0.1)], True),
        ("HIGH_OVER_OPEN", [one_day(1, 0.7, 0.805, 0.7, 0.7)], True),
        ("HIGH_OVER_OPEN", [one_day(30, 100.0, 115.0, 90.0, 100.0)], True),
        ("HIGH_OVER_OPEN", [one_day(31, 100.0, 115.0, 90.0, 100.0), one_day(1, 100.0, 101.0, 99.0, 100.0)], False),
        ("HIGH_OVER_OPEN", [one_day(0, 100.0, 200.0, 90.0, 100.0)], False),
        ("HIGH_OVER_PREV_CLOSE", [one_day(1, 100.0, 200.0, 90.0, 100.0)], False),
        ("HIGH_OVER_PREV_CLOSE", [one_day(2, 9.0, 9.0, 9.0, 9.0), one_day(1, 10.0, 10.35, 9.0, 10.0)], True),
        ("CLOSE_OVER_PREV_CLOSE", [one_day(2, 9.0, 9.0, 9.0, 9.0), one_day(1, 10.0, 10.35, 9.0, 10.34)], False),
        ("CLOSE_OVER_PREV_CLOSE", [one_day(2, 9.0, 9.0, 9.0, 9.0), one_day(1, 10.0, 10.35, 9.0, 10.35)], True),
        ("CLOSE_OVER_PREV_CLOSE", [one_day(3, 9.0, 9.0, 9.0, 9.0), one_day(1, 10.0, 10.35, 9.0, 10.35)], False),
    ],
)
def test_a_daily_surge_is_a_rise_of_fifteen_percent_in_the_last_thirty_days(
    basis: Basis, table: list[Candle], *, surged: bool
) -> None:
    """M1-6: inclusive, in exact decimals, over closed days that are known; its bases of §3.2."""
    stream = SurgeStream(SurgeSettings(m1_daily_surge_basis=basis), (None, None, given(columns(table, DAY_NS))))
    stream.push(*market(1, 1)[0])
    assert bool(stream.mask >> 5 & 1) is surged


def test_a_daily_fall_is_the_surge_of_shorts() -> None:
    """(O - L) / O of at least 15 percent."""
    for low, fell in ((85.0, True), (85.00000001, False)):
        known = given(columns([one_day(1, 100.0, 200.0, low, 100.0)], DAY_NS))
        stream = SurgeStream(SurgeSettings(), (None, None, known), short=True)
        stream.push(*market(1, 1)[0])
        assert bool(stream.mask >> 5 & 1) is fell


def test_a_market_without_trades_is_not_read() -> None:
    """More than 5 candles of 20 without a trade make the minute unreadable, on each frame by its own candles."""
    known = columns(days(4, 4, START_NS - 1), DAY_NS)
    busy = [(*candle[:5], 1.0) for candle in market(4, 400)]
    silent = [(*candle[:5], 0.0 if 300 <= row < 306 else 1.0) for row, candle in enumerate(busy)]
    assert facts(swift(), busy, known).not_ready["quiet_1m"] == 0
    assert facts(swift(), silent, known).not_ready["quiet_1m"] == 20 - 5
    longer = [(*candle[:5], 0.0 if 300 <= row < 318 else 1.0) for row, candle in enumerate(busy)]
    assert facts(swift(), longer, known).not_ready["quiet_3m"] == 3 * (20 - 5)


def test_a_repeated_or_earlier_candle_is_refused_and_changes_nothing() -> None:
    """The stream goes on as if it had not been sent; a column with one is refused as a whole."""
    settings, known = swift(), columns(days(7, 4, START_NS - 1), DAY_NS)
    candles = market(7, 600)
    drive, raised = Surge(settings).stream(MINUTE_NS, [known]), []
    for row, candle in enumerate(candles):
        signal = drive.push(OneCandle(*candle))
        raised += [] if signal is None else [signal]
        for again in (candle, candles[row // 2]):
            with pytest.raises(ValueError, match=r"has (the time of|a time before that of) the row above"):
                drive.push(OneCandle(*again))
    assert raised == list(Surge(settings).batch(columns(candles), [known]).signals)
    assert raised
    with pytest.raises(ValueError, match="row 5 has the time of the row above"):
        V33.batch(columns([*candles[:5], candles[4], *candles[5:]]))


def test_a_spell_of_entries_is_one_episode_however_many_signals_it_raises() -> None:
    """Signals of consecutive minutes share a number; numbers count from one without a hole."""
    settings, known = swift(), columns(days(8, 4, START_NS - 1), DAY_NS)
    batch = Surge(settings).batch(columns(market(8, 900)), [known])
    episodes = [signal.episode for signal in batch.signals]
    assert episodes == sorted(episodes)
    assert set(episodes) == set(range(1, batch.facts.episodes + 1))
    lone = [list(spell) for _, spell in groupby(batch.signals, key=lambda signal: signal.episode)]
    pure = [spell for spell in lone if {signal.tag for signal in spell} == {"ONE_MINUTE"}]
    assert max(map(len, pure)) > 3
    for spell in pure:
        first = spell[0].close_ns
        assert [signal.close_ns for signal in spell] == [first + row * MINUTE_NS for row in range(len(spell))]
    assert len(batch.signals) <= batch.facts.entry_minutes


def test_a_three_minute_candle_raises_one_signal_whatever_its_tag() -> None:
    """Where all three-minute conditions hold, a BOTH and a THREE_MINUTE within one bar are one signal (D-40)."""
    known = columns(days(9, 4, START_NS - 1), DAY_NS)
    for seed in range(9, 15):
        batch = Surge(swift()).batch(columns(market(seed, 900)), [known])
        bars = Counter(s.close_ns // (3 * MINUTE_NS) for s in batch.signals if s.tag in {"THREE_MINUTE", "BOTH"})
        assert set(bars.values()) == {1}
        assert batch.facts.combinations["S3+S15"] > batch.facts.signals["THREE_MINUTE"]


def test_shorts_are_off_and_come_with_their_own_facts() -> None:
    """Enabled, both directions are watched; a close raises one signal, and LONG is it where both would."""
    candles, known = columns(market(10, 900)), columns(days(10, 4, START_NS - 1), DAY_NS)
    alone, both = Surge(swift()).batch(candles, [known]), Surge(swift(enable_short=True)).batch(candles, [known])
    assert not SurgeSettings().enable_short
    assert alone.facts_short is None
    assert both.facts == alone.facts
    assert both.facts_short is not None
    assert [signal for signal in both.signals if signal.direction is Direction.LONG] == list(alone.signals)
    assert any(signal.direction is Direction.SHORT for signal in both.signals)
    closes = [signal.close_ns for signal in both.signals]
    assert closes == sorted(set(closes))


@pytest.mark.requirement("R004-45")
def test_the_condition_that_alone_was_missing_is_named() -> None:
    """Entry minutes and near misses add up: a part one short of its number lacks just what it does not have."""
    seen = facts(swift(), market(11, 900), columns(days(11, 4, START_NS - 1), DAY_NS))
    three = seen.sole_failures["S3"]
    assert set(three) <= {"M3-1", "M3-2", "M3-3", "M3-4", "M3-5"}
    assert 0 < sum(three.values()) <= seen.ready_minutes - seen.s3
    assert set(seen.sole_failures["S15"]) <= {"M15-1", "M15-2", "M15-3", "M15-4"}
    assert sum(seen.combinations.values()) == seen.ready_minutes
    held = ("S1+S15", "S3+S15", "S1+S3+S15")
    assert seen.entry_minutes == sum(seen.combinations[parts] for parts in held)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (SurgeSettings(ma=(5, 5, 80, 480)), "surge: ma is (5, 5, 80, 480); allowed: four different lengths"),
        (SurgeSettings(m1_min_true=8), "surge: m1_min_true is 8; allowed: 0 to 7"),
        (SurgeSettings(m1_n_gc_bb=0), "surge: m1_n_gc_bb is 0; allowed: 1 to 100,000"),
        (SurgeSettings(m3_gap_bb=-0.1), "surge: m3_gap_bb is -0.1; allowed: numbers from 0 on"),
        (SurgeSettings(bb_fast=(0, 2.0)), "surge: bb_fast is (0, 2.0); allowed: 1 to"),
        (
            SurgeSettings(m1_composite_pair=(80, 20)),
            "surge: m1_composite_pair is (80, 20); allowed: two of the averages",
        ),
        (SurgeSettings(m1_daily_surge_require_days=31), "surge: m1_daily_surge_require_days is 31; allowed: up to"),
    ],
)
def test_settings_that_make_no_rule_are_refused_with_a_sentence(settings: SurgeSettings, sentence: str) -> None:
    """The key, its value and what is allowed."""
    with pytest.raises(ConfigError) as refusal:
        Surge(settings)
    assert str(refusal.value).startswith(sentence)


def test_only_minutes_are_read() -> None:
    """Candles of another length are refused, and longer ones from which no frame can be built."""
    five = columns(market(1, 10), 5 * MINUTE_NS)
    with pytest.raises(ConfigError, match=r"surge: the candles are of 5 minutes; allowed: 1$"):
        V33.batch(five)
    with pytest.raises(ConfigError, match=r"surge: the candles are of 5 minutes; allowed: 1$"):
        V33.stream(5 * MINUTE_NS)
    for minutes in (1, 7):
        with pytest.raises(
            ConfigError, match=f"surge: the longer candles are of {minutes} minutes; allowed: more than"
        ):
            V33.batch(made_up(1, 10), [columns(market(1, 10), minutes * MINUTE_NS)])


def test_nothing_comes_of_nothing() -> None:
    """No candle, no fact and no signal."""
    batch = V33.batch(columns([]))
    assert (batch.facts.minutes, batch.facts.ready_minutes, list(batch.signals)) == (0, 0, [])
    assert batch.after(0) is None


def test_an_unknown_price_leaves_the_minutes_that_look_back_on_it_unread() -> None:
    """NaN is never read as a condition: as after a hole, the rows that see it are not ready."""
    known, row = columns(days(4, 4, START_NS - 1), DAY_NS), 400
    candles = columns(market(4, 700))
    closes = array("d", candles.close)
    closes[row] = float("nan")
    holed = Columns(
        candles.open_time_ns, candles.open, candles.high, candles.low, memoryview(closes), candles.volume, MINUTE_NS
    )
    seen = Surge(swift()).batch(holed, [known]).facts
    assert seen.not_ready["cold_1m"] == 11 + 12


def test_any_order_of_longer_candles_gives_the_same_verdicts() -> None:
    """The finest candles win wherever they make a frame."""
    candles = columns(market(12, 500))
    longer = [
        columns(days(12, 4, START_NS - 1), DAY_NS),
        columns(framed(market(12, 2_880, START_NS - 2 * DAY_NS), HOUR_NS, []), HOUR_NS),
        columns(framed(market(13, 600, START_NS - 600 * MINUTE_NS), 15 * MINUTE_NS, []), 15 * MINUTE_NS),
    ]
    first = Surge(swift()).batch(candles, longer)
    for seed in range(3):
        random.Random(seed).shuffle(longer)
        again = Surge(swift()).batch(candles, longer)
        assert (again.facts, again.signals) == (first.facts, first.signals)

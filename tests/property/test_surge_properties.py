"""Surge verdicts over any market: batch, streaming and the text of the rules agree, for both sides; the past stays."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.kernel import SurgeStream, surge_batch
from sadari.model.units import DAY_NS, MINUTE_NS
from sadari.sensors.signals import Candle as OneCandle
from sadari.sensors.signals import Signal
from sadari.sensors.surge import Columns as KernelColumns
from sadari.sensors.surge import Surge, SurgeFacts
from sadari.sensors.surge_settings import SurgeSettings
from sadari.store.candles import load
from tests.reference.surge import Candle, SlowSurge, framed
from tests.reference.surge_markets import columns, days, market, swift
from tests.reference.tapes import START_NS, Columns

QUARTER_NS = 15 * MINUTE_NS


@dataclass(frozen=True)
class Scene:
    """A market with holes, the longer candles that are known beside it, and rules."""

    rules: SurgeSettings
    minutes: list[Candle]
    longer: dict[int, list[Candle]]

    @property
    def tables(self) -> list[Columns]:
        """The longer candles in columns."""
        return [columns(candles, interval) for interval, candles in self.longer.items()]


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Hours of a market."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    start = START_NS + rng.randrange(2_880) * MINUTE_NS
    minutes = market(rng.randrange(2**32), draw(st.integers(1, 700)), start)
    for _ in range(draw(st.integers(0, 3))):
        hole = rng.randrange(len(minutes) + 1)
        del minutes[hole : hole + rng.choice([1, 2, 3, 17, 60])]
    rules = swift(
        draw(st.sampled_from(["v33", "v32", "nine_of_thirteen"])),
        basis=draw(st.sampled_from(["HIGH_OVER_OPEN", "CLOSE_OVER_PREV_CLOSE", "HIGH_OVER_PREV_CLOSE"])),
        enable_short=draw(st.booleans()),
        signed_gap=draw(st.booleans()),
        require_days=draw(st.integers(1, 3)),
    )
    longer = {DAY_NS: days(rng.randrange(2**32), draw(st.integers(1, 5)), start)}
    if draw(st.booleans()):
        elsewhere = market(rng.randrange(2**32), 900, start - 300 * MINUTE_NS)
        longer[QUARTER_NS] = framed(elsewhere, QUARTER_NS, [])
        if draw(st.booleans()):
            longer[3 * MINUTE_NS] = framed(elsewhere, 3 * MINUTE_NS, [])
    return Scene(rules, minutes, longer)


def present(counts: dict[str, int]) -> dict[str, int]:
    """Without the zeros."""
    return {name: count for name, count in counts.items() if count}


def assert_seen(facts: SurgeFacts, slow: SlowSurge) -> None:
    """Every count is that of the twin."""
    assert facts.ready_minutes == slow.ready
    assert present(facts.not_ready) == present(slow.not_ready)
    assert present(facts.held) == present(slow.held)
    assert present(facts.combinations) == present(slow.combinations)
    assert {part: present(failed) for part, failed in facts.sole_failures.items()} == {
        part: present(failed) for part, failed in slow.failures.items()
    }
    assert (facts.entry_minutes, facts.episodes) == (slow.entry_minutes, slow.episodes)


@settings(max_examples=60)
@given(scene=scenes())
def test_verdicts_are_what_the_text_of_the_rules_says(scene: Scene) -> None:
    """Signals, episodes, every count and every cause equal those of a slow reading of the text."""
    batch = Surge(scene.rules).batch(columns(scene.minutes), scene.tables)
    raised: dict[int, tuple[int, str, int, str]] = {}
    for short, facts in ((True, batch.facts_short), (False, batch.facts)):
        if facts is not None:
            slow = SlowSurge(scene.rules, scene.minutes, scene.longer, short)
            assert_seen(facts, slow)
            raised |= {row[0]: (*row, facts.direction) for row in slow.signals}
    expected = [raised[close_ns] for close_ns in sorted(raised)]
    assert [(s.close_ns, s.tag, s.episode, s.direction) for s in batch.signals] == expected


@settings(max_examples=100)
@given(scene=scenes())
def test_batch_and_streaming_agree_to_the_last_bit(scene: Scene) -> None:
    """Every condition of every readable minute, every cause, every signal."""
    batch = Surge(scene.rules).batch(columns(scene.minutes), scene.tables)
    drive = Surge(scene.rules).stream(MINUTE_NS, scene.tables)
    assert list(batch.signals) == pushed(drive.push, scene.minutes)
    for short in (False, True):
        known = kernel_columns(scene)
        verdicts = surge_batch(scene.rules, known[0], known[1], short=short)
        stream = SurgeStream(scene.rules, known[1], short=short)
        masks: dict[int, int] = {}
        causes = [0] * 128
        for candle in scene.minutes:
            stream.push(*candle)
            if stream.causes:
                causes[stream.causes] += 1
            else:
                masks[stream.mask] = masks.get(stream.mask, 0) + 1
        assert verdicts.histogram == sorted(masks.items())
        assert verdicts.not_ready == causes


def kernel_columns(
    scene: Scene,
) -> tuple[KernelColumns, tuple[KernelColumns | None, KernelColumns | None, KernelColumns | None]]:
    """What the kernel is given."""

    def raw(table: Columns) -> KernelColumns:
        return table.open_time_ns, table.open, table.high, table.low, table.close, table.volume

    tables = {table.interval_ns: raw(table) for table in scene.tables}
    return raw(columns(scene.minutes)), (tables.get(3 * MINUTE_NS), tables.get(QUARTER_NS), tables.get(DAY_NS))


def pushed(push: object, minutes: list[Candle]) -> list[Signal]:
    """What a stream raises."""
    assert callable(push)
    raised = (push(OneCandle(*candle)) for candle in minutes)
    return [signal for signal in raised if signal is not None]


@settings(max_examples=60)
@given(scene=scenes(), cut=st.integers(0, 700))
def test_what_comes_later_changes_no_verdict(scene: Scene, cut: int) -> None:
    """The signals of a beginning are those of the whole up to there, whatever longer candles are still to come."""
    part = scene.minutes[:cut]
    end_ns = part[-1][0] + MINUTE_NS if part else START_NS
    closed = [
        columns([candle for candle in candles if candle[0] + interval <= end_ns], interval)
        for interval, candles in scene.longer.items()
    ]
    whole = Surge(scene.rules).batch(columns(scene.minutes), scene.tables).signals
    beginning = [signal for signal in whole if signal.close_ns <= end_ns] if part else []
    assert list(Surge(scene.rules).batch(columns(part), closed).signals) == beginning


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), rows=st.integers(3_000, 6_000))
def test_the_pieces_of_a_batch_leave_no_seam(seed: int, rows: int) -> None:
    """Over several pieces of the batch, signals are those of the stream."""
    minutes, known = market(seed, rows), columns(days(seed, 4, START_NS - 1), DAY_NS)
    batch = Surge(swift()).batch(columns(minutes), [known])
    assert list(batch.signals) == pushed(Surge(swift()).stream(MINUTE_NS, [known]).push, minutes)


def test_verdicts_over_a_recorded_month_are_what_the_text_says(recorded_data: Path) -> None:
    """The real rules over 43,199 recorded minutes: the twin's signals and counts, in batch and candle by candle."""
    (candles,) = load([recorded_data / "klines-1m/2023-07/XLMUSDT.parquet"]).values()
    fields = (candles.open_time_ns, candles.open, candles.high, candles.low, candles.close, candles.volume)
    minutes: list[Candle] = list(zip(*(field.tolist() for field in fields), strict=True))
    batch = Surge(SurgeSettings()).batch(candles)
    slow = SlowSurge(SurgeSettings(), minutes)
    assert_seen(batch.facts, slow)
    assert [(s.close_ns, s.tag, s.episode) for s in batch.signals] == slow.signals
    assert list(batch.signals) == pushed(Surge(SurgeSettings()).stream(MINUTE_NS).push, minutes)
    assert {signal.tag for signal in batch.signals} == {"ONE_MINUTE", "THREE_MINUTE"}


@pytest.mark.requirement("R004-30")
def test_the_entries_of_both_versions_are_counted_side_by_side(recorded_data: Path) -> None:
    """Over the same minutes: the filter of v3.2 never adds an entry, and the older entry raises others."""
    for candles in load([recorded_data / "klines-1m" / "2023-07"]).values():
        new, filtered, older = (
            Surge(SurgeSettings(preset=preset)).batch(candles) for preset in ("v33", "v32", "nine_of_thirteen")
        )
        assert {signal.close_ns for signal in filtered.signals} <= {signal.close_ns for signal in new.signals}
        assert new.facts.ready_minutes == filtered.facts.ready_minutes <= older.facts.ready_minutes
        assert older.facts.held["M15-1"] >= new.facts.held["M15-1"]

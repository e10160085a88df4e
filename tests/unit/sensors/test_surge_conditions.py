"""Every surge condition over lines that are given: true, false, on its boundary, unknown."""

from __future__ import annotations

from array import array
from math import nan

import pytest

from sadari.kernel import surge_conditions
from sadari.sensors.surge_settings import SurgeSettings

LINES = (5, 20, 80, 480, "fast", "slow", "open", "close")
SETTINGS = SurgeSettings()

# So many candles on which these lines stand here and all others at 100.
Stretch = tuple[int, dict[int | str, float]]
Case = tuple[str, str, list[Stretch], bool]

HAIR = 5e-8  # Half of the tolerance, at 100.

FALLING: dict[int | str, float] = {"open": 101.0, 80: 120.0}


def at_end(condition: str, stretches: list[Stretch], settings: SurgeSettings = SETTINGS) -> bool | None:
    """Whether the condition holds at the last candle; None if a line is unknown there."""
    rows = [values for count, values in stretches for _ in range(count)]
    lines = [array("d", [values.get(line, 100.0) for values in rows]) for line in LINES]
    minutes = int(condition.partition("-")[0].removeprefix("M"))
    mask = int(surge_conditions(settings, minutes, list(lines))[-1])
    return None if mask < 0 else bool(mask >> settings.conditions()[condition] & 1)


def crossing(line: int | str, start: float, end: float, after: int, others: dict[int | str, float]) -> list[Stretch]:
    """A line that moves once and stands there for so many candles more."""
    return [(1, {**others, line: start}), (1 + after, {**others, line: end})]


def golden(condition: str, line: int | str, n: int, others: dict[int | str, float] | None = None) -> list[Case]:
    """What a golden cross "within n" means, of a line that crosses another at 100."""
    around = {} if others is None else others
    return [
        (condition, "crossed above now", crossing(line, 90.0, 110.0, 0, around), True),
        (condition, "crossed from equal", crossing(line, 100.0, 110.0, 0, around), True),
        (condition, "crossed from a hair above, which is equal", crossing(line, 100 + HAIR, 110.0, 0, around), True),
        (condition, "the first of n", crossing(line, 90.0, 110.0, n - 1, around), True),
        (condition, "n before is too long ago", crossing(line, 90.0, 110.0, n, around), False),
        (condition, "touched only", crossing(line, 90.0, 100.0, 0, around), False),
        (condition, "above by a hair is equal", crossing(line, 90.0, 100.0 + HAIR, 0, around), False),
        (condition, "crossed from an unknown", crossing(line, nan, 110.0, 0, around), False),
        (condition, "crossed below", crossing(line, 110.0, 90.0, 0, around), False),
    ]


def dead(condition: str) -> list[Case]:
    """A dead cross of MA20 and MA80 within 20."""
    return [
        (condition, "crossed below now", crossing(20, 110.0, 90.0, 0, {}), True),
        (condition, "crossed from equal", crossing(20, 100.0, 90.0, 0, {}), True),
        (condition, "the first of 20", crossing(20, 110.0, 90.0, 19, {}), True),
        (condition, "20 before is too long ago", crossing(20, 110.0, 90.0, 20, {}), False),
        (condition, "touched only", crossing(20, 110.0, 100.0, 0, {}), False),
        (condition, "below by a hair is equal", crossing(20, 110.0, 100.0 - HAIR, 0, {}), False),
        (condition, "crossed above", crossing(20, 90.0, 110.0, 0, {}), False),
    ]


def near(condition: str, line: int | str, percent: float, others: dict[int | str, float] | None = None) -> list[Case]:
    """A distance of at most so many percent below 100."""
    around = {} if others is None else others
    return [
        (condition, "nearer", [(1, {**around, line: 100.5 - percent})], True),
        (condition, "on the boundary", [(1, {**around, line: 100.0 - percent})], True),
        (condition, "beyond by a hair, which is equal", [(1, {**around, line: 100.0 - percent * (1 + 5e-10)})], True),
        (condition, "beyond", [(1, {**around, line: 100.0 - percent * (1 + 5e-9)})], False),
        (condition, "undefined", [(1, {**around, line: 0.0, **dict.fromkeys((480, "slow"), 0.0)})], False),
    ]


FAR: dict[int | str, float] = {5: 50.0, 80: 50.0, "fast": 50.0}

TABLE: list[Case] = [
    ("M1-1", "above", [(1, {80: 101.0})], True),
    ("M1-1", "above by a hair is equal", [(1, {80: 100.0 + HAIR})], False),
    ("M1-1", "below", [(1, {80: 99.0})], False),
    ("M1-1", "below, crossed 149 before", [*crossing(80, 99.0, 101.0, 0, {}), (149, {80: 99.0})], True),
    ("M1-1", "below, crossed 150 before", [*crossing(80, 99.0, 101.0, 0, {}), (150, {80: 99.0})], False),
    ("M1-2", "apart upward", [(1, {80: 101.0})], True),
    ("M1-2", "apart downward", [(1, {80: 99.0})], True),
    ("M1-2", "on the boundary", [(1, {80: 100.5})], True),
    ("M1-2", "short of it by a hair, which is equal", [(1, {80: 100 + 0.5 * (1 - 5e-10)})], True),
    ("M1-2", "short of it", [(1, {80: 100 + 0.5 * (1 - 5e-9)})], False),
    ("M1-2", "undefined", [(1, {480: 0.0})], False),
    *near("M1-3", "fast", 3.0),
    ("M1-3", "far, crossed 149 before", [*crossing("fast", 90.0, 110.0, 0, {}), (149, {"fast": 50.0})], True),
    ("M1-3", "far, crossed 150 before", [*crossing("fast", 90.0, 110.0, 0, {}), (150, {"fast": 50.0})], False),
    *dead("M1-4"),
    *golden("M1-5", 5, 5, FALLING),
    ("M1-5", "MA5 not below MA80", crossing(5, 90.0, 120.0, 0, FALLING), False),
    ("M1-5", "MA5 below MA80 by a hair is equal", crossing(5, 90.0, 120.0 - HAIR, 0, FALLING), False),
    ("M1-5", "a doji is not bearish", crossing(5, 90.0, 105.0, 0, {"open": 100.0, 80: 110.0}), False),
    ("M1-5", "bearish by any difference", crossing(5, 90.0, 105.0, 0, {"open": 100.00000001, 80: 110.0}), True),
    *golden("M1-7", 80, 150, {"open": 101.0, 5: 80.0}),
    ("M1-7", "MA5 not below MA80", crossing(80, 90.0, 110.0, 0, {"open": 101.0, 5: 110.0}), False),
    ("M1-7", "a doji is not bearish", crossing(80, 90.0, 110.0, 0, {5: 80.0}), False),
    *golden("M3-1", 80, 150),
    ("M3-1", "above without a cross", [(1, {80: 101.0})], False),
    *near("M3-2", "fast", 2.0),
    ("M3-2", "far, crossed 149 before", [*crossing("fast", 90.0, 110.0, 0, {}), (149, {"fast": 50.0})], True),
    ("M3-2", "far, crossed 150 before", [*crossing("fast", 90.0, 110.0, 0, {}), (150, {"fast": 50.0})], False),
    *dead("M3-3"),
    *near("M3-4", 5, 2.0),
    ("M3-4", "above, however far", [(1, {5: 150.0})], True),
    *golden("M3-5", 5, 5),
    *near("M3-V32", 80, 10.0),
    ("M3-V32", "above, however far", [(1, {80: 150.0})], True),
    ("M3-V32", "59 before", [(1, {80: 150.0}), (59, FAR)], True),
    ("M3-V32", "60 before", [(1, {80: 150.0}), (60, FAR)], False),
    ("M3-V32", "equal is neither above nor below", [(1, {})], False),
    *near("M15-1", 80, 5.0),
    ("M15-1", "equal is not below", [(1, {})], False),
    ("M15-1", "crossed above 149 before", crossing(80, 90.0, 110.0, 149, {}), True),
    ("M15-1", "above for long", crossing(80, 90.0, 110.0, 150, {}), False),
    *near("M15-2", 5, 2.0),
    ("M15-2", "above, however far", [(1, {5: 150.0})], True),
    *golden("M15-3", "fast", 150),
    ("M15-3", "near without a cross", [(1, {"fast": 99.9})], False),
    ("M15-4", "two declines", [(1, {20: 100.0}), (1, {20: 99.0}), (1, {20: 98.0})], True),
    ("M15-4", "one decline", [(2, {20: 100.0}), (1, {20: 99.0})], False),
    ("M15-4", "a decline of a hair is none", [(1, {20: 100.0}), (1, {20: 99.0}), (1, {20: 99.0 - HAIR})], False),
    ("M15-4", "no third candle", [(1, {20: 100.0}), (1, {20: 99.0})], False),
    ("M15-4", "an unknown before", [(1, {20: nan}), (1, {20: 99.0}), (1, {20: 98.0})], False),
]


@pytest.mark.requirement("R004-28")
@pytest.mark.requirement("R004-29")
@pytest.mark.requirement("R004-42")
@pytest.mark.parametrize(("condition", "what", "stretches", "expected"), TABLE, ids=[f"{c[0]} {c[1]}" for c in TABLE])
def test_a_condition_is_what_its_formula_says(
    condition: str, what: str, stretches: list[Stretch], *, expected: bool
) -> None:
    """Truth table of strategies §3.2, the boundaries of D-28 included."""
    assert at_end(condition, stretches) is expected, what


@pytest.mark.parametrize("line", LINES[:6])
@pytest.mark.parametrize("minutes", [1, 3, 15])
def test_an_unknown_line_leaves_every_condition_undefined(minutes: int, line: int | str) -> None:
    """NaN in any line is reported as unknown and counts as no condition."""
    rows = array("d", [100.0, nan])
    steady = array("d", [100.0, 100.0])
    lines = [rows if name == line else steady for name in LINES]
    masks = surge_conditions(SETTINGS, minutes, list(lines)).tolist()
    assert masks[0] >= 0 > masks[1]


@pytest.mark.parametrize(("gap", "held"), [(1.0, True), (-1.0, False)])
def test_a_signed_gap_counts_upward_only(gap: float, *, held: bool) -> None:
    """With ``m1_signed_gap`` the distance counts only with MA80 above MA480."""
    assert at_end("M1-2", [(1, {80: 100.0 + gap})], SurgeSettings(m1_signed_gap=True)) is held


def test_the_composite_can_be_made_the_buy_point() -> None:
    """With the pair and look-back of the buy point, M1-7 holds exactly where M1-5 does (D-03)."""
    same = SurgeSettings(m1_composite_pair=(5, 20), m1_composite_n=5)
    for name, _, stretches, expected in TABLE:
        if name == "M1-5":
            assert at_end("M1-7", stretches, same) is expected


@pytest.mark.parametrize("condition", ["M1-4", "M3-3"])
def test_a_look_back_is_a_parameter(condition: str) -> None:
    """A dead cross 20 candles before counts if asked for within 21."""
    longer = SurgeSettings(m1_n_dc_20_80=21, m3_n_dc_20_80=21)
    stretches = crossing(20, 110.0, 90.0, 20, {})
    assert at_end(condition, stretches, longer)
    assert not at_end(condition, stretches)


@pytest.mark.requirement("R004-27")
def test_the_older_entry_counts_alternatives_apart() -> None:
    """M1-1 and M1-3 are two conditions each: the cross, and the state or distance."""
    older = SurgeSettings(preset="nine_of_thirteen")
    crossed: list[Stretch] = [*crossing(80, 90.0, 110.0, 0, {"fast": 90.0}), (1, {80: 90.0, "fast": 110.0})]
    names = ("M1-1 cross", "M1-1 state", "M1-3 cross", "M1-3 gap")
    assert [at_end(name, crossed, older) for name in names] == [True, False, True, False]
    level: list[Stretch] = [(1, {80: 110.0})]
    assert [at_end(name, level, older) for name in names] == [False, True, False, True]


def test_other_lines_and_frames_are_refused_with_a_sentence() -> None:
    """Eight lines of one length and one of three frames are what it takes."""
    line = array("d", [1.0])
    with pytest.raises(ValueError, match="the number of lines is 7, but must be 8"):
        surge_conditions(SETTINGS, 1, [line] * 7)
    with pytest.raises(ValueError, match="minutes is 5, but must be 1, 3 or 15"):
        surge_conditions(SETTINGS, 5, [line] * 8)
    with pytest.raises(ValueError, match="the length of a line"):
        surge_conditions(SETTINGS, 1, [*[line] * 7, array("d")])

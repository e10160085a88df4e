"""From conditions to an entry: how many, and which parts together."""

from __future__ import annotations

import pytest

from sadari.kernel import surge_entry
from sadari.sensors.surge_settings import Preset, SurgeSettings

NAMES = {part: [name for name in SurgeSettings().conditions() if name.startswith(part)] for part in ("M1-", "M15-")}
NAMES["M3-"] = ["M3-1", "M3-2", "M3-3", "M3-4", "M3-5"]


def mask(settings: SurgeSettings, *, minute: int = 0, three: int = 0, fifteen: int = 0, v32: bool = False) -> int:
    """So many conditions of each time frame."""
    held = NAMES["M1-"][:minute] + NAMES["M3-"][:three] + NAMES["M15-"][:fifteen] + ["M3-V32"] * v32
    return sum(1 << settings.conditions()[name] for name in held)


@pytest.mark.requirement("R004-26")
@pytest.mark.parametrize(
    ("minute", "three", "fifteen", "parts"),
    [
        (5, 0, 0, (False, False, False)),
        (6, 0, 0, (True, False, False)),
        (7, 0, 0, (True, False, False)),
        (0, 4, 0, (False, False, False)),
        (0, 5, 0, (False, True, False)),
        (0, 0, 2, (False, False, False)),
        (0, 0, 3, (False, False, True)),
        (0, 0, 4, (False, False, True)),
    ],
)
def test_a_part_holds_from_its_number_of_conditions_on(
    minute: int, three: int, fifteen: int, parts: tuple[bool, bool, bool]
) -> None:
    """6 of 7 on minutes, all 5 on three, 3 of 4 on fifteen."""
    settings = SurgeSettings()
    assert surge_entry(settings, mask(settings, minute=minute, three=three, fifteen=fifteen))[:3] == parts


@pytest.mark.requirement("R004-26")
@pytest.mark.parametrize(
    ("minute", "three", "fifteen", "tag"),
    [
        (0, 5, 3, "THREE_MINUTE"),
        (6, 0, 3, "ONE_MINUTE"),
        (6, 5, 3, "BOTH"),
        (6, 5, 2, None),
        (6, 0, 2, None),
        (0, 5, 2, None),
        (5, 4, 4, None),
    ],
)
def test_an_entry_is_one_of_two_parts_and_the_third(minute: int, three: int, fifteen: int, tag: str | None) -> None:
    """(S1 or S3) and S15, tagged by what raised it."""
    settings = SurgeSettings()
    assert surge_entry(settings, mask(settings, minute=minute, three=three, fifteen=fifteen))[3] == tag


def test_any_six_of_the_seven_will_do() -> None:
    """Whichever condition is the missing one, six hold and five do not."""
    settings = SurgeSettings()
    whole = mask(settings, minute=7, fifteen=4)
    bits = [settings.conditions()[name] for name in NAMES["M1-"]]
    for one in bits:
        assert surge_entry(settings, whole & ~(1 << one))[0]
        for two in bits:
            assert surge_entry(settings, whole & ~(1 << one | 1 << two))[0] is (one == two)


def test_the_numbers_are_parameters() -> None:
    """Five of seven and two of four are enough if asked for."""
    lenient = SurgeSettings(m1_min_true=5, m15_min_true=2)
    assert surge_entry(lenient, mask(lenient, minute=5, fifteen=2)) == (True, False, True, "ONE_MINUTE")
    assert surge_entry(lenient, mask(lenient, minute=4, fifteen=2))[3] is None


@pytest.mark.requirement("R004-31")
@pytest.mark.parametrize(
    ("preset", "v32", "tag"),
    [("v33", False, "BOTH"), ("v33", True, "BOTH"), ("v32", False, None), ("v32", True, "BOTH")],
)
def test_the_filter_of_v32_counts_where_it_is_asked_for(preset: Preset, tag: str | None, *, v32: bool) -> None:
    """It stands before every entry of ``v32`` and before none of ``v33``."""
    settings = SurgeSettings(preset=preset)
    assert surge_entry(settings, mask(settings, minute=7, three=5, fifteen=4, v32=v32))[3] == tag


@pytest.mark.requirement("R004-27")
def test_the_older_entry_is_nine_of_thirteen() -> None:
    """Any nine of its thirteen conditions, and no eight; it has no parts."""
    older = SurgeSettings(preset="nine_of_thirteen")
    bits = list(older.conditions().values())
    assert len(bits) == 13
    for first in range(13):
        chosen = [bits[(first + step) % 13] for step in range(9)]
        nine = sum(1 << bit for bit in chosen)
        assert surge_entry(older, nine) == (False, False, False, "NINE_OF_THIRTEEN")
        assert surge_entry(older, nine & ~(1 << chosen[0]))[3] is None

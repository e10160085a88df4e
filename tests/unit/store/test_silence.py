"""A silence that the venue has asked for outlives the process that was asked (faults F16, F17)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sadari.errors import ConfigError
from sadari.store.silence import NAME, Silence, keep_silence, silence_left_ns

KEPT = Silence(lasts_ns=100, wall_ns=1_000, steady_ns=50)


@pytest.mark.parametrize(
    ("wall_ns", "steady_ns", "left"),
    [
        (1_000, 50, 100), (1_040, 90, 60), (1_100, 150, 0), (9_000, 9_000, 0),
        # The wall clock was set: forth, or back.
        (5_000, 90, 60), (0, 90, 100),
        # The machine began anew, and its steady clock with it.
        (1_040, 3, 60),
    ],
)  # fmt: skip
def test_what_is_left_is_said_by_the_clock_that_says_more(
    tmp_path: Path, wall_ns: int, steady_ns: int, left: int
) -> None:
    """Asking too late costs time, asking too early makes a ban longer."""
    keep_silence(tmp_path, KEPT)
    assert silence_left_ns(tmp_path, wall_ns, steady_ns) == left


def test_nothing_known_is_no_silence_and_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A damaged file is never taken for none."""
    assert silence_left_ns(tmp_path, 1, 1) == 0
    (tmp_path / NAME).write_text("{")
    with pytest.raises(ConfigError, match="delete the file"):
        silence_left_ns(tmp_path, 1, 1)

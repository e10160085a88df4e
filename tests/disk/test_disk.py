"""A disk that fails takes nothing that was promised: some of the cases that `make disk` plays all of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.disk.faulty import Fault
from tests.disk.table import play, table

PARTS = 4
# Every so-manieth operation and byte; `make disk` takes each.
OPERATIONS = 61
BITS = 401
MANY = (Fault.NO_SPACE, Fault.ERROR, Fault.TORN, Fault.SHORT, Fault.FULL, Fault.GONE, Fault.POWER)


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_the_disk_does_nothing_is_lost_sent_early_or_taken_as_empty(
    tmp_path: Path, part: int, record_property: Callable[[str, object], None]
) -> None:
    """Full, in error, torn, short, unsynced, gone, without power, or with a flipped bit."""
    tried = list(play(tmp_path, OPERATIONS, BITS, [part], PARTS))
    wrong = [f"{one.story}, {one.fault} {sentence}" for one in tried for sentence in one.wrong]
    assert wrong == []
    assert {one.fault for one in tried} >= {fault.name for fault in MANY}
    if part == 0:
        record_property("figure", f"disk faults, a part of them:\n{table(tried)}")

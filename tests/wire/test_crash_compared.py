"""A crash on a recorded tape: what the engine's own stop gets, beside looking at the price every three seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.crash import fallen, looked


@pytest.mark.requirement("R004-48", "R004-2")
def test_in_a_crash_the_own_stop_loses_at_most_a_quarter_of_what_looking_every_three_seconds_would(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """By the exchange's own trades; the order that closed was one that can only close, of no more than was held."""
    ended = asyncio.run(fallen(tmp_path))
    assert ended.reasons == ["STOP_LOSS_INITIAL"]
    assert ended.capped
    assert sum((trade.qty for trade in ended.sold), Decimal(0)) == ended.qty
    own, others = float(ended.stop - ended.price), float(ended.stop) - looked(ended.stop)
    assert own <= others / 4
    record_property("figure", f"crash of 50 a second: {own:.2f} beyond the stop, {others:.2f} if looked at every 3 s")

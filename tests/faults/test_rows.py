"""Every row of the fault table, played at a running engine over sockets and judged by the exchange's records."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

import pytest

from sadari.localexchange.faults_served import FAULTS
from tests.faults.plays import PLAYS
from tests.faults.story import Play, played


class Row(NamedTuple):
    """An example of a row, and how it is played."""

    name: str
    text: str
    play: Play


ROWS = {
    f"{row.fault}-{number}": Row(f"{row.fault}-{number}", row.rules[min(number, len(row.rules)) - 1], play)
    for row in FAULTS
    for number, play in enumerate(PLAYS.get(row.fault, ()), 1)
}
AT_ONCE = 8
GROUPS = 2


async def _all(rows: list[Row], folder: Path) -> dict[str, BaseException | None]:
    beside = asyncio.Semaphore(AT_ONCE)

    async def one(row: Row) -> None:
        async with beside:
            await played(row.play, row.text, folder / row.name)

    ended = await asyncio.gather(*(one(row) for row in rows), return_exceptions=True)
    return dict(zip((row.name for row in rows), ended, strict=True))


@pytest.fixture(scope="module")
def verdicts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, BaseException | None]:
    """What became of each chosen row; they are played beside each other, for most of their time they wait."""
    chosen = [
        one.callspec.params["name"]
        for one in request.session.items
        if hasattr(one, "callspec") and one.path == Path(__file__)
    ]
    return asyncio.run(_all([ROWS[name] for name in chosen], tmp_path_factory.mktemp("rows")))


@pytest.mark.parametrize("name", ROWS)
def test_a_fault_is_met_as_its_row_requires(name: str, verdicts: dict[str, BaseException | None]) -> None:
    """Nothing doubled, nothing lost, covered, agreed at the end, one reason for the ending."""
    error = verdicts[name]
    if error is not None:
        raise error

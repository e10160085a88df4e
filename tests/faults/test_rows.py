"""Every row of the fault table, played at a running engine over sockets and judged by the exchange's records."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.rows import ROWS, missing
from tests.faults.story import played

# So many are played beside each other, for most of their time they wait.
AT_ONCE = 8
GROUPS = 2
GROUP_OF = {name: number % GROUPS for number, name in enumerate(ROWS)}


class Plays:
    """The rows that were chosen, in two groups; a group is played when the first of it is asked for.

    Args:
        chosen: Their names.
        folder: For the journals.
    """

    def __init__(self, chosen: set[str], folder: Path) -> None:
        self._chosen = chosen
        self._folder = folder
        self._ended: dict[str, BaseException | None] = {}

    def ended(self, name: str) -> BaseException | None:
        """What was wrong at the end of a row."""
        if name not in self._ended:
            asyncio.run(self._play([one for one in ROWS if one in self._chosen and GROUP_OF[one] == GROUP_OF[name]]))
        return self._ended[name]

    async def _play(self, names: list[str]) -> None:
        beside = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> None:
            async with beside:
                await played(ROWS[name].play, ROWS[name].text, self._folder / name)

        ended = await asyncio.gather(*(one(name) for name in names), return_exceptions=True)
        self._ended.update(zip(names, ended, strict=True))


@pytest.fixture(scope="module")
def plays(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Plays:
    """The rows of this run."""
    ours = [item for item in request.session.items if item.path == Path(__file__) and isinstance(item, pytest.Function)]
    chosen = {str(item.callspec.params["name"]) for item in ours if hasattr(item, "callspec")}
    return Plays(chosen, tmp_path_factory.mktemp("rows"))


@pytest.mark.requirement("R004-25")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(f"faults-{GROUP_OF[name]}")) for name in ROWS]
)
def test_a_fault_is_met_as_its_row_requires(name: str, plays: Plays) -> None:
    """Nothing doubled, nothing lost, covered, agreed at the end, one reason for the ending."""
    error = plays.ended(name)
    if error is not None:
        raise error


def test_every_example_of_the_table_is_played_or_open_for_a_reason() -> None:
    """A row that is added is played, or says why not."""
    assert not missing()

"""The simulation in the tests: seeds that have found something, a few others, and that a seed decides everything."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import pytest

from tests.disk.faulty import environment
from tests.sim.check import KILL, REPLAY

# What has once been violated, and by what it was found. A seed that fails is added here with what was wrong.
FOUND = {
    112: "a failed journal could not be gone on with: a report that came twice was taken for one of the reserve (I16)",
    862: "a trade that a hand had made unheard before the first one of ours was never booked (I6)",
    1021: "more income of one millisecond than a page holds hid what came after it (I8)",
    1359: "a trade that income had named while the list of trades was hidden was never asked for again (I6)",
    1384: "a silence was lost with the power (I12)",
    1928: "a firewall's page that nothing is asked for a minute after was no trouble to the judge (I1)",
    2065: "a transfer of before another one was booked again when the list told of it (I8)",
    3162: "a list of transfers that was told again took another one for its own (I8)",
    5173: "entries were refused again and again (I12)",
    5440: "a ban was over by our clock and not yet by the one that had written it (I12)",
    6130: "a limit told by a call lasts a minute (I1)",
    6325: "a connection was asked for although another one was told to wait (I12)",
    8173: "the same as 5440 (I12)",
    9186: "comparisons beside an order that a limit held back took the request weight of a minute (I1)",
    20808: "a list without a position that a hand had ended was taken for an old one for two minutes (I9)",
    21534: "the exchange's clock stayed as a fault had left it that was cut short (I22)",
    21738: "the same as 20808, in hedge mode (I9)",
}
# The same of kills, in several lives of one run.
FOUND_KILLS = {
    "1:synced-power-0:3,2:replied:21,3:replied:21": "a minute's request weight was taken for that of the next one (I5)",
}
OTHERS = range(20_000, 20_012)
KILLS = 30


def told(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program, on disks that can fail."""
    command = [sys.executable, "-m", "tests.sim.check", *arguments]
    return subprocess.run(
        command, env={**environment(), "PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("seed", FOUND)
def test_what_was_once_violated_is_not_any_more(seed: int) -> None:
    """A seed that has found something stays."""
    done = told("--replay", str(seed))
    assert done.returncode == 0, f"{REPLAY.format(seed)}\n{done.stdout[-3_000:]}"


@pytest.mark.parametrize("points", FOUND_KILLS)
def test_a_kill_that_once_violated_something_does_not_any_more(points: str) -> None:
    """As with seeds."""
    done = told("--kill", points)
    assert done.returncode == 0, f"{KILL.format(points)}\n{done.stdout[-3_000:]}"


def test_a_few_seeds_hold_every_invariant() -> None:
    """The rest of them is `make sim`."""
    done = told(str(len(OTHERS)), "--first", str(OTHERS.start), "--processes", "1", "--no-kills")
    assert done.returncode == 0, done.stdout[-5_000:]


def test_the_same_seed_gives_the_same_bytes() -> None:
    """I17: everything that was sent, when it was, and everything that happened; in two processes."""
    first, second = (told("--replay", "20003") for _ in range(2))
    assert first.stdout == second.stdout
    assert "trace " in first.stdout


def test_a_kill_anywhere_loses_and_doubles_nothing() -> None:
    """Thirty of the points of `make sim`, drawn by a seed: rows of the journal, requests, losses of power."""
    done = told("--points")
    points = Random(6).sample(done.stdout.split(), KILLS)
    done = told("--kill", " ".join(points))
    assert done.returncode == 0, f"{KILL.format('POINT')}\n{done.stdout[-5_000:]}"

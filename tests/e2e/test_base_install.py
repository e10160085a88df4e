"""The live engine with what the base install has, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import asyncio, sys
from pathlib import Path

EXTRA = ("numpy", "duckdb", "plotly", "pandas", "pyarrow", "requests", "websocket", "telegram", "slack_sdk", "apprise")
sys.modules.update(dict.fromkeys(EXTRA))

from tests.live_engine import rig


async def main() -> None:
    async with rig(Path(sys.argv[1]), speed=200) as one:
        async with one.running() as live:
            await one.until(lambda: one.held() and one.position().stop is not None)
            print(live.state.value)


asyncio.run(main())
"""


def required() -> set[str]:
    """The names of what a wheel of the base install declares."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    return {Requirement(one).name for one in declared}


@pytest.mark.e2e
@pytest.mark.requirement("R004-3")
def test_the_engine_starts_trades_and_ends_without_any_optional_package(tmp_path: Path) -> None:
    """None of the research extra, and no package of a notifier, can be imported in its process."""
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "state")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "RUNNING\n", "")
    assert not {"numpy", "duckdb", "plotly"} & required()


@pytest.mark.requirement("R004-53", "R004-61")
def test_the_stream_library_comes_with_every_install() -> None:
    """So a missing one needs no fallback: prices by REST are for outages, which have a test of their own."""
    assert {"websockets", "aiohttp"} <= required()

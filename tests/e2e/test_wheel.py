"""The package as a user gets it: a wheel in an empty environment, with what it depends on and nothing else."""

from __future__ import annotations

import fcntl
import importlib.metadata
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 1_000_000
BASE_LIMIT = 80 * MEGABYTE
RESEARCH_LIMIT = 280 * MEGABYTE

Record = Callable[[str, object], None]

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("wheel")]


class Installed:
    """An environment that holds the wheel; commands run in an empty folder, with no trace of this checkout."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "work"
        self.folder.mkdir()

    def run(self, program: str, *arguments: str) -> str:
        """What a program of the environment prints; its exit code must be 0."""
        outside = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
        run = subprocess.run(
            [str(self.home / "bin" / program), *arguments],
            cwd=self.folder,
            env=outside,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert run.returncode == 0, f"{program} {' '.join(arguments)}: exit code {run.returncode}\n{run.stderr}"
        return run.stdout

    def size(self) -> int:
        """Bytes of everything that installing the wheel brought, the installer itself left out."""
        packages = next((self.home / "lib").glob("python*/site-packages"))
        brought = (
            path for path in packages.iterdir() if not re.match(r"pip|setuptools|_distutils|distutils", path.name)
        )
        return sum(bytes_under(path) for path in brought)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, built in release mode and installed into an environment made for it."""
    home = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "maturin", "build", "--release", "--quiet", "--out", str(home / "dist")]
    # Tests run in several processes, and two builds at once would take each other's files away.
    with (ROOT / "target" / "wheel.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(build, cwd=ROOT, check=True)
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    environment = Installed(home)
    (wheel,) = (home / "dist").glob("sadari-*.whl")
    environment.run("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel))
    return environment


def test_a_csv_backtest_runs_from_the_wheel(installed: Installed) -> None:
    """With the base install, candles in CSV go in and a report in JSON comes out."""
    installed.run("sadari", "data", "synth", "--out", "candles", "--symbols", "1", "--days", "3", "--seed", "7")
    installed.run("sadari", "config", "init", "--out", "ladder.toml")
    installed.run("sadari", "backtest", "--config", "ladder.toml", "--data", "candles", "--json", "report.json")
    report = json.loads((installed.folder / "report.json").read_text(encoding="utf-8"))
    assert isinstance(report, dict)
    assert report


def test_help_and_the_lifecycles_print_from_the_wheel(installed: Installed, record_property: Record) -> None:
    """The commands that need no input work in an empty folder; what the first one costs is printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "backtest" in installed.run("sadari", "--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    record_property("figure", f"sadari --help: {spent * 1000:.0f} ms of CPU")
    assert "stateDiagram" in installed.run("sadari", "machines")


def test_the_base_install_has_no_numpy(installed: Installed) -> None:
    """Arrays are a matter of the research extra: nothing of it comes with the base."""
    look = "import importlib.util as u; print([n for n in ('numpy', 'duckdb', 'plotly') if u.find_spec(n)])"
    assert installed.run("python", "-c", look).strip() == "[]"


def test_the_wheel_holds_the_release_kernel_and_its_types(installed: Installed) -> None:
    """The compiled module, its stub, the typing marker and what pages are made of; nothing of the tests."""
    packages = next((installed.home / "lib").glob("python*/site-packages"))
    names = {path.name for path in (packages / "sadari").iterdir()}
    assert {"_kernel.abi3.so", "_kernel.pyi", "py.typed"} <= names
    assert {"page.html", "page.css", "start.js"} <= {path.name for path in packages.glob("sadari/research/**/*")}
    assert not {"tests", "benches", "docs"} & {path.name for path in packages.iterdir()}


def test_the_base_install_stays_small(installed: Installed, record_property: Record) -> None:
    """Package and dependencies take less than 80 MB."""
    size = installed.size()
    record_property("figure", f"installed size, base: {size / MEGABYTE:.1f} MB")
    assert size < BASE_LIMIT


def test_the_research_install_stays_small(installed: Installed, record_property: Record) -> None:
    """With the research extra, measured where it is installed, less than 280 MB, the engine among them."""
    extra = sum(bytes_of(name) for name in closure("sadari", extra="research") - closure("sadari", extra=""))
    size = installed.size() + extra
    record_property("figure", f"installed size, with [research]: {size / MEGABYTE:.1f} MB")
    assert size < RESEARCH_LIMIT


def bytes_under(path: Path) -> int:
    """The size of a file, or of all files below a folder."""
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


def bytes_of(name: str) -> int:
    """The size of an installed distribution, its compiled bytecode included."""
    files = importlib.metadata.files(name) or ()
    located = (Path(str(file.locate())) for file in files)
    return sum(path.stat().st_size for path in located if path.is_file())


def closure(name: str, extra: str) -> set[str]:
    """The distribution and everything that it needs, by the metadata of this environment."""
    needed = {name}
    for line in importlib.metadata.requires(name) or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            for wanted in {"", *requirement.extras}:
                needed |= closure(requirement.name, wanted)
    return needed

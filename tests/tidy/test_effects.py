"""Where the outside world comes in: one door for the kernel, one for the clock, one for the environment."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator

from tests.tidy.sources import PACKAGE, ROOT, modules

PURE = ("errors", "kernel", "model", "lifecycle", "sensors", "core", "exchange", "binance")
CLOCK = "python/sadari/venue/clock.py"
HEAVY = ("asyncio", "duckdb", "numpy", "plotly")


def imported(tree: ast.AST) -> Iterator[str]:
    """The full name of everything that a module imports, wherever it does so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def attributes(tree: ast.AST) -> set[str]:
    """The names that a module reads after a dot."""
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_one_door_leads_to_the_kernel() -> None:
    """Only kernel.py imports the compiled module."""
    importers = {
        name for name, tree in modules("python", "tests", "benches") if "sadari._kernel" in set(imported(tree))
    }
    assert importers <= {"python/sadari/kernel.py"}


def test_one_module_reads_a_clock() -> None:
    """Time is an argument everywhere but in venue/clock.py."""
    readers = {
        name
        for name, tree in modules("python")
        if "time" in set(imported(tree)) or attributes(tree) & {"now", "utcnow", "today"}
    }
    assert readers <= {CLOCK}


def test_only_the_composition_reads_the_environment() -> None:
    """Settings come in as values everywhere but in run/."""
    readers = {name for name, tree in modules("python") if attributes(tree) & {"environ", "getenv", "environb"}}
    assert not {name for name in readers if not name.startswith("python/sadari/run/")}


def test_every_pure_layer_is_held_to_its_contract() -> None:
    """A layer that decides joins the import contract on the day it appears."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    held = {name for contract in contracts for name in contract.get("source_modules", [])}
    present = {layer for layer in PURE if any((PACKAGE / layer).glob("*.py")) or (PACKAGE / f"{layer}.py").is_file()}
    assert {f"sadari.{layer}" for layer in present} == held


def test_the_command_line_starts_light() -> None:
    """Asking for help loads nothing that only some commands need."""
    program = f"import sys, sadari.cli.main; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, "", "")

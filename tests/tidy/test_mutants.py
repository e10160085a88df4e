"""The table of naive engines names what exists; that each is caught is what `make mutants` sees."""

from __future__ import annotations

import ast
import importlib
import re

import pytest

from tests.mutants.engines import MUTANTS
from tests.tidy.sources import ROOT

ENOUGH = 34
ROWS = 140


def test_there_are_enough_of_them_all_over_the_catalog() -> None:
    """In every stretch of twenty rows at least one; no engine has the name of another."""
    numbers = {int(one.fault.removeprefix("F")) for one in MUTANTS.values()}
    assert len(MUTANTS) >= ENOUGH
    assert {(number - 1) // 20 for number in numbers} == set(range(ROWS // 20))
    assert all(re.fullmatch(r"F\d{2,3}", one.fault) for one in MUTANTS.values())
    assert len({(one.where, one.does) for one in MUTANTS.values()}) == len(MUTANTS)


@pytest.mark.parametrize("name", MUTANTS)
def test_what_is_replaced_and_what_catches_it_exist(name: str) -> None:
    """A function of ours, and a test by the name that a person can type."""
    one = MUTANTS[name]
    module, _, path = one.where.partition(":")
    owner: object = importlib.import_module(module)
    for part in path.split("."):
        owner = getattr(owner, part)
    assert module.startswith("sadari.")
    assert callable(owner)
    file, _, test = one.test.partition("::")
    functions = ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
    assert test.partition("[")[0] in {node.name for node in functions if isinstance(node, ast.FunctionDef)}

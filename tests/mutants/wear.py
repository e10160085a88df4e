"""A plugin of pytest: the tests run on a naive engine."""

from __future__ import annotations

import importlib

import pytest

from tests.mutants.engines import MUTANTS


def pytest_addoption(parser: pytest.Parser) -> None:
    """Name the naive engine."""
    parser.addoption("--mutant", choices=sorted(MUTANTS), required=True, help="the naive engine that is tested")


def pytest_configure(config: pytest.Config) -> None:
    """Put its function in the place of ours."""
    one = MUTANTS[config.getoption("mutant")]
    module, _, path = one.where.partition(":")
    *holders, name = path.split(".")
    owner: object = importlib.import_module(module)
    for holder in holders:
        owner = getattr(owner, holder)
    setattr(owner, name, one.make(getattr(owner, name)))

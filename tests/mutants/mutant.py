"""What a naive engine is, and the replacements that several of them share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

# A replacement is made from the function that it stands for.
Make = Callable[[Callable[..., Any]], Callable[..., Any]]


class Mutant(NamedTuple):
    """One naive engine.

    Attributes:
        fault: The row of the catalog whose wrong reaction it has.
        does: What it does.
        where: Module and name of the function, with a colon between.
        make: Makes the replacement.
        test: The test that fails on it.
    """

    fault: str
    does: str
    where: str
    make: Make
    test: str


def always(value: Any) -> Make:
    """A replacement that does nothing and answers the same to everything."""

    def make(_: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *_, **__: value

    return make


nothing = always(None)


def row(name: str) -> str:
    """The test that plays an example of the exchange's fault table at a live engine."""
    return f"tests/faults/test_rows.py::test_a_fault_is_met_as_its_row_requires[{name}]"


def unit(path: str, name: str) -> str:
    """A test of one part."""
    return f"tests/unit/{path}.py::{name}"


def wire(path: str, name: str) -> str:
    """A test over sockets."""
    return f"tests/wire/{path}.py::{name}"

"""A plugin of pytest: the tests run on a naive engine, and the summary says what has become of it."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

from tests.mutants.engines import MUTANTS

CAUGHT = "caught"
# The line of the summary that says what has become of it. The exit code does not: what a test leaves behind changes it.
SAID = "the naive engine: "
_WAITED = "Failed: Timeout"
_MISTAKES = (AttributeError, ImportError, NameError, TypeError)
_HERE = str(Path(__file__).parent)


class Worn:
    """A replacement in its place.

    Attributes:
        called: Whether the tests have come to it.
        defects: Mistakes in the replacement itself: a test that fails by them has caught nothing.
        failed: Whether a test has failed while it ran, and not in what it needs.
        hung: Whether it was ended because it took too long.
    """

    def __init__(self, replacement: Callable[..., Any]) -> None:
        self.called = False
        self.defects: list[BaseException] = []
        self.failed = False
        self.hung = False
        self._replacement = replacement

    def function(self, right: Callable[..., Any]) -> Callable[..., Any]:
        """What takes the place of ours."""

        @wraps(right)
        def worn(*told: Any, **more: Any) -> Any:
            self.called = True
            with self._watched():
                found = self._replacement(*told, **more)
            if inspect.isgenerator(found):
                return self._all_of(found)
            return self._waited_for(found) if inspect.isawaitable(found) else found

        # Of what is cached a test may clear the cache.
        vars(worn).update({name: getattr(right, name) for name in ("cache_clear",) if hasattr(right, name)})
        return worn

    def _all_of(self, found: Iterator[Any]) -> Iterator[Any]:
        with self._watched():
            yield from found

    async def _waited_for(self, found: Awaitable[Any]) -> Any:
        with self._watched():
            return await found

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except _MISTAKES as error:
            where = error.__traceback__
            while where is not None and where.tb_next is not None:
                where = where.tb_next
            if where is not None and where.tb_frame.f_code.co_filename.startswith(_HERE):
                self.defects.append(error)
            raise

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """See whether a test has failed by what it says."""
        if report.failed and report.when == "call":
            self.failed = True
            self.hung = self.hung or _WAITED in report.longreprtext

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
        """Say what has become of it."""
        for defect in self.defects:
            terminalreporter.write_line(f"the replacement does not work: {defect!r}")
        terminalreporter.write_line(f"{SAID}{self._verdict(exitstatus)}")

    def _verdict(self, exitstatus: int) -> str:
        if not self.called:
            return "NOT REACHED"
        if self.defects:
            return "DEFECTIVE"
        if self.hung:
            return "HANGS"
        if self.failed:
            return CAUGHT
        return "NOT CAUGHT" if exitstatus == pytest.ExitCode.OK else "BROKEN"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Name the naive engine."""
    parser.addoption("--mutant", choices=sorted(MUTANTS), required=True, help="the naive engine that is tested")


def pytest_configure(config: pytest.Config) -> None:
    """Put its function in the place of ours; that it fails is enough to know, in no simplest way and not for later."""
    one = MUTANTS[config.getoption("mutant")]
    module, _, path = one.where.partition(":")
    *holders, name = path.split(".")
    owner: object = importlib.import_module(module)
    for holder in holders:
        owner = getattr(owner, holder)
    right = getattr(owner, name)
    worn = Worn(one.make(right))
    config.pluginmanager.register(worn, "worn")
    setattr(owner, name, worn.function(right))
    settings.register_profile("naive", settings(), database=None, phases=(Phase.explicit, Phase.generate))
    settings.load_profile("naive")

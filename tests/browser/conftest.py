"""A page in a real browser: the system's Chromium, driven without a download, one process for all tests of a module.

It does not outlive them: its driver keeps an event loop running, in which no other test could start its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip
PATIENCE_MS = 60_000
POLL_MS = 25


class Opened:
    """A page that has been opened from the disk, with everything that it said and asked for."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-ready]", timeout=PATIENCE_MS)

    def run(self, script: str, argument: object = None) -> Any:
        """What a script gives in the page."""
        return self.page.evaluate(script, argument)

    def wait(self, script: str) -> None:
        """Wait until a script is true in the page, asked from outside: its policy lets nothing inside be evaluated."""
        for _ in range(PATIENCE_MS // POLL_MS):
            if self.page.evaluate(script):
                return
            self.page.wait_for_timeout(POLL_MS)
        pytest.fail(f"not true in {PATIENCE_MS} ms: {script}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser, or a skip where this machine has none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"no browser on this machine; the tests take one of {', '.join(PROGRAMS)}")
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=list(SWITCHES))
        yield running
        running.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Opens a page, given its text or its file."""
    contexts = []

    def opening(page: str | Path, **how: Any) -> Opened:
        if isinstance(page, str):
            file = tmp_path / "report.html"
            file.write_text(page, encoding="utf-8")
        else:
            file = page
        contexts.append(browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **how}))
        return Opened(contexts[-1].new_page(), file)

    yield opening
    for context in contexts:
        context.close()

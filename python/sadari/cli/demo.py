"""`sadari demo`: a local exchange on a made-up market, the engine that trades on it, and the live view."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sadari.cli import demo_backtest
from sadari.cli.arguments import add_command, count
from sadari.cli.exchange import speed
from sadari.cli.monitor import PATIENCE_S, STDOUT, add_watching, seconds, shown, tell
from sadari.errors import ConfigError

if TYPE_CHECKING:
    from sadari.run.local.children import Child
    from sadari.run.local.listings import LocalSettings

# What starts this program again as a child of this one.
PROGRAM = (sys.executable, "-m", "sadari.cli.child")
ENGINE_LOG = "engine.log"
EXCHANGE_LOG = "exchange.log"
CONFIGURATION = "demo.toml"
# Nobody ends a demo whose output goes to a file or to another program.
WITHOUT_A_TERMINAL_S = 60.0
OF_BACKTEST = ("symbols", "days", "html", "journal", "quiet")
OF_LIVE = ("speed", "for_ns", "headless", "folder", "search", "ict")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "demo", "watch the engine trade on a local exchange with a made-up market: no keys, no network",
        "sadari demo --for 60s --headless --json", run,
    )  # fmt: skip
    parser.add_argument("--seed", type=count, help="which market (one that was found by --search; 1 with --backtest)")
    parser.add_argument("--speed", type=speed, help="market seconds in a second (60)")
    parser.add_argument(
        "--ict", action="store_true", help="enter on ICT set-ups beside the crosses: limit orders, targets in parts"
    )
    add_watching(parser)
    parser.add_argument(
        "--folder", type=Path, metavar="DIR",
        help="keep journal, audit, logs and configuration in this new folder (a temporary one that is removed)",
    )  # fmt: skip
    parser.add_argument(
        "--search",
        type=count,
        metavar="N",
        help="run no demo: try so many seeds, from --seed on, and list the good ones",
    )
    group = parser.add_argument_group("with --backtest")
    group.add_argument(
        "--backtest", action="store_true", help="run no engine: the default ladder over a made-up market, and a report"
    )
    group.add_argument("--symbols", type=count, help="how many contracts (5)")
    group.add_argument("--days", type=count, help="how many days of minutes (60)")
    group.add_argument("--html", type=Path, metavar="FILE", help="draw the report as one page for a browser")
    group.add_argument("--journal", type=Path, metavar="FILE", help="write every event and command")
    group.add_argument("--quiet", action="store_true", help="print no report")


def run(asked: argparse.Namespace) -> int:
    """The demo, the search for its market, or a backtest on one."""
    foreign = OF_LIVE if asked.backtest else OF_BACKTEST
    named = [name for name in foreign if getattr(asked, name) not in (None, False)]
    if named:
        option = f"--{named[0].removesuffix('_ns')}"
        raise ConfigError(f"{option} {'does not go' if asked.backtest else 'only goes'} with --backtest")
    if asked.backtest:
        return demo_backtest.run(asked)
    if asked.search is not None:
        return search(asked)
    return watch(asked)


def watch(asked: argparse.Namespace) -> int:
    """Start the exchange and the engine, show the engine until the end, and end both, the engine first."""
    from sadari.cli.following import follow, interruptible
    from sadari.cli.story import Story
    from sadari.run.local import demo
    from sadari.run.local.children import Child
    from sadari.run.operator.asking import ask, status_of
    from sadari.store.folder import Folder

    settings = demo.exchange(
        demo.SEED if asked.seed is None else asked.seed, demo.SPEED if asked.speed is None else asked.speed
    )
    story = Story()
    with interruptible(), _folder(asked) as folder:
        try:
            with Child("the exchange", exchange_command(settings), folder / EXCHANGE_LOG, speaks=True) as exchange:
                reached = exchange.first_line()
                with start_engine(folder, reached, settings.seed, ict=asked.ict) as engine, shown(asked) as screen:

                    def check() -> None:
                        exchange.check()
                        engine.check()

                    follow(
                        lambda: status_of(ask(Folder(folder).socket, "status", patience_s=PATIENCE_S)),
                        screen,
                        story,
                        for_s=length(asked, terminal=sys.stdout.isatty()),
                        check=check,
                    )
        except KeyboardInterrupt:
            pass  # Before anything was there to be shown.
    code = tell(asked, story)
    if asked.json != STDOUT and settings.speed != 1:
        print(f"the exchange's time ran {settings.speed:g} times as fast as yours: a second here is one of its own")
    return code


def length(asked: argparse.Namespace, *, terminal: bool) -> float | None:
    """For how long it goes on: as asked, else until Ctrl-C where somebody is there to press it."""
    asked_s = seconds(asked)
    return WITHOUT_A_TERMINAL_S if asked_s is None and not terminal else asked_s


def start_engine(folder: Path, reached: dict[str, str], seed: int, *, ict: bool = False) -> Child:
    """Start the engine of the demo on an exchange, as `sadari run` with a configuration and keys in its environment.

    Args:
        folder: Where the engine's state and its configuration are to be.
        reached: What the exchange says of itself: its addresses and an account's key.
        seed: Of the market.
        ict: Whether ICT set-ups enter, too.
    """
    from sadari.cli.output import write_text
    from sadari.run.local import demo
    from sadari.run.local.children import Child
    from sadari.run.settings.explained import plain

    file = folder / CONFIGURATION
    config = demo.config(
        str(folder), rest=reached["rest"], streams=reached["ws"], ws_api=reached["ws_api"], seed=seed, ict=ict
    )  # fmt: skip
    write_text(file, plain(config))
    keys = {"SADARI_API_KEY": reached["key"], "SADARI_API_SECRET": reached["secret"], "SADARI_KEY_FILE": None}
    command = [*PROGRAM, "run", "--config", str(file)]
    return Child("the engine", command, folder / ENGINE_LOG, environment=keys)


def exchange_command(settings: LocalSettings) -> list[str]:
    """The command line of the demo's exchange."""
    return [
        *PROGRAM, "exchange", "--json", "--port", str(settings.port), "--made-up", str(settings.made_up),
        "--history", f"{settings.history_ns // 60_000_000_000}m", "--rebase", "minute",
        "--seed", str(settings.seed), "--speed", str(settings.speed), "--balance", str(settings.balance),
    ]  # fmt: skip


@contextmanager
def _folder(asked: argparse.Namespace) -> Iterator[Path]:
    """Where everything is kept: as asked, or in a folder that is gone afterwards."""
    if asked.folder is not None:
        try:
            asked.folder.mkdir(parents=True, exist_ok=True)
            taken = any(asked.folder.iterdir())
        except OSError as error:
            raise ConfigError(f"{asked.folder}: cannot be made ({error.strerror})") from error
        if taken:
            raise ConfigError(
                f"{asked.folder}: exists already; allowed: a new or an empty folder, each demo has its own"
            )
        yield asked.folder.resolve()
        return
    made = Path(tempfile.mkdtemp(prefix="sadari-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def search(asked: argparse.Namespace) -> int:
    """Print each seed whose market shows the whole ladder soon, and when, in seconds."""
    from sadari.cli.output import ProgressBar
    from sadari.run.local import demo
    from sadari.run.local.demo_search import ENTERED_S, search

    first = demo.SEED if asked.seed is None else asked.seed
    progress = ProgressBar("search")
    found = []
    for done, one in enumerate(search(range(first, first + asked.search), asked.speed or demo.SPEED), 1):
        if one.whole_s is not None:
            found.append((one.whole_s, one.seed, max(story.entry_s or 0.0 for story in one.stories)))
        progress(done / asked.search)
    progress.clear()
    print(f"{len(found)} of {asked.search} seeds show a whole ladder, its entry within {ENTERED_S:.0f} s")
    for whole_s, seed, entry_s in sorted(found):
        print(f"seed {seed}: entered by {entry_s:.1f} s, all of it by {whole_s:.1f} s")
    return 0

"""`sadari monitor`: the live view of a running engine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sadari.cli.arguments import add_command, add_folder, folder_of, span_ns
from sadari.errors import SadariError

if TYPE_CHECKING:
    from sadari.cli.following import Shown
    from sadari.cli.story import Story

SECOND_NS = 1_000_000_000
STDOUT = Path("-")
# The engine is asked a few times a second; one that does not answer by then is asked again.
PATIENCE_S = 5.0


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "monitor", "watch the running engine: positions with every level, decisions, streams",
        "sadari monitor --folder state", run,
    )  # fmt: skip
    add_folder(parser)
    add_watching(parser)


def add_watching(parser: argparse.ArgumentParser) -> None:
    """Add for how long, and how it is shown."""
    parser.add_argument("--for", type=span_ns, dest="for_ns", metavar="TIME", help="end after, as 60s (never)")
    parser.add_argument("--headless", action="store_true", help="no screen: decisions as lines, a summary at the end")
    parser.add_argument(
        "--json", type=Path, nargs="?", const=Path("-"), metavar="FILE",
        help="at the end the last status and a summary as JSON, to a file or to the screen",
    )  # fmt: skip


def run(asked: argparse.Namespace) -> int:
    """Watch the engine of a folder until it ends, the time is over, or Ctrl-C."""
    from sadari.cli.following import follow, interruptible
    from sadari.cli.story import Story
    from sadari.run.operator.asking import ask, status_of

    socket = folder_of(asked).socket
    # Without an engine there is nothing to wait for.
    status_of(ask(socket, "status", patience_s=PATIENCE_S))
    story = Story()
    with interruptible(), shown(asked) as screen:
        follow(lambda: status_of(ask(socket, "status", patience_s=PATIENCE_S)), screen, story, for_s=seconds(asked))
    return tell(asked, story)


def seconds(asked: argparse.Namespace) -> float | None:
    """For how long to watch."""
    return None if asked.for_ns is None else asked.for_ns / SECOND_NS


@contextmanager
def shown(asked: argparse.Namespace) -> Iterator[Shown]:
    """Where statuses go: the whole terminal, lines on the standard output, or nowhere if that is for JSON."""
    from sadari.cli.following import Lines, Screen, Silent

    if not asked.headless and sys.stdout.isatty():
        with Screen() as screen:
            yield screen
    elif asked.json == STDOUT:
        yield Silent()
    else:
        yield Lines(lambda line: print(line, flush=True))


def tell(asked: argparse.Namespace, story: Story) -> int:
    """Put the end where it was asked for; 1 if the engine had failed.

    Raises:
        SadariError: No status ever came.
    """
    from sadari.cli.output import json_text, write_text
    from sadari.cli.story import summary

    status, outcome = story.last, story.outcome()
    if status is None:
        raise SadariError("the engine had not answered by the end")
    if asked.json is not None:
        write_text(asked.json, json_text({"status": status, "summary": outcome}))
    if asked.json != STDOUT:
        print(summary(status, outcome), end="")
    return int(status.state == "FAILED")

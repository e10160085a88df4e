"""`sadari report`: a day or a week out of a journal, alone or beside another."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sadari.cli.arguments import add_command, add_folder, folder_of, time_ns, week_ns
from sadari.errors import ConfigError

if TYPE_CHECKING:
    from sadari.research.daily.spans import Span


# Files that belong to a journal while somebody has it open.
SIDES = ("-wal", "-shm")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "report", "tell what happened in one UTC day, or week, of a journal",
        "sadari report run.journal --day 2023-07-18 --compare 2023-07-17", run,
    )  # fmt: skip
    parser.add_argument(
        "file", type=Path, nargs="?", help="the journal; it may be one that is being written (default: the engine's)"
    )
    add_folder(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--day", type=time_ns, metavar="DAY", help="the day, as 2023-07-18")
    which.add_argument("--week", type=week_ns, metavar="WEEK", help="the week, as 2023-W29 or a day in it")
    parser.add_argument("--compare", metavar="DAY", help="a day (with --week a week) to hold it against")
    parser.add_argument("--funnel", action="store_true", help="add how many signals are left after each gate")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write it as JSON (- for the screen)")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it as one page for a browser")


def run(asked: argparse.Namespace) -> int:
    """Print the report; the code is 1 where its sums do not add up."""
    from sadari.cli.output import STDOUT, check_writable, json_text, write_text
    from sadari.research.daily.document import Source, document
    from sadari.research.daily.text import text
    from sadari.research.pictures.day_page import day_page
    from sadari.run.live.journals import content

    span, other = _spans(asked)
    if asked.file is not None and (asked.folder or asked.config):
        raise ConfigError(f"{asked.file} and the folder of an engine are both named; allowed: one of the two")
    file = asked.file or folder_of(asked).journal
    check_writable(asked.json, asked.html, reads=(file, *(file.with_name(f"{file.name}{end}") for end in SIDES)))
    read = content(file)
    source = Source(file.name, read.build, read.lines, read.closed)
    whole = document(source, read.records, span, other, with_funnel=asked.funnel)
    if asked.json is not None:
        write_text(asked.json, json_text(whole))
    if asked.html is not None:
        write_text(asked.html, day_page(whole))
    if STDOUT not in {asked.json, asked.html}:
        print(text(whole).rstrip())
    return 1 if whole["checks"]["failed"] else 0


def _spans(asked: argparse.Namespace) -> tuple[Span, Span | None]:
    from sadari.research.daily.spans import day_of, week_of

    of, read = (day_of, time_ns) if asked.week is None else (week_of, week_ns)
    span = of(asked.day if asked.week is None else asked.week)
    if asked.compare is None:
        return span, None
    try:
        other = of(read(asked.compare))
    except argparse.ArgumentTypeError as error:
        raise ConfigError(f"--compare {error}") from error
    if other == span:
        raise ConfigError(f"--compare {asked.compare} is the {span.kind} itself; allowed: another {span.kind}")
    return span, other

"""`sadari report`: a day out of a journal, alone or beside another."""

from __future__ import annotations

import argparse
from pathlib import Path

from sadari.cli.arguments import add_command, time_ns


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "report", "tell what happened in one UTC day of a journal",
        "sadari report run.journal --day 2023-07-18 --compare 2023-07-17", run,
    )  # fmt: skip
    parser.add_argument("file", type=Path, help="the journal")
    parser.add_argument("--day", type=time_ns, required=True, metavar="DAY", help="the day, as 2023-07-18")
    parser.add_argument("--compare", type=time_ns, metavar="DAY", help="a day to hold it against")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write it as JSON (- for the screen)")


def run(asked: argparse.Namespace) -> int:
    """Print the day."""
    from sadari.cli.output import STDOUT, check_writable, json_text, write_text
    from sadari.model.units import DAY_NS
    from sadari.research.daily import Days, compare, text
    from sadari.run.journals import records

    check_writable(asked.json)
    days = Days(records(asked.file))
    day = days.day(asked.day - asked.day % DAY_NS)
    other = days.day(asked.compare - asked.compare % DAY_NS) if asked.compare is not None else None
    if asked.json is not None:
        beside = {} if other is None else {"other": other, "changes": compare(day, other)}
        write_text(asked.json, json_text({"day": day, **beside}))
    if asked.json != STDOUT:
        print(text(day, other).rstrip())
    return 0

"""`sadari journal`: is it what was written, and does the engine say the same again."""

from __future__ import annotations

import argparse
from pathlib import Path

from sadari.cli.arguments import add_command, add_group


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    group = add_group(commands, "journal", "look into the journal of a run", "sadari journal verify run.journal")
    parser = add_command(
        group, "verify", "follow the chain of a journal and name the first record that was changed",
        "sadari journal verify run.journal", verify,
    )  # fmt: skip
    parser.add_argument("file", type=Path, help="the journal")
    parser = add_command(
        group, "replay", "feed the events of a journal to a fresh engine",
        "sadari journal replay run.journal --verify", replay,
    )  # fmt: skip
    parser.add_argument("file", type=Path, help="the journal")
    parser.add_argument(
        "--verify", action="store_true", help="fail at the first command that differs from what was written"
    )


def verify(asked: argparse.Namespace) -> int:
    """Print how many records are as they were written, or the first that is not."""
    from sadari.store.journal import verify as follow

    verdict = follow(asked.file)
    if verdict.fault:
        print(f"{asked.file}: {verdict.records} records are intact; then {verdict.fault}")
        return 1
    ending = "" if verdict.closed else "; the run was cut short or still goes on, there is no closing record"
    print(f"{asked.file}: all {verdict.records} records are what was written{ending}")
    return 0


def replay(asked: argparse.Namespace) -> int:
    """Print how the replay went."""
    from sadari.run.journals import replay as feed

    outcome = feed(asked.file)
    told = f"{asked.file}: {outcome.events} events replayed, {outcome.commands} commands are the same byte for byte"
    if not outcome.difference:
        print(told)
        return 0
    print(f"{told}; {outcome.difference}")
    return 1 if asked.verify else 0

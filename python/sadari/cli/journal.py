"""`sadari journal`: is it what was written, does the engine say the same again; copies of it, and a new beginning."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sadari.cli.arguments import add_command, add_folder, add_group, folder_of


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    group = add_group(commands, "journal", "look into and look after the journal of a run",
                      "sadari journal verify run.journal")  # fmt: skip
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
    parser = add_command(
        group, "export", "print the records of a journal, each as a line of JSON",
        "sadari journal export state/engine.journal", export,
    )  # fmt: skip
    parser.add_argument("file", type=Path, help="the journal; it may be one that is being written")
    _add_keeping(group)


def _add_keeping(group: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = add_command(
        group, "backup", "copy and verify the journal of a live engine, which may run",
        "sadari journal backup --folder state", back_up,
    )  # fmt: skip
    add_folder(parser)
    parser = add_command(
        group, "restore", "put a backup in the place of the journal, which is set aside; refused while an engine runs",
        "sadari journal restore state/backups/20260101T000000Z/engine.journal --folder state", restore,
    )  # fmt: skip
    parser.add_argument("copy", type=Path, nargs="?", help="the backup (default: the newest good one)")
    add_folder(parser)
    parser = add_command(
        group, "reset", "back up, then begin anew; refused while an engine runs or anything is open",
        "sadari journal reset --folder state", reset,
    )  # fmt: skip
    add_folder(parser)


def verify(asked: argparse.Namespace) -> int:
    """Print how many records are as they were written, or the first that is not."""
    from sadari.store.journal import verify as follow
    from sadari.store.reserve import read_mark

    # Before the records are followed: of a journal that is being written it only goes up.
    mark = read_mark(asked.file)
    verdict = follow(asked.file)
    if verdict.fault:
        print(f"{asked.file}: {verdict.records} records are intact; then {verdict.fault}")
        return 1
    if mark is not None and mark.records > verdict.records:
        print(f"{asked.file}: {verdict.records} records are intact; record {mark.records} was acknowledged and is gone")
        return 1
    ending = "" if verdict.closed else "; the run was cut short or still goes on, there is no closing record"
    print(f"{asked.file}: all {verdict.records} records are what was written{ending}")
    return 0


def replay(asked: argparse.Namespace) -> int:
    """Print how the replay went."""
    from sadari.run.live.journals import replay as feed

    outcome = feed(asked.file)
    told = f"{asked.file}: {outcome.events} events replayed, {outcome.commands} commands are the same byte for byte"
    if not outcome.difference:
        print(told)
        return 0
    print(f"{told}; {outcome.difference}")
    return 1 if asked.verify else 0


def export(asked: argparse.Namespace) -> int:
    """Print every record with its number."""
    from sadari.store.journal import read

    for number, line in read(asked.file):
        sys.stdout.write(f'{{"number":{number},"record":{line.decode()}}}\n')
    return 0


def back_up(asked: argparse.Namespace) -> int:
    """Print where the copy is."""
    from sadari.store.backup import back_up as copy
    from sadari.venue.clock import wall_ns

    print(f"{copy(folder_of(asked), wall_ns())}: is a verified copy of the journal")
    return 0


def restore(asked: argparse.Namespace) -> int:
    """Print what is where now."""
    from sadari.errors import ConfigError
    from sadari.store.backup import newest_good
    from sadari.store.backup import restore as put_back
    from sadari.venue.clock import wall_ns

    folder = folder_of(asked)
    copy = asked.copy or newest_good(folder)
    if copy is None:
        raise ConfigError(f"{folder.backups}: there is no good backup")
    aside = put_back(folder, copy, wall_ns())
    print(f"{folder.journal}: is {copy} now" + (f"; what was there is in {aside}" if aside else ""))
    return 0


def reset(asked: argparse.Namespace) -> int:
    """Print what was kept and that the rest is gone."""
    from sadari.run.live.upkeep import reset as begin_anew
    from sadari.venue.clock import wall_ns

    folder = folder_of(asked)
    cleared = begin_anew(folder, wall_ns())
    print(f"backed up: {cleared.records} records, verified, in {cleared.copy}")
    print(f"set aside: the journal itself, in {cleared.aside}")
    print(f"verified clean: {folder.path} has no journal and nothing open; its next one is number {cleared.generation}")
    print("kept: the configuration, the audit and the backups")
    return 0

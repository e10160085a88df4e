"""`sadari repair`: what is wrong in the folder of an engine, and mending it."""

from __future__ import annotations

import argparse

from sadari.cli.arguments import add_command, add_folder, folder_of


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "repair", "look at lock, journal, reserve, audit and backups of an engine, and mend what can be",
        "sadari repair --folder state", run,
    )  # fmt: skip
    add_folder(parser)
    parser.add_argument(
        "--restore", action="store_true",
        help="put the newest good backup in the place of a journal that cannot be gone on with",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    """Print what was found; 1 if something is still wrong."""
    from sadari.cli.output import json_text
    from sadari.run.live.upkeep import diagnose
    from sadari.venue.clock import wall_ns

    findings = diagnose(folder_of(asked), wall_ns(), restore=asked.restore)
    if asked.json:
        print(json_text([finding._asdict() for finding in findings]), end="")
    else:
        for finding in findings:
            state = "mended" if finding.mended else "good" if finding.good else "WRONG"
            print(f"{finding.what:9} {state:7} {finding.sentence}")
    return 0 if all(finding.good for finding in findings) else 1

"""`sadari alert`: try the channels that a person is told through."""

from __future__ import annotations

import argparse
from pathlib import Path

from sadari.cli.arguments import add_command, add_group


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    group = add_group(commands, "alert", "try the alert channels", "sadari alert test --config sadari.toml")
    parser = add_command(
        group, "test", "send a test message through every configured channel and print which took it",
        "sadari alert test --config sadari.toml --channel phone", test,
    )  # fmt: skip
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration")
    parser.add_argument("--channel", metavar="NAME", help="only this one")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def test(asked: argparse.Namespace) -> int:
    """Print what became of the message on each channel; 0 if every one took it, else 1."""
    from sadari.cli.output import json_text
    from sadari.run.operator.alert_test import tried

    found = tried(asked.config, asked.channel)
    if asked.json:
        print(
            json_text([{"channel": one.channel, "taken": not one.fault, "fault": one.fault} for one in found]), end=""
        )
    else:
        width = max(len(one.channel) for one in found)
        for one in found:
            print(f"{one.channel:{width}}  {one.fault or 'taken'}")
    return 1 if any(one.fault for one in found) else 0

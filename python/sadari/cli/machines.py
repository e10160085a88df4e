"""`sadari machines`: the lifecycles as diagrams."""

from __future__ import annotations

import argparse

from sadari.cli.arguments import add_command, count


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "machines", "print the lifecycles as Mermaid diagrams", "sadari machines --rungs 3 --position", run
    )
    parser.add_argument("--rungs", type=count, default=2, help="rungs of the position's ladder (2)")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--engine", action="store_true", help="only the engine's and the liquidation's")
    only.add_argument("--position", action="store_true", help="only the position's")


def run(asked: argparse.Namespace) -> int:
    """Print them."""
    from sadari.run.machines import drawn

    print(drawn(asked.rungs, engine=not asked.position, position=not asked.engine))
    return 0

"""`sadari run`: the engine, live, on paper, or against the local exchange."""

from __future__ import annotations

import argparse
from pathlib import Path

from sadari.cli.arguments import add_command


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "run", "run the engine: live, testnet, local or paper, as [engine] mode says",
        "sadari run --config sadari.toml", run,
    )  # fmt: skip
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="API key and secret, a file of mode 0600")
    parser.add_argument("--quiet", action="store_true", help="tell only warnings and what ends the engine")


def run(asked: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM, or until the engine is stopped; 0 if it ended as asked, 1 if it failed."""
    from sadari.run.operator.main import run_engine

    return run_engine(asked.config, key_file=asked.key_file, quiet=asked.quiet)

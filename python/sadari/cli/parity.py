"""`sadari parity`: the run over history beside the live engine on the same tape."""

from __future__ import annotations

import argparse
import sys

from sadari.cli.arguments import add_command
from sadari.cli.backtest import add_inputs, inputs_of


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "parity", "run the same tape through the backtest and the live engine, and compare the two",
        "sadari parity --config ladder.toml --data candles/2025-05 --symbols BTCUSDT --from 2025-05-07 --to 2025-05-08",
        run,
    )  # fmt: skip
    add_inputs(parser)
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")


def run(asked: argparse.Namespace) -> int:
    """Run both and print the verdict; 0 if they are equal."""
    from sadari.cli.output import ProgressBar, json_text
    from sadari.run.feed.inputs import prepare
    from sadari.run.parity.both import parity
    from sadari.run.parity.differences import as_dict, text
    from sadari.run.settings.config import load

    config = load(asked.config)
    prepared = prepare(config, inputs_of(asked))
    for note in prepared.notes:
        print(f"note: {note}", file=sys.stderr)
    progress = ProgressBar("parity")
    verdict = parity(config, prepared, progress)
    progress.clear()
    print(json_text(as_dict(verdict)) if asked.json else text(verdict), end="")
    return 0 if verdict.equal else 1

"""`sadari sweep`: many configurations over the same candles, each judged on data that it was not chosen by."""

from __future__ import annotations

import argparse
import sys
from decimal import Decimal
from pathlib import Path

from sadari.cli.arguments import add_command, count, share
from sadari.cli.backtest import add_inputs, inputs_of

SORTS = ("return", "drawdown", "ratio")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "sweep", "run every combination of varied settings, in-sample and out-of-sample",
        "sadari sweep --config ladder.toml --data candles --vary ladder.leverage=5,10 --vary signal.fast=10,20,40",
        run,
    )  # fmt: skip
    add_inputs(parser)
    parser.add_argument(
        "--vary", action="append", required=True, metavar="KEY=A,B",
        help="a setting as SECTION.KEY and the values that it takes; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--split", type=share, default=Decimal("0.7"), metavar="SHARE", help="how much of the period is in-sample (0.7)"
    )
    parser.add_argument("--sort", choices=SORTS, default="return", help="by which in-sample figure (return)")
    parser.add_argument("--top", type=count, default=20, metavar="N", help="print the best N rows (20)")
    parser.add_argument("--yes", action="store_true", help="run more than 1,000 combinations")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row as JSON (- for the screen)")
    parser.add_argument("--quiet", action="store_true", help="print no table")


def run(asked: argparse.Namespace) -> int:
    """Run the sweep and put its results where they were asked for."""
    from sadari.cli.output import STDOUT, ProgressBar, check_writable, json_text, write_text
    from sadari.research.sweep import text
    from sadari.run.history.sweep import LIMIT, prepare_sweep, run_sweep, variation

    check_writable(asked.json, reads=(asked.config,))
    variations = [variation(one) for one in asked.vary]
    sweep = prepare_sweep(asked.config, variations, inputs_of(asked), asked.split, None if asked.yes else LIMIT)
    for note in sweep.prepared.notes:
        print(f"note: {note}", file=sys.stderr)
    progress = ProgressBar("sweep")
    compared = run_sweep(sweep, asked.sort, progress)
    progress.clear()
    if asked.json is not None:
        write_text(asked.json, json_text(compared))
    if not asked.quiet and asked.json != STDOUT:
        print(text(compared, asked.top).rstrip())
    return 0

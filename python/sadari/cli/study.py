"""`sadari study`: entry signals counted and judged over recorded candles, without trading."""

from __future__ import annotations

import argparse
from pathlib import Path

from sadari.cli.arguments import add_command, listed, time_ns


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "study", "count and judge surge signals behind each scanner filter, without trading",
        "sadari study --data candles/2023-07 --json study.json", run,
    )  # fmt: skip
    parser.add_argument(
        "--data", type=Path, action="append", required=True, metavar="DIR", help="candles (see: backtest)"
    )
    parser.add_argument(
        "--history", type=Path, action="append", default=[], metavar="DIR",
        help="longer candles of the same symbols, for the warm-up; may be repeated",
    )  # fmt: skip
    parser.add_argument("--config", type=Path, help="what makes a surge and a candidate, if not the defaults")
    parser.add_argument("--symbols", type=listed, metavar="A,B", help="only these, as BTCUSDT or BTC/USDT:USDT")
    parser.add_argument("--from", type=time_ns, dest="from_ns", metavar="TIME", help="candles from here on (UTC)")
    parser.add_argument("--to", type=time_ns, dest="until_ns", metavar="TIME", help="candles before this (UTC)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write it as JSON (- for the screen)")


def run(asked: argparse.Namespace) -> int:
    """Print what was found."""
    from sadari.binance.decode import symbol_of
    from sadari.cli.output import STDOUT, ProgressBar, check_writable, json_text, write_text
    from sadari.research.study import text
    from sadari.run.feed.longer import hourly
    from sadari.run.feed.longer import load as load_longer
    from sadari.run.history.study import Studied, study
    from sadari.run.settings.config import Config, load
    from sadari.store import candles

    check_writable(asked.json, reads=(asked.config,))
    config = load(asked.config) if asked.config is not None else Config()
    symbols = [symbol_of(word) for word in asked.symbols] if asked.symbols else None
    columns = candles.load(asked.data, symbols, asked.from_ns, asked.until_ns)
    longer = load_longer(asked.history, columns)
    progress = ProgressBar("study")
    found = study(Studied(columns, longer, hourly(longer), config.surge, config.scanner), progress)
    progress.clear()
    if asked.json is not None:
        write_text(asked.json, json_text(found))
    if asked.json != STDOUT:
        print(text(found).rstrip())
    return 0

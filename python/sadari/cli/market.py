"""`sadari data`: market history in files."""

from __future__ import annotations

import argparse
from pathlib import Path

from sadari.cli.arguments import add_command, add_group, count, listed


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    group = add_group(commands, "data", "make or check market history in files", "sadari data check candles")
    parser = add_command(
        group, "synth", "write a made-up market as the exchange's archive would",
        "sadari data synth --out candles --symbols 3 --days 30 --seed 7", synth,
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    parser.add_argument("--symbols", type=count, default=3, help="how many contracts (3)")
    parser.add_argument("--days", type=count, default=30, help="how many days of minutes (30)")
    parser.add_argument("--seed", type=count, default=1, help="which market (1)")
    parser = add_command(
        group, "check", "check every candle of a folder and say what is there", "sadari data check candles", check
    )
    parser.add_argument("folder", type=Path, nargs="+", metavar="DIR", help="a folder or a file of candles")
    parser.add_argument("--symbols", type=listed, metavar="A,B", help="only these")


def synth(asked: argparse.Namespace) -> int:
    """Write the market and say how to run it."""
    from sadari.run.feed.synthetic import write

    written = write(asked.out, asked.symbols, asked.days, asked.seed)
    print(f"{asked.out}: {len(written)} files of {asked.symbols} made-up contracts over {asked.days} days")
    return 0


def check(asked: argparse.Namespace) -> int:
    """Print each symbol's rows and holes; the first fault ends it."""
    from sadari.binance.decode import symbol_of
    from sadari.model.units import SECOND_NS
    from sadari.research.shapes import iso
    from sadari.store.candles import load, segments

    symbols = [symbol_of(text) for text in asked.symbols] if asked.symbols else None
    loaded = load(asked.folder, symbols)
    for symbol, columns in loaded.items():
        runs = len(segments(columns))
        holes = "no hole" if runs == 1 else f"{runs - 1} {'hole' if runs == 2 else 'holes'}"  # noqa: PLR2004
        print(
            f"{symbol}: {len(columns):,} candles of {columns.interval_ns // SECOND_NS} s, "
            f"{iso(columns.start_ns)} to {iso(columns.end_ns)}, {holes}"
        )
    print(f"{len(loaded)} symbols, {sum(map(len, loaded.values())):,} candles, all in order")
    return 0

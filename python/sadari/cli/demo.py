"""`sadari demo`: the ladder over a made-up market."""

from __future__ import annotations

import argparse

from sadari.cli.arguments import add_command, count
from sadari.cli.backtest import add_outputs, report


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "demo", "run the ladder over a made-up market and report it: no keys, no network",
        "sadari demo --seed 7", run,
    )  # fmt: skip
    parser.add_argument("--seed", type=count, default=1, help="which market (1)")
    parser.add_argument("--symbols", type=count, default=5, help="how many contracts (5)")
    parser.add_argument("--days", type=count, default=60, help="how many days of minutes (60)")
    add_outputs(parser)


def run(asked: argparse.Namespace) -> int:
    """Make the market, run the default configuration on it, print the report."""
    from sadari.run.config import Config
    from sadari.run.request import Request
    from sadari.run.synthetic import market

    config = Config()
    listings = list(market(asked.symbols, asked.days, asked.seed))
    request = Request(
        settings=config.settings(),
        balance=config.account.balance,
        candles={one.instrument.symbol: one.candles for one in listings},
        instruments={one.instrument.symbol: one.instrument for one in listings},
        funding={one.instrument.symbol: one.funding for one in listings},
        signals=config.signals(),
        market=config.market,
    )
    return report(asked, request, with_bounds=False)

"""`sadari demo --backtest`: the default ladder over a made-up market, and a report."""

from __future__ import annotations

import argparse

from sadari.cli.backtest import report

SEED = 1
SYMBOLS = 5
DAYS = 60


def run(asked: argparse.Namespace) -> int:
    """Make the market, run the default configuration on it, print the report."""
    from sadari.run.feed.synthetic import market
    from sadari.run.settings.config import Config
    from sadari.run.settings.request import Request

    config = Config()
    symbols, days, seed = (
        default if given is None else given
        for given, default in ((asked.symbols, SYMBOLS), (asked.days, DAYS), (asked.seed, SEED))
    )
    listings = list(market(symbols, days, seed))
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

"""`sadari backtest`: the engine over recorded candles."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sadari.cli.arguments import add_command, listed, time_ns
from sadari.errors import ConfigError

if TYPE_CHECKING:
    from sadari.run.feed.inputs import Inputs
    from sadari.run.settings.request import Request


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "backtest", "run the ladder over recorded candles and report what happened",
        "sadari backtest --config ladder.toml --data candles/2023-07 --instruments exchangeInfo.json "
        "--instruments brackets.json --json report.json",
        run,
    )  # fmt: skip
    add_inputs(parser)
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument("--segments", action="store_true", help="run each contiguous part of each symbol on its own")
    parts.add_argument("--bounds", action="store_true", help="add both extreme orders of prices inside candles")
    parser.add_argument(
        "--funnel", action="store_true", help="follow each denied entry signal in shadow: what a gate saved or cost"
    )
    add_outputs(parser)


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Add what is run, and on what."""
    parser.add_argument("--config", type=Path, required=True, help="the configuration (see: sadari config init)")
    parser.add_argument(
        "--data", type=Path, action="append", required=True, metavar="DIR",
        help="candles in Parquet or CSV: a folder of SYMBOL.csv and the like, or a file; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--instruments", type=Path, action="append", default=[], metavar="FILE",
        help="exchangeInfo or leverage brackets as the exchange serves them, gzipped or not; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--history", type=Path, action="append", default=[], metavar="DIR",
        help="longer candles of the same symbols that begin earlier, for the warm-up; may be repeated",
    )  # fmt: skip
    parser.add_argument("--funding", type=Path, metavar="DIR", help="funding rates (the folder beside the data)")
    parser.add_argument("--symbols", type=listed, metavar="A,B", help="only these, as BTCUSDT or BTC/USDT:USDT")
    parser.add_argument("--from", type=time_ns, dest="from_ns", metavar="TIME", help="begin here (UTC)")
    parser.add_argument("--to", type=time_ns, dest="until_ns", metavar="TIME", help="end before this (UTC)")
    parser.add_argument("--skip-unknown", action="store_true", help="leave symbols without an instrument out")


def inputs_of(asked: argparse.Namespace) -> Inputs:
    """What those arguments name."""
    from sadari.run.feed.inputs import Inputs

    return Inputs(
        data=asked.data,
        instruments=asked.instruments,
        history=asked.history,
        funding=asked.funding,
        symbols=asked.symbols,
        from_ns=asked.from_ns,
        until_ns=asked.until_ns,
        skip_unknown=asked.skip_unknown,
    )


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Add where results go."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the whole report as JSON (- for the screen)")
    parser.add_argument("--html", type=Path, metavar="FILE", help="draw the report as one page for a browser")
    parser.add_argument(
        "--journal", type=Path, metavar="FILE", help="write every event and command (see: sadari journal)"
    )
    parser.add_argument("--quiet", action="store_true", help="print no report")


def run(asked: argparse.Namespace) -> int:
    """Run the backtest and print its report."""
    from msgspec.structs import replace

    from sadari.run.feed.inputs import prepare, segment_requests
    from sadari.run.settings.config import load

    if asked.segments and asked.journal is not None:
        raise ConfigError("--journal is of one run and --segments makes many; allowed: one of the two")
    if asked.segments and asked.funnel:
        raise ConfigError("--funnel is of one run and --segments makes many; allowed: one of the two")
    if asked.segments and asked.html is not None:
        raise ConfigError("--html draws one run and --segments makes many; allowed: one of the two")
    config = load(asked.config)
    if asked.funnel:
        config = replace(config, funnel=replace(config.funnel, enabled=True))
    prepared = prepare(config, inputs_of(asked))
    for note in prepared.notes:
        print(f"note: {note}", file=sys.stderr)
    if asked.segments:
        return report_segments(asked, segment_requests(prepared))
    return report(asked, prepared.request, with_bounds=asked.bounds)


def report_segments(asked: argparse.Namespace, requests: Sequence[Request]) -> int:
    """Run requests one after the other and put a row of each where it was asked for."""
    from dataclasses import replace

    from sadari.cli.output import STDOUT, ProgressBar, check_writable, json_text, write_text
    from sadari.research import segments
    from sadari.research.report import summarize
    from sadari.run.history.backtest import backtest

    check_writable(asked.json)
    progress = ProgressBar("backtest")
    summaries = []
    for done, request in enumerate(requests):

        def tell(share: float, before: int = done) -> None:
            progress((before + share) / len(requests))

        summaries.append(summarize(backtest(replace(request, progress=tell))))
    progress.clear()
    compared = segments.compare(summaries)
    if asked.json is not None:
        write_text(asked.json, json_text({**compared, "reports": summaries}))
    if not asked.quiet and asked.json != STDOUT:
        print(segments.text(compared).rstrip())
    return 0


def report(asked: argparse.Namespace, request: Request, *, with_bounds: bool) -> int:
    """Run a request and put its report where it was asked for."""
    from dataclasses import replace

    from sadari.cli.output import STDOUT, ProgressBar, check_writable, json_text, write_text
    from sadari.research import bounds as paths
    from sadari.research.pictures import page as pictures
    from sadari.research.report import summarize
    from sadari.research.text import text
    from sadari.run.history.backtest import backtest, bounds

    if asked.html is not None:
        pictures.check_installed()
    check_writable(asked.json, asked.html, asked.journal, reads=(getattr(asked, "config", None),))
    progress = ProgressBar("backtest")
    result = backtest(replace(request, journal=asked.journal, progress=progress))
    progress.clear()
    summary = summarize(result)
    page = text(summary)
    if with_bounds:
        adverse, favourable = (summarize(one) for one in bounds(replace(request, progress=progress)))
        progress.clear()
        compared = paths.compare(summary, adverse, favourable)
        summary = {**summary, "bounds": compared}
        page = f"{page.rstrip()}\n\n{paths.text(compared)}"
    if asked.json is not None:
        write_text(asked.json, json_text(summary))
    if asked.html is not None:
        write_text(asked.html, pictures.page(result, summary, request.candles))
    if not asked.quiet and STDOUT not in (asked.json, asked.html):
        print(page.rstrip())
    return 0

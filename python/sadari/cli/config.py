"""`sadari config`: write a configuration, show it, work its plan out."""

from __future__ import annotations

import argparse
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from sadari.cli.arguments import add_command, add_group, listed

if TYPE_CHECKING:
    from sadari.core.plan import PlanReport
    from sadari.run.settings.config import Config


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    group = add_group(commands, "config", "write, check or show a configuration", "sadari config check ladder.toml")
    parser = add_command(
        group, "init", "write a configuration with every key, its default and what it means",
        "sadari config init --out ladder.toml", init,
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("-"), metavar="FILE", help="a new file (the screen)")
    parser = add_command(
        group, "check", "work out every figure of the plan and name what contradicts it",
        "sadari config check ladder.toml --instruments exchangeInfo.json --instruments brackets.json "
        "--symbol BTCUSDT --price 60000",
        check,
    )  # fmt: skip
    parser.add_argument("file", type=Path, help="the configuration")
    parser.add_argument("--balance", type=decimal, help="a balance other than the configured one")
    parser.add_argument("--instruments", type=Path, action="append", default=[], metavar="FILE", help="see: backtest")
    parser.add_argument("--symbol", type=listed, help="round to this contract and use its brackets")
    parser.add_argument("--price", type=decimal, default=Decimal(1), help="the first entry price (1)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser = add_command(
        group, "show", "print a configuration with all defaults filled in", "sadari config show ladder.toml", show
    )
    parser.add_argument("file", type=Path, nargs="?", help="the configuration (the defaults alone)")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def decimal(text: str) -> Decimal:
    """A finite number above 0."""
    value = _finite(text, "a number above 0")
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount; allowed: a number above 0")
    return value


def decimal_or_0(text: str) -> Decimal:
    """A finite number of 0 or more."""
    value = _finite(text, "a number of 0 or more")
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount; allowed: a number of 0 or more")
    return value


def _finite(text: str, allowed: str) -> Decimal:
    try:
        value = Decimal(text)
    except ArithmeticError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number; allowed: {allowed}") from error
    if not value.is_finite():
        raise argparse.ArgumentTypeError(f"{text!r} is no amount; allowed: {allowed}")
    return value


def _loaded(file: Path | None) -> Config:
    from sadari.run.settings.config import Config, load

    return load(file) if file is not None else Config()


def init(asked: argparse.Namespace) -> int:
    """Write the defaults, never over a file that is there."""
    from sadari.cli.output import STDOUT, write_text
    from sadari.errors import ConfigError
    from sadari.run.settings.explained import commented

    if asked.out != STDOUT and asked.out.exists():
        raise ConfigError(f"{asked.out}: exists already; a configuration is never written over, name another file")
    write_text(asked.out, commented(_loaded(None)))
    return 0


def show(asked: argparse.Namespace) -> int:
    """Print the effective configuration."""
    from sadari.cli.output import json_text
    from sadari.run.settings.explained import plain

    config = _loaded(asked.file)
    print((json_text(config) if asked.json else plain(config)).rstrip())
    return 0


def check(asked: argparse.Namespace) -> int:
    """Print the plan's figures; exit code 2 if something contradicts them."""
    from sadari.cli.output import json_text
    from sadari.cli.plan import text
    from sadari.core.plan import check_plan
    from sadari.core.plans import check_together, plans
    from sadari.run.feed.inputs import check_instruments
    from sadari.run.settings.reward_notes import reward_notes

    config = _loaded(asked.file)
    instruments = check_instruments(config, asked.instruments, asked.symbol or [])
    balance = asked.balance or config.account.balance
    reports: dict[str, PlanReport] = {}
    texts: list[str] = []
    strategies = config.settings().strategies
    for strategy, settings in plans(config.settings()).items():
        by_stop = strategy in strategies and strategies[strategy].by_stop
        for symbol, instrument in instruments.items() or [("", None)]:
            report = check_plan(settings, balance, instrument, asked.price)
            reports[" ".join(filter(None, (strategy, symbol)))] = report
            heading = [f"Strategy {strategy}"] if strategy else []
            texts.append("\n".join([*heading, text(symbol, settings, report, by_stop=by_stop)]))
    shared = tuple(check_together(config.settings(), balance))
    notes = reward_notes(config)
    if asked.json:
        whole = {**reports, "account": {"findings": shared, "notes": notes}}
        print(json_text(reports.get("", whole)).rstrip())
    else:
        texts += [f"{finding.fault}: {finding.text}" for finding in shared]
        print("\n\n".join([*texts, *(f"note: {note}" for note in notes)]))
    return 2 if shared or any(report.faults for report in reports.values()) else 0

"""`sadari size`: the quantity of one order by the distance to its stop, with every limit that was asked."""

from __future__ import annotations

import argparse
from decimal import Decimal
from pathlib import Path

from sadari.cli.arguments import add_command, positive_count
from sadari.cli.config import decimal, decimal_or_0

DIRECTIONS = ("long", "short")
PROFILE_NAMES = ("ict", "s000")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "size", "work out how much one order may be, by the distance to its stop",
        "sadari size --entry 1.8058 --stop 1.8433 --side short --balance 4430 --step 0.1 --leverage 1", run,
    )  # fmt: skip
    parser.add_argument("--entry", type=decimal, required=True, metavar="PRICE", help="the order's price")
    parser.add_argument("--stop", type=decimal, metavar="PRICE", help="its stop (2 %% of the price away)")
    parser.add_argument("--side", choices=DIRECTIONS, default="long", help="of the position (long)")
    parser.add_argument("--balance", type=decimal, required=True, metavar="USDT", help="wallet balance")
    parser.add_argument("--available", type=decimal, metavar="USDT", help="available balance (the wallet's)")
    parser.add_argument(
        "--short-risk", type=decimal_or_0, default=Decimal(0), metavar="USDT", help="what open shorts risk (0)"
    )
    parser.add_argument("--leverage", type=positive_count, default=1, help="set for the symbol (1)")
    parser.add_argument("--profile", choices=PROFILE_NAMES, help="the strategy's limits (those of --config, or ict)")
    parser.add_argument("--step", type=decimal, default=Decimal("0.001"), help="step of the quantity (0.001)")
    parser.add_argument("--min-notional", type=decimal, default=Decimal(5), metavar="USDT", help="smallest order (5)")
    parser.add_argument("--config", type=Path, help="limits and fees other than the defaults")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(asked: argparse.Namespace) -> int:
    """Print the quantity, its limits and, if there is none, why; the exit code is 1 then."""
    from sadari.cli.output import json_text
    from sadari.core.sizing import size_by_stop
    from sadari.model.order import Direction
    from sadari.model.plan import PROFILES
    from sadari.model.units import decimal_of
    from sadari.run.settings.config import Config, load

    config = load(asked.config) if asked.config is not None else Config()
    limits = PROFILES[asked.profile] if asked.profile is not None else config.sizing
    sizing = size_by_stop(
        limits, config.risk, config.fees,
        direction=Direction(asked.side.upper()), entry=asked.entry, stop=asked.stop, leverage=asked.leverage,
        balance=asked.balance, available=asked.balance if asked.available is None else asked.available,
        short_risk=asked.short_risk, step=asked.step, min_notional=asked.min_notional,
    )  # fmt: skip
    denial = sizing.denial
    qty = sizing.qty if denial is None else Decimal(0)
    caps = {name: decimal_of(cap) for name, cap in sizing.caps.items()}
    found = {
        "qty": qty,
        "binding": sizing.binding,
        "caps": caps,
        "denial": None if denial is None else {"code": denial.code, "value": denial.value, "limit": denial.limit},
    }
    if asked.json:
        print(json_text(found).rstrip())
    else:
        for name, cap in caps.items():
            print(f"  {name:<14}{cap.normalize():f}{'  <- binds' if name == sizing.binding else ''}")
        print(f"quantity {qty}" if denial is None else f"denied: {denial.code}, {denial.value} against {denial.limit}")
    return 0 if denial is None else 1

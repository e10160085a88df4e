"""`sadari liquidate`: close everything, see what that would do, or call it off while its notice runs."""

from __future__ import annotations

import argparse
import secrets
from typing import TYPE_CHECKING, Any

from sadari.cli.arguments import add_command, add_folder, count, folder_of
from sadari.cli.operate import user
from sadari.errors import ConfigError

if TYPE_CHECKING:
    from decimal import Decimal

    from sadari.core.liquidation.plan import LiquidationPlan

NONE = "-"
_STEPS = {"cancel": "cancel_liquidation", "confirm": "confirm_liquidation", "abandon": "abandon_liquidation"}
_PROOF = ("source", "correlation", "timestamp")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "liquidate", "close every position of the account, after a notice that may be canceled",
        "sadari liquidate --reason OPERATOR_REQUEST --cause 'leaving for a week'", run,
    )  # fmt: skip
    parser.add_argument("--reason", default="", help="why, of the list in docs/live.md; without one it is refused")
    parser.add_argument("--cause", default="", help="why, in words")
    parser.add_argument("--after", choices=("pause", "stop"), default="pause", help="what the engine does then (pause)")
    step = parser.add_mutually_exclusive_group()
    step.add_argument("--plan", action="store_true", help="only show what would happen")
    step.add_argument("--cancel", action="store_true", help="keep everything, while the notice runs")
    step.add_argument("--confirm", action="store_true", help="a second time: end the notice and close now")
    step.add_argument("--abandon", action="store_true", help="give up; what is open stays, and the engine ends")
    parser.add_argument("--token", help="made elsewhere, with --source, --correlation and --timestamp that it signs")
    parser.add_argument("--source", help="whose secret made the token: cli, api_auth or scheduled")
    parser.add_argument("--correlation", metavar="ID", help="of the request; with --cancel or --confirm: of which one")
    parser.add_argument("--timestamp", type=count, metavar="MS", help="when the token was made, ms UTC")
    add_folder(parser)
    parser.add_argument("--json", action="store_true", help="print the engine's answer as it is")


def run(asked: argparse.Namespace) -> int:
    """Ask the engine and print what it says."""
    if asked.plan:
        return _plan(asked)
    from sadari.run.operator.asking import ask, asked_for

    step = next((command for name, command in _STEPS.items() if getattr(asked, name)), "")
    fields: dict[str, Any] = {"actor": user(), "cause": asked.cause}
    if not step:
        fields |= _request(asked)
    elif step != _STEPS["abandon"] and asked.correlation:
        fields["correlation_id"] = asked.correlation
    line = ask(folder_of(asked).socket, step or "liquidate", fields)
    print(line.decode().strip() if asked.json else asked_for(line))
    return 0


def _request(asked: argparse.Namespace) -> dict[str, Any]:
    """A request that is signed: with the secret of the command line, or by whoever made the token.

    Raises:
        ConfigError: A token lacks what it signs, or the secret cannot be read.
    """
    from sadari.model.reason import LiquidationSource
    from sadari.model.units import MILLISECOND_NS
    from sadari.run.settings.tokens import Signed, secret_of, token
    from sadari.venue.clock import wall_ns

    after = asked.after.upper()
    if asked.token is not None:
        missing = [f"--{name}" for name in _PROOF if getattr(asked, name) is None]
        if missing:
            raise ConfigError(f"--token stands without {', '.join(missing)}; allowed: with all that it signs")
        signed = Signed(asked.source, asked.reason, asked.correlation, after, asked.timestamp)
        given = asked.token
    else:
        alone = [f"--{name}" for name in _PROOF if getattr(asked, name) is not None]
        if alone:
            raise ConfigError(f"{', '.join(alone)} without --token; allowed: together with the token that signs it")
        folder = folder_of(asked)
        if not folder.socket.exists():
            raise ConfigError(f"{folder.path}: no engine runs in this folder")
        source, made_ms = LiquidationSource.CLI, wall_ns() // MILLISECOND_NS
        signed = Signed(source.value, asked.reason, f"cli-{secrets.token_hex(8)}", after, made_ms)
        given = token(secret_of(folder, source), signed)
    return {**signed._asdict(), "token": given}


def _plan(asked: argparse.Namespace) -> int:
    import msgspec

    from sadari.core.liquidation.plan import LiquidationPlan
    from sadari.run.operator.asking import ask

    fields = {"reason": asked.reason} if asked.reason else {}
    line = ask(folder_of(asked).socket, "liquidation_plan", fields)
    if asked.json:
        print(line.decode().strip())
        return 0
    answered = msgspec.json.decode(line, type=dict[str, LiquidationPlan])
    print(plan_text(answered["plan"]), end="")
    return 0


def _shown(value: Decimal | None) -> str:
    return NONE if value is None else f"{value:f}"


def plan_text(plan: LiquidationPlan) -> str:
    """What would happen, step by step."""
    lines = []
    if plan.refusal:
        lines.append(f"it would be refused now: {plan.refusal}")
    lines.append(f"1. notice: {plan.notice_s} s, in which it may be canceled; nothing is touched")
    orders = ", ".join(f"{one.symbol} {one.purpose} {one.client_order_id}" for one in plan.cancels) or "none"
    lines.append(f"2. cancel: {orders}; stops stay until their position is flat")
    lines.append("3. close, each at market and reduce-only:" if plan.closes else "3. close: nothing is held")
    for one in plan.closes:
        at, notional, gain = map(_shown, (one.last_price, one.notional, one.unrealized))
        lines.append(
            f"   after {one.after_s:f} s  {one.symbol}  {one.direction} {one.qty:f}  at about {at}, worth {notional}, "
            f"unrealized {gain}, {one.stops} stops at the exchange"
        )
    lines.append(f"4. verify: the exchange shows every quantity 0; {plan.passes} passes, then one every 5 s for ever")
    total = "unknown" if plan.unrealized is None else f"{plan.unrealized:f}"
    lines.append(f"5. settle: by the trades alone; unrealized now {total}")
    return "\n".join(lines) + "\n"

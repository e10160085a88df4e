"""`sadari exchange`: Binance USDⓈ-M on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sadari.cli.arguments import add_command, count, listed, positive, span_ns

if TYPE_CHECKING:
    from sadari.localexchange.serving.server import Address
    from sadari.run.local.exchange import LocalExchange

FASTEST = 1_000_000


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = add_command(
        commands, "exchange", "serve the exchange model over HTTP and WebSocket, in the exchange's own protocol",
        "sadari exchange --data candles --port 8710 --speed 60", run,
    )  # fmt: skip
    parser.add_argument(
        "about",
        nargs="?",
        choices=("coverage", "faults"),
        help="print what of the protocol is served, or which faults can be produced, with rules that do; and end",
    )
    parser.add_argument(
        "--data", type=Path, nargs="+", default=[], metavar="DIR",
        help="candles or recorded trades to play (default: a made-up market)",
    )  # fmt: skip
    parser.add_argument(
        "--instruments", type=Path, action="append", default=[], metavar="FILE",
        help="contracts or brackets as the exchange serves them",
    )  # fmt: skip
    parser.add_argument("--made-up", type=count, default=5, help="how many contracts a made-up market has (5)")
    parser.add_argument("--symbols", type=listed, metavar="A,B", help="only these")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    parser.add_argument("--port", type=count, default=8710, help="0 picks a free one (8710)")
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--speed", type=speed, default=1.0, help="market seconds in a second (1)")
    pace.add_argument("--lockstep", action="store_true", help="time goes on only by steps of the control API")
    parser.add_argument(
        "--history", type=span_ns, default="35d", help="how much of the data lies before the start (35d)"
    )
    parser.add_argument(
        "--rebase",
        choices=("now", "minute", "none"),
        default="now",
        help="tell the start as now, days staying days; as now, right after the history; or as the data has it (now)",
    )
    parser.add_argument("--seed", type=count, default=1, help="of the tape, the made-up market and the keys (1)")
    parser.add_argument("--balance", type=positive, default="10000", help="the account's first balance (10000)")
    parser.add_argument(
        "--strict-routes", action="store_true", help="paths without a route carry public streams only, as the live host"
    )
    parser.add_argument(
        "--nested-errors",
        action="store_true",
        help="the body of an error is a text within another",
    )
    parser.add_argument(
        "--permissions", type=listed, default="reading,futures,ip-list", metavar="A,B",
        help="what the account's key may do, of reading, futures, withdrawals, ip-list (reading,futures,ip-list)",
    )  # fmt: skip
    parser.add_argument(
        "--ed25519", type=Path, metavar="FILE",
        help="an Ed25519 public key in PEM to register (default: a pair is made from the seed, shown with --json)",
    )  # fmt: skip
    parser.add_argument("--faults", type=Path, metavar="FILE", help="rules in TOML; see sadari exchange faults")
    parser.add_argument("--json", action="store_true", help="print one line of JSON when it is ready")


def speed(text: str) -> float:
    """Market seconds in a second; faster than the fastest there is nothing to see."""
    value = positive(text)
    if value > FASTEST:
        raise argparse.ArgumentTypeError(f"{text!r} is too fast; allowed: a number above 0, {FASTEST:,} at most")
    return float(value)


def run(asked: argparse.Namespace) -> int:
    """Serve until interrupted, or print what is served."""
    if asked.about == "coverage":
        from sadari.run.local.coverage import text

        print(text())
        return 0
    if asked.about == "faults":
        from sadari.run.local.coverage import examples, faults

        print(f"{faults()}\nRules that produce them, for a file of --faults:\n\n{examples()}")
        return 0
    from sadari.run.local.exchange import serve
    from sadari.run.local.listings import LocalSettings, read_faults, read_permissions

    settings = LocalSettings(
        data=asked.data,
        made_up=asked.made_up,
        instruments=asked.instruments,
        symbols=asked.symbols,
        host=asked.host,
        port=asked.port,
        speed=asked.speed,
        lockstep=asked.lockstep,
        rebase=asked.rebase != "none",
        same_hour=asked.rebase != "minute",
        history_ns=asked.history,
        seed=asked.seed,
        balance=asked.balance,
        strict_routes=asked.strict_routes,
        nested_errors=asked.nested_errors,
        faults=read_faults(asked.faults) if asked.faults else (),
        permissions=read_permissions(asked.permissions),
        ed25519=asked.ed25519,
    )
    serve(settings, show_json if asked.json else show)
    return 0


def addresses(local: LocalExchange, address: Address) -> dict[str, str]:
    """What a client is given."""
    key, secret, token = local.credentials
    further = local.further
    return {
        "rest": address.http, "ws": address.ws, "ws_api": f"{address.ws}/ws-fapi/v1", "key": key, "secret": secret,
        "control": f"{address.http}/control", "token": token, "reader_key": further.reader_key,
        "reader_secret": further.reader_secret, "ed25519_key": further.ed25519_key,
    }  # fmt: skip


def warn(local: LocalExchange) -> None:
    """Say what no file describes."""
    if local.assumed:
        print(
            f"sadari: no file describes {', '.join(local.assumed)}: tick and step are read off the candles, brackets "
            "and other filters are made up; name files of the exchange with --instruments",
            file=sys.stderr,
        )


def show_json(local: LocalExchange, address: Address) -> None:
    """One line for a program."""
    warn(local)
    private = local.further.ed25519_private_key
    own = {} if private is None else {"ed25519_private_key": private}
    print(json.dumps(addresses(local, address) | own), flush=True)


def show(local: LocalExchange, address: Address) -> None:
    """A few lines for a person."""
    warn(local)
    symbols = ", ".join(local.market.symbols)
    print(f"{len(local.market.symbols)} symbols: {symbols}")
    for name, value in addresses(local, address).items():
        print(f"{name:13} {value}", flush=True)

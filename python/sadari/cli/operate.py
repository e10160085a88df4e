"""`sadari status`, `positions`, `pause`, `resume`, `stop`, `exit`, `sync`, `adopt`, `write-off`.

Each asks the engine that runs in a folder, over its control socket.
"""

from __future__ import annotations

import argparse
import os
import pwd

from sadari.cli.arguments import add_command, add_folder, folder_of


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    _add(commands, "status", "show the state of the running engine", "sadari status --json")
    _add(commands, "positions", "show what the running engine holds", "sadari positions")
    parser = _add(commands, "pause", "take no new exposure; exits and stops go on", "sadari pause --cause news")
    parser.add_argument("--cause", default="", help="why, for the record")
    _add(commands, "resume", "take new exposure again", "sadari resume")
    parser = _add(commands, "stop", "end the engine; what it holds stays, with its stops at the venue", "sadari stop")
    parser.add_argument(
        "--close", action="store_true", help="close every position at market first (without it nothing is closed)"
    )
    parser = _add(commands, "exit", "close one position now", "sadari exit BTCUSDT --cause enough", of_symbol=True)
    parser.add_argument("--cause", default="", help="why, for the record")
    _add(commands, "sync", "compare orders, trades and positions with the venue now", "sadari sync")
    _add(commands, "adopt", "take over a position that was found", "sadari adopt BTCUSDT", of_symbol=True)
    parser = _add(
        commands, "write-off", "end a position whose trades cannot be found",
        "sadari write-off BTCUSDT --cause 'older than the exchange keeps'", of_symbol=True,
    )  # fmt: skip
    parser.add_argument("--cause", required=True, help="why, for the record")


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    what: str,
    example: str,
    *,
    of_symbol: bool = False,
) -> argparse.ArgumentParser:
    shows = {"status": status, "positions": positions}
    parser = add_command(commands, name, what, example, shows.get(name, wish))
    parser.set_defaults(wish=name.replace("-", "_"))
    if of_symbol:
        parser.add_argument("symbol", help="as BTCUSDT or BTC/USDT:USDT")
    add_folder(parser)
    parser.add_argument("--json", action="store_true", help="print the engine's answer as it is")
    return parser


def wish(asked: argparse.Namespace) -> int:
    """Ask for something and print what the engine says."""
    from sadari.binance.decode import symbol_of
    from sadari.run.operator.asking import ask, asked_for

    fields: dict[str, object] = {"actor": user()}
    if "symbol" in asked:
        fields["symbol"] = symbol_of(asked.symbol)
    fields |= {name: getattr(asked, name) for name in ("cause", "close") if name in asked}
    line = ask(folder_of(asked).socket, asked.wish, fields)
    print(line.decode().strip() if asked.json else asked_for(line))
    return 0


def status(asked: argparse.Namespace) -> int:
    """Print the whole status."""
    from sadari.run.operator.asking import ask, status_of

    line = ask(folder_of(asked).socket, "status")
    if asked.json:
        print(line.decode().strip())
        return 0
    from sadari.cli.shown import status_text

    print(status_text(status_of(line)), end="")
    return 0


def positions(asked: argparse.Namespace) -> int:
    """Print the positions."""
    from sadari.run.operator.asking import ask, status_of

    socket = folder_of(asked).socket
    if asked.json:
        print(ask(socket, "positions").decode().strip())
        return 0
    from sadari.cli.shown import positions_text

    print(positions_text(status_of(ask(socket, "status")).positions), end="")
    return 0


def user() -> str:
    """Who asks, by the system's own list."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"

"""`sadari`: one program, one module for each group of commands.

Building the parser imports nothing but argparse; each command imports what it needs when it is run.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from sadari.cli import (
    account,
    alert,
    backtest,
    config,
    demo,
    exchange,
    journal,
    liquidate,
    machines,
    market,
    monitor,
    operate,
    parity,
    repair,
    report,
    run,
    size,
    study,
    sweep,
)
from sadari.errors import ConfigError, SadariError

EXIT_WRONG_INPUT = 2
EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="sadari",
        description="A position engine for Binance USDⓈ-M perpetual futures.",
        epilog="example: sadari demo",
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in (
        demo,
        run,
        backtest,
        parity,
        report,
        sweep,
        study,
        config,
        size,
        exchange,
        machines,
        journal,
        market,
        monitor,
        operate,
        liquidate,
        repair,
        account,
        alert,
    ):
        group.add_to(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        The exit code: 0 done, 1 failed, 2 for input that cannot be used.
    """
    for stream in (sys.stdout, sys.stderr):
        # Texts have signs that the locale's encoding may lack; names of files are printed as the bytes they are.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    asked = parser().parse_args(arguments)
    try:
        code = asked.run(asked)
        sys.stdout.flush()
    except ConfigError as error:
        return _refuse(error, EXIT_WRONG_INPUT)
    except SadariError as error:
        return _refuse(error, EXIT_FAILED)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe has left, as `head` does; nothing is left to say, not even while shutting down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    return int(code)


def _refuse(error: SadariError, code: int) -> int:
    print(f"sadari: {error}", file=sys.stderr)
    return code

"""What the commands' arguments have in common: examples in the help, times, lists of symbols."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sadari.store.folder import Folder

# What counts nanoseconds since 1970 and writes years with four digits is about these years.
EPOCH_YEAR, LAST_YEAR = 1970, 9999

Command = Callable[[argparse.Namespace], int]


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str, example: str, run: Command
) -> argparse.ArgumentParser:
    """A command with its sentence and one real example."""
    parser = commands.add_parser(name, help=what, description=_sentence(what), epilog=f"example: {example}")
    parser.set_defaults(run=run)
    return parser


def add_group(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str, example: str
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    """A command that only has commands of its own."""
    parser = commands.add_parser(name, help=what, description=_sentence(what), epilog=f"example: {example}")
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def time_ns(text: str) -> int:
    """A time out of ``2025-05-01`` or ``2025-05-01T12:30``, in UTC unless it names its zone; in nanoseconds."""
    try:
        return _moment_ns(text, weeks=False)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; allowed: 2025-05-01 or 2025-05-01T12:30") from error


def week_ns(text: str) -> int:
    """A time in an ISO week out of ``2025-W18``, or of any day in it as `time_ns` takes them; in nanoseconds."""
    try:
        return _moment_ns(text, weeks=True)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no week; allowed: 2025-W18 or a day in it") from error


def _moment_ns(text: str, *, weeks: bool) -> int:
    if "W" in text and not weeks:
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    if not EPOCH_YEAR <= moment.year < LAST_YEAR:
        raise ValueError(text)
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000_000


def listed(text: str) -> list[str]:
    """The words of a list with commas."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise argparse.ArgumentTypeError(f"{text!r} names nothing; allowed: names with commas between them")
    return words


def count(text: str) -> int:
    """A whole number of 0 or more."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no count; allowed: a whole number of 0 or more")
    return int(text)


def positive_count(text: str) -> int:
    """A whole number of 1 or more."""
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no count; allowed: a whole number of 1 or more")
    return int(text)


def share(text: str) -> Decimal:
    """A fraction between 0 and 1, neither of them included."""
    try:
        value = Decimal(text)
    except ArithmeticError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no share; allowed: a number between 0 and 1") from error
    if not value.is_finite() or not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share; allowed: a number between 0 and 1")
    return value


def positive(text: str) -> Decimal:
    """A number above 0."""
    try:
        value = Decimal(text)
    except ArithmeticError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number; allowed: a number above 0") from error
    if not value.is_finite() or value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0; allowed: a number above 0")
    return value


def span_ns(text: str) -> int:
    """A length of time out of ``35d``, ``12h`` or ``60s``; in nanoseconds."""
    number, unit = text[:-1], {"d": 86_400, "h": 3_600, "m": 60, "s": 1}.get(text[-1:])
    if unit is None or not number.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no length of time; allowed: as 35d, 12h, 90m or 60s")
    return int(number) * unit * 1_000_000_000


def add_folder(parser: argparse.ArgumentParser) -> None:
    """The arguments that say which engine is meant."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--folder", type=Path, help="of the engine (state)")
    which.add_argument("--config", type=Path, metavar="FILE", help="of the engine: its [venue] folder")


def folder_of(asked: argparse.Namespace) -> Folder:
    """The folder of the engine that is meant.

    Raises:
        ConfigError: The configuration cannot be used.
    """
    from sadari.store.folder import Folder

    if asked.config is None:
        return Folder(asked.folder or Path("state"))
    from sadari.run.settings.config import load

    return Folder(Path(load(asked.config).venue.folder))

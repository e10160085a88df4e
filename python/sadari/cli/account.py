"""`sadari doctor` and `sadari prepare`: an account looked at, and its symbols made ready."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from sadari.cli.arguments import add_command, add_folder, folder_of, positive_count
from sadari.errors import ConfigError

if TYPE_CHECKING:
    from sadari.run.settings.config import Config
    from sadari.run.settings.keys import Keys
    from sadari.store.folder import Folder
    from sadari.venue.live.account.findings import Change, Finding
    from sadari.venue.live.account.preparation import Prepared

FAILED = 1
SIGNIFICANT = 8


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands."""
    doctor = add_command(
        commands, "doctor", "examine the account before an engine trades on it; nothing is changed",
        "sadari doctor --config live.toml --key-file key.toml", examine,
    )  # fmt: skip
    doctor.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration")
    by_hand = add_command(
        commands, "prepare", "set margin mode and leverage of symbols: by the running engine, or without one",
        "sadari prepare BTCUSDT --config live.toml --key-file key.toml", prepare,
    )  # fmt: skip
    by_hand.add_argument("symbols", nargs="+", metavar="SYMBOL", help="as BTCUSDT or BTC/USDT:USDT")
    by_hand.add_argument("--leverage", type=positive_count, help="another one; not by a running engine")
    by_hand.add_argument(
        "--margin", choices=("isolated", "crossed"), help="another margin mode; not by a running engine"
    )
    add_folder(by_hand)
    for parser in (doctor, by_hand):
        parser.add_argument(
            "--key-file", type=Path, metavar="FILE",
            help="key and secret in TOML, mode 0600 (default: SADARI_KEY_FILE, or SADARI_API_KEY and _SECRET)",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="print JSON")


def examine(asked: argparse.Namespace) -> int:
    """Examine an account; 1 if anything forbids a start."""
    import asyncio

    from sadari.run.live.account import examine_account
    from sadari.venue.live.account.examination import forbidding

    config, keys = _opened(asked)
    findings = asyncio.run(examine_account(config, keys))
    forbids = len(forbidding(findings))
    if asked.json:
        from sadari.cli.output import json_text

        print(json_text({"mode": config.engine.mode, "forbids": forbids, "findings": findings}), end="")
    else:
        print("\n".join(findings_text(findings)))
        print(f"\n{forbids} findings forbid a start." if forbids else "\nNothing forbids a start.")
    return FAILED if forbids else 0


def prepare(asked: argparse.Namespace) -> int:
    """Prepare symbols, by the engine that runs in the folder or else without one; 1 if one of them is not ready."""
    from sadari.run.live.account import engine_answers

    folder = folder_of(asked)
    if engine_answers(folder.socket):
        return _by_the_engine(asked, folder)
    if asked.config is None:
        raise ConfigError(
            f"{folder.path}: no engine runs in this folder; allowed: --config FILE, to prepare without one"
        )
    return _without_an_engine(asked, folder)


def _by_the_engine(asked: argparse.Namespace, folder: Folder) -> int:
    from sadari.binance.decode import symbol_of
    from sadari.cli.operate import user
    from sadari.run.operator.asking import ask, asked_for

    if asked.leverage is not None or asked.margin is not None:
        raise ConfigError(
            f"{folder.path}: an engine runs in this folder and prepares by its configuration; allowed: neither "
            "--leverage nor --margin, or stop it first"
        )
    for symbol in map(symbol_of, asked.symbols):
        line = ask(folder.socket, "prepare", {"actor": user(), "symbol": symbol})
        print(line.decode().strip() if asked.json else asked_for(line))
    return 0


def _without_an_engine(asked: argparse.Namespace, folder: Folder) -> int:
    import asyncio

    from sadari.model.order import MarginMode
    from sadari.run.live.account import prepare_directly, wishes_of
    from sadari.store.lock import FolderLock

    config, keys = _opened(asked)
    mode = MarginMode(asked.margin) if asked.margin else None
    wishes = wishes_of(config, asked.symbols, leverage=asked.leverage, margin_mode=mode)
    _make(folder.path)
    # No engine begins on the account meanwhile.
    with FolderLock(folder.path):
        results = asyncio.run(prepare_directly(config, keys, wishes))
    show_prepared(results, as_json=asked.json)
    return 0 if all(one.ready for one in results) else FAILED


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: the folder cannot be made ({error.strerror})") from error


def show_prepared(results: Sequence[Prepared], *, as_json: bool) -> None:
    """Print what became of preparations."""
    if as_json:
        from sadari.cli.output import json_text

        print(json_text(results), end="")
        return
    for one in results:
        print(f"{one.symbol}: {one.status}{', downgraded to crossed margin' if one.downgraded else ''}")
        print(f"  margin mode       {one.margin_type or 'unknown'}")
        print(f"  leverage          {'unknown' if one.leverage is None else f'{one.leverage}x'}")
        print(f"  largest notional  {_number(one.max_notional) if one.max_notional is not None else 'unknown'}")
        print(f"  {one.message}", file=sys.stdout if one.ready else sys.stderr)


def findings_text(findings: Sequence[Finding]) -> Iterator[str]:
    """One paragraph for each finding, the gravest first."""
    for one in findings:
        yield f"{one.severity.upper():8} {one.subject}: {one.found}"
        if one.changes:
            yield from _changes(one.changes)
        if one.remedy:
            yield f"         remedy: {one.remedy}"


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    rows = [("", "as found", "as planned")]
    rows += [(one.what, _number(one.found), _number(one.planned)) for one in changes]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for what, found, planned in rows:
        yield f"           {what.ljust(widths[0])}  {found.rjust(widths[1])}  {planned.rjust(widths[2])}"


def _number(value: Decimal | None) -> str:
    """Eight significant digits, which is as far as a reader compares."""
    if value is None:
        return "none"
    places = max(SIGNIFICANT - 1 - value.adjusted(), 0) if value else 0
    return f"{value.quantize(Decimal(1).scaleb(-places)).normalize():f}"


def _opened(asked: argparse.Namespace) -> tuple[Config, Keys]:
    from sadari.run.live.account import load_for_account
    from sadari.run.settings.keys import keys_of_this_process

    return load_for_account(asked.config), keys_of_this_process(asked.key_file)

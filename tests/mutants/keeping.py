"""Engines that are careless on their own machine: with the journal, a restart, keys and commands."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from sadari.core.engine import Engine
from sadari.errors import JournalError
from sadari.model.command import PlaceOrder
from sadari.store.journal import GENESIS
from sadari.store.lock import NAME
from sadari.venue.live.account.findings import Finding, Severity
from tests.mutants.mutant import Mutant, nothing, unit, wire

JOURNAL = "sadari.store.live_journal:LiveJournal"


def _sends_first(_: Callable[..., Any]) -> Callable[..., Any]:
    def work(driver: Any, event: Any) -> None:
        commands = driver.engine.handle(event)
        number = driver._keep.written + 1
        driver._carry_out(commands)
        driver._keep.append_all((event, *commands))
        driver._tell(number, event, commands)

    return work


def _any_order_by_the_reserve(_: Callable[..., Any]) -> Callable[..., Any]:
    def only_closes(command: Any) -> bool:
        return isinstance(command, PlaceOrder)

    return only_closes


def _writes_again(right: Callable[..., Any]) -> Callable[..., Any]:
    def append_all(journal: Any, records: Iterable[Any], *, synced: bool = False) -> None:
        journal.failed = False
        right(journal, records, synced=synced)

    return append_all


def _unreadable_is_empty(right: Callable[..., Any]) -> Callable[..., Any]:
    def follow(journal: Any) -> None:
        try:
            right(journal)
        except JournalError:
            journal.written, journal._chain = 0, GENESIS

    return follow


def _forgets_what_it_held(right: Callable[..., Any]) -> Callable[..., Any]:
    def rebuilt(path: Path, observe: Any = None) -> Any:
        fed = right(path, observe)
        fed.engine = Engine(fed.header.settings, fed.header.instruments)
        return fed

    return rebuilt


def _fires_again(_: Callable[..., Any]) -> Callable[..., Any]:
    def without(armed: Any, _crossed: Any) -> Any:
        return msgspec.structs.replace(armed)

    return without


def _shares_its_folder(_: Callable[..., Any]) -> Callable[..., Any]:
    def init(lock: Any, folder: Path) -> None:
        lock.path = folder / NAME
        lock._descriptor = os.open(lock.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    return init


def _shows_its_secret(_: Callable[..., Any]) -> Callable[..., Any]:
    def shown(secret: Any, *_: str) -> str:
        return str(secret._text)

    return shown


def _any_file_will_do(_: Callable[..., Any]) -> Callable[..., Any]:
    def private_text(path: Path, _what: str) -> str:
        return path.read_text(encoding="utf-8")

    return private_text


def _only_warns(right: Callable[..., Any]) -> Callable[..., Any]:
    def key(readings: Any, expected: Any) -> Iterator[Finding]:
        for finding in right(readings, expected):
            forbids = finding.severity is Severity.FORBIDS
            yield msgspec.structs.replace(finding, severity=Severity.WARNS) if forbids else finding

    return key


def _twice(right: Callable[..., Any]) -> Callable[..., Any]:
    async def answer(operator: Any, line: bytes) -> Any:
        await right(operator, line)
        return await right(operator, line)

    return answer


MUTANTS: dict[str, Mutant] = {
    "sends-first": Mutant(
        "F106", "sends an order before it is written down", "sadari.run.live.driver:Driver._work", _sends_first,
        unit(
            "run/test_driver", "test_each_event_is_written_with_its_commands_before_any_of_them_goes_out"
        ),
    ),
    "trades-unwritten": Mutant(
        "F108", "opens positions on a full disk", "sadari.run.live.driver:only_closes", _any_order_by_the_reserve,
        unit("run/test_driver", "test_an_opening_never_goes_out_by_the_reserve"),
    ),
    "writes-again": Mutant(
        "F109", "goes on with a journal that has failed to sync", f"{JOURNAL}.append_all", _writes_again,
        unit("store/test_reserve", "test_a_full_disk_fails_the_journal_for_good"),
    ),
    "unreadable-is-empty": Mutant(
        "F111", "takes a journal that it cannot read for an empty one", f"{JOURNAL}._follow", _unreadable_is_empty,
        unit("store/test_live_journal", "test_what_is_not_what_was_written_is_refused_and_left_as_it_is"),
    ),
    "forgets-what-it-held": Mutant(
        "F106", "begins anew at every start", "sadari.run.live.resume:rebuilt", _forgets_what_it_held,
        unit("run/test_resume", "test_the_engine_is_the_one_that_was"),
    ),
    "fires-again": Mutant(
        "F121", "arms a level again at a start that was crossed before", "sadari.run.live.resume:_without",
        _fires_again,
        unit("run/test_resume", "test_a_level_that_was_crossed_and_not_armed_again_is_not_armed"),
    ),
    "shares-its-folder": Mutant(
        "F116", "works in a folder where another one works", "sadari.store.lock:FolderLock.__init__",
        _shares_its_folder,
        unit("store/test_lock", "test_a_second_engine_is_refused_and_told_which_process_is_the_first"),
    ),
    "resets-blindly": Mutant(
        "F128", "begins anew while a position is open", "sadari.run.live.upkeep:_refuse_open", nothing,
        unit("run/test_upkeep", "test_a_reset_is_refused_while_anything_is_open"),
    ),
    "any-environment-will-do": Mutant(
        "F129", "takes a key of another environment", "sadari.run.settings.keys:check_binding", nothing,
        unit("run/test_keys", "test_another_key_or_environment_is_refused_and_nothing_is_overwritten"),
    ),
    "shows-its-secret": Mutant(
        "F134", "writes its secret into the log", "sadari.run.settings.keys:Secret.__repr__", _shows_its_secret,
        unit("run/test_keys", "test_a_secret_shows_as_a_mask_in_every_way_of_showing_it"),
    ),
    "any-file-will-do": Mutant(
        "F135", "reads a key out of a file that everybody can read", "sadari.run.settings.keys:private_text",
        _any_file_will_do,
        unit("run/test_keys", "test_a_key_file_that_others_may_touch_is_refused_with_how_to_mend_it"),
    ),
    "any-key-will-do": Mutant(
        "F136", "trades with a key that can withdraw", "sadari.venue.live.account.account_findings:_key", _only_warns,
        wire("test_doctor", "test_a_key_that_may_more_or_less_than_trade_futures_forbids_a_live_start"),
    ),
    "does-it-twice": Mutant(
        "F133", "carries a command out twice", "sadari.run.operator.control:answer", _twice,
        unit("run/test_control", "test_each_command_reaches_the_operator_and_its_sentence_comes_back"),
    ),
}  # fmt: skip

"""The audit: one valid line for each fact, all lines of a position under one name, each of them once."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from sadari.core.engine import Engine
from sadari.errors import ConfigError
from sadari.model.command import (
    AnyCommand,
    ArmLevels,
    ArmSignals,
    CallDay,
    Command,
    PlaceOrder,
    QueryOrder,
    Reconcile,
    RefreshAccount,
    SendAlert,
    SetAlarm,
    WatchVerdict,
)
from sadari.model.event import (
    AccountUpdated,
    AlarmRang,
    AnyEvent,
    EquityPeaked,
    Event,
    InstrumentChanged,
    LevelCrossed,
    OrderCanceled,
    PositionRecord,
    PositionsShown,
    VerdictTurned,
)
from sadari.model.order import Direction
from sadari.model.units import DAY_NS
from sadari.store.audit import KINDS, Audit, faults, files
from tests.ladder_driver import SYMBOL
from tests.live_folder import INSTRUMENTS, SETTINGS, full_disk, story

# They tell the venue where to look, or the engine that something was met there; what follows from it has its line.
WITHOUT_A_LINE = {
    ArmLevels, ArmSignals, CallDay, QueryOrder, Reconcile, RefreshAccount, SetAlarm, WatchVerdict,
    AlarmRang, EquityPeaked, InstrumentChanged, LevelCrossed, PositionsShown, VerdictTurned,
}  # fmt: skip

Told = list[tuple[int, Event, list[Command]]]


def told_by(events: list[Event]) -> Told:
    """Events with their numbers in a journal and what an engine says to them."""
    engine, number, told = Engine(SETTINGS, INSTRUMENTS), 2, []
    for event in events:
        said = engine.handle(event)
        told.append((number, event, said))
        number += 1 + len(said)
    return told


def two_lives() -> Told:
    """A position that adds and is stopped, and the next one of the same symbol."""
    driver = story("48500", "44000")
    driver.signal(Direction.LONG, "50000")
    driver.command("pause")
    return told_by(driver.events)


def audited(folder: Path, told: Told, generation: int = 0) -> Audit:
    """The audit of some events."""
    audit = Audit(folder, "run", generation)
    for number, event, said in told:
        audit.observe(number, event, said)
    return audit


def lines(folder: Path) -> list[dict[str, Any]]:
    """Every line of an audit."""
    return [json.loads(line) for path in files(folder) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.requirement("R003-1")
def test_every_fact_is_one_valid_line_with_a_correlation(tmp_path: Path) -> None:
    """Orders, fills, exits, transitions and decisions of a whole life, in the journal's order."""
    told = two_lives()
    audited(tmp_path, told).close()
    found = lines(tmp_path)
    records = [record for _, event, said in told for record in (event, *said) if type(record) in KINDS]
    assert [line["type"] for line in found if line["type"] != "PositionShown"] == [
        type(one).__name__ for one in records
    ]
    assert {line["kind"] for line in found} >= {"order", "fill", "exit", "transition", "decision", "position", "signal"}
    assert all(line["correlation"].startswith("run/") and line["time"].endswith("Z") for line in found)
    assert [path.name for path in files(tmp_path)] == ["audit_20231114.jsonl"]
    assert faults(files(tmp_path)[0]) == []


@pytest.mark.requirement("R003-1")
def test_all_lines_of_one_life_share_its_correlation(tmp_path: Path) -> None:
    """From the accepted decision over orders and fills to its end; the next life of the symbol has another one."""
    audited(tmp_path, two_lives()).close()
    found = lines(tmp_path)
    first = [line for line in found if line["correlation"] == "run/p1"]
    kinds = [line["kind"] for line in first]
    assert kinds.count("fill") == 3
    assert {"decision", "order", "exit", "transition", "position"} <= set(kinds)
    orders = {line["client_order_id"] for line in found if line["type"] == "PlaceOrder"}
    for client_order_id in orders:
        assert len({line["correlation"] for line in found if line.get("client_order_id") == client_order_id}) == 1
    assert {line["correlation"] for line in found if line["type"] == "PlaceOrder"} == {"run/p1", "run/p2"}


def test_a_late_report_is_of_the_life_that_its_order_was_made_for(tmp_path: Path) -> None:
    """The symbol has its next position already."""
    told = two_lives()
    wall = next(one for _, _, said in told for one in said if isinstance(one, PlaceOrder) and one.close_position)
    late = OrderCanceled(time_ns=told[-1][1].time_ns, symbol=SYMBOL, client_order_id=wall.client_order_id)
    audited(tmp_path, [*told, (9_999, late, [])]).close()
    assert [line["correlation"] for line in lines(tmp_path) if line["number"] == 9_999] == ["run/p1"]


def test_what_belongs_to_no_position_has_the_name_of_its_event(tmp_path: Path) -> None:
    """An operator's wish and the engine's own move."""
    told = two_lives()
    audited(tmp_path, told).close()
    number = told[-1][0]
    last = [line for line in lines(tmp_path) if line["number"] == number]
    assert [(line["kind"], line["correlation"]) for line in last] == [
        ("operator", f"run/e{number}"), ("transition", f"run/e{number}"),
    ]  # fmt: skip


def test_a_denied_entry_is_a_denial_and_no_part_of_the_position_that_is_held(tmp_path: Path) -> None:
    """The symbol has a position; the signal that was denied is not of its life."""
    driver = story("49000")
    driver.signal(Direction.SHORT, "49000")
    told = told_by(driver.events)
    audited(tmp_path, told).close()
    (denial,) = [line for line in lines(tmp_path) if line["kind"] == "denial"]
    assert denial["correlation"] == f"run/e{told[-1][0]}"
    assert denial["denial"]


def test_a_shown_position_has_a_line_when_it_has_changed(tmp_path: Path) -> None:
    """And none when it is shown again as it was."""
    amount = Decimal(5)
    shown = AccountUpdated(
        time_ns=1, cause="x", wallet_balance=amount, available_balance=amount,
        positions=(PositionRecord(SYMBOL, amount, amount),),
    )  # fmt: skip
    told: Told = [(2, shown, []), (3, shown, [])]
    audited(tmp_path, told).close()
    assert [line["type"] for line in lines(tmp_path)] == ["AccountUpdated", "PositionShown", "AccountUpdated"]


def test_each_day_has_its_file_and_an_earlier_one_is_never_gone_back_to(tmp_path: Path) -> None:
    """An event that is told late stands in the file that is being written."""
    alert = SendAlert(severity="info", code="X")
    told: Told = [(2 + at, AlarmRang(time_ns=day * DAY_NS, name="a"), [alert]) for at, day in enumerate((1, 2, 1, 3))]
    audited(tmp_path, told).close()
    counts = {path.name: path.read_text("utf-8").count("\n") for path in files(tmp_path)}
    assert counts == {"audit_19700102.jsonl": 1, "audit_19700103.jsonl": 2, "audit_19700104.jsonl": 1}


@pytest.mark.parametrize("cut", [0, 1, 40, 300, 1_500, 10**6])
def test_what_was_cut_is_made_again_from_the_journal(tmp_path: Path, cut: int) -> None:
    """Killed within a line or between two, or the file is gone: after the next start each line is there once."""
    told = two_lives()
    audited(tmp_path / "whole", told).close()
    audited(tmp_path / "cut", told).close()
    (path,) = files(tmp_path / "cut")
    path.write_bytes(path.read_bytes()[: max(path.stat().st_size - cut, 0)])
    audited(tmp_path / "cut", told).close()
    assert [path.read_bytes() for path in files(tmp_path / "cut")] == [files(tmp_path / "whole")[0].read_bytes()]


def test_another_generation_of_the_journal_has_its_own_numbers(tmp_path: Path) -> None:
    """After a reset the numbers begin anew, and the lines are written."""
    told = two_lives()
    audited(tmp_path, told).close()
    before = len(lines(tmp_path))
    audited(tmp_path, told, generation=1).close()
    assert len(lines(tmp_path)) == 2 * before


@pytest.mark.parametrize("room", [0, 1, 300])
def test_a_full_disk_is_told_and_stops_nothing(tmp_path: Path, room: int) -> None:
    """Lines that could not be written whole are counted, and none is left torn; with room again they are written."""
    told = two_lives()
    audit = audited(tmp_path, told[:3])
    with full_disk(files(tmp_path)[0].stat().st_size + room):
        for number, event, said in told[3:9]:
            audit.observe(number, event, said)
        assert "the audit cannot be written" in audit.fault
    assert audit.lost > 0
    for number, event, said in told[9:]:
        audit.observe(number, event, said)
    assert audit.fault == ""
    audit.close()
    assert faults(files(tmp_path)[0]) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "audit").write_text("", "utf-8")
    with pytest.raises(ConfigError, match="the audit cannot be written"):
        Audit(tmp_path / "audit", "run")


def test_every_kind_of_record_has_a_line_or_a_reason_to_have_none() -> None:
    """A new event or command must be thought of."""
    every = {*get_args(AnyEvent), *get_args(AnyCommand)}
    assert every == set(KINDS) | WITHOUT_A_LINE
    assert not set(KINDS) & WITHOUT_A_LINE

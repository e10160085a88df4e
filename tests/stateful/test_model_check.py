"""The engine in a model of its venue: every state that a bounded number of faults and wishes leads to is right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sadari.core import protection, reports
from sadari.core.desk import Desk
from sadari.core.position import Position
from sadari.model.event import OutcomeUnknown
from sadari.model.order import Purpose
from tests.model.check import shown
from tests.model.explorer import Explorer
from tests.model.scope import Scope

SCOPES = [Scope(faults=0, wishes=0, depth=8), Scope(faults=1, wishes=0, depth=4), Scope(faults=2, wishes=1, depth=3)]


@pytest.mark.parametrize("scope", SCOPES, ids=["no fault", "one fault", "two faults and a wish"])
def test_every_reached_state_is_protected_planned_and_has_a_way_home(
    scope: Scope, record_property: Callable[[str, object], None]
) -> None:
    """Never bare without something under way, never more than planned, never stuck, one reason for each end."""
    found = Explorer(scope).explore()
    assert not found.wrong, shown(scope, found)
    assert found.seconds <= 5, "no more than one wait for a stop without an answer"
    record_property("figure", shown(scope, found).rstrip())


def _no_stop_after_an_add(monkeypatch: pytest.MonkeyPatch) -> None:
    protect = protection.protect

    def broken(desk: Desk, position: Position) -> None:
        if position.stage == 0:
            protect(desk, position)

    monkeypatch.setattr(protection, "protect", broken)


def _no_stop_after_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protection, "protect", lambda *_: None)


def _an_unknown_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = reports.unknown

    def broken(desk: Desk, event: OutcomeUnknown) -> Position | None:
        position = unknown(desk, event)
        intent = desk.orders[event.client_order_id]
        if position is not None and intent.purpose is Purpose.ENTRY:
            desk.send(position, desk.order(position, Purpose.ENTRY, intent.qty))
        return position

    monkeypatch.setattr(reports, "unknown", broken)


BARE = "held without a stop at the venue, and nothing is under way"
MUTANTS = {
    "no stop after an add": (_no_stop_after_an_add, 0, "held at rest without both walls for the whole quantity"),
    "no stop after an entry": (_no_stop_after_an_entry, 0, BARE),
    "an unknown entry is sent again": (_an_unknown_is_sent_again, 1, "6 may be held, 4 were planned"),
}


@pytest.mark.parametrize(("mutate", "faults", "wrong"), MUTANTS.values(), ids=MUTANTS)
def test_an_engine_that_is_broken_on_purpose_is_caught(
    mutate: Callable[[pytest.MonkeyPatch], None], faults: int, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check tells what is wrong, and a path of actions that leads there."""
    mutate(monkeypatch)
    found = Explorer(Scope(faults=faults, wishes=0, depth=9)).explore()
    assert found.wrong == wrong
    assert found.path

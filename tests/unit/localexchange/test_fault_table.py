"""The table of faults: complete, in order, and every example of it a rule that stands."""

from __future__ import annotations

import re

import pytest

from sadari.localexchange.faults.action_rules import ACTION_VERBS
from sadari.localexchange.faults.faults import Actions, Faults
from sadari.localexchange.faults.file import load_faults
from sadari.localexchange.faults.rule import Rule, verb_of
from sadari.localexchange.faults.rules import VERBS
from sadari.localexchange.faults.served import FAULTS
from sadari.localexchange.faults.table import (
    NOT_SERVED,
    example_rules,
    fault_examples,
    fault_table,
    not_served,
    served,
)
from tests.conftest import SHARED

CATALOG = SHARED / "reference" / "faults.md"


def perform(_rule: Rule) -> None:
    """Stands for any action."""


ALL = Actions(**{verb_of(kind): perform for kind in ACTION_VERBS})


def test_every_fault_of_the_catalog_is_served_or_has_its_reason() -> None:
    """Each number appears exactly once, in the one list or in the other."""
    if not CATALOG.is_file():
        pytest.skip("no catalog of faults beside this checkout (../shared/reference/faults.md)")
    catalog = re.findall(r"^\| (F\d+) \|", CATALOG.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted([row.fault for row in FAULTS] + list(NOT_SERVED)) == sorted(catalog)


def test_the_lists_run_from_the_first_fault_to_the_last_without_a_gap() -> None:
    """Both lists are in the catalog's order and share it between them."""
    rows = [int(row.fault[1:]) for row in FAULTS]
    absent = [int(fault[1:]) for fault in NOT_SERVED]
    assert (rows, absent) == (sorted(rows), sorted(absent))
    assert sorted(rows + absent) == list(range(1, 141))


def test_every_example_is_a_rule_that_stands() -> None:
    """All of them at once, under names of their own, written inline and written out."""
    for row in FAULTS:
        assert Faults(example_rules(row), 1, 0, ALL).rules()
    written = load_faults(fault_examples(FAULTS))
    inline = [rule for row in FAULTS for rule in example_rules(row)]
    assert [_nameless(rule) for rule in written] == [_nameless(rule) for rule in inline]


def test_every_verb_has_its_fault() -> None:
    """No verb is there for nothing."""
    assert {verb_of(rule) for row in FAULTS for rule in example_rules(row)} == set(VERBS)


def test_an_action_without_a_callable_leaves_the_table() -> None:
    """What nobody performs is not claimed, and a row that has another way keeps that."""
    actions = Actions(human_trade=perform)
    rows = {row.fault: row for row in served(actions)}
    assert "F89" not in rows
    assert not_served(actions)["F89"] == "no callable for bracket_change"
    assert [verb_of(rule) for rule in example_rules(rows["F19"])] == ["delay"]
    assert len(rows) + len(not_served(actions)) == 140
    assert not_served(ALL) == NOT_SERVED


def test_the_printed_table_has_a_line_for_every_fault() -> None:
    """And says how many of them are served."""
    text = fault_table(ALL)
    assert len(re.findall(r"^\| F\d+ \|", text, re.MULTILINE)) == 140
    assert text.startswith(f"{len(FAULTS)} of 140 faults")


def _nameless(rule: Rule) -> dict[str, object]:
    return {field: getattr(rule, field) for field in rule.__struct_fields__ if field != "name"}

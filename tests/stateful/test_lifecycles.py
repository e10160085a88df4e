"""Random lives through the tables: the state after any history is where the table says, or where it was."""

from __future__ import annotations

from enum import StrEnum

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sadari.core.engine_table import ENGINE
from sadari.core.intent_table import INTENT
from sadari.core.liquidation.table import LIQUIDATION
from sadari.core.position_table import position_lifecycle
from sadari.errors import IllegalTransitionError
from sadari.lifecycle import Lifecycle


class Life(RuleBasedStateMachine):
    """One object moved by whatever event comes, beside a second opinion read from the rows."""

    def __init__(self) -> None:
        super().__init__()
        self.lifecycle: Lifecycle = ENGINE
        self.state: StrEnum = ENGINE.initial
        self.expected = self.state.name

    @initialize(
        lifecycle=st.one_of(
            st.just(ENGINE),
            st.just(LIQUIDATION),
            st.just(INTENT),
            st.builds(position_lifecycle, st.integers(0, 4), rearm=st.booleans()),
        )
    )
    def begin(self, lifecycle: Lifecycle) -> None:
        """An engine, an order or a position with any ladder."""
        self.lifecycle = lifecycle
        self.state = lifecycle.initial
        self.expected = self.state.name

    @rule(data=st.data())
    def allowed(self, data: st.DataObject) -> None:
        """One of the moves that the present state lists."""
        rows = [row for row in self.lifecycle.table if row.source == self.expected]
        if not rows:
            return
        row = data.draw(st.sampled_from(rows))
        before, after = self.lifecycle.move(self, row.event, row.guard)
        assert before.name == self.expected
        assert after is self.state
        self.expected = row.target or row.source

    @rule(data=st.data())
    def anything(self, data: st.DataObject) -> None:
        """Any event of the table, mostly one that the present state does not list."""
        row = data.draw(st.sampled_from(self.lifecycle.table))
        listed = [r for r in self.lifecycle.table if (r.event, r.guard) == (row.event, row.guard)]
        target = next((r.target or r.source for r in listed if r.source == self.expected), None)
        if target is None:
            with pytest.raises(IllegalTransitionError):
                self.lifecycle.move(self, row.event, row.guard)
        else:
            self.lifecycle.move(self, row.event, row.guard)
            self.expected = target

    @invariant()
    def is_where_the_table_leads(self) -> None:
        """The state never differs from the second opinion."""
        assert self.state.name == self.expected


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
TestLife = Life.TestCase

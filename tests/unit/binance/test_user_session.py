"""The listen key's life: kept alive, replaced, never asked about once it is gone, never deleted."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sadari.binance.user_session import Do, UserSession, near_expiry
from sadari.model.units import HOUR_NS, MINUTE_NS, SECOND_NS

KEY = "k1"


def connected(now_ns: int = 0) -> UserSession:
    """A session with a key and a connection."""
    session = UserSession()
    assert session.due(now_ns) is Do.MAKE_KEY
    session.made(KEY, now_ns)
    assert session.due(now_ns) is Do.CONNECT
    session.connected(now_ns, 0.0)
    return session


@pytest.mark.requirement("R003-30")
def test_a_key_is_prolonged_before_half_of_its_life_is_over() -> None:
    """The renewal is due at minute 30 at the latest, with time for another try, and not all the time before."""
    session = connected()
    assert session.due(29 * MINUTE_NS) is None
    assert session.due(30 * MINUTE_NS - 10 * SECOND_NS + 1) is Do.KEEP_KEY
    session.kept(30 * MINUTE_NS)
    assert session.due(59 * MINUTE_NS) is None
    assert session.due(60 * MINUTE_NS) is Do.KEEP_KEY


@pytest.mark.requirement("R003-30")
def test_a_key_of_unknown_validity_is_near_its_end() -> None:
    """Not knowing is no reason to wait."""
    assert near_expiry(None, 0)
    assert near_expiry(HOUR_NS, 30 * MINUTE_NS + 1)
    assert not near_expiry(HOUR_NS, 30 * MINUTE_NS)


@pytest.mark.requirement("R003-32")
def test_a_renewal_that_fails_is_tried_three_times_a_second_apart_and_then_the_key_is_made_anew() -> None:
    """Exact counts."""
    session = connected()
    now_ns = 30 * MINUTE_NS - 9 * SECOND_NS
    for _ in range(4):
        assert session.due(now_ns - 1) is not Do.MAKE_KEY
        assert session.due(now_ns) is Do.KEEP_KEY
        session.keep_failed(now_ns)
        now_ns += SECOND_NS
    assert session.due(now_ns) is Do.MAKE_KEY


@pytest.mark.requirement("R003-12")
def test_a_key_that_is_gone_is_replaced_at_once() -> None:
    """No retry: asking about it again can never succeed."""
    session = connected()
    assert session.key_gone()
    assert session.key is None
    assert session.due(0) is Do.MAKE_KEY
    assert not session.key_gone()


def test_the_end_of_another_key_is_no_matter_of_ours() -> None:
    """An event may come late, under a key that was replaced."""
    session = connected()
    assert not session.key_gone("an older one")
    assert session.due(0) is None


def test_too_late_a_renewal_makes_the_key_anew() -> None:
    """After a pause of this machine less than 30 minutes may be left."""
    assert connected().due(31 * MINUTE_NS) is Do.MAKE_KEY


def test_a_connection_is_replaced_before_a_day_is_over() -> None:
    """Between 20 and 23 hours, by the jitter."""
    for jitter, hours in ((-1.0, 20), (1.0, 23)):
        session = UserSession()
        session.made(KEY, 0)
        session.connected(0, jitter)
        session.kept(hours * HOUR_NS - MINUTE_NS)
        assert session.due(hours * HOUR_NS - 1) is None
        assert session.due(hours * HOUR_NS) is Do.MAKE_KEY


def test_doubt_asks_for_the_key_anew_but_not_all_the_time() -> None:
    """F59: what does not help is not done in a loop."""
    session = connected()
    session.doubt()
    assert session.due(9 * SECOND_NS) is None
    assert session.due(10 * SECOND_NS) is Do.MAKE_KEY


@settings(max_examples=60, stateful_step_count=60)
class Life(RuleBasedStateMachine):
    """Whatever happens, in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.session = UserSession()
        self.now_ns = 0
        self.made = 0
        self.dead: set[str] = set()
        self.asked_kept: list[str] = []
        self.failed_attempts: list[int] = []
        self.step: Do | None = None

    @rule(seconds=st.sampled_from([0, 1, 2, 10, 60, 1780, 1795, 3600, 80_000]))
    def time_goes_on(self, seconds: int) -> None:
        """So much of it."""
        self.now_ns += seconds * SECOND_NS

    @rule(works=st.booleans(), jitter=st.floats(-1, 1), gone=st.booleans())
    def what_is_due_is_done(self, works: bool, jitter: float, gone: bool) -> None:
        """With or without success."""
        step = self.session.due(self.now_ns)
        if step is Do.MAKE_KEY:
            if works:
                self.made += 1
                self.session.made(f"k{self.made}", self.now_ns)
            else:
                self.failed_attempts.append(self.now_ns)
                self.session.failed(self.now_ns, jitter)
        elif step is Do.CONNECT:
            assert self.session.key is not None
            if works:
                self.session.connected(self.now_ns, jitter)
            else:
                self.failed_attempts.append(self.now_ns)
                self.session.failed(self.now_ns, jitter)
        elif step is Do.KEEP_KEY:
            key = self.session.key
            assert key is not None
            assert key not in self.dead
            if gone:
                self.dead.add(key)
                self.session.key_gone(key)
            elif works:
                self.session.kept(self.now_ns)
            else:
                self.session.keep_failed(self.now_ns)

    @rule()
    def the_key_expires(self) -> None:
        """With its event."""
        key = self.session.key
        if key is not None:
            self.dead.add(key)
            self.session.key_gone(key)

    @precondition(lambda self: self.session.is_open)
    @rule(jitter=st.floats(-1, 1))
    def the_connection_ends(self, jitter: float) -> None:
        """By itself."""
        self.session.closed(self.now_ns, jitter)

    @rule()
    def somebody_doubts(self) -> None:
        """That the stream tells everything."""
        self.session.doubt()

    @invariant()
    def a_dead_key_is_never_held(self) -> None:
        """So it is never named again."""
        assert self.session.key not in self.dead

    @invariant()
    def something_is_due_within_a_minute_where_there_is_no_connection(self) -> None:
        """It never waits for ever, and never longer than the longest delay with its jitter."""
        if not self.session.is_open:
            assert self.session.due(self.now_ns + 66 * SECOND_NS + 1) is not None

    @invariant()
    def a_key_is_never_left_to_run_out(self) -> None:
        """With less than half of its life left there is something to do soon."""
        until_ns = self.session.valid_until_ns
        if until_ns is not None and until_ns - self.now_ns < 30 * MINUTE_NS:
            assert self.session.due(self.now_ns + 66 * SECOND_NS + 1) is not None


TestLife = Life.TestCase

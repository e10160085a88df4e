"""What is asked for on a connection, and what counts as an answer."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sadari.binance.stream_session import MOST_STREAMS, StreamSession
from sadari.model.units import MINUTE_NS, SECOND_NS

A, B = "btcusdt@aggTrade", "ethusdt@aggTrade"


class Asked(msgspec.Struct):
    """A control message."""

    method: str
    params: list[str]
    id: int


def sent(session: StreamSession, now_ns: int) -> list[Asked]:
    """What the session sends, decoded."""
    return [msgspec.json.decode(one, type=Asked) for one in session.messages(now_ns)]


def test_streams_are_asked_for_together_and_control_messages_apart() -> None:
    """One message for many names; the next one a quarter of a second later at the earliest."""
    session = StreamSession(0)
    session.follow([A, B], 0)
    assert sent(session, 0) == [Asked("SUBSCRIBE", [A, B], 1)]
    session.drop([A])
    assert sent(session, SECOND_NS // 4 - 1) == []
    assert sent(session, SECOND_NS // 4) == [Asked("UNSUBSCRIBE", [A], 2)]


def test_what_is_dropped_before_it_was_asked_for_is_never_asked_for() -> None:
    """And what is followed again before it was given up is not given up."""
    session = StreamSession(0)
    session.follow([A], 0)
    session.drop([A])
    assert sent(session, 0) == []
    session.follow([A], 0)
    sent(session, SECOND_NS)
    session.drop([A])
    session.follow([A], 2 * SECOND_NS)
    assert sent(session, 2 * SECOND_NS) == [Asked("SUBSCRIBE", [A], 2)]


def test_a_request_without_an_answer_is_asked_three_times_and_then_the_connection_is_doubted() -> None:
    """F61: a refusal is no answer either."""
    session = StreamSession(0)
    session.follow([A], 0)
    for times in range(3):
        (asked,) = sent(session, times * 5 * SECOND_NS)
        session.replied(asked.id, "2: Invalid request")
        assert not session.unanswered(times * 5 * SECOND_NS)
    assert sent(session, 15 * SECOND_NS) == []
    assert session.unanswered(15 * SECOND_NS)
    session.heard(A, 15 * SECOND_NS)
    assert not session.unanswered(30 * SECOND_NS)


def test_an_acknowledged_stream_is_live_with_its_first_frame_only() -> None:
    """F61: until then it is reported as not seen after ten seconds."""
    session = StreamSession(0)
    session.follow([A], 0)
    (asked,) = sent(session, 0)
    session.replied(asked.id, "")
    assert session.settled
    assert session.grown_stale(10 * SECOND_NS) == []
    assert session.grown_stale(10 * SECOND_NS + 1) == [A]
    assert session.grown_stale(11 * SECOND_NS) == []
    assert session.heard(A, 12 * SECOND_NS) is True
    assert session.heard(A, 13 * SECOND_NS) is False
    assert session.heard(B, 13 * SECOND_NS) is None


@pytest.mark.requirement("R004-50")
def test_a_silent_stream_asks_for_a_new_connection_after_90_seconds_looked_for_every_30() -> None:
    """F50: whatever the other streams of the connection do."""
    session = StreamSession(0)
    session.follow([A, B], 0)
    for second in range(1, 121):
        session.heard(B, second * SECOND_NS)
        silent = session.silent(second * SECOND_NS)
        assert silent == ([A] if second == 120 else [])
    assert session.streams[A].patience_ns == 90 * SECOND_NS


def test_a_market_that_is_silent_by_itself_is_waited_for_longer_each_time() -> None:
    """A new connection that changes nothing is not made every 90 seconds for ever; one that helps ends that."""
    session = StreamSession(0)
    session.follow([A], 0)
    waits = []
    for _ in range(5):
        session = session.continued(0, session.silent(10**15))
        waits.append(session.streams[A].patience_ns // SECOND_NS)
    assert waits == [180, 360, 720, 900, 900]
    session.heard(A, 5 * SECOND_NS)
    assert session.streams[A].patience_ns == 90 * SECOND_NS
    late = session.continued(0, [A])
    late.heard(A, 2 * MINUTE_NS)
    assert late.streams[A].patience_ns == 180 * SECOND_NS


@settings(max_examples=60, stateful_step_count=60)
class Server(RuleBasedStateMachine):
    """A server that loses, refuses and confirms, under a client that changes its mind."""

    def __init__(self) -> None:
        super().__init__()
        self.session = StreamSession(0)
        self.now_ns = 0
        self.delivered: set[str] = set()
        self.wanted: set[str] = set()
        self.times: list[int] = []

    names = st.lists(st.sampled_from([f"s{number}@aggTrade" for number in range(8)]), min_size=1, unique=True)

    @rule(names=names)
    def follow(self, names: list[str]) -> None:
        """Want some."""
        self.wanted |= set(names)
        self.session.follow(names, self.now_ns)

    @rule(names=names)
    def drop(self, names: list[str]) -> None:
        """Want some no more."""
        self.wanted -= set(names)
        self.session.drop(names)

    @rule(tenths=st.integers(1, 60), outcome=st.sampled_from(["done", "lost", "refused"]))
    def time_goes_on(self, tenths: int, outcome: str) -> None:
        """And what is due is sent."""
        self.now_ns += tenths * SECOND_NS // 10
        for asked in sent(self.session, self.now_ns):
            self.times.append(self.now_ns)
            if outcome == "lost":
                continue
            if outcome == "refused":
                self.session.replied(asked.id, "2: no")
                continue
            self.delivered = (
                self.delivered | set(asked.params)
                if asked.method == "SUBSCRIBE"
                else self.delivered - set(asked.params)
            )
            self.session.replied(asked.id, "")

    @invariant()
    def it_wants_what_is_wanted(self) -> None:
        """No more and no less."""
        assert set(self.session.streams) == self.wanted
        assert self.session.room == MOST_STREAMS - len(self.wanted)

    @invariant()
    def messages_are_far_below_what_the_exchange_takes(self) -> None:
        """Never more than four in a second."""
        assert all(later - sooner >= SECOND_NS // 4 for sooner, later in zip(self.times, self.times[1:], strict=False))

    @invariant()
    def what_is_acknowledged_is_delivered_or_given_up(self) -> None:
        """The server and the client agree on what was confirmed."""
        confirmed = {name for name, one in self.session.streams.items() if one.acknowledged}
        assert confirmed <= self.delivered


TestServer = Server.TestCase


@pytest.mark.requirement("R003-44")
def test_a_stream_that_was_heard_is_not_seen_any_more_after_a_minute_of_silence() -> None:
    """It is told once, a good while before a new connection is asked for."""
    session = StreamSession(0)
    session.follow([A], 0)
    session.heard(A, 5 * SECOND_NS)
    assert session.grown_stale(65 * SECOND_NS) == []
    assert session.grown_stale(65 * SECOND_NS + 1) == [A]
    assert session.grown_stale(80 * SECOND_NS) == []

"""Nothing waits for a channel, whatever it does."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from sadari.core.alerts import Severity
from sadari.notify import courier
from sadari.notify.courier import Channel, Courier, Message
from sadari.venue.clock import steady_ns

PATIENCE_S = 20.0


def message(number: int, severity: Severity = Severity.CRITICAL) -> Message:
    """One of several."""
    return Message(severity, f"title {number}", f"body {number}", f'{{"number":{number}}}')


class Taker:
    """A channel that takes messages when it is allowed to.

    Attributes:
        taken: What it took.
        entered: How often a message was handed to it.
    """

    def __init__(self, *, fails: int = 0, opened: bool = True) -> None:
        self.taken: list[Message] = []
        self.entered = 0
        self._fails = fails
        self._open = threading.Event()
        self._changed = threading.Condition()
        if opened:
            self._open.set()

    def __call__(self, message: Message) -> None:
        """Take a message, or raise what holds a secret."""
        with self._changed:
            self.entered += 1
            self._changed.notify_all()
        self._open.wait()
        with self._changed:
            if self.entered <= self._fails:
                raise ConnectionError(f"https://example.org/bot123456:SECRET/send {message.title}")
            self.taken.append(message)
            self._changed.notify_all()

    def open(self) -> None:
        """Let everything through from now on."""
        self._open.set()

    def until(self, reached: Callable[[], bool]) -> None:
        """Wait until something is so."""
        with self._changed:
            assert self._changed.wait_for(reached, PATIENCE_S)


def made(*channels: Channel, most: int = 3, patience_s: float = 1_000, said: list[str] | None = None) -> Courier:
    """A courier to these channels."""
    lines: list[str] = [] if said is None else said
    return Courier(
        channels, most=most, patience_s=patience_s, steady_ns=steady_ns, say=lines.append,
        lost=lambda number: f"{number} lost",
    )  # fmt: skip


@pytest.mark.requirement("R004-21")
def test_every_message_reaches_every_channel_that_it_is_for_in_order() -> None:
    """By its severity; each once."""
    all_of_it, worst = Taker(), Taker()
    sent = made(Channel("all", all_of_it, Severity.INFO), Channel("worst", worst, Severity.CRITICAL), most=100)
    for number, severity in enumerate(Severity):
        sent.send(message(number, severity))
    sent.close(PATIENCE_S)
    assert [one.title for one in all_of_it.taken] == ["title 0", "title 1", "title 2"]
    assert [one.title for one in worst.taken] == ["title 2"]
    assert [(one.sent, one.failed, one.waiting) for one in sent.deliveries()] == [(3, 0, 0), (1, 0, 0)]


def test_a_channel_that_hangs_for_ever_keeps_nobody_waiting_and_no_more_than_its_queue() -> None:
    """`send` returns, the other channel has everything, the queue is bounded, and what is lost is counted and told."""
    hangs, lives = Taker(opened=False), Taker()
    sent = made(Channel("hangs", hangs), Channel("lives", lives), most=3)
    sent.send(message(0))
    hangs.until(lambda: hangs.entered == 1)
    for number in range(1, 101):
        sent.send(message(number))
        lives.until(lambda number=number: len(lives.taken) > number)  # type: ignore[misc]
    stuck, fine = sent.deliveries()
    assert (stuck.waiting, stuck.dropped, stuck.sent) == (3, 97, 0)
    assert stuck.stuck_ns > 0
    assert (fine.waiting, fine.dropped, fine.sent) == (0, 0, 101)
    hangs.open()
    hangs.until(lambda: len(hangs.taken) == 4)
    assert [one.title for one in hangs.taken] == ["title 0", "title 98", "title 99", "title 100"], "the newest stay"
    assert [one.body for one in hangs.taken[:3]] == ["body 0", "body 98\n97 lost", "body 99"]
    sent.close(PATIENCE_S)


def test_the_end_leaves_behind_what_hangs() -> None:
    """Its thread ends with the process; nobody waits longer than asked to."""
    hangs = Taker(opened=False)
    sent = made(Channel("hangs", hangs))
    sent.send(message(0))
    hangs.until(lambda: hangs.entered == 1)
    sent.close(0.01)
    assert sent.deliveries()[0].sent == 0
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "alerts to hangs")
    hangs.open()


def test_a_hanging_channel_is_told_of_once() -> None:
    """By the first message that comes after its patience."""
    hangs, said = Taker(opened=False), list[str]()
    sent = made(Channel("phone", hangs), patience_s=0, said=said)
    sent.send(message(0))
    hangs.until(lambda: hangs.entered == 1)
    for number in range(5):
        sent.send(message(number))
    assert said == ["critical: alert channel phone has not answered for 0 s"]
    hangs.open()
    sent.close(PATIENCE_S)


@pytest.mark.parametrize(("fails", "sent", "failed"), [(0, 1, 0), (2, 1, 0), (3, 0, 1)])
def test_a_message_that_is_not_taken_is_tried_three_times(
    monkeypatch: pytest.MonkeyPatch, fails: int, sent: int, failed: int
) -> None:
    """Then it is given up, and the next one has its turn."""
    monkeypatch.setattr(courier, "PAUSES_S", (0.0, 0.0))
    taker, said = Taker(fails=fails), list[str]()
    made_of = made(Channel("phone", taker), said=said)
    made_of.send(message(0))
    taker.until(lambda: taker.entered >= min(fails + 1, 3))
    made_of.close(PATIENCE_S)
    (delivery,) = made_of.deliveries()
    assert (delivery.sent, delivery.failed) == (sent, failed)
    assert said == ["warning: alert channel phone did not take a message (ConnectionError)"] * fails


def test_an_error_of_a_channel_is_told_without_its_text() -> None:
    """It may hold the address, and with it the token."""
    taker, said = Taker(fails=1), list[str]()
    sent = made(Channel("phone", taker), said=said)
    sent.send(message(0))
    taker.until(lambda: taker.entered >= 1)
    sent.close(PATIENCE_S)
    assert said
    assert "SECRET" not in "".join(said)

"""Sends messages without anybody waiting for it: one thread and one short queue for each channel.

A channel that is slow, dead or hangs for ever keeps its own messages waiting and nothing else. A queue that is full
loses its oldest message, which is counted and told with the next one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sadari.core.alerts import Severity
from sadari.model.units import SECOND_NS

# How long until a message that was not taken is tried again; after the last try it is given up.
PAUSES_S = (1.0, 4.0)
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class Message(NamedTuple):
    """What a person reads, and the same for a program: ``record`` is a line of JSON."""

    severity: Severity
    title: str
    body: str
    record: str = ""


class Channel(NamedTuple):
    """Where messages go.

    Attributes:
        name: Of the channel.
        send: Takes a message, however long that takes; raises what it likes.
        least: The mildest severity that it is for.
    """

    name: str
    send: Callable[[Message], None]
    least: Severity = Severity.WARNING


class Delivery(NamedTuple):
    """How a channel does.

    Attributes:
        waiting: Messages in its queue.
        sent: Messages that were taken.
        failed: Messages that were given up.
        dropped: Messages that a full queue has lost.
        stuck_ns: How long the message that is being sent has been under way; 0 if none is.
    """

    name: str
    waiting: int
    sent: int
    failed: int
    dropped: int
    stuck_ns: int


class _Lane:
    """One channel, its queue and its thread; the lock is held for moments only."""

    def __init__(
        self,
        channel: Channel,
        most: int,
        patience_s: float,
        steady_ns: Callable[[], int],
        say: Callable[[str], None],
        lost: Callable[[int], str],
    ) -> None:
        self.channel = channel
        self._lost = lost
        self.sent = self.failed = self.dropped = 0
        self._most = most
        self._patience_ns = int(patience_s * SECOND_NS)
        self._steady_ns = steady_ns
        self._say = say
        self._queue: deque[Message] = deque()
        self._wake = threading.Condition()
        self._untold = 0
        self._closing = False
        self._begun_ns: int | None = None
        self._said_stuck = False
        self._thread = threading.Thread(target=self._work, name=f"alerts to {channel.name}", daemon=True)
        self._thread.start()

    def put(self, message: Message) -> None:
        """Queue a message; return at once."""
        with self._wake:
            if len(self._queue) >= self._most:
                self._queue.popleft()
                self.dropped += 1
                self._untold += 1
            self._queue.append(message)
            self._wake.notify()
        if self._stuck_ns() > self._patience_ns and not self._said_stuck:
            self._said_stuck = True
            waited_s = self._patience_ns // SECOND_NS
            self._say(f"critical: alert channel {self.channel.name} has not answered for {waited_s} s")

    def delivery(self) -> Delivery:
        """How it does."""
        waiting = len(self._queue)
        return Delivery(self.channel.name, waiting, self.sent, self.failed, self.dropped, self._stuck_ns())

    def _stuck_ns(self) -> int:
        begun_ns = self._begun_ns
        return 0 if begun_ns is None else self._steady_ns() - begun_ns

    def close(self) -> None:
        """Send what is queued, trying each once, and take nothing more."""
        with self._wake:
            self._closing = True
            self._wake.notify()

    def join(self, within_s: float) -> None:
        """Wait for its end; what hangs is left behind."""
        self._thread.join(within_s)

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._queue:
                    if self._closing:
                        return
                    self._wake.wait()
                message = self._queue.popleft()
                lost, self._untold = self._untold, 0
            if lost:
                message = message._replace(body=f"{message.body}\n{self._lost(lost)}")
            if self._delivered(message):
                self.sent += 1
            else:
                self.failed += 1

    def _delivered(self, message: Message) -> bool:
        for pause_s in (*PAUSES_S, None):
            self._begun_ns, self._said_stuck = self._steady_ns(), False
            try:
                self.channel.send(message)
            except Exception as error:  # noqa: BLE001 - whatever a channel raises concerns nobody but this queue
                # Only its kind: the text of an error may hold the address, and with it the token.
                self._say(f"warning: alert channel {self.channel.name} did not take a message ({type(error).__name__})")
            else:
                return True
            finally:
                self._begun_ns = None
            if pause_s is None or self._rested(pause_s):
                break
        return False

    def _rested(self, pause_s: float) -> bool:
        """Wait before another try; True if there is to be none any more."""
        with self._wake:
            return self._wake.wait_for(lambda: self._closing, pause_s)


class Courier:
    """Takes messages to every channel that they are for, all at once.

    Args:
        channels: Where to.
        most: Messages that may wait for one channel.
        patience_s: After how long a channel that does not answer is told of in the log.
        steady_ns: A clock of this machine that is never set.
        say: Told what goes wrong; from any thread.
        lost: Says in a message how many before it were lost.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        *,
        most: int,
        patience_s: float,
        steady_ns: Callable[[], int],
        say: Callable[[str], None],
        lost: Callable[[int], str],
    ) -> None:
        self._lanes = [_Lane(channel, most, patience_s, steady_ns, say, lost) for channel in channels]
        self._steady_ns = steady_ns

    def send(self, message: Message) -> None:
        """Queue a message for every channel that it is for; return at once, whatever those do."""
        for lane in self._lanes:
            if _RANK[message.severity] >= _RANK[lane.channel.least]:
                lane.put(message)

    def deliveries(self) -> tuple[Delivery, ...]:
        """How each channel does."""
        return tuple(lane.delivery() for lane in self._lanes)

    def close(self, within_s: float) -> None:
        """Send what is queued for as long as this at most; what hangs is left behind and ends with the process."""
        until_ns = self._steady_ns() + int(within_s * SECOND_NS)
        for lane in self._lanes:
            lane.close()
        for lane in self._lanes:
            lane.join(max(until_ns - self._steady_ns(), 0) / SECOND_NS)

"""Faults performed on the frames that go out to one connection."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from sadari.localexchange.faults.faults import Faults
from sadari.localexchange.faults.rules import (
    AlterFrame,
    Close,
    DelayFrame,
    DropFrame,
    DuplicateFrame,
    FrameRule,
    HugeFrame,
    MalformedFrame,
    ReorderFrame,
    Stall,
)
from sadari.model.units import SECOND_NS

# Frames with the seconds to wait before each is sent, counted from now.
Outgoing = list[tuple[float, bytes]]


class CloseConnection(Exception):  # noqa: N818 - it asks for something and reports no error
    """Asks the server to close the connection in place of sending the frame.

    Attributes:
        code: The WebSocket close code.
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"close the connection with {code}")
        self.code = code


@dataclass(slots=True)
class _Line:
    """What is remembered of one connection: until when it is stalled, and frames that wait for others to pass."""

    stalled_until_ns: int | None = None
    held: list[tuple[int, bytes]] = field(default_factory=list)


class FrameFaults:
    """A filter of outgoing frames: from one frame to what is sent in its place, and after how many seconds.

    A frame held back to be reordered goes out behind later frames of its connection, so not at all if there are none.
    """

    def __init__(self, faults: Faults, now_ns: Callable[[], int]) -> None:
        self._faults = faults
        self._now_ns = now_ns
        self._lines: dict[int, _Line] = {}

    def __call__(self, connection: int, stream: str, frame: bytes) -> Outgoing:
        """What is sent for a frame, in this order; the stream is its wire name, or the kind of a user event.

        Raises:
            CloseConnection: Nothing is sent and the connection is to be closed.
        """
        line = self._lines.get(connection)
        if line is None and not self._faults.watches_frames:
            return [(0.0, frame)]
        now_ns = self._now_ns()
        if line is not None and line.stalled_until_ns is not None:
            if now_ns < line.stalled_until_ns:
                return []
            line.stalled_until_ns = None
        rule = self._faults.at_frame(connection, stream, frame, now_ns)
        passing = self._performed(rule, connection, frame, now_ns)
        return passing + self._let_go(connection, len(passing))

    @property
    def idle(self) -> bool:
        """Whether every frame goes out as it is: no rule looks at frames, and nothing is remembered."""
        return not self._lines and not self._faults.watches_frames

    def forget(self, connection: int) -> None:
        """Drop what is remembered of a connection that has ended."""
        self._lines.pop(connection, None)

    def _performed(self, rule: FrameRule | None, connection: int, frame: bytes, now_ns: int) -> Outgoing:
        match rule:
            case DropFrame():
                return []
            case DuplicateFrame():
                return [(0.0, frame)] + [(float(rule.after_s), frame)] * rule.copies
            case DelayFrame():
                return [(float(rule.seconds), frame)]
            case ReorderFrame():
                self._line(connection).held.append((rule.behind, frame))
                return []
            case MalformedFrame():
                return [(0.0, frame[: len(frame) // 2] if rule.text is None else rule.text.encode())]
            case AlterFrame():
                return [(0.0, re.sub(rule.find.encode(), rule.put.encode(), frame))]
            case HugeFrame():
                return [(0.0, frame.ljust(rule.size))]
            case Stall():
                self._line(connection).stalled_until_ns = now_ns + int(rule.seconds * SECOND_NS)
                return []
            case Close():
                self.forget(connection)
                raise CloseConnection(rule.code)
            case _:
                return [(0.0, frame)]

    def _line(self, connection: int) -> _Line:
        return self._lines.setdefault(connection, _Line())

    def _let_go(self, connection: int, passed: int) -> Outgoing:
        """The held frames that enough others have passed; one frame with its copies counts as one."""
        line = self._lines.get(connection)
        if line is None or not passed:
            return []
        waiting = [(behind - 1, frame) for behind, frame in line.held]
        line.held = [(behind, frame) for behind, frame in waiting if behind > 0]
        if not line.held and line.stalled_until_ns is None:
            self.forget(connection)
        return [(0.0, frame) for behind, frame in waiting if behind <= 0]

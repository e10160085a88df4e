"""How a stream connection is."""

from __future__ import annotations

from typing import NamedTuple


class StreamHealth(NamedTuple):
    """How a connection is. ``age_s`` is how long ago the last message came, None before the first.

    Attributes:
        reconnects: How often it was connected anew, planned ones among them.
        malformed: How many frames could not be used.
        unknown: How many events were of a kind that is not wanted.
    """

    name: str
    connected: bool
    streams: int
    messages: int
    age_s: float | None
    reconnects: int
    malformed: int = 0
    unknown: int = 0

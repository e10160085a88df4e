"""What a fact is, and what operators and other programs wish: facts as well, of their having asked."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True, gc=False):
    """A fact. ``time_ns`` is exchange time, nanoseconds UTC."""

    time_ns: int


class OperatorRequested(Event, frozen=True):
    """An operator's wish: start, pause, resume, stop_keep, stop_close, abandon or reset.

    ``marks`` are the last prices of what is held, by symbol, where the wish goes by them.
    """

    command: str
    actor: str
    cause: str = ""
    marks: tuple[tuple[str, Decimal], ...] = ()


class LiquidationRequested(Event, frozen=True):
    """A wish to close everything, as it was asked for: whatever is wrong with it, the engine says so.

    Attributes:
        source: Who asks, by the name of its secret; ``actor`` is the person.
        reason: Why, of the closed enumeration; ``cause`` in words.
        correlation_id: The request's own; one that was seen before is refused.
        after: PAUSE or STOP.
        authentic: The token is the source's, of the minute before; else ``doubt`` says why not.
    """

    source: str
    reason: str
    correlation_id: str
    after: str
    actor: str
    cause: str = ""
    authentic: bool = False
    doubt: str = ""
    marks: tuple[tuple[str, Decimal], ...] = ()


class LiquidationCancelRequested(Event, frozen=True):
    """A wish to end a liquidation while its notice runs; without an id the one that is under way."""

    actor: str
    cause: str = ""
    correlation_id: str = ""


class LiquidationConfirmed(Event, frozen=True):
    """The explicit second confirmation of a liquidation: its notice is over now."""

    actor: str
    cause: str = ""
    correlation_id: str = ""


class ForceExitRequested(Event, frozen=True):
    """An operator's wish to close one position now."""

    symbol: str
    actor: str
    cause: str = ""


class WriteOffRequested(Event, frozen=True):
    """An operator's wish to end a position whose trades cannot be found: its exit price and profit stay unknown."""

    symbol: str
    actor: str
    cause: str = ""


class AdoptRequested(Event, frozen=True):
    """An operator's wish to take a quarantined position over as the venue shows it."""

    symbol: str
    actor: str
    cause: str = ""

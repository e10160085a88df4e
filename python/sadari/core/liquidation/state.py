"""What an engine remembers of a liquidation; all of it comes out of the journal again."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from sadari.core.liquidation.table import LIQUIDATION, UNDER_WAY
from sadari.model.command import RecordPosition

PAUSE, STOP = "PAUSE", "STOP"


class Wanted(NamedTuple):
    """What was asked for, and by whom."""

    source: str
    reason: str
    correlation_id: str
    after: str
    actor: str
    cause: str


class Liquidation:
    """One liquidation, from its authorization to its end.

    Attributes:
        wanted: What was asked for.
        state: Its phase.
        remembered: The engine's state before it.
        sight_lost: Data was lost, or the process ended, since then.
        stop_asked: A stop has come meanwhile, and makes what follows STOP.
        deadline_ns: When the notice is over.
        step: Numbers the alarms; one of an earlier step counts for nothing.
        queue: Symbols still to be closed, in their order.
        number: Which pass of a phase it is.
        read: The venue has answered this pass.
        open: Symbols that were open when it last did.
        concerned: Positions that it is about: their symbols by number.
        results: How those that are settled have ended.
        wallet, booked: Wallet and ledger when the account was first shown after the request; None before.
        settling_ns: When the settlement began.
    """

    __slots__ = (
        "booked", "concerned", "deadline_ns", "number", "open", "queue", "read", "remembered", "results",
        "settling_ns", "sight_lost", "state", "step", "stop_asked", "wallet", "wanted",
    )  # fmt: skip

    def __init__(self, wanted: Wanted, remembered: str) -> None:
        self.wanted = wanted
        self.state: StrEnum = LIQUIDATION.initial
        self.remembered = remembered
        self.sight_lost = False
        self.stop_asked = False
        self.deadline_ns = 0
        self.step = 0
        self.queue: list[str] = []
        self.number = 0
        self.read = False
        self.open: tuple[str, ...] = ()
        self.concerned: dict[int, str] = {}
        self.results: dict[int, RecordPosition] = {}
        self.wallet: Decimal | None = None
        self.booked = Decimal(0)
        self.settling_ns = 0

    @property
    def after(self) -> str:
        """PAUSE or STOP: what follows."""
        return STOP if self.stop_asked else self.wanted.after

    @property
    def under_way(self) -> bool:
        """True until it has ended."""
        return self.state in UNDER_WAY

    def is_in(self, *phases: str) -> bool:
        """True in one of the named phases."""
        return self.state in phases

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol that it is about, each once."""
        return tuple(dict.fromkeys(self.concerned.values()))

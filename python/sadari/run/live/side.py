"""The side of a live engine that holds the account: the exchange, or our own model of it on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sadari.model.event import Event
from sadari.model.instrument import Instrument
from sadari.venue.live.account.findings import Finding
from sadari.venue.live.account.preparation import Prepared, Wish
from sadari.venue.live.orders.trading import Trading
from sadari.venue.live.wire.stream_health import StreamHealth

if TYPE_CHECKING:
    from sadari.run.live.engine import LiveEngine


class Facts(NamedTuple):
    """What is known of an account before the engine is opened.

    Attributes:
        instruments: What is listed there, with brackets.
        findings: What the examination found.
        hedge: Whether it is in hedge mode.
        multi_assets: Whether it is in multi-assets mode, None where that is not known.
    """

    instruments: Mapping[str, Instrument]
    findings: Sequence[Finding] = ()
    hedge: bool = False
    multi_assets: bool | None = False


class Side(Protocol):
    """Where orders go and what they come from."""

    @property
    def trading(self) -> Trading:
        """Where orders go."""

    def restore(self, trades: Mapping[str, Iterable[int]]) -> None:
        """Go on where the journal ends; ``trades`` are the last ones told, by symbol."""

    async def start(self) -> None:
        """Connect what the account needs, and wait for it for a while."""

    async def prepare(self, wishes: Sequence[Wish], *, change: bool) -> list[Prepared]:
        """Prepare symbols, or only look whether they still are as they were.

        Raises:
            FatalError: The key is not accepted.
        """

    async def contracts(self) -> Mapping[str, Instrument]:
        """What is listed now, with brackets.

        Raises:
            SadariError: It cannot be read.
        """

    def seen(self, event: Event) -> None:
        """Follow an event that was worked on."""

    def health(self) -> tuple[StreamHealth, ...]:
        """How the connections of the account are."""

    def calls(self) -> Mapping[str, int]:
        """How often each thing was asked of the account's own connections."""

    async def close(self) -> None:
        """End everything; what rests at the exchange stays there."""


Make = Callable[["LiveEngine", Facts], Side]

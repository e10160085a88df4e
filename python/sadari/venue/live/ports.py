"""What the parts of the live venue are to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from sadari.binance.endpoint import Endpoint
from sadari.model.event import Event

# Hands an event to the engine at once; events that this causes come after it.
Take = Callable[[Event], None]

NO_PARAMETERS: Mapping[str, str] = {}


class Caller(Protocol):
    """Who can ask the exchange."""

    async def call(
        self,
        endpoint: Endpoint,
        parameters: Mapping[str, str] = NO_PARAMETERS,
        *,
        weight: int | None = None,
        urgent: bool = False,
    ) -> bytes:
        """The body of a good answer.

        A read is asked again, at most three times in all, where that can help; nothing else ever is.

        Args:
            endpoint: What is asked.
            parameters: Without timestamp, window and signature; their order is kept.
            weight: What it takes of the request weight where that depends on the parameters.
            urgent: It may use what is kept in reserve for exits and protection.

        Raises:
            RetryableError: Nothing was done.
            RefusedError: The exchange refused, with its code and its text.
            UnknownOutcomeError: It may have been done; never for a read.
            FatalError: The key, its permissions or the signature are not accepted.
        """


class Urgent:
    """A caller whose every question may use what is kept in reserve.

    Args:
        caller: Who asks.
    """

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def call(
        self,
        endpoint: Endpoint,
        parameters: Mapping[str, str] = NO_PARAMETERS,
        *,
        weight: int | None = None,
        urgent: bool = True,
    ) -> bytes:
        """See `Caller`."""
        del urgent
        return await self._caller.call(endpoint, parameters, weight=weight, urgent=True)

"""The key of the user stream: made, kept alive, closed, expired.

Source: reference binance-usdm §5. All keys of a local exchange belong to one account, so there is one listen key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from sadari.binance.wire.control import ListenKey
from sadari.localexchange.asking.endpoint import Endpoint, Security
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused
from sadari.model.units import MINUTE_NS

LIFE_NS = 60 * MINUTE_NS
PATH = "/fapi/v1/listenKey"


class ListenKeys:
    """The active key, if there is one.

    Args:
        now_ns: The gateway's clock.
        seed: What keys are derived from; the same seed gives the same keys in the same order.
    """

    def __init__(self, now_ns: Callable[[], int], seed: int = 0) -> None:
        self._now_ns = now_ns
        self._seed = seed
        self._made = 0
        self._key: str | None = None
        self._until_ns = 0
        self._dead: list[str] = []

    def active(self) -> str | None:
        """The key that events go to."""
        return self._key if self._now_ns() < self._until_ns else None

    def start(self) -> str:
        """Make a key, or extend the active one by another 60 minutes."""
        self._bury()
        key = self._key
        if key is None:
            self._made += 1
            key = self._key = hashlib.sha256(f"{self._seed}/{self._made}".encode()).hexdigest()
        self._until_ns = self._now_ns() + LIFE_NS
        return key

    def extend(self, named: str | None = None) -> str:
        """Keep the active key for another 60 minutes.

        Raises:
            Refused: -1125 if there is none, or the one named is another.
        """
        key = self._known(named)
        self._until_ns = self._now_ns() + LIFE_NS
        return key

    def close(self, named: str | None = None) -> None:
        """End the active key; no event is sent for it.

        Raises:
            Refused: -1125 if there is none, or the one named is another.
        """
        self._known(named)
        self._key = None
        self._until_ns = 0

    def kill(self) -> None:
        """Let the active key run out now; `expired` gives it next."""
        self._until_ns = 0

    def expired(self) -> list[str]:
        """The keys that have run out since this was last asked."""
        self._bury()
        dead, self._dead = self._dead, []
        return dead

    def _bury(self) -> None:
        if self._key is not None and self.active() is None:
            self._dead.append(self._key)
            self._key = None

    def _known(self, named: str | None) -> str:
        key = self.active()
        if key is None or (named is not None and named != key):
            raise Refused(-1125, "This listenKey does not exist.")
        return key


def endpoints(keys: ListenKeys) -> list[Endpoint]:
    """POST, PUT and DELETE of the listen key; the newer servers answer PUT with the key."""

    def start(_: Parameters) -> object:
        return ListenKey(keys.start())

    def extend(parameters: Parameters) -> object:
        return ListenKey(keys.extend(parameters.maybe("listenKey")))

    def close(parameters: Parameters) -> object:
        keys.close(parameters.maybe("listenKey"))
        return {}

    table = (("POST", start), ("PUT", extend), ("DELETE", close))
    return [Endpoint(method, PATH, answer, Security.KEY) for method, answer in table]

"""The user stream's key and connection: what to do next.

Every connection begins with the key asked for anew: that gives the active key and prolongs it, or a new one where
somebody has ended it. A key that the exchange does not know any more is never named again, and none is ever deleted:
other programs of the account share it. Times are ns of one clock, jitter is a number from -1 to 1 that is handed in.

Source: strategies §10, Recovery; reference binance-usdm §5.
"""

from __future__ import annotations

from enum import Enum, auto

from sadari.binance.recovery import Recovery, replaced_at
from sadari.model.units import MINUTE_NS, SECOND_NS

VALID_NS = 60 * MINUTE_NS
# A key with less than this left is replaced; it is kept alive a little earlier, to have time for another try.
LEAST_LEFT_NS = 30 * MINUTE_NS
KEEP_EARLIER_NS = 10 * SECOND_NS
KEEP_RETRIES = 3
KEEP_RETRY_NS = SECOND_NS
DOUBT_NS = 10 * SECOND_NS


class Do(Enum):
    """What is to be done now; its outcome is told before anything else is asked."""

    MAKE_KEY = auto()
    KEEP_KEY = auto()
    CONNECT = auto()


def near_expiry(valid_until_ns: int | None, now_ns: int, left_ns: int = LEAST_LEFT_NS) -> bool:
    """Whether a key has less left than it should; one of which nothing is known has."""
    return valid_until_ns is None or valid_until_ns - now_ns < left_ns


class UserSession:
    """The state of key and connection.

    Attributes:
        key: The key to connect with, None while there is none.
        valid_until_ns: Until when the exchange keeps it, None while that is not known.
        is_open: Whether a connection is open under it, or under the one before it.
    """

    def __init__(self) -> None:
        self.key: str | None = None
        self.valid_until_ns: int | None = None
        self.is_open = False
        self._recovery = Recovery()
        # A key that was asked for since the last connection: the next step is to connect with it.
        self._fresh = False
        self._renew = False
        self._keep_failures = 0
        self._not_before_ns = 0
        self._replace_ns = 0
        self._connected_ns = 0

    @property
    def failures(self) -> int:
        """How often in a row there was no connection."""
        return self._recovery.failures

    def due(self, now_ns: int) -> Do | None:
        """What to do now, if anything."""
        if self.is_open:
            self._recovery.heard(now_ns)
        if now_ns < self._not_before_ns:
            return None
        if self._fresh:
            return Do.CONNECT
        if self.key is None or not self.is_open or self._renew or now_ns >= self._replace_ns:
            return Do.MAKE_KEY
        if self.valid_until_ns is not None and near_expiry(self.valid_until_ns, now_ns):
            return Do.MAKE_KEY
        if near_expiry(self.valid_until_ns, now_ns, LEAST_LEFT_NS + KEEP_EARLIER_NS):
            return Do.KEEP_KEY
        return None

    def made(self, key: str, asked_ns: int) -> None:
        """The exchange has given a key, asked for at a time."""
        self.key = key
        self.valid_until_ns = asked_ns + VALID_NS
        self._fresh = True
        self._renew = False
        self._keep_failures = 0
        self._not_before_ns = 0

    def kept(self, asked_ns: int) -> None:
        """The exchange has prolonged the key."""
        self.valid_until_ns = asked_ns + VALID_NS
        self._keep_failures = 0
        self._not_before_ns = 0

    def keep_failed(self, now_ns: int) -> None:
        """The key was not prolonged: three times more a second apart, then it is replaced."""
        self._keep_failures += 1
        if self._keep_failures > KEEP_RETRIES:
            self._keep_failures = 0
            self._renew = True
        else:
            self._not_before_ns = now_ns + KEEP_RETRY_NS

    def key_gone(self, key: str | None = None) -> bool:
        """The exchange does not know the key (-1125), or says that it has expired. Never asked about again.

        Args:
            key: Which key that is, None for the present one.

        Returns:
            Whether it is the one we have.
        """
        if self.key is None or (key is not None and key != self.key):
            return False
        self.key = None
        self.valid_until_ns = None
        self._fresh = False
        self._keep_failures = 0
        self._not_before_ns = 0
        return True

    def connected(self, now_ns: int, jitter: float) -> None:
        """A connection is open under the key."""
        self.is_open = True
        self._connected_ns = now_ns
        self._fresh = False
        self._not_before_ns = 0
        self._replace_ns = replaced_at(now_ns, jitter)

    def failed(self, now_ns: int, jitter: float, at_least_s: float = 0.0) -> bool:
        """There was no key to be had, or no connection with it; the next attempt begins with the key.

        Returns:
            Whether this was the fifth failure in a row. Attempts go on.
        """
        self._fresh = False
        self._renew = True
        retry = self._recovery.failed(now_ns, jitter, at_least_s)
        self._not_before_ns = retry.at_ns
        return retry.exhausted

    def closed(self, now_ns: int, jitter: float) -> bool:
        """The open connection has ended; as `failed`."""
        self.is_open = False
        return self.failed(now_ns, jitter)

    def doubt(self) -> None:
        """What the stream should have told was seen elsewhere: a new connection, with the key asked for anew.

        Not sooner than ten seconds after the last one, lest what does not help is done all the time.
        """
        self._renew = True
        if self.is_open:
            self._not_before_ns = max(self._not_before_ns, self._connected_ns + DOUBT_NS)

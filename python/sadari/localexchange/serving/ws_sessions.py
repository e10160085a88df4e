"""A session of the WebSocket API: a connection that has proved its key once need not sign each call.

Source: reference binance-usdm §1, WS API.
"""

from __future__ import annotations

from collections.abc import Callable

from sadari.binance.wire.control import SessionStatus
from sadari.localexchange.asking.admission import Reading
from sadari.localexchange.asking.api_keys import ApiKeys
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused
from sadari.model.units import MILLISECOND_NS


class Session:
    """What one connection has proved.

    Args:
        keys: The account's keys.
        now_ns: The gateway's clock.

    Attributes:
        key: With which it is logged on; None if it is not.
    """

    def __init__(self, keys: ApiKeys, now_ns: Callable[[], int]) -> None:
        self.key: str | None = None
        self._keys = keys
        self._now_ns = now_ns
        self._connected_ns = now_ns()
        self._since_ns = 0

    def may_log_on(self, reading: Reading) -> Reading:
        """Let the signature of a log-on be verified.

        Raises:
            Refused: -4056, the key is no Ed25519 key.
        """
        key = self._keys.find(reading.key)
        if reading.key is None or (key is not None and not key.logs_on):
            raise Refused(-4056, "HMAC_SHA256 API key is not supported; session.logon takes Ed25519 keys only.")
        return reading

    def log_on(self, asked: Parameters) -> SessionStatus:
        """Be logged on with the key that has signed this; with another one, in its place."""
        self.key, self._since_ns = asked.key, self._now_ns()
        return self.status(asked)

    def status(self, _: Parameters) -> SessionStatus:
        """Who is logged on, and since when."""
        since_ms = self._since_ns // MILLISECOND_NS if self.key is not None else None
        return SessionStatus(self.key, since_ms, self._connected_ns // MILLISECOND_NS, self._now_ns() // MILLISECOND_NS)

    def log_out(self, asked: Parameters) -> SessionStatus:
        """Be nobody again; the connection stays."""
        self.key = None
        return self.status(asked)

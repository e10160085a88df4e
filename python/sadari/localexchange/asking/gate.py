"""The way of every request, over HTTP or WebSocket: limits, admission, answer, and whatever goes wrong on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from sadari.binance.wire.control import ErrorBody
from sadari.exchange import Refusal
from sadari.localexchange.asking.admission import Reading, admit
from sadari.localexchange.asking.api_keys import ApiKeys
from sadari.localexchange.asking.endpoint import Endpoint, Security
from sadari.localexchange.asking.limits import Limited, Limits, Usage
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused

Report = Callable[[str, Exception], None]


class WsMethod(NamedTuple):
    """One method of the WebSocket API; its fields mean what those of `Endpoint` mean."""

    answer: Callable[[Parameters], object]
    security: Security = Security.SIGNED
    orders: int = 0
    weight: int | Callable[[Parameters], int] = 1
    trades: bool = False


class Answer(NamedTuple):
    """What a request gets.

    Attributes:
        status: Of HTTP.
        body: Encoded: the value, or the error's code and message.
        retry_after_s: When to come back, after a limit.
    """

    status: int
    body: bytes
    retry_after_s: int | None = None


class Gate:
    """Asks of every request what its endpoint asks.

    Args:
        keys: The API keys; looked up at each request.
        now_ns: The gateway's clock.
        limits: How much may be asked.
        token: Of the control API; None shuts it.
        report: Told what was being done when something unexpected was raised; the client sees -1000 only.
    """

    def __init__(
        self,
        keys: ApiKeys,
        now_ns: Callable[[], int],
        report: Report,
        limits: Limits | None = None,
        *,
        token: str | None = None,
    ) -> None:
        self.now_ns = now_ns
        self.report = report
        self.usage = Usage(limits or Limits())
        self.keys = keys
        self._token = token

    def answer(self, address: str, what: str, read: Callable[[], Reading], asked: Endpoint | WsMethod) -> Answer:
        """Answer a request, however bad it is; never raises.

        Args:
            address: Whose weight is charged.
            what: The request in a few words, for the report.
            read: Takes the request apart; may raise `Refused`.
            asked: The endpoint or method.
        """
        try:
            return Answer(200, msgspec.json.encode(self._value(address, read, asked)))
        except Limited as limited:
            return Answer(limited.status, refusal_body(limited.code, limited.message), limited.retry_after_s)
        except Refused as refused:
            return Answer(refused.status, refusal_body(refused.code, refused.message))
        except Refusal as refusal:
            return Answer(400, refusal_body(refusal.code, refusal.message))
        except Exception as error:  # noqa: BLE001 - a bug in one answer must not reach the client, nor end the server
            self.report(what, error)
            return Answer(500, refusal_body(-1000, "An unknown error occurred while processing the request."))

    def _value(self, address: str, read: Callable[[], Reading], asked: Endpoint | WsMethod) -> object:
        now_ns = self.now_ns()
        if asked.security is Security.TOKEN:
            # The one who runs the exchange shares an address with its clients, but not their limits and bans.
            return asked.answer(admit(read(), asked.security, self.keys, now_ns, self._token))
        self.usage.charge_weight(address, 0, now_ns)
        weight = asked.weight
        try:
            reading = read()
            if not isinstance(weight, int):
                weight = weight(Parameters(reading.values))
        except Refused:
            self.usage.charge_weight(address, 1, now_ns)
            raise
        self.usage.charge_weight(address, weight, now_ns)
        parameters = admit(reading, asked.security, self.keys, now_ns, trades=asked.trades)
        if asked.orders:
            self.usage.charge_orders(asked.orders, now_ns)
        return asked.answer(parameters)


def refusal_body(code: int, message: str) -> bytes:
    """The exchange's error body."""
    return msgspec.json.encode(ErrorBody(code, message))

"""The WebSocket API: calls by name, answered as over HTTP, in an envelope of their own.

Source: reference binance-usdm §1, WS API.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from sadari.binance.wire.control import NULL, CalledId, ErrorBody, MethodCall, MethodFailure, MethodReply
from sadari.localexchange.asking.admission import Reading, read_call
from sadari.localexchange.asking.endpoint import Security
from sadari.localexchange.asking.gate import Answer, Gate, WsMethod, refusal_body
from sadari.localexchange.serving.ws_sessions import Session

LOG_ON, STATUS, LOG_OUT = SESSION_METHODS = ("session.logon", "session.status", "session.logout")


class WsMethods:
    """The methods of the WebSocket API.

    Args:
        methods: By name, as ``order.place``; those of the session are added.
        gate: What every request passes.
    """

    def __init__(self, methods: Mapping[str, WsMethod], gate: Gate) -> None:
        self._methods = methods
        self._gate = gate

    def open(self) -> Session:
        """The session of a new connection."""
        return Session(self._gate.keys, self._gate.now_ns)

    def answer(self, address: str, message: bytes | str, session: Session) -> bytes:
        """Answer one message, however bad it is."""
        try:
            call = msgspec.json.decode(message, type=MethodCall)
        except msgspec.ValidationError:
            return self._envelope(address, _id_of(message), Answer(400, refusal_body(-1135, "Invalid request.")), 0)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self._envelope(address, NULL, Answer(400, refusal_body(-1135, "Invalid JSON Request.")), 0)
        logging_on = call.method == LOG_ON
        method = self._of_session(session).get(call.method) or self._methods.get(call.method)

        def read() -> Reading:
            reading = read_call(call.params, None if logging_on else session.key)
            return session.may_log_on(reading) if logging_on else reading

        if method is None:
            answer = Answer(400, refusal_body(-1020, f"Method '{call.method}' is not supported."))
        else:
            answer = self._gate.answer(address, call.method, read, method)
        shown = bytes(call.params.get("returnRateLimits", NULL)).strip(b'"').lower() != b"false"
        return self._envelope(address, call.id, answer, 0 if method is None else method.orders, shown=shown)

    def _of_session(self, session: Session) -> dict[str, WsMethod]:
        return {
            LOG_ON: WsMethod(session.log_on, weight=2),
            STATUS: WsMethod(session.status, Security.NONE, weight=2),
            LOG_OUT: WsMethod(session.log_out, Security.NONE, weight=2),
        }

    def _envelope(
        self, address: str, call_id: msgspec.Raw, answer: Answer, orders: int, *, shown: bool = True
    ) -> bytes:
        limits = self._gate.usage.listed(address, orders, self._gate.now_ns()) if shown else None
        reply: MethodReply | MethodFailure
        if answer.status == 200:  # noqa: PLR2004 - HTTP's own number
            reply = MethodReply(call_id, answer.status, msgspec.Raw(answer.body), limits)
        else:
            error = msgspec.json.decode(answer.body, type=ErrorBody)
            reply = MethodFailure(call_id, answer.status, error, limits)
        return msgspec.json.encode(reply)


def _id_of(message: bytes | str) -> msgspec.Raw:
    try:
        return msgspec.json.decode(message, type=CalledId).id
    except msgspec.DecodeError:
        return NULL

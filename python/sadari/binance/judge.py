"""From an answer to its outcome: a good body, or the failure that says what the caller does next.

Where an answer does not say for certain that nothing was done, a request that changes something is of unknown outcome;
a read may be asked again. The text of an answer is kept whole in the message.

Source: reference binance-usdm §2 (HTTP status, variants of 503); faults F01 to F09, F16 to F21.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from sadari.binance.budget import CLOCK_NS
from sadari.binance.codes import CLOCKS_OFF, MEANINGS, THROTTLED, TOO_MANY_ORDERS, TOO_MANY_REQUESTS, Next, meaning
from sadari.errors import ClockOffError, FatalError, RefusedError, RetryableError, SadariError, UnknownOutcomeError
from sadari.model.units import MILLISECOND_NS, SECOND_NS

_GOOD = range(200, 300)
_REFUSED = range(400, 500)
BANNED, LIMITED = 418, 429
_FIREWALL, _TIMEOUT, _UNAVAILABLE = 403, 408, 503
_LIMITS = {BANNED, LIMITED}

# The sentences of a 503 that was certainly not executed; any other of that status is unknown (faults F03, F04).
_NOT_DONE = ("Service Unavailable.", "Internal error; unable to process your request. Please try again.")
_INTERNAL = -1001
_THROTTLED_TEXT = "Request throttled by system-level protection."
_SOON_S = 0.2
# When to come back where a limit does not say it: the longest of the windows, the shortest of the bans.
_LIMIT_S, _BAN_S, _FIREWALL_S = 60.0, 120.0, 60.0
_USUAL_S = {TOO_MANY_REQUESTS: _LIMIT_S, TOO_MANY_ORDERS: 10.0, THROTTLED: _SOON_S, _INTERNAL: _SOON_S}

_CODE = re.compile(rb'"code"\s*:\s*-')
_DEEPEST = 5
# A page of a proxy may be long; of a body of the venue's own nothing is left out.
_LONGEST = 16_384


_BANNED_UNTIL = re.compile(rb"banned until ([0-9]{13})")


class Fault(NamedTuple):
    """An error body.

    Attributes:
        code: The venue's, negative.
        sentence: The venue's own text to it.
        beside: The whole body where it has more than these two, else empty.
    """

    code: int
    sentence: str
    beside: str = ""

    @property
    def message(self) -> str:
        """All of its text."""
        return f"{self.sentence} [whole answer: {self.beside}]" if self.beside else self.sentence


def judge(
    status: int, body: bytes, *, changes: bool, retry_after_s: float | None = None, what: str = "the request"
) -> SadariError | None:
    """The failure that an answer is, None if it is good.

    Args:
        status: Of HTTP or of the WebSocket API.
        body: Whole; of the WebSocket API's failures, their ``error``.
        changes: Whether the request changes anything.
        retry_after_s: What the answer says of when to come back, None if nothing.
        what: The request in a few words, for the message of all but a refusal.
    """
    if status in _GOOD and not _CODE.search(body, 0, 64):
        try:
            msgspec.json.decode(body, type=msgspec.Raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return unclear(f"{what}: the answer is cut or no JSON: {shown(body)}", changes=changes)
        return None
    fault = fault_of(body)
    if status in _LIMITS:
        code = TOO_MANY_REQUESTS if fault is None else fault.code
        usual = _BAN_S if status == BANNED else _USUAL_S.get(code, _LIMIT_S)
        return RetryableError(
            f"{what}: status {status}: {shown(body)}", usual if retry_after_s is None else retry_after_s
        )
    if fault is None:
        return _without_code(status, body, what, changes=changes)
    return _with_code(status, fault, retry_after_s, what, changes=changes)


def fault_of(body: bytes) -> Fault | None:
    """The code and text of an error body, also of one that is a text within another; None if it is none."""
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    found = _found(decoded, _DEEPEST)
    plain = isinstance(decoded, dict) and set(decoded) == {"code", "msg"} and isinstance(decoded["msg"], str)
    return found if found is None or plain else found._replace(beside=shown(body))


def banned_s(status: int, body: bytes, now_ns: int) -> float | None:
    """How long a ban lasts from now on by its own text, in seconds, None if there is none or it does not say.

    Our clock may be ahead of the one by which the time was written: what that may come to is waited for as well.
    """
    found = _BANNED_UNTIL.search(body) if status == BANNED else None
    return None if found is None else (max(0, int(found[1]) * MILLISECOND_NS - now_ns) + CLOCK_NS) / SECOND_NS


def shown(body: bytes) -> str:
    """A body as text, whatever its bytes are."""
    text = body[:_LONGEST].decode(errors="backslashreplace").strip()
    more = len(body) - _LONGEST
    return (text or "(empty)") if more <= 0 else f"{text} ... and {more} bytes more"


def _found(value: object, deeper: int) -> Fault | None:
    if deeper and isinstance(value, str):
        try:
            return _found(msgspec.json.decode(value), deeper - 1)
        except msgspec.DecodeError:
            return None
    if not deeper or not isinstance(value, dict):
        return None
    code = value.get("code")
    if isinstance(code, str) and re.fullmatch(r"-[0-9]{1,6}", code):
        code = int(code)
    if isinstance(code, int) and not isinstance(code, bool) and code < 0:
        message = value.get("msg")
        return Fault(code, message if isinstance(message, str) else "")
    return next((found for inner in value.values() if (found := _found(inner, deeper - 1))), None)


def _without_code(status: int, body: bytes, what: str, *, changes: bool) -> SadariError:
    text = shown(body)
    if status == _UNAVAILABLE and (text in _NOT_DONE or text.startswith(_THROTTLED_TEXT)):
        return RetryableError(f"{what}: status {status}: {text}", _SOON_S)
    after_s = _FIREWALL_S if status == _FIREWALL else 0.0
    return unclear(f"{what}: status {status} without a code: {text}", changes=changes, after_s=after_s)


def _with_code(status: int, fault: Fault, retry_after_s: float | None, what: str, *, changes: bool) -> SadariError:
    code, sentence, _ = fault
    text = f"{what}: status {status}: {code}: {fault.message}"
    means = meaning(code)
    if means.fatal:
        return FatalError(text)
    if status == _UNAVAILABLE and sentence in _NOT_DONE:
        return RetryableError(text, _SOON_S)
    vague = code == _INTERNAL and sentence not in _NOT_DONE
    unlisted = code not in MEANINGS and status not in _REFUSED
    if status == _TIMEOUT or means.next is Next.UNKNOWN or vague or unlisted:
        return unclear(text, changes=changes)
    if code in CLOCKS_OFF:
        return ClockOffError(text)
    if means.next is Next.RETRY:
        usual = _USUAL_S.get(code, 0.0)
        return RetryableError(text, usual if retry_after_s is None else retry_after_s)
    return RefusedError(code, fault.message)


def unclear(text: str, *, changes: bool, after_s: float = 0.0) -> SadariError:
    """What an answer is that does not say what became of the request, or one that never came."""
    return UnknownOutcomeError(text) if changes else RetryableError(text, after_s)

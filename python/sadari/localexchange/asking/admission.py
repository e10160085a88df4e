"""From the bytes of a request to its parameters: who sent it, when, and whether it is what was signed.

Source: reference binance-usdm §2. The signature is verified over the bytes as they came, never over what was read out
of them. Where the reference is silent the order of the checks is key, parameters, timestamp, signature.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec

from sadari.localexchange.asking.api_keys import ApiKey, ApiKeys
from sadari.localexchange.asking.endpoint import Security
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused

FORM = "application/x-www-form-urlencoded"
AHEAD_MS = 1000
USUAL_WINDOW_MS = 5000
WIDEST_WINDOW_MS = 60_000

_KEY = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TIME = re.compile(r"[0-9]{1,18}")


class Request(NamedTuple):
    """What came in over HTTP.

    Attributes:
        query: The raw query string, without its question mark.
        body: The raw body; empty where the method takes none.
        key: The header X-MBX-APIKEY.
        content_type: Without its parameters; a body of another type than a form is signed but not read.
        token: The header ``Authorization: Bearer``, for the control API.
    """

    query: bytes
    body: bytes = b""
    key: str | None = None
    content_type: str = FORM
    token: str | None = None


class Reading(NamedTuple):
    """A request taken apart.

    Attributes:
        values: Its parameters, the signature among them.
        signed: The bytes that the signature is over.
        key: The key that came with it.
        token: The token of the control API that came with it.
        logged_on: Whether its connection has proved the key, so that it needs no signature.
    """

    values: dict[str, str]
    signed: bytes
    key: str | None
    token: str | None = None
    logged_on: bool = False


def read(request: Request) -> Reading:
    """Merge query and body; of a name in both the query's value counts.

    Raises:
        Refused: -1100 for what is no UTF-8, -1101 for a name twice in one part.
    """
    query, signed_query = _parts(request.query)
    body, signed_body = _parts(request.body)
    values = query if request.content_type not in {FORM, ""} else {**body, **query}
    return Reading(values, signed_query + signed_body, request.key, request.token)


def read_call(params: Mapping[str, msgspec.Raw], session_key: str | None = None) -> Reading:
    """The same of a call of the WebSocket API: a number counts as the text it was written as, null as not sent.

    Args:
        params: As they were sent.
        session_key: The key with which the connection is logged on, used where the call names none.

    Raises:
        Refused: -1100 for a text that is no text.
    """
    values = {name: text for name, raw in params.items() if (text := _json_text(bytes(raw))) is not None}
    signed = "&".join(f"{name}={values[name]}" for name in sorted(values) if name != "signature")
    key = values.get("apiKey")
    if key is None and session_key is not None:
        return Reading(values, b"", session_key, logged_on=True)
    return Reading(values, signed.encode(), key)


def admit(
    reading: Reading,
    security: Security,
    keys: ApiKeys,
    now_ns: int,
    token: str | None = None,
    *,
    trades: bool = False,
) -> Parameters:
    """Let a request pass or refuse it; ``trades`` asks for the permission to trade, not only to read.

    Raises:
        Refused: -2014, -2015 (401), -1102 for a missing timestamp or signature, -1021, -1022.
    """
    if security is Security.TOKEN:
        if token is None or reading.token is None or not hmac.compare_digest(token.encode(), reading.token.encode()):
            raise Refused(-2015, "The control API takes its token: send Authorization: Bearer TOKEN.", 401)
    elif security is not Security.NONE:
        key = _known(reading.key, keys)
        if not (key.permissions.futures if trades else key.permissions.reading):
            raise _no_permission()
        if security is Security.SIGNED:
            _check_time(reading.values, now_ns // 1_000_000, signed=not reading.logged_on)
            if not reading.logged_on and not key.signed(reading.signed, reading.values["signature"]):
                raise Refused(-1022, "Signature for this request is not valid.")
    return Parameters(reading.values, reading.key)


def _parts(raw: bytes) -> tuple[dict[str, str], bytes]:
    """The parameters of one part of a request, and the part without its signature."""
    values: dict[str, str] = {}
    signed = []
    for part in raw.split(b"&") if raw else []:
        name, _, value = part.partition(b"=")
        if name != b"signature":
            signed.append(part)
        if not name:
            continue
        key = _plain(name)
        if key in values:
            raise Refused(-1101, f"Duplicate values for a parameter detected: '{key}'.")
        values[key] = _plain(value)
    return values, b"&".join(signed)


def _plain(text: bytes) -> str:
    try:
        return unquote_to_bytes(text.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise Refused(-1100, "Illegal characters found in a parameter.") from None


def _json_text(raw: bytes) -> str | None:
    if raw == b"null":
        return None
    if not raw.startswith(b'"'):
        return raw.decode()
    try:
        return msgspec.json.decode(raw, type=str)
    except msgspec.DecodeError:
        raise Refused(-1100, "Illegal characters found in a parameter.") from None


def _known(name: str | None, keys: ApiKeys) -> ApiKey:
    if name is None or not _KEY.fullmatch(name):
        raise Refused(-2014, "API-key format invalid.", 401)
    key = keys.find(name)
    if key is None:
        raise _no_permission()
    return key


def _no_permission() -> Refused:
    return Refused(-2015, "Invalid API-key, IP, or permissions for action.", 401)


def _check_time(values: Mapping[str, str], now_ms: int, *, signed: bool) -> None:
    timestamp = _milliseconds(values, "timestamp")
    wanted = {"timestamp": timestamp} | ({"signature": values.get("signature")} if signed else {})
    for name, value in wanted.items():
        if value is None or value == "":
            raise Refused(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
    window = _milliseconds(values, "recvWindow")
    width = USUAL_WINDOW_MS if window is None else min(window, WIDEST_WINDOW_MS)
    if timestamp is not None and timestamp >= now_ms + AHEAD_MS:
        raise Refused(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if timestamp is not None and now_ms - timestamp > width:
        raise Refused(-1021, "Timestamp for this request is outside of the recvWindow.")


def _milliseconds(values: Mapping[str, str], name: str) -> int | None:
    text = values.get(name)
    if not text:
        return None
    if not _TIME.fullmatch(text):
        raise Refused(-1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,18}}$'.")
    return int(text)

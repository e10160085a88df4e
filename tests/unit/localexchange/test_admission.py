"""Keys, timestamps and signatures over the bytes as they came."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.localexchange.asking.admission import Request, admit, read, read_call
from sadari.localexchange.asking.api_keys import ApiKey, ApiKeys, Secret
from sadari.localexchange.asking.endpoint import Security
from sadari.localexchange.asking.refused import Refused

KEYS = ApiKeys([ApiKey("key", Secret(b"secret"))])
NOW_MS = 1_700_000_000_000
TIME = f"timestamp={NOW_MS}"


def sign(text: str | bytes) -> str:
    """The signature as a client makes it."""
    return hmac.new(b"secret", text.encode() if isinstance(text, str) else text, hashlib.sha256).hexdigest()


def refusal(request: Request, security: Security = Security.SIGNED) -> tuple[int, int] | None:
    """The code and status of a refused request, None for one that passes."""
    try:
        admit(read(request), security, KEYS, NOW_MS * 1_000_000)
    except Refused as refused:
        return refused.code, refused.status
    return None


def signed(query: str, body: str = "", key: str | None = "key") -> Request:
    """A request with its signature at the end, in the body if there is one."""
    signature = f"&signature={sign(query + body)}"
    return Request(f"{query}{'' if body else signature}".encode(), f"{body}{signature if body else ''}".encode(), key)


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=5), st.integers(0, 5))
def test_what_a_client_signs_is_admitted_wherever_it_stands(values: dict[str, str], split: int) -> None:
    """Any text, percent-encoded, split between query and body, passes and is read as it was meant."""
    values = {name: text for name, text in values.items() if name not in {"signature", "timestamp", "recvWindow"}}
    pairs = list(values.items())
    request = signed(urlencode([*pairs[:split], ("timestamp", str(NOW_MS))]), urlencode(pairs[split:]))
    reading = read(request)
    admit(reading, Security.SIGNED, KEYS, NOW_MS * 1_000_000)
    assert {name: reading.values[name] for name in values} == values


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (f"a=1&{TIME}&signature={sign(f'a=1&{TIME}')}", ""),
        (f"signature={sign(f'a=1&{TIME}')}&a=1&{TIME}", ""),
        (f"a=1&signature={sign(f'a=1&{TIME}')}&{TIME}", ""),
        ("", f"{TIME}&signature={sign(TIME)}"),
        (f"a=1&signature={sign(f'a=1{TIME}')}", TIME),
        (f"{TIME}&signature={sign(TIME).upper()}", ""),
        (f"a=%7e+%C3%A9&{TIME}&signature={sign(f'a=%7e+%C3%A9&{TIME}')}", ""),
    ],
)
def test_a_signature_is_found_in_any_place_and_in_any_case(query: str, body: str) -> None:
    """Query and body are concatenated as they came, without the signature and without a separator."""
    assert refusal(Request(query.encode(), body.encode(), "key")) is None


@pytest.mark.parametrize("query", [f"a=2&{TIME}", f"{TIME}&a=1", f"a=%31&{TIME}"])
def test_a_signature_over_other_bytes_is_refused(query: str) -> None:
    """-1022 also where the meaning is the same."""
    assert refusal(Request(f"{query}&signature={sign(f'a=1&{TIME}')}".encode(), b"", "key")) == (-1022, 400)


@pytest.mark.parametrize(
    ("key", "expected"),
    [(None, (-2014, 401)), ("", (-2014, 401)), ("k y", (-2014, 401)), ("other", (-2015, 401)), ("key", None)],
)
def test_a_key_is_checked_for_its_form_and_then_looked_up(key: str | None, expected: tuple[int, int] | None) -> None:
    """-2014 without a well-formed key, -2015 for an unknown one; both as 401, with and without a signature."""
    assert refusal(signed(TIME, key=key)) == expected
    assert refusal(Request(b"", b"", key), Security.KEY) == expected
    assert refusal(Request(b"", b"", key), Security.NONE) is None


@pytest.mark.parametrize("query", ["a=1", TIME, "signature=00", f"{TIME}&signature=", "timestamp=&signature=00"])
def test_a_missing_timestamp_or_signature_is_named(query: str) -> None:
    """-1102 for what is absent or empty."""
    assert refusal(Request(query.encode(), b"", "key")) == (-1102, 400)


@pytest.mark.parametrize(
    ("offset", "window", "passes"),
    [
        (999, "", True),
        (1000, "", False),
        (-5000, "", True),
        (-5001, "", False),
        (-10_000, "&recvWindow=10000", True),
        (-10_001, "&recvWindow=10000", False),
        (-60_001, "&recvWindow=99999", False),
        (0, "&recvWindow=0", True),
        (-1, "&recvWindow=0", False),
    ],
)
def test_a_timestamp_is_taken_within_its_window(offset: int, window: str, passes: bool) -> None:
    """Less than a second ahead and at most recvWindow behind, as the reference says."""
    assert refusal(signed(f"timestamp={NOW_MS + offset}{window}")) == (None if passes else (-1021, 400))


@pytest.mark.parametrize("query", ["timestamp=soon", f"{TIME}&recvWindow=-1", "timestamp=1e12", "timestamp=١"])
def test_a_time_that_is_no_number_is_refused(query: str) -> None:
    """-1100 with the name of the parameter."""
    assert refusal(signed(query)) == (-1100, 400)


@pytest.mark.parametrize(
    ("query", "code"), [(b"a=%ff", -1100), (b"a=\xff", -1100), (b"%ff=1", -1100), (b"a=1&a=2", -1101)]
)
def test_what_cannot_be_read_is_refused(query: bytes, code: int) -> None:
    """Bad UTF-8, and a name twice in one part."""
    with pytest.raises(Refused) as refused:
        read(Request(query))
    assert refused.value.code == code


def test_the_query_wins_over_the_body_and_only_a_form_is_read() -> None:
    """A body of another type is signed and not read."""
    assert read(Request(b"a=1", b"a=2&b=3")).values == {"a": "1", "b": "3"}
    other = read(Request(b"a=1", b'{"b":3}', content_type="application/json"))
    assert (other.values, other.signed) == ({"a": "1"}, b'a=1{"b":3}')


def test_a_call_is_signed_over_its_sorted_parameters_with_numbers_as_written() -> None:
    """0.10 stays 0.10, null was not sent."""
    text = f'{{"b":0.10,"timestamp":{NOW_MS},"a":"x","c":true,"d":null,"apiKey":"key"}}'
    text = f'{text[:-1]},"signature":"{sign(f"a=x&apiKey=key&b=0.10&c=true&timestamp={NOW_MS}")}"}}'
    reading = read_call(msgspec.json.decode(text, type=dict[str, msgspec.Raw]))
    parameters = admit(reading, Security.SIGNED, KEYS, NOW_MS * 1_000_000)
    assert (parameters.text("b"), parameters.maybe("d")) == ("0.10", None)

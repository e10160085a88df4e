"""Signing: the bytes that are sent are the bytes that are signed, and nobody sees a secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from sadari.binance.sign import Ed25519Signer, HmacSigner, Signer, encoded, signed_call, signed_query, signer
from sadari.errors import ConfigError
from sadari.localexchange.asking.admission import Request, read, read_call

KEY, SECRET = "canary-key", "canary-secret"
PARAMETERS = st.dictionaries(
    st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    max_size=6,
)


def pem(key: Ed25519PrivateKey) -> str:
    """A private key as a file has it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@given(PARAMETERS)
def test_what_is_encoded_reads_back_as_it_was(parameters: dict[str, str]) -> None:
    """Slashes, blanks, plus signs, ampersands and all of Unicode survive the query string."""
    assert parse_qsl(encoded(parameters), strict_parsing=bool(parameters), keep_blank_values=True) == list(
        parameters.items()
    )


@given(PARAMETERS, st.integers(0, 2**50))
def test_a_query_is_signed_over_the_very_bytes_before_the_signature(parameters: dict[str, str], time_ms: int) -> None:
    """The exchange, which signs what came, finds the same signature (faults F20)."""
    query = signed_query(parameters, HmacSigner(KEY, SECRET), time_ms)
    reading = read(Request(query.encode()))
    ours = hmac.new(SECRET.encode(), reading.signed, hashlib.sha256).hexdigest()
    assert reading.values["signature"] == ours
    assert query.endswith(f"&signature={ours}")
    assert {name: reading.values[name] for name in parameters} == parameters


@given(PARAMETERS, st.integers(0, 2**50))
def test_a_call_is_signed_over_its_parameters_in_the_order_of_their_names(
    parameters: dict[str, str], time_ms: int
) -> None:
    """The exchange, which sorts what came, finds the same signature."""
    call = signed_call(7, "order.place", parameters, HmacSigner(KEY, SECRET), time_ms)
    message = msgspec.json.decode(call)
    raw = msgspec.json.decode(call, type=dict[str, msgspec.Raw])
    reading = read_call(msgspec.json.decode(raw["params"], type=dict[str, msgspec.Raw]))
    assert message["id"] == 7
    assert reading.key == KEY
    assert reading.values["signature"] == hmac.new(SECRET.encode(), reading.signed, hashlib.sha256).hexdigest()


def test_a_window_among_the_parameters_is_used() -> None:
    """An opening has a shorter one than the usual five seconds."""
    signs = HmacSigner(KEY, SECRET)
    assert dict(parse_qsl(signed_query({"recvWindow": "2000"}, signs, 5)))["recvWindow"] == "2000"
    assert dict(parse_qsl(signed_query({}, signs, 5)))["recvWindow"] == "5000"


def test_ed25519_signs_what_its_public_key_verifies() -> None:
    """The signature is base64 over the same bytes, percent-encoded in a query."""
    private = Ed25519PrivateKey.generate()
    signs = signer(KEY, pem(private))
    assert isinstance(signs, Ed25519Signer)
    query = signed_query({"symbol": "BTCUSDT"}, signs, 5)
    reading = read(Request(query.encode()))
    private.public_key().verify(base64.b64decode(reading.values["signature"]), reading.signed)
    assert query.partition("&signature=")[2].isascii()
    assert not set("+/=") & set(query.partition("&signature=")[2])


@pytest.mark.parametrize(
    "signs", [signer(KEY, SECRET), signer(KEY, pem(Ed25519PrivateKey.generate()))], ids=["hmac", "ed25519"]
)
def test_no_signer_shows_what_it_holds(signs: Signer) -> None:
    """Neither its text nor its representation has key or secret (faults F134)."""
    shown = f"{signs!r} {signs} {signs:}"
    assert KEY not in shown
    assert SECRET not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    ("key", "secret", "says"),
    [
        ("", SECRET, "API key is empty"),
        (KEY, " ", "API secret is empty"),
        (KEY, "geheim\u00fc", "outside ASCII"),
        (KEY, "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----", "no readable private key"),
        (
            KEY,
            generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "another kind",
        ),
    ],
)
def test_bad_credentials_are_refused_without_being_shown(key: str, secret: str, says: str) -> None:
    """One sentence names what is wrong and does not repeat it."""
    with pytest.raises(ConfigError, match=says) as refused:
        signer(key, secret)
    assert SECRET not in str(refused.value)

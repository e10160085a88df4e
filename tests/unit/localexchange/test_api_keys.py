"""API keys: what each proves itself with, and what it may do."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sadari.errors import ConfigError
from sadari.localexchange.asking.admission import Reading, admit
from sadari.localexchange.asking.api_keys import ApiKey, ApiKeys, Ed25519, Permissions, Secret, public_key, seeded_pair
from sadari.localexchange.asking.endpoint import Security
from sadari.localexchange.asking.refused import Refused

PEM, PKCS = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo


def code(keys: ApiKeys, name: str | None, *, trades: bool = False) -> int:
    """The code with which a request with nothing but a key is refused, 0 if it passes."""
    try:
        admit(Reading({}, b"", name), Security.KEY, keys, 0, trades=trades)
    except Refused as refused:
        return refused.code
    return 0


def test_a_key_does_what_it_may_at_that_moment() -> None:
    """Reading and trading are permissions of their own; a revoked key is unknown, and comes back."""
    keys = ApiKeys([ApiKey("own", Secret(b"s")), ApiKey("reader", Secret(b"s"), Permissions(futures=False))])
    assert [code(keys, name, trades=trades) for name in ("own", "reader") for trades in (False, True)] == [
        0, 0, 0, -2015,
    ]  # fmt: skip
    keys.change(None, futures=False)
    assert [code(keys, "own"), code(keys, "own", trades=True)] == [0, -2015]
    keys.change(None, reading=False, futures=True)
    assert [code(keys, "own"), code(keys, "own", trades=True)] == [-2015, 0]
    keys.change("reader", revoked=True)
    assert code(keys, "reader") == -2015
    keys.change("reader", revoked=False, futures=True)
    assert code(keys, "reader", trades=True) == 0
    assert [code(keys, None), code(keys, "nobody")] == [-2014, -2015]
    with pytest.raises(Refused, match="'key'"):
        keys.change("nobody", revoked=True)


def test_a_session_that_is_logged_on_needs_a_time_and_no_signature() -> None:
    """Its permissions are asked at every call all the same."""
    keys = ApiKeys([ApiKey("own", Secret(b"s"))])
    call = Reading({"timestamp": "1000"}, b"", "own", logged_on=True)
    assert admit(call, Security.SIGNED, keys, 1_000_000_000).key == "own"
    with pytest.raises(Refused, match="timestamp"):
        admit(Reading({}, b"", "own", logged_on=True), Security.SIGNED, keys, 1_000_000_000)
    keys.change(None, revoked=True)
    with pytest.raises(Refused, match="permissions"):
        admit(call, Security.SIGNED, keys, 1_000_000_000)


def test_an_ed25519_signature_is_one_over_these_bytes_in_base64() -> None:
    """Of other bytes, in hex, cut, or of another key it is none."""
    text, public = seeded_pair("a")
    private = serialization.load_pem_private_key(text.encode(), None)
    assert isinstance(private, Ed25519PrivateKey)
    signature = base64.b64encode(private.sign(b"a=1")).decode()
    proof = Ed25519(public)
    assert proof.signed(b"a=1", signature)
    for payload, shown in ((b"a=2", signature), (b"a=1", signature[:-4]), (b"a=1", "zz"), (b"a=1", "00" * 64)):
        assert not proof.signed(payload, shown)
    assert not Ed25519(seeded_pair("b")[1]).signed(b"a=1", signature)


def test_only_an_ed25519_public_key_in_pem_is_registered() -> None:
    """A private key, another kind and no key at all are refused in one sentence that names the file."""
    private = Ed25519PrivateKey.generate()
    assert public_key(private.public_key().public_bytes(PEM, PKCS), "F") == private.public_key()
    with pytest.raises(ConfigError, match=r"^F holds a public key of another kind; allowed: Ed25519$"):
        public_key(generate_private_key(SECP256R1()).public_key().public_bytes(PEM, PKCS), "F")
    for text in (b"", b"key", seeded_pair("a")[0].encode()):
        with pytest.raises(ConfigError, match=r"^F holds no public key in PEM"):
            public_key(text, "F")

"""Signing: exactly the bytes that are sent, percent-encoded as UTF-8.

Source: reference binance-usdm §1 (WebSocket API) and §2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sadari.errors import ConfigError

WINDOW_MS = 5000
# A late opening must not be executed any more (faults F14).
OPENING_WINDOW_MS = 2000
WINDOW = "recvWindow"
# The one header of a request that needs a key.
KEY_HEADER = "X-MBX-APIKEY"

# All that needs no encoding (RFC 3986); a slash does.
_UNRESERVED = "-._~"


class Signer(Protocol):
    """Who can sign for an account."""

    @property
    def key(self) -> str:
        """The API key; it names the account and is not shown either."""

    def sign(self, message: bytes) -> str:
        """The signature as text, not yet percent-encoded."""


class HmacSigner:
    """HMAC-SHA256 under a shared secret."""

    __slots__ = ("_secret", "key")

    def __init__(self, key: str, secret: str) -> None:
        self.key = key
        self._secret = secret.encode()

    def sign(self, message: bytes) -> str:
        """Sixty-four hexadecimal digits."""
        return hmac.digest(self._secret, message, hashlib.sha256).hex()

    def __repr__(self) -> str:
        return "HmacSigner(***)"


class Ed25519Signer:
    """Ed25519 under a private key that never leaves this machine."""

    __slots__ = ("_private", "key")

    def __init__(self, key: str, private: Ed25519PrivateKey) -> None:
        self.key = key
        self._private = private

    def sign(self, message: bytes) -> str:
        """The signature in base64."""
        return base64.b64encode(self._private.sign(message)).decode()

    def __repr__(self) -> str:
        return "Ed25519Signer(***)"


def signer(key: str, secret: str) -> Signer:
    """The signer that a secret is for: a private key in PEM, or else the secret of HMAC.

    Raises:
        ConfigError: Key or secret is empty or no plain ASCII, or the PEM holds no Ed25519 key without a password.
    """
    for name, text in (("API key", key), ("API secret", secret)):
        if not text.strip() or not text.isascii():
            raise ConfigError(f"the {name} is empty or has characters outside ASCII; allowed: the text as issued")
    if "-----BEGIN" not in secret:
        return HmacSigner(key.strip(), secret.strip())
    try:
        private = load_pem_private_key(secret.strip().encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ConfigError("the API secret is no readable private key; allowed: PEM without a password") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigError("the API secret is a private key of another kind; allowed: Ed25519, or the secret of HMAC")
    return Ed25519Signer(key.strip(), private)


def encoded(parameters: Mapping[str, str]) -> str:
    """The parameters as a query string, in their order."""
    return "&".join([f"{quote(name, _UNRESERVED)}={quote(value, _UNRESERVED)}" for name, value in parameters.items()])


def signed_query(parameters: Mapping[str, str], signer: Signer, time_ms: int) -> str:
    """A query string with window, timestamp and, last, the signature over all before it.

    Args:
        parameters: Those of the request; a receive window among them stays.
        signer: Who signs.
        time_ms: The server's time.
    """
    stamped = {WINDOW: str(WINDOW_MS), **parameters, "timestamp": str(time_ms)}
    query = encoded(stamped)
    return f"{query}&signature={quote(signer.sign(query.encode()), _UNRESERVED)}"


def signed_call(request_id: int, method: str, parameters: Mapping[str, str], signer: Signer, time_ms: int) -> bytes:
    """A request of the WebSocket API, signed over its parameters in the order of their names.

    Args:
        request_id: Comes back with the answer.
        method: As the WebSocket API names it.
        parameters: Those of the request; a receive window among them stays.
        signer: Who signs.
        time_ms: The server's time.
    """
    stamped: dict[str, str | int] = {WINDOW: str(WINDOW_MS), **parameters, "apiKey": signer.key, "timestamp": time_ms}
    stamped[WINDOW] = int(stamped[WINDOW])
    message = "&".join([f"{name}={stamped[name]}" for name in sorted(stamped)])
    stamped["signature"] = signer.sign(message.encode())
    return msgspec.json.encode({"id": request_id, "method": method, "params": stamped})

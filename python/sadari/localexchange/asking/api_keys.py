"""The API keys of the account: what each proves itself with, and what it may do.

Source: reference binance-usdm §1 and §2.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from typing import Protocol

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sadari.errors import ConfigError
from sadari.localexchange.asking.refused import Refused


class Permissions(msgspec.Struct, frozen=True):
    """What a key may do; ``ip_list`` says whether it is bound to addresses, which is shown and not enforced."""

    reading: bool = True
    futures: bool = True
    withdrawals: bool = False
    ip_list: bool = True


class Proof(Protocol):
    """What the signatures of a key are verified with."""

    def signed(self, payload: bytes, signature: str) -> bool:
        """Whether a signature is one of the key over these bytes."""


class Secret:
    """HMAC-SHA256 under a shared secret, written in hex of either case."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def signed(self, payload: bytes, signature: str) -> bool:
        """Whether a signature is one of the key over these bytes."""
        ours = hmac.new(self._secret, payload, hashlib.sha256).hexdigest()
        return hmac.compare_digest(ours.encode(), signature.lower().encode())


class Ed25519:
    """Ed25519 under a public key, written in base64."""

    def __init__(self, public: Ed25519PublicKey) -> None:
        self._public = public

    def signed(self, payload: bytes, signature: str) -> bool:
        """Whether a signature is one of the key over these bytes."""
        try:
            self._public.verify(base64.b64decode(signature, validate=True), payload)
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


class ApiKey:
    """A key of the account.

    Attributes:
        name: What a client sends.
        permissions: What it may do now.
        revoked: Whether the exchange does not know it any more.
    """

    def __init__(self, name: str, proof: Proof, permissions: Permissions | None = None) -> None:
        self.name = name
        self.permissions = permissions or Permissions()
        self.revoked = False
        self._proof = proof

    @property
    def logs_on(self) -> bool:
        """Whether a session may be opened with it: Ed25519 keys only."""
        return isinstance(self._proof, Ed25519)

    def signed(self, payload: bytes, signature: str) -> bool:
        """Whether a signature is one of this key over these bytes."""
        return self._proof.signed(payload, signature)


class ApiKeys:
    """The keys of the account; the first is its own, which is meant where none is named."""

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        self._keys = {key.name: key for key in keys}

    def find(self, name: str | None) -> ApiKey | None:
        """A key that is known and not revoked."""
        key = None if name is None else self._keys.get(name)
        return None if key is None or key.revoked else key

    def of(self, name: str | None) -> ApiKey:
        """A key by its name, revoked ones too; the account's own if none is named.

        Raises:
            Refused: -1130, there is no such key.
        """
        key = self._keys.get(next(iter(self._keys), "") if name is None else name)
        if key is None:
            raise Refused(-1130, "Data sent for parameter 'key' is not valid.")
        return key

    def change(
        self,
        name: str | None,
        *,
        reading: bool | None = None,
        futures: bool | None = None,
        withdrawals: bool | None = None,
        ip_list: bool | None = None,
        revoked: bool | None = None,
    ) -> ApiKey:
        """Change what is given of a key, at once.

        Raises:
            Refused: -1130, there is no such key.
        """
        key = self.of(name)
        wished = {"reading": reading, "futures": futures, "withdrawals": withdrawals, "ip_list": ip_list}
        given = {what: value for what, value in wished.items() if value is not None}
        key.permissions = msgspec.structs.replace(key.permissions, **given)
        key.revoked = key.revoked if revoked is None else revoked
        return key


def public_key(pem: bytes, where: str) -> Ed25519PublicKey:
    """The public key of a PEM text.

    Raises:
        ConfigError: It is none, or of another kind; names the place.
    """
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{where} holds no public key in PEM (BEGIN PUBLIC KEY): {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{where} holds a public key of another kind; allowed: Ed25519")
    return key


def seeded_pair(seed: str) -> tuple[str, Ed25519PublicKey]:
    """The private key of a seed as PEM, and its public key: it protects nothing but a made-up account."""
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"{seed}:ed25519".encode()).digest())
    text = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return text.decode(), private.public_key()

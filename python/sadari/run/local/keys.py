"""The keys with which a client comes to the local exchange: all follow from one seed."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from sadari.errors import ConfigError
from sadari.localexchange.asking.api_keys import ApiKey, ApiKeys, Ed25519, Permissions, Secret, public_key, seeded_pair

ONLY_READING = Permissions(futures=False)


class Credentials(NamedTuple):
    """What a client needs, and what the one who runs the exchange needs; the same for the same seed."""

    key: str
    secret: str
    token: str


class Further(NamedTuple):
    """Further keys of the same account.

    Attributes:
        reader_key: May read and not trade.
        reader_secret: Its secret.
        ed25519_key: May what the account's own key may.
        ed25519_private_key: As PEM; None where a public key was registered, whose private key is the client's.
    """

    reader_key: str
    reader_secret: str
    ed25519_key: str
    ed25519_private_key: str | None


def credentials(seed: int) -> Credentials:
    """The key, the secret and the token of a seed: they protect nothing but a made-up account on this machine."""
    return Credentials(*(_drawn(str(seed), what) for what in ("key", "secret", "token")))


def keys(own: Credentials, permissions: Permissions, registered: Path | None) -> tuple[ApiKeys, Further]:
    """The account's keys: its own, one that may only read, and one of Ed25519.

    Args:
        own: The account's own key; the others follow from it.
        permissions: What its own key and that of Ed25519 may do.
        registered: A file with an Ed25519 public key in PEM; without it a pair is made from the seed.

    Raises:
        ConfigError: The file cannot be read or holds no such key.
    """
    made, public = seeded_pair(own.secret)
    private: str | None = made
    if registered is not None:
        private, public = None, public_key(_read(registered), f"--ed25519 {registered}")
    reader, secret, ed25519 = (_drawn(own.secret, what) for what in ("reader key", "reader secret", "ed25519 key"))
    further = Further(reader, secret, ed25519, private)
    return ApiKeys(
        (
            ApiKey(own.key, Secret(own.secret.encode()), permissions),
            ApiKey(further.reader_key, Secret(further.reader_secret.encode()), ONLY_READING),
            ApiKey(further.ed25519_key, Ed25519(public), permissions),
        )
    ), further


def _drawn(seed: str, what: str) -> str:
    return sha256(f"{seed}:{what}".encode()).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"--ed25519 {path} cannot be read: {error}") from error

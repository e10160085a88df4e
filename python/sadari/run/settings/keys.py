"""The API key: where it comes from, and which environment it belongs to.

It comes from the environment or from a key file that nobody else may read, never from the configuration, and is shown
nowhere (faults F129, F134, F135).
"""

from __future__ import annotations

import hashlib
import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, NoReturn

import msgspec

from sadari.errors import ConfigError

KEY, SECRET, FILE = "SADARI_API_KEY", "SADARI_API_SECRET", "SADARI_KEY_FILE"
BINDING = "environment.json"
MASK = "***"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Secret:
    """A text that every way of showing it shows as a mask."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: for signing and for nothing else."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    def __format__(self, _: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never written anywhere")


class Keys(NamedTuple):
    """An API key and what signs for it: the secret of HMAC, or an Ed25519 private key in PEM."""

    key: Secret
    secret: Secret

    @property
    def fingerprint(self) -> str:
        """Sixteen digits that tell keys apart and say nothing about them."""
        return hashlib.sha256(self.key.reveal().encode()).hexdigest()[:16]


class Binding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which environment a folder's engine has worked in, and with which key."""

    mode: str
    rest: str
    fingerprint: str


def load_keys(environment: Mapping[str, str], key_file: Path | None = None) -> Keys:
    """The keys out of a file that was named, or else out of the environment.

    Args:
        environment: The process's.
        key_file: What the command line names; it goes before the environment.

    Raises:
        ConfigError: There are none, there are two, or the file may be read by others or is wrong.
    """
    if key_file is not None:
        return _from_file(key_file)
    key, secret, named = (environment.get(name, "").strip() for name in (KEY, SECRET, FILE))
    if named and (key or secret):
        raise ConfigError(f"the environment has both {FILE} and {KEY} or {SECRET}; allowed: one of the two ways")
    if named:
        return _from_file(Path(named))
    if not key or not secret:
        missing = " and ".join(name for name, value in ((KEY, key), (SECRET, secret)) if not value)
        raise ConfigError(
            f"no API key: {missing} is not in the environment; allowed: {KEY} and {SECRET} there, or a key file of "
            f"mode 0600 named by --key-file or {FILE}"
        )
    return Keys(Secret(key), Secret(secret))


def keys_of_this_process(key_file: Path | None = None) -> Keys:
    """See `load_keys`, with this process's environment."""
    return load_keys(os.environ, key_file)


def bind(folder: Path, binding: Binding) -> None:
    """Remember which key and environment an engine's folder belongs to, or check that they are still the same.

    Raises:
        ConfigError: Another environment or another key was used in this folder before; or the file cannot be used.
    """
    check_binding(folder, binding)
    path = folder / BINDING
    if path.exists():
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(binding))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror})") from error


def check_binding(folder: Path, binding: Binding) -> None:
    """Refuse a folder that belongs to another environment or key; one that belongs to none is fine.

    Raises:
        ConfigError: It was used with another one before, or the file cannot be read.
    """
    path = folder / BINDING
    try:
        bound = msgspec.json.decode(path.read_bytes(), type=Binding)
    except FileNotFoundError:
        return
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); it says which key this folder belongs to") from error
    if bound == binding:
        return
    same_key = bound.fingerprint == binding.fingerprint
    was, now = (
        f"mode {one.mode}{' at ' if one.rest else ''}{one.rest} with the key {one.fingerprint}"
        for one in (bound, binding)
    )
    why = "the same key in another environment" if same_key else "another key"
    raise ConfigError(
        f"{folder} was first used in {was}, and this is {now}: {why}. Use another [venue] folder, or, if the change is "
        f"meant and nothing of the old account is open, remove {path}"
    )


def read_private(path: Path) -> str:
    """A file that holds an address with a token in it.

    Raises:
        ConfigError: It cannot be read, or may be read by others.
    """
    return private_text(path, "file of an address")


def _from_file(path: Path) -> Keys:
    text = private_text(path, "key file")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        # The parser's message may quote the line, and the line may be the secret: it is not even a cause.
        raise ConfigError(f'{path}: this key file is not TOML; allowed: key = "..." and secret = "..."') from None
    unknown = [name for name in content if name not in {"key", "secret", "private_key"}]
    if unknown:
        raise ConfigError(f"{path}: there is a key {unknown[0]!r}; allowed: key, secret and private_key")
    for name, value in content.items():
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(f"{path}: {name} is empty or no text; allowed: a text in quotes")
    if "key" not in content or ("secret" in content) is ("private_key" in content):
        raise ConfigError(
            f"{path}: allowed: key, and one of secret (HMAC) and private_key (the name of an Ed25519 PEM beside it)"
        )
    if "secret" in content:
        return Keys(Secret(content["key"].strip()), Secret(content["secret"].strip()))
    pem = path.parent / content["private_key"]
    return Keys(Secret(content["key"].strip()), Secret(private_text(pem, "private key")))


def private_text(path: Path, what: str) -> str:
    """A file that only its owner may read."""
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & _OTHERS:
                raise ConfigError(f"{path}: this {what} has mode {mode:04o}; allowed: 0600 (chmod 600 {path})")
            return file.read()
    except OSError as error:
        raise ConfigError(f"{path}: the {what} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: the {what} is not a text in UTF-8") from error

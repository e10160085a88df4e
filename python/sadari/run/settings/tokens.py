"""Proof that a request for a liquidation comes from its source: each has a secret, and signs its request with it.

The secrets are files in the engine's folder that only its owner may read; whoever may read one of them is that source.
They never enter the journal. Source: strategies §11 (Request); faults F132; requirement R003-24.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sadari.errors import ConfigError
from sadari.model.reason import LiquidationSource, liquidation_source
from sadari.model.units import MILLISECOND_NS, SECOND_NS
from sadari.run.settings.keys import Secret, private_text
from sadari.store.folder import CARE, Folder

# Source: strategies §11: a request is as old as this at most, and not from further ahead.
WINDOW_NS = 60 * SECOND_NS
_BYTES = 32


class Signed(NamedTuple):
    """What a token signs; ``timestamp_ms`` is when it was made, by the wall."""

    source: str
    reason: str
    correlation_id: str
    after: str
    timestamp_ms: int


def secret_file(folder: Folder, source: LiquidationSource) -> Path:
    """Where the secret of a source is."""
    return folder.path / "secrets" / source.lower()


def make_secrets(folder: Folder) -> None:
    """Make the secrets that are not there yet; one is there whole or not at all.

    Raises:
        ConfigError: One of them cannot be made.
    """
    for source in LiquidationSource:
        path = secret_file(folder, source)
        if not path.exists():
            try:
                path.parent.mkdir(mode=0o700, exist_ok=True)
                _write(path)
            except OSError as error:
                raise ConfigError(f"{path}: the secret cannot be made ({error.strerror}); {CARE}") from error


def _write(path: Path) -> None:
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_hex(_BYTES))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def secret_of(folder: Folder, source: LiquidationSource) -> Secret:
    """The secret of a source.

    Raises:
        ConfigError: It cannot be read, others may read it, or it is empty.
    """
    path = secret_file(folder, source)
    text = private_text(path, "secret").strip()
    if len(text) < _BYTES:
        raise ConfigError(f"{path}: this secret is too short; allowed: at least {_BYTES} characters")
    return Secret(text)


def token(secret: Secret, signed: Signed) -> str:
    """The token of a request: lower-case hex HMAC-SHA256 of its parts, the source by its own name."""
    source = liquidation_source(signed.source) or signed.source
    parts = (source, signed.reason, signed.correlation_id, signed.after, str(signed.timestamp_ms))
    return hmac.new(secret.reveal().encode(), "|".join(parts).encode(), "sha256").hexdigest()


def doubt(folder: Folder, signed: Signed, given: str, now_ns: int) -> str:
    """Why a token does not prove its source, "" if it does. The secret is in none of these sentences."""
    return next(_doubts(folder, signed, given, now_ns), "")


def _doubts(folder: Folder, signed: Signed, given: str, now_ns: int) -> Iterator[str]:
    source = liquidation_source(signed.source)
    if source is None:
        yield "there is no such source"
        return
    try:
        secret = secret_of(folder, source)
    except ConfigError as error:
        yield str(error)
        return
    # Compared in the same time wherever they differ; what is no ASCII is no token.
    if not hmac.compare_digest(token(secret, signed).encode(), given.encode("utf-8", "surrogatepass")):
        yield "the token is not that of the source's secret and this request"
    age_ns = now_ns - signed.timestamp_ms * MILLISECOND_NS
    if abs(age_ns) > WINDOW_NS:
        yield f"it was made {age_ns / SECOND_NS:.0f} s ago; allowed: within {WINDOW_NS // SECOND_NS} s of now"

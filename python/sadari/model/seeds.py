"""Seeds of what is drawn for one symbol out of the seed of all."""

from __future__ import annotations

from hashlib import sha256


def own_seed(seed: int, symbol: str) -> int:
    """The seed of a symbol's tape, below 2**64; no two symbols share one.

    A run over history and the local exchange both draw by it, so that they see one tape.
    """
    return int.from_bytes(sha256(f"{seed}:{symbol}".encode()).digest()[:8])

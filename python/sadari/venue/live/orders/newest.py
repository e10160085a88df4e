"""A memory that does not grow for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Newest(Generic[K, V]):
    """The newest entries by key; beyond so many the oldest go that nobody needs.

    Args:
        most: So many are kept; more only if they are needed.
        needed: Whether an entry must stay whatever its age.
    """

    def __init__(self, most: int, needed: Callable[[K], bool] = lambda _: False) -> None:
        self._most = most
        self._needed = needed
        self._entries: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __setitem__(self, key: K, value: V) -> None:
        self._entries.pop(key, None)
        self._entries[key] = value
        # An entry that is needed is looked at again when it has become the oldest once more.
        for _ in range(len(self._entries) - self._most):
            oldest = next(iter(self._entries))
            kept = self._entries.pop(oldest)
            if self._needed(oldest):
                self._entries[oldest] = kept

    def get(self, key: K) -> V | None:
        """An entry, None if there is none."""
        return self._entries.get(key)

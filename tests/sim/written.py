"""What the journal on the disk says, read as somebody else would: while the engine runs, and row by row."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from sadari.store.journal import decode
from sadari.store.reserve import Reserve

_PLACED = re.compile(rb'\{"type":"PlaceOrder"[^\n]*?"client_order_id":"([^"]+)"')


class Written:
    """The orders that a journal has asked for.

    Args:
        journal: The file.
    """

    def __init__(self, journal: Path) -> None:
        self._path = journal
        self._read = 0
        self._ids: set[str] = set()

    def has(self, client_id: str) -> bool:
        """Whether the wish to place an order is in the file, or in the reserve beside it."""
        if client_id not in self._ids:
            self._look()
        return client_id in self._ids or self._in_reserve(client_id)

    def _look(self) -> None:
        database = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)
        try:
            rows = database.execute("SELECT first, size, lines FROM rows WHERE first > ? ORDER BY first", (self._read,))
            for first, size, lines in rows:
                self._read = first + size - 1
                self._ids.update(name.decode() for name in _PLACED.findall(lines))
        finally:
            database.close()

    def _in_reserve(self, client_id: str) -> bool:
        return client_id.encode() in Reserve.beside(self._path).read_bytes()


def records(journal: Path) -> list[object]:
    """Every record of a journal."""
    database = sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)
    try:
        rows = database.execute("SELECT lines FROM rows ORDER BY first")
        return [decode(line) for (lines,) in rows for line in lines.splitlines()]
    finally:
        database.close()

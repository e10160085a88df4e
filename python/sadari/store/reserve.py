"""What stands beside a durable journal: how far it was acknowledged, and room for what must not fail on a full disk.

The mark says up to which record everything was on disk when something was sent. It is written after each sync, never
before, and so it can be behind the journal and never ahead of it: a journal that ends before its mark has lost what
was acknowledged. It has two places, written in turn: a write that was torn leaves the mark before it, which is only
further behind. The room is filled with zeros when the file is made, so that a write into it needs no free space.
"""

from __future__ import annotations

import os
import struct
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Self

from sadari.errors import JournalError
from sadari.store.folder import CARE, MEND

SUFFIX = ".reserve"
ROOM = 1 << 20

_MAGIC = b"SADARI\x01\n"
# Magic, generation, records, chain, emergencies; a digest of them follows.
_MARK = struct.Struct(">8sQQ32sQ")
_PLACES = (0, 2048)
_FRAME = struct.Struct(">I32s")
_ROOM_AT = 4096


class Mark(NamedTuple):
    """How far a journal was acknowledged.

    ``generation`` counts how often the journal of this folder was begun anew or replaced by an older copy: client
    order ids that an earlier generation has given out are not to be given out again. ``emergencies`` were written into
    the room and acknowledged.
    """

    generation: int
    records: int
    chain: bytes
    emergencies: int = 0


class Reserve:
    """The open file. Use `make` or `open`."""

    def __init__(self, path: Path, descriptor: int, mark: Mark, place: int, end: int) -> None:
        self.path = path
        self.mark = mark
        self._place = place
        self._descriptor = descriptor
        self._end = end

    @staticmethod
    def beside(journal: Path) -> Path:
        """Where the reserve of a journal is."""
        return journal.with_name(journal.name + SUFFIX)

    @classmethod
    def make(cls, journal: Path, mark: Mark) -> Self:
        """Make the file, or make it anew, all its room on disk.

        Raises:
            JournalError: It cannot be written.
        """
        path = cls.beside(journal)
        fresh = path.with_name(path.name + ".new")
        try:
            with fresh.open("wb") as file:
                file.write((_packed(mark).ljust(_PLACES[1], b"\0") * 2).ljust(_ROOM_AT + ROOM, b"\0"))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            raise JournalError(
                f"{path}: the reserve of the journal cannot be made ({error.strerror}); {CARE}"
            ) from error
        return cls.open(journal)

    @classmethod
    def open(cls, journal: Path) -> Self:
        """Open the reserve of a journal.

        Raises:
            JournalError: It is missing or is not what was written.
        """
        path = cls.beside(journal)
        try:
            content = path.read_bytes()
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise JournalError(
                f"{path}: the reserve of the journal cannot be read ({error.strerror}); it says how far the journal "
                "was acknowledged: put it back beside the journal, or see sadari repair"
            ) from error
        found = _newest(content)
        if found is None or len(content) < _ROOM_AT + ROOM:
            os.close(descriptor)
            raise JournalError(f"{path}: the reserve of the journal is not what was written; {MEND}")
        end = _ROOM_AT + sum(_FRAME.size + len(frame) for frame in _frames(content))
        return cls(path, descriptor, *found, end)

    def acknowledge(self, records: int, chain: bytes) -> None:
        """Move the mark; not synced, so that it may be behind after a loss of power.

        Raises:
            JournalError: It cannot be written.
        """
        self._move(self.mark._replace(records=records, chain=chain))

    def _move(self, mark: Mark) -> None:
        self.mark = mark
        try:
            self._place = 1 - self._place
            self._put(_packed(mark), _PLACES[self._place])
        except OSError as error:
            raise JournalError(
                f"{self.path}: the mark of the journal cannot be written ({error.strerror}); {CARE}"
            ) from error

    def _put(self, content: bytes, at: int) -> None:
        """Write all of it: the system may take less at a time, and says so by no error."""
        while content:
            written = os.pwrite(self._descriptor, content, at)
            content, at = content[written:], at + written

    def emergencies(self) -> list[bytes]:
        """What was written in emergencies, whole; what was cut and never acknowledged is not among it.

        Raises:
            JournalError: It cannot be read, or what was acknowledged is not what was written.
        """
        try:
            found = _frames(self.path.read_bytes())
        except OSError as error:
            raise JournalError(
                f"{self.path}: the reserve of the journal cannot be read ({error.strerror}); {CARE}"
            ) from error
        if len(found) < self.mark.emergencies:
            raise JournalError(
                f"{self.path}: emergency {len(found) + 1} of {self.mark.emergencies} is not what was written: an order "
                "may have gone out that nothing else knows of; look at the venue, then see sadari repair"
            )
        return found

    def write_emergency(self, lines: bytes) -> None:
        """Write into the room and sync it.

        Raises:
            JournalError: The room is full, or it cannot be written.
        """
        frame = _FRAME.pack(len(lines), sha256(lines).digest()) + lines
        if self._end + len(frame) > _ROOM_AT + ROOM:
            raise JournalError(f"{self.path}: the reserve of the journal is full")
        try:
            self._put(frame, self._end)
            os.fsync(self._descriptor)
        except OSError as error:
            raise JournalError(
                f"{self.path}: the reserve of the journal cannot be written ({error.strerror}); {CARE}"
            ) from error
        self._end += len(frame)
        self._move(self.mark._replace(emergencies=self.mark.emergencies + 1))

    def clear(self) -> None:
        """Empty the room: what was in it is in the journal now.

        Raises:
            JournalError: It cannot be written.
        """
        # In both places, and on the disk, before the first of them is gone.
        for _ in _PLACES:
            self._move(self.mark._replace(emergencies=0))
        try:
            os.fsync(self._descriptor)
            self._put(bytes(self._end - _ROOM_AT), _ROOM_AT)
            os.fsync(self._descriptor)
        except OSError as error:
            raise JournalError(
                f"{self.path}: the reserve of the journal cannot be written ({error.strerror}); {CARE}"
            ) from error
        self._end = _ROOM_AT

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def read_mark(journal: Path) -> Mark | None:
    """The mark of a journal without opening it for writing, None where there is no whole one."""
    try:
        found = _newest(Reserve.beside(journal).read_bytes())
    except OSError:
        return None
    return None if found is None else found[0]


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _packed(mark: Mark) -> bytes:
    packed = _MARK.pack(_MAGIC, *mark)
    return packed + sha256(packed).digest()


def _newest(content: bytes) -> tuple[Mark, int] | None:
    """The mark that goes furthest, and its place."""
    marks = [(mark, place) for place, at in enumerate(_PLACES) if (mark := _unpacked(content[at:])) is not None]
    return max(marks, key=lambda found: (found[0].generation, found[0].records, found[0].emergencies), default=None)


def _unpacked(content: bytes) -> Mark | None:
    packed, digest = content[: _MARK.size], content[_MARK.size : _MARK.size + 32]
    if len(packed) < _MARK.size or sha256(packed).digest() != digest or not packed.startswith(_MAGIC):
        return None
    return Mark(*_MARK.unpack(packed)[1:])


def _frames(content: bytes) -> list[bytes]:
    found, at = [], _ROOM_AT
    while at + _FRAME.size <= len(content):
        size, digest = _FRAME.unpack_from(content, at)
        lines = content[at + _FRAME.size : at + _FRAME.size + size]
        if size == 0 or sha256(lines).digest() != digest:
            break
        found.append(lines)
        at += _FRAME.size + size
    return found

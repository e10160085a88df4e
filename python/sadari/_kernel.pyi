"""Types of the compiled kernel; `mypy.stubtest` holds this page and the binary equal."""

from typing import final

@final
class Column:
    """A read-only column of f64 or i64 that the kernel owns; `memoryview(column)` and numpy see it without a copy."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> float: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def tolist(self) -> list[float]:
        """All values; an i64 column gives int."""

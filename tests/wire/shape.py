"""Two JSON values, compared by their keys and types: what a served one has less, more or otherwise.

The elements of an array are taken together, so that a key which only some of them have counts as present; a row whose
places differ in type (a candle) is compared place by place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

KINDS = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
    dict: "object",
    list: "array",
}


@dataclass(frozen=True)
class Difference:
    """One place where a served value is not shaped like the recorded one.

    Attributes:
        path: the place, such as `symbols[].filters[].tickSize`; the value itself is "".
        what: "missing", "extra", "type", or "empty" (an array with nothing to hold against a filled one).
        recorded: the JSON types recorded there, joined by "|".
        served: the JSON types served there, joined by "|".
    """

    path: str
    what: str
    recorded: str = ""
    served: str = ""

    def __str__(self) -> str:
        return (
            f"{self.path or '(the whole)'}: {self.what} (recorded {self.recorded or '-'}, served {self.served or '-'})"
        )


def differences(recorded: Sequence[Any], served: Sequence[Any]) -> list[Difference]:
    """All differences between samples of one kind and what is served for it, by path.

    Args:
        recorded: one or more recorded values; a key of any of them is a known key.
        served: one or more values served, decoded from JSON; a key has to be in at least one of them.
    """
    return sorted(_compared(list(recorded), list(served), ""), key=lambda found: (found.path, found.what))


def _compared(recorded: list[Any], served: list[Any], path: str) -> Iterator[Difference]:
    known, found = _kinds(recorded), _kinds(served)
    if any(not _fits(kind, known) for kind in found):
        yield Difference(path, "type", _joined(known), _joined(found))
    yield from _objects_compared(
        [one for one in recorded if isinstance(one, dict)], [one for one in served if isinstance(one, dict)], path
    )
    yield from _arrays_compared(
        [one for one in recorded if isinstance(one, list)], [one for one in served if isinstance(one, list)], path
    )


def _objects_compared(recorded: list[dict[str, Any]], served: list[dict[str, Any]], path: str) -> Iterator[Difference]:
    if not recorded or not served:
        return
    for key in sorted({key for one in (*recorded, *served) for key in one}):
        known = [one[key] for one in recorded if key in one]
        found = [one[key] for one in served if key in one]
        yield from _side_by_side(known, found, f"{path}.{key}" if path else key)


def _arrays_compared(recorded: list[list[Any]], served: list[list[Any]], path: str) -> Iterator[Difference]:
    if not recorded or not served:
        return
    known = [element for one in recorded for element in one]
    found = [element for one in served for element in one]
    if any(_is_row(one) for one in recorded):
        for place in range(max(len(one) for one in (*recorded, *served))):
            yield from _side_by_side(
                [one[place] for one in recorded if place < len(one)],
                [one[place] for one in served if place < len(one)],
                f"{path}[{place}]",
            )
    elif known and not found:
        yield Difference(path, "empty", _joined(_kinds(known)))
    elif known:
        yield from _compared(known, found, f"{path}[]")


def _side_by_side(known: list[Any], found: list[Any], path: str) -> Iterator[Difference]:
    if not found:
        yield Difference(path, "missing", recorded=_joined(_kinds(known)))
    elif not known:
        yield Difference(path, "extra", served=_joined(_kinds(found)))
    else:
        yield from _compared(known, found, path)


def _kinds(values: list[Any]) -> set[str]:
    return {KINDS[type(value)] for value in values}


def _fits(kind: str, known: set[str]) -> bool:
    # JSON has one type of number: a recorded 0.5 says that a 1 may stand there too.
    return kind in known or (kind == "integer" and "number" in known)


def _is_row(values: list[Any]) -> bool:
    kinds = _kinds(values)
    return len(kinds) > 1 and not kinds & {"object", "array"}


def _joined(kinds: set[str]) -> str:
    return "|".join(sorted(kinds))

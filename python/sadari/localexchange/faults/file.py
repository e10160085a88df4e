"""Faults read from TOML or JSON into rules that are all within their bounds."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from decimal import Decimal
from difflib import get_close_matches

import msgspec

from sadari.errors import ConfigError
from sadari.localexchange.faults.action_rules import ActionRule
from sadari.localexchange.faults.rule import Rule
from sadari.localexchange.faults.rules import VERBS, Close

_METHODS = ("GET", "POST", "PUT", "DELETE")
# Longer than anything that is played, and short enough to be counted in nanoseconds.
_LONGEST_S = 1_000_000_000
# What a key may be at the least and at the most, wherever it stands; None for no bound.
_BOUNDS: dict[str, tuple[int, int | None]] = {
    "nth": (1, None), "every": (1, None), "times": (1, None), "probability": (0, 1), "from_s": (0, _LONGEST_S),
    "until_s": (0, _LONGEST_S), "hold_s": (0, _LONGEST_S), "after_s": (0, _LONGEST_S), "sent": (0, None),
    "status": (200, 599), "code": (-99_999, 99_999), "copies": (1, 100_000), "behind": (1, 10_000),
    "size": (1, 256 * 1024 * 1024), "max_leverage": (1, 125), "leverage": (1, 125), "maint_factor": (0, 1_000),
    "part": (0, 1), "trades": (1, 10_000),
}  # fmt: skip


def load_faults(text: str) -> tuple[Rule, ...]:
    """The rules of a text of TOML, each a table ``[[fault]]``, in their order.

    Raises:
        ConfigError: It is not TOML, or a rule is not one; names the rule, the key, its value and what is allowed.
    """
    try:
        content = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the faults are not TOML: {error}") from error
    for key in content:
        if key != "fault":
            raise ConfigError(f"the faults have no key {key!r}{nearest(key, ['fault'])}")
    tables = content.get("fault", [])
    if not isinstance(tables, list):
        raise ConfigError("fault is no list of tables; allowed: [[fault]]")
    rules = tuple(decode_fault(table, number) for number, table in enumerate(tables, 1))
    names = [rule.name for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two faults are named {name!r}; allowed: a name of its own for each")
    return rules


def decode_fault(table: object, number: int) -> Rule:
    """One rule of its keys and values; ``number`` completes its name where it has none of its own.

    Raises:
        ConfigError: Names the rule, the key, its value and what is allowed.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"fault {number} is {table!r}; allowed: a table with a verb")
    verb = table.get("verb")
    if verb is None:
        raise ConfigError(f"fault {number} lacks its verb; allowed: {', '.join(VERBS)}")
    if not isinstance(verb, str) or verb not in VERBS:
        raise ConfigError(f"fault {number} has no verb {verb!r}{nearest(str(verb), VERBS)}")
    kind = VERBS[verb]
    place = f"fault {number} ({verb})"
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for key in table:
        if key != "verb" and key not in fields:
            raise ConfigError(f"{place} has no key {key!r}{nearest(str(key), fields)}")
    for name, field in fields.items():
        if field.required and name not in table:
            raise ConfigError(f"{place} lacks {name}")
    rule = _converted(place, {"name": f"{verb}-{number}"} | table, kind)
    _check(place, rule)
    return rule


def nearest(word: str, allowed: Collection[str]) -> str:
    """The end of a sentence on an unknown word: the known one that is closest, and all of them."""
    near = get_close_matches(word, allowed, 1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return f"{hint} Allowed: {', '.join(allowed) or 'none'}"


def _converted(place: str, table: Mapping[str, object], kind: type[Rule]) -> Rule:
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        wanted, _, path = str(error).partition(" - at `$.")
        key = path.rstrip("`")
        raise ConfigError(f"{place} {key} is {table.get(key)!r}: {wanted[:1].lower()}{wanted[1:]}") from error


def _check(place: str, rule: Rule) -> None:
    given = msgspec.structs.asdict(rule)
    for key, (least, most) in (_BOUNDS | _bounds_of(rule)).items():
        value = given.get(key)
        # What is no number at all is not within bounds either.
        if value is not None and ((isinstance(value, Decimal) and value.is_nan()) or not _within(value, least, most)):
            allowed = f"from {least} to {most}" if most is not None else f"{least} or more"
            raise ConfigError(f"{place} {key} is {value}; allowed: {allowed}")
    for key, value in given.items():
        if isinstance(value, Decimal) and not value.is_finite():
            raise ConfigError(f"{place} {key} is {value}; allowed: a number")
    conditions = [key for key in ("nth", "every", "probability") if given[key] is not None]
    if len(conditions) > 1:
        raise ConfigError(f"{place} has {' and '.join(conditions)}; allowed: one of nth, every, probability")
    if given.get("method") not in {None, *_METHODS}:
        raise ConfigError(f"{place} method is {given['method']!r}; allowed: {', '.join(_METHODS)}")
    if isinstance(rule, ActionRule) and rule.stream is not None and (rule.path or rule.method):
        raise ConfigError(f"{place} waits for a request and for a frame; allowed: path, or stream")
    if "find" in given:
        _check_pattern(place, given["find"], given["put"])


def _bounds_of(rule: Rule) -> dict[str, tuple[int, int | None]]:
    """The bounds of keys that mean something else in one verb than in another."""
    least = -_LONGEST_S if isinstance(rule, ActionRule) else 0
    own: dict[str, tuple[int, int | None]] = {"seconds": (least, _LONGEST_S)}
    return own | {"code": (1000, 4999)} if isinstance(rule, Close) else own


def _within(value: Decimal | int, least: int, most: int | None) -> bool:
    return least <= value and (most is None or value <= most)


def _check_pattern(place: str, find: str, put: str) -> None:
    """Refuse an expression that would only fail where it is used, on bytes."""
    try:
        re.compile(find.encode()).sub(put.encode(), b"")
    except (re.error, ValueError, OverflowError, RecursionError) as error:
        raise ConfigError(f"{place} find is {find!r} with put {put!r}: {error}") from error

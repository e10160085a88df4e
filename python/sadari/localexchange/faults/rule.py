"""What every rule of a fault has: its name, and when it fires."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec


def _verb(class_name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])", "_", class_name).lower()


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="verb", tag=_verb):
    """When a fault fires; without any condition, at all that it matches.

    Attributes:
        name: Unique among the rules that stand; empty means the verb and a number.
        nth: Fires only at this match, counted from 1.
        every: Fires at each match whose number is a multiple of it.
        probability: Fires at a match with this probability, from 0 to 1.
        times: How often it fires at most.
        from_s: Gateway seconds after the rule was added before which nothing matches.
        until_s: Gateway seconds after the rule was added from which on nothing matches.
        contains: A text that the decoded parameters, or the frame, must contain.
    """

    name: str = ""
    nth: int | None = None
    every: int | None = None
    probability: Decimal | None = None
    times: int | None = None
    from_s: Decimal = Decimal(0)
    until_s: Decimal | None = None
    contains: str | None = None


def verb_of(rule: Rule | type[Rule]) -> str:
    """The verb as it is written."""
    return str(rule.__struct_config__.tag)

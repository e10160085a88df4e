"""The one table from the venue's codes to what the caller does next and to what a refusal means to a decision.

Source: reference binance-usdm §6; faults F01 to F44.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import NamedTuple

from sadari.model.reason import RejectReason

CLOCK_OFF = -1021
CLOCK_OFF_AT_ENGINE = -5028
CLOCKS_OFF = frozenset({CLOCK_OFF, CLOCK_OFF_AT_ENGINE})
ORDER_MISSING = -2013
UNKNOWN_ORDER = -2011
ALREADY_MARGIN_TYPE = -4046
ALREADY_POSITION_MODE = -4059
ALREADY_ASSETS_MODE = -4171
NO_ISOLATED_IN_MULTI_ASSETS = -4168
DUPLICATE_ID = -4116
# An order was written for another position mode than the account's (faults F37).
OTHER_POSITION_MODE = frozenset({-1106, -4060, -4061, -4062})
LISTEN_KEY_GONE = -1125
TOO_MANY_REQUESTS = -1003
TOO_MANY_ORDERS = -1015
THROTTLED = -1008


class Next(Enum):
    """What the caller does next.

    UNKNOWN looks for what became of it. RETRY may ask the same again after a while: nothing was done. FINAL changes
    the request or drops it. NOTHING has nothing to do but to read the state back. STOP opens nothing more.
    """

    UNKNOWN = auto()
    RETRY = auto()
    FINAL = auto()
    NOTHING = auto()
    STOP = auto()


class Meaning(NamedTuple):
    """What a code stands for.

    Attributes:
        next: What the caller does.
        reason: What it means to a decision, where it refuses an order.
        fatal: The key, its permissions or the signature are not accepted: no request of the kind will be.
    """

    next: Next
    reason: RejectReason = RejectReason.OTHER
    fatal: bool = False


UNLISTED = Meaning(Next.FINAL)

_FINAL = Next.FINAL
_NOT_FOUND = RejectReason.NOT_FOUND
_FILTER = RejectReason.FILTER
_MARGIN = RejectReason.INSUFFICIENT_MARGIN
_BRACKET = RejectReason.LEVERAGE_BRACKET
_SMALL = RejectReason.MIN_NOTIONAL
_TRIGGERS = RejectReason.WOULD_TRIGGER
_REDUCE = RejectReason.REDUCE_ONLY


def _all(codes: Iterable[int], meaning: Meaning) -> dict[int, Meaning]:
    return dict.fromkeys(codes, meaning)


def _down(first: int, last: int) -> range:
    """Codes from one to another, both included, as the reference writes them."""
    return range(first, last - 1, -1)


MEANINGS: dict[int, Meaning] = {
    # -1000 is unknown for what changes something; a read may be asked again.
    **_all((-1000, -1006, -1007), Meaning(Next.UNKNOWN)),
    # -1001 holds for its own sentence only: see `judge`.
    **_all((-1001, TOO_MANY_REQUESTS, THROTTLED, TOO_MANY_ORDERS, CLOCK_OFF, -2012), Meaning(Next.RETRY)),
    **_all((-1002, -1022, -2014, -2015, -2017), Meaning(Next.STOP, fatal=True)),
    -1016: Meaning(Next.STOP),
    **_all((-1010, -1011, -1013, -1014, -1020), Meaning(_FINAL)),
    **_all(_down(-1100, -1106), Meaning(_FINAL)),
    -1111: Meaning(_FINAL, _FILTER),
    **_all(_down(-1114, -1120), Meaning(_FINAL)),
    -1121: Meaning(_FINAL, _NOT_FOUND),
    **_all((-1122, -1125, -1128, -1130, -1136), Meaning(_FINAL)),
    -2010: Meaning(_FINAL),
    # Filled, canceled or triggering, as a rule: its final state says which.
    -2011: Meaning(Next.NOTHING, _NOT_FOUND),
    # Alone it proves nothing (faults F26).
    -2013: Meaning(_FINAL, _NOT_FOUND),
    **_all((-2018, -2019), Meaning(_FINAL, _MARGIN)),
    -2020: Meaning(_FINAL),
    -2021: Meaning(_FINAL, _TRIGGERS),
    # The position has gone, or other orders claim it: positions and open orders are read again.
    -2022: Meaning(Next.NOTHING, _REDUCE),
    -2023: Meaning(Next.STOP),
    -2024: Meaning(_FINAL, _REDUCE),
    **_all((-2025, -2026), Meaning(_FINAL)),
    **_all((-2027, -2028), Meaning(_FINAL, _BRACKET)),
    **_all((*_down(-4001, -4005), -4013, -4014, -4016, -4023, -4024), Meaning(_FINAL, _FILTER)),
    -4015: Meaning(_FINAL),
    -4028: Meaning(_FINAL, _BRACKET),
    -4045: Meaning(_FINAL, RejectReason.STOP_ORDER_LIMIT),
    ALREADY_MARGIN_TYPE: Meaning(Next.NOTHING),
    **_all((-4047, -4048, -4049, -4054), Meaning(_FINAL)),
    **_all((-4050, -4051), Meaning(_FINAL, _MARGIN)),
    ALREADY_POSITION_MODE: Meaning(Next.NOTHING),
    **_all((-4060, -4061), Meaning(Next.STOP)),
    **_all((-4062, -4067, -4068, -4082), Meaning(_FINAL)),
    # Of a batch, which is never sent: each item would have to be looked up.
    -4083: Meaning(Next.UNKNOWN),
    **_all((-4087, -4088, -4109), Meaning(Next.STOP)),
    # Evidence that the first one with this id exists (faults F13).
    DUPLICATE_ID: Meaning(Next.NOTHING),
    -4117: Meaning(Next.NOTHING),
    -4118: Meaning(_FINAL, _REDUCE),
    -4120: Meaning(_FINAL),
    -4130: Meaning(_FINAL, RejectReason.CLOSE_POSITION_EXISTS),
    -4131: Meaning(_FINAL, _FILTER),
    **_all(_down(-4135, -4138), Meaning(_FINAL)),
    **_all((-4140, -4141, -4144), Meaning(Next.STOP)),
    -4142: Meaning(_FINAL, _TRIGGERS),
    -4161: Meaning(_FINAL),
    -4164: Meaning(_FINAL, _SMALL),
    **_all((-4165, -4166, -4167, NO_ISOLATED_IN_MULTI_ASSETS), Meaning(_FINAL)),
    -4169: Meaning(_FINAL, _MARGIN),
    -4170: Meaning(_FINAL),
    ALREADY_ASSETS_MODE: Meaning(Next.NOTHING),
    -4172: Meaning(_FINAL),
    **_all((-4183, -4184, -4210, -4211), Meaning(_FINAL, _FILTER)),
    -4192: Meaning(Next.STOP),
    **_all((*_down(-4202, -4209), -4403), Meaning(_FINAL, _BRACKET)),
    **_all((-4400, -4401, -4402), Meaning(Next.STOP)),
    -4531: Meaning(_FINAL),
    **_all((-5000, -5021, -5022, *_down(-5024, -5026)), Meaning(_FINAL)),
    -5027: Meaning(Next.NOTHING),
    # As -1021, by the matching engine.
    CLOCK_OFF_AT_ENGINE: Meaning(Next.RETRY),
    -5029: Meaning(_FINAL, _SMALL),
    **_all((*_down(-5037, -5041), -5043, -5047), Meaning(_FINAL)),
}


def meaning(code: int) -> Meaning:
    """What a code stands for; one that is not listed is a refusal like any other."""
    return MEANINGS.get(code, UNLISTED)


def reject_reason(code: int) -> RejectReason:
    """What a refusal with this code means to a decision."""
    return meaning(code).reason

"""What the ICT strategy is set by, and the names of what its sensors know. Source: strategies §7, D-18."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Literal

import msgspec

from sadari.errors import ConfigError
from sadari.model.reason import EntryEnd

Target = Literal["MULTI_R", "ATR", "STRUCTURE"]
Stop = Literal["REVERSAL", "ATR", "WIDER", "TIGHTER"]
Select = Literal["EXTREME", "LAST_OPPOSITE"]

#: What a fact says, by the kernel's code.
FACTS = (
    "SWING_ADDED",
    "SWING_REPLACED",
    "SWING_DROPPED",
    "BOS",
    "CHOCH",
    "GAP_FOUND",
    "GAP_TOUCHED",
    "GAP_FILLED",
    "BLOCK_CREATED",
    "BLOCK_MITIGATED",
    "LIQUIDITY_SWEPT",
    "LIQUIDITY_BROKEN",
    "LIQUIDITY_MET",
)
#: Why an entry that waits for its price is called off at the close of a frame. A tick meets the first target before
#: that; the close tells it to an engine that was not there, or did not see the trades.
WITHDRAWALS = frozenset({EntryEnd.GAP_FILLED, EntryEnd.OPPOSITE_EVENT, EntryEnd.TARGET_FIRST, EntryEnd.DATA_LOST})

LONGEST = 100_000
# What has a reason of its own: TAKE_PROFIT_1 to 3.
MOST_TARGETS = 3
FURTHEST = 1000


def decimal_of(value: float) -> Decimal:
    """The decimal that a number is written as."""
    return Decimal(repr(value))


class IctSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ICT rules. Shares are fractions, lengths are frames.

    Attributes:
        direction: Which side may enter.
        frame_minutes: The frame in which set-ups are looked for.
        swing_left: Frames before a swing that do not exceed it.
        swing_right: Frames after it, which confirm it.
        eq_tol: Levels no further apart than this many true ranges are one pool.
        min_fvg_atr: Gaps smaller than this many true ranges do not count.
        ob_select: Which frame is an order block.
        shift_within: Frames after a sweep in which structure has to shift.
        entry_level: Where in the gap the entry lies: 0 its near edge, 1 its far edge.
        entry_ttl: Frames after the shift for which the entry waits.
        stop_buffer: How far beyond the extreme of the set-up the stop lies.
        stop: Where the stop lies: beyond the extreme of the set-up (``REVERSAL``), so many true ranges from the entry
            (``ATR``), or the one of both that is further away (``WIDER``) or nearer (``TIGHTER``).
        stop_atr_long: True ranges from the entry of a LONG to its stop.
        stop_atr_short: The same of a SHORT.
        target: Where the targets lie; price at the first one before the entry calls that off.
        target_r: One to three rising distances to the stop, for ``MULTI_R``, and for ``STRUCTURE`` without a level.
        target_shares: Of the quantity, what each of these closes; together the whole.
        target_atr_long: True ranges from the entry of a LONG to its target, for ``ATR``.
        target_atr_short: The same of a SHORT.
    """

    direction: Literal["long", "short", "both"] = "both"
    frame_minutes: int = 5
    swing_left: int = 2
    swing_right: int = 2
    eq_tol: float = 0.1
    min_fvg_atr: float = 0.0
    ob_select: Select = "EXTREME"
    shift_within: int = 20
    entry_level: float = 0.5
    entry_ttl: int = 24
    stop_buffer: float = 0.005
    stop: Stop = "REVERSAL"
    stop_atr_long: float = 2.5
    stop_atr_short: float = 2.5
    target: Target = "MULTI_R"
    target_r: tuple[float, ...] = (0.8, 1.2, 1.6)
    target_shares: tuple[float, ...] = (0.4, 0.3, 0.3)
    target_atr_long: float = 1.5
    target_atr_short: float = 1.5


def check(settings: IctSettings) -> None:
    """Refuse settings that no rule can be made of.

    Raises:
        ConfigError: Names the key, its value and what is allowed.
    """
    bounds: dict[str, tuple[float, float]] = {
        "frame_minutes": (1, 1440),
        "swing_left": (1, 1000),
        "swing_right": (1, 1000),
        "eq_tol": (0, 1000),
        "min_fvg_atr": (0, 1000),
        "shift_within": (1, LONGEST),
        "entry_level": (0, 1),
        "entry_ttl": (1, LONGEST),
        "stop_buffer": (0, 0.5),
        "stop_atr_long": (0.01, 1000),
        "stop_atr_short": (0.01, 1000),
        "target_atr_long": (0.01, 1000),
        "target_atr_short": (0.01, 1000),
    }
    for key, (least, most) in bounds.items():
        value = getattr(settings, key)
        if not least <= value <= most:
            raise ConfigError(f"ict: {key} is {value}; allowed: {least:g} to {most:g}")
    if 1440 % settings.frame_minutes:
        raise ConfigError(f"ict: frame_minutes is {settings.frame_minutes}; allowed: minutes that divide a day")
    _check_targets(settings)


def _check_targets(settings: IctSettings) -> None:
    multiples, shares = settings.target_r, settings.target_shares
    rising = all(nearer < further for nearer, further in pairwise((0.0, *multiples)))
    if not (1 <= len(multiples) <= MOST_TARGETS and rising and multiples[-1] <= FURTHEST):
        raise ConfigError(
            f"ict: target_r is {list(multiples)}; allowed: one to {MOST_TARGETS} rising numbers from 0.01 to {FURTHEST}"
        )
    total = sum(map(decimal_of, shares))
    if len(shares) != len(multiples) or min(shares) <= 0 or total != 1:
        raise ConfigError(
            f"ict: target_shares is {list(shares)}; allowed: {len(multiples)} fractions above 0 that add up to 1"
        )

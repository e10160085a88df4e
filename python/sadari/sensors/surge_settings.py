"""What the surge strategy is set by, and the names of its conditions. Source: strategies §3.1, §3.2."""

from __future__ import annotations

from typing import Literal

import msgspec

from sadari.errors import ConfigError

Preset = Literal["v33", "v32", "nine_of_thirteen"]
Basis = Literal["HIGH_OVER_OPEN", "CLOSE_OVER_PREV_CLOSE", "HIGH_OVER_PREV_CLOSE"]

LONGEST = 100_000

_MINUTE = ("M1-1", "M1-2", "M1-3", "M1-4", "M1-5", "M1-6", "M1-7")
_THREE = ("M3-1", "M3-2", "M3-3", "M3-4", "M3-5")
_FIFTEEN = ("M15-1", "M15-2", "M15-3", "M15-4")
_THIRTEEN = ("M1-1 cross", "M1-2", "M1-3 cross", *_MINUTE[3:], "M1-1 state", "M1-3 gap")

#: Why a minute cannot be read, in the order of the kernel's bits.
CAUSES = ("cold_1m", "cold_3m", "cold_15m", "few_days", "quiet_1m", "quiet_3m", "quiet_15m")


class SurgeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The surge rules. Distances and rises are fractions, ``n`` and lengths are candles of the time frame in the name.

    ``preset`` is the entry made of the conditions: ``v33`` is (S1 or S3) and S15; ``v32`` asks for the three-minute
    filter of v3.2 too, whichever part raises the entry; ``nine_of_thirteen`` is the older entry, of which the source
    gives the counts only. It is read as: nine one-minute conditions, the two alternatives of M1-1 and of M1-3 counted
    each, and the four fifteen-minute ones; at least nine of the thirteen hold; no three-minute part.

    Source: strategies §3.1, D-02 to D-05; R004-26 to R004-31, R004-42.
    """

    preset: Preset = "v33"
    enable_short: bool = False
    ma: tuple[int, int, int, int] = (5, 20, 80, 480)
    bb_fast: tuple[int, float] = (200, 2.0)
    bb_slow: tuple[int, float] = (480, 1.5)
    m1_min_true: int = 6
    m1_n_gc_80_480: int = 150
    m1_min_gap_80_480: float = 0.005
    m1_signed_gap: bool = False
    m1_n_gc_bb: int = 150
    m1_gap_bb: float = 0.03
    m1_n_dc_20_80: int = 20
    m1_buy_point_pair: tuple[int, int] = (5, 20)
    m1_buy_point_n: int = 5
    m1_composite_pair: tuple[int, int] = (80, 480)
    m1_composite_n: int = 150
    m1_daily_surge_pct: float = 0.15
    m1_daily_surge_days: int = 30
    m1_daily_surge_basis: Basis = "HIGH_OVER_OPEN"
    m1_daily_surge_require_days: int = 1
    m3_n_gc_80_480: int = 150
    m3_n_gc_bb: int = 150
    m3_gap_bb: float = 0.02
    m3_n_dc_20_80: int = 20
    m3_gap_5_480: float = 0.02
    m3_n_gc_5_20: int = 5
    m3_v32_n: int = 60
    m3_v32_gap: float = 0.10
    m15_min_true: int = 3
    m15_n_gc_80_480: int = 150
    m15_gap_80_480: float = 0.05
    m15_gap_5_480: float = 0.02
    m15_n_gc_bb: int = 150
    m15_fall_20: int = 2

    @property
    def warm_up(self) -> int:
        """How many contiguous closed candles each time frame needs before it can be read (strategies §3.3)."""
        look_backs = (
            self.m1_n_gc_80_480, self.m1_n_gc_bb, self.m1_n_dc_20_80, self.m1_buy_point_n, self.m1_composite_n,
            self.m3_n_gc_80_480, self.m3_n_gc_bb, self.m3_n_dc_20_80, self.m3_n_gc_5_20, self.m3_v32_n,
            self.m15_n_gc_80_480, self.m15_n_gc_bb, self.m15_fall_20,
        )  # fmt: skip
        return max(look_backs) + max(*self.ma, self.bb_fast[0], self.bb_slow[0])

    def conditions(self) -> dict[str, int]:
        """The bit of each condition that takes part in the entry, by the condition's id."""
        minute = _THIRTEEN if self.preset == "nine_of_thirteen" else (*_MINUTE, *_THREE)
        placed = dict(zip(minute, range(len(minute)), strict=True))
        placed |= {name: bit for bit, name in enumerate(_FIFTEEN, 12)}
        return placed if self.preset == "nine_of_thirteen" else placed | {"M3-V32": 16}


def check(settings: SurgeSettings) -> None:
    """Refuse settings that no rule can be made of.

    Raises:
        ConfigError: Names the key, its value and what is allowed.
    """
    values = msgspec.structs.asdict(settings)
    lengths = {"bb_fast": settings.bb_fast[0], "bb_slow": settings.bb_slow[0], "ma": settings.ma[0]}
    lengths |= {
        key: value
        for key, value in values.items()
        if isinstance(value, int) and not isinstance(value, bool) and not key.endswith("min_true")
    }
    for key, length in lengths.items():
        if not 1 <= length <= LONGEST:
            raise refused(key, values[key], f"1 to {LONGEST:,} candles or days")
    fractions = {key: value for key, value in values.items() if isinstance(value, float)}
    fractions |= {"bb_fast": settings.bb_fast[1], "bb_slow": settings.bb_slow[1]}
    for key, number in fractions.items():
        if not 0 <= number <= LONGEST:
            raise refused(key, values[key], "numbers from 0 on")
    if list(settings.ma) != sorted(set(settings.ma)) or settings.ma[-1] > LONGEST:
        raise refused("ma", settings.ma, f"four different lengths up to {LONGEST:,}, the shortest first")
    for key in ("m1_buy_point_pair", "m1_composite_pair"):
        fast, slow = values[key]
        if not (fast in settings.ma and slow in settings.ma and fast < slow):
            raise refused(key, values[key], f"two of the averages {settings.ma}, the shorter one first")
    for key, most in (("m1_min_true", len(_MINUTE)), ("m15_min_true", len(_FIFTEEN))):
        if not 0 <= values[key] <= most:
            raise refused(key, values[key], f"0 to {most}")
    if settings.m1_daily_surge_require_days > settings.m1_daily_surge_days:
        raise refused(
            "m1_daily_surge_require_days", settings.m1_daily_surge_require_days,
            f"up to m1_daily_surge_days, {settings.m1_daily_surge_days}",
        )  # fmt: skip


def refused(key: str, value: object, allowed: str) -> ConfigError:
    """A setting that cannot be used, in one sentence."""
    return ConfigError(f"surge: {key} is {value}; allowed: {allowed}")

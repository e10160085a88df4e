"""What each value of the configuration may be, beyond its type: one row a key."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sadari.errors import ConfigError
from sadari.model.plan import Ladder
from sadari.model.units import DAY_NS, MINUTE_NS
from sadari.run.settings.request import SIGNAL_KEYS, SignalSection
from sadari.sensors.ict_settings import check as check_ict
from sadari.sensors.scanner import check_settings as check_scanner
from sadari.sensors.surge_settings import check as check_surge

if TYPE_CHECKING:
    from sadari.run.settings.config import Config

# Source: the exchange's longest client order id has 36 characters; number and purpose take the rest.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,16}")

# Prices are counted in units of 1e-8, so that no tick may be finer.
FINEST_TICK = Decimal("1e-8")

DAY_S = 86_400

# Source: the highest initial leverage that the exchange offers on any bracket.
MAX_LEVERAGE = 125


class Bound(NamedTuple):
    """A test that a value must pass, and what it allows, in words."""

    allowed: str
    holds: Callable[[Any], bool]


def _finite(value: Any) -> bool:  # noqa: ANN401 - a row may be about any kind of value
    return not isinstance(value, Decimal) or value.is_finite()


POSITIVE = Bound("a number above 0", lambda value: _finite(value) and value > 0)
NOT_NEGATIVE = Bound("a number of 0 or more", lambda value: _finite(value) and value >= 0)
SHARE = Bound("a fraction from 0 to 1", lambda value: _finite(value) and 0 <= value <= 1)
PART = Bound("a fraction above 0, at most 1", lambda value: _finite(value) and 0 < value <= 1)
BELOW_ONE = Bound("a fraction from 0 to below 1", lambda value: _finite(value) and 0 <= value < 1)
RATE = Bound("a rate from -0.1 to 0.1", lambda value: _finite(value) and abs(value) <= Decimal("0.1"))
COUNT = Bound("a whole number of 1 or more", lambda value: value >= 1)
COUNT_OR_NONE = Bound("a whole number of 0 or more", lambda value: value >= 0)
LEVERAGE = Bound(f"a whole number from 1 to {MAX_LEVERAGE}", lambda value: 1 <= value <= MAX_LEVERAGE)
FRAME = Bound(
    "a whole number of minutes that divides a day", lambda value: value >= 1 and DAY_NS % (value * MINUTE_NS) == 0
)
NUMBERS = Bound("a list of finite numbers", lambda values: all(map(_finite, values)))
TICK = Bound("a multiple of 0.00000001 above 0", lambda value: _finite(value) and value > 0 and not value % FINEST_TICK)

PERCENTILE = Bound("a percentile from 0 to below 100", lambda value: _finite(value) and 0 <= value < 100)  # noqa: PLR2004
STEPS = Bound(
    "pairs of a fall and the share of a plan that it leaves, falls rising and shares falling, both fractions above 0",
    lambda steps: (
        all(_finite(part) and 0 < part <= 1 for step in steps for part in step)
        and all(before[0] < after[0] and before[1] > after[1] for before, after in pairwise(steps))
    ),
)

BOUNDS: dict[str, dict[str, Bound]] = {
    "engine": {"name": Bound("1 to 16 of A-Z a-z 0-9 _ -", lambda value: _NAME.fullmatch(value) is not None)},
    "account": {"balance": POSITIVE},
    # What the three lists may hold is the plan check's to say (LADDER_CONFIG_INVALID).
    "ladder": {
        "weights": NUMBERS, "dca_trigger": NUMBERS, "stop_by_stage": NUMBERS, "leverage": LEVERAGE,
        "half_close_pct": POSITIVE, "half_close_ratio": PART, "tech_frame_minutes": FRAME, "tech_ma_fast": COUNT,
        "tech_ma_slow": COUNT, "tech_atr_n": COUNT, "tech_atr_k": POSITIVE, "liq_guard_pct": BELOW_ONE,
        "protect_offset": BELOW_ONE, "protect_wall_offset": BELOW_ONE,
    },
    "risk": {
        "max_positions": COUNT, "strategy_positions": COUNT, "max_shorts": COUNT_OR_NONE,
        "bearish_shorts": COUNT_OR_NONE, "max_short_risk_pct": SHARE, "min_reserve_pct": SHARE,
        "max_portfolio_stop_loss_pct": PART, "margin_buffer_usdt": NOT_NEGATIVE, "max_order_margin_pct": PART,
        "max_usable_pct": PART, "max_price_age_ms": COUNT, "account_max_age_ms": COUNT,
    },
    "sizing": {
        "risk_per_trade": PART, "max_available_risk": PART, "max_order_value": PART, "max_position": POSITIVE,
        "assumed_stop": PART,
    },
    "reward": {
        "fixed": NOT_NEGATIVE, "long": NOT_NEGATIVE, "short": NOT_NEGATIVE, "short_volatile": NOT_NEGATIVE,
        "short_wild": NOT_NEGATIVE, "long_bullish": NOT_NEGATIVE, "short_bearish": NOT_NEGATIVE,
        "otherwise": NOT_NEGATIVE,
    },
    "reentry": {
        "cooldown_after_stop_minutes": COUNT_OR_NONE, "cooldown_after_exit_minutes": COUNT_OR_NONE,
        "max_per_symbol_per_day": COUNT,
    },
    "daily": {"max_entries": COUNT, "max_loss_pct": PART},
    "fees": {"taker": RATE, "maker": RATE},
    "scaling": {
        "volatility_from_pct": PERCENTILE, "volatility_floor": PART, "drawdown_steps": STEPS,
        "max_correlated_loss_pct": PART,
    },
    "liquidation": {
        "notice_s": Bound("a whole number from 1 to 86400", lambda value: 1 <= value <= DAY_S),
        "margin_critical_notice_s": Bound("a whole number from 0 to 86400", lambda value: 0 <= value <= DAY_S),
    },
    "signal": {"frame_minutes": FRAME, "fast": COUNT, "slow": COUNT, "cooldown_minutes": COUNT_OR_NONE},
    "scanner": {"max_age_minutes": COUNT},
    "market": {
        "latency_ms": COUNT_OR_NONE, "report_ms": COUNT_OR_NONE, "slippage_ticks": COUNT_OR_NONE,
        "seed": COUNT_OR_NONE,
    },
    "funnel": {"days": COUNT},
    "alerts": {"max_drawdown_pct": PART, "max_position_loss_pct": PART, "queue": COUNT, "timeout_s": COUNT},
}  # fmt: skip

_STRATEGY: dict[str, Bound] = {"max_positions": COUNT, "min_reserve_pct": SHARE}
_ASSET: dict[str, Bound] = {"balance": NOT_NEGATIVE, "price": POSITIVE, "ratio": PART}
_INSTRUMENT: dict[str, Bound] = {
    "tick_size": TICK, "step_size": POSITIVE, "min_qty": POSITIVE, "max_qty": POSITIVE, "market_max_qty": POSITIVE,
    "min_notional": NOT_NEGATIVE, "liquidation_fee": BELOW_ONE,
}  # fmt: skip
_BRACKET: dict[str, Bound] = {
    "floor": NOT_NEGATIVE, "cap": POSITIVE, "max_leverage": LEVERAGE, "maint_margin_rate": BELOW_ONE,
    "cum": NOT_NEGATIVE,
}  # fmt: skip


def check_bounds(config: Config) -> None:
    """Refuse the first value that is out of its bounds.

    Raises:
        ConfigError: Names the section, the key, its value and what is allowed.
    """
    for section, bounds in BOUNDS.items():
        _check(section, getattr(config, section), bounds)
    check_surge(config.surge)
    check_ict(config.ict)
    check_scanner(config.scanner)
    for name, strategy in config.strategies.items():
        _check(f"strategies.{name}", strategy, _STRATEGY)
        _check(f"strategies.{name}.signal", strategy.signal, BOUNDS["signal"])
        if strategy.ladder is not None:
            _check(f"strategies.{name}.ladder", strategy.ladder, BOUNDS["ladder"])
    for asset, collateral in config.account.assets.items():
        _check(f"account.assets.{asset}", collateral, _ASSET)
    for symbol, instrument in config.instruments.items():
        _check(f"instruments.{symbol}", instrument, _INSTRUMENT)
        for number, bracket in enumerate(instrument.brackets or (), 1):
            _check(f"instruments.{symbol}.brackets {number}", bracket, _BRACKET)


def check_order(config: Config) -> None:
    """Refuse what two values contradict each other in, and keys of a signal that its kind does not go by.

    Raises:
        ConfigError: Names the section, the key, its value and what is allowed.
    """
    if config.surge.enable_short and config.scanner.gate and not config.scanner.short:
        raise ConfigError(
            "[surge] enable_short is true while [scanner] short is false, so that no short could ever be a candidate; "
            "allowed: short = true, or gate = false"
        )
    named = [(f"strategies.{name}.signal", strategy.signal) for name, strategy in config.strategies.items()]
    for section, signal in named or [("signal", config.signal)]:
        _check_signal(section, signal, config.ict.direction)
    averages: list[tuple[str, str, Any]] = [("signal", "", config.signal), ("ladder", "tech_ma_", config.ladder)]
    for name, strategy in config.strategies.items():
        averages.append((f"strategies.{name}.signal", "", strategy.signal))
        if strategy.ladder is not None:
            averages.append((f"strategies.{name}.ladder", "tech_ma_", strategy.ladder))
            _check_shared(name, strategy.ladder, config.ladder)
    for section, prefix, kind in averages:
        fast, slow = getattr(kind, f"{prefix}fast"), getattr(kind, f"{prefix}slow")
        if fast >= slow:
            raise ConfigError(f"[{section}] {prefix}fast is {fast}; allowed: less than {prefix}slow, which is {slow}")


def _check_signal(section: str, signal: SignalSection, ict: str) -> None:
    for key in signal.__struct_fields__[1:]:
        value = getattr(signal, key)
        if key not in SIGNAL_KEYS[signal.kind] and value != getattr(SignalSection(), key):
            own = f"; [{signal.kind}] has its own" if signal.kind in ("surge", "ict") else ""
            raise ConfigError(f'[{section}] {key} is {value}; allowed: nothing with kind "{signal.kind}"{own}')
    if signal.kind == "ict" and "both" not in (ict, signal.direction) and ict != signal.direction:
        raise ConfigError(
            f"[{section}] direction is {signal.direction}; allowed: that of [ict], which is {ict}, or both"
        )


def _check_shared(name: str, ladder: Ladder, shared: Ladder) -> None:
    """Leverage and margin mode are a symbol's at the exchange: no two strategies can have their own."""
    for key in ("leverage", "margin_mode"):
        own, common = getattr(ladder, key), getattr(shared, key)
        if own != common:
            raise ConfigError(
                f"[strategies.{name}.ladder] {key} is {own}; allowed: that of [ladder], which is {common}"
            )


def _check(section: str, values: msgspec.Struct, bounds: dict[str, Bound]) -> None:
    for key, bound in bounds.items():
        value = getattr(values, key)
        if value is not None and not bound.holds(value):
            raise ConfigError(f"[{section}] {key} is {_shown(value)}; allowed: {bound.allowed}")


def _shown(value: object) -> str:
    return f"[{', '.join(map(_shown, value))}]" if isinstance(value, tuple) else str(value)

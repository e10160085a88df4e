"""The numbers a strategy trades by: ladder, limits, costs. Defaults: strategies §5.1, §5.6, §9."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from sadari.model.order import MarginMode, MinimumReward, SizingBasis, TechExit
from sadari.model.units import MINUTE_NS

D = Decimal


class Ladder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ladder of n rungs (strategies §5.1, D-30).

    ``weights`` and ``stop_by_stage`` have n+1 entries, ``dca_trigger`` n. Weights are fractions of the plan's balance,
    triggers fractions of the first entry price, stops fractions of the average price.
    """

    weights: tuple[Decimal, ...] = (D("0.015"), D("0.020"), D("0.020"))
    dca_trigger: tuple[Decimal, ...] = (D("0.03"), D("0.06"))
    stop_by_stage: tuple[Decimal, ...] = (D("0.10"), D("0.07"), D("0.05"))
    sizing_basis: SizingBasis = SizingBasis.MARGIN
    leverage: int = 10
    margin_mode: MarginMode = MarginMode.ISOLATED
    half_close_pct: Decimal = D("0.10")
    half_close_ratio: Decimal = D("0.5")
    stop_ratchet: bool = True
    dca_rearm: bool = False
    breakeven_after_half: bool = True
    tech_exit: TechExit = TechExit.EITHER
    tech_frame_minutes: int = 3
    tech_ma_fast: int = 5
    tech_ma_slow: int = 20
    tech_atr_n: int = 14
    tech_atr_k: Decimal = D("3.0")
    liq_guard_pct: Decimal = D("0.005")
    protect_offset: Decimal = D("0.002")
    protect_wall_offset: Decimal = D("0.01")

    @property
    def rungs(self) -> int:
        """How many adds the ladder plans."""
        return len(self.dca_trigger)


class Risk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of the account (strategies §9.2 to §9.5): fractions, or quote currency where named ``_usdt``.

    ``strategy_positions``: positions of one strategy at once, None: ten, three where entries name their own stops.
    ``auto_adopt``: a position that is found at the venue is managed without being asked for (§5.7); it is protected
    either way.
    """

    max_positions: int = 10
    strategy_positions: int | None = None
    max_shorts: int = 2
    bearish_shorts: int = 1
    max_short_risk_pct: Decimal = D("0.015")
    allow_opposite_side: bool = False
    min_reserve_pct: Decimal = D("0.45")
    max_portfolio_stop_loss_pct: Decimal = D("0.30")
    margin_buffer_usdt: Decimal = D("50.0")
    max_order_margin_pct: Decimal = D("0.30")
    max_usable_pct: Decimal = D("0.80")
    max_price_age_ms: int = 2_000
    account_max_age_ms: int | None = None
    auto_adopt: bool = False


class StopSizing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an order is sized by the distance to its stop (strategies §9.3): fractions.

    Attributes:
        risk_per_trade: Of the balance, at risk in one trade.
        max_available_risk: Of the available balance, at risk in one trade.
        max_order_value: Of the available balance, the largest order notional.
        max_position: Of the balance, the largest position notional; None: no limit of its own.
        assumed_stop: Distance of the stop, as a share of the price, for a signal that has none.
    """

    risk_per_trade: Decimal = D("0.01")
    max_available_risk: Decimal = D("0.10")
    max_order_value: Decimal = D("0.30")
    max_position: Decimal | None = D("0.10")
    assumed_stop: Decimal = D("0.02")


class Reward(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the reward of an entry must be by its risk, and how what it opened is managed (strategies §7.8, §8).

    Attributes:
        enabled: Whether a reward that is too small is denied.
        mode: What the least ratio of reward to risk depends on (D-20).
        fixed: The least ratio, for ``FIXED``.
        long: For a LONG, by ``DIRECTION`` and ``VOLATILITY``.
        short: For a SHORT, by the same, while volatility is ordinary.
        short_volatile: For a SHORT while the percentile of volatility is above 50.
        short_wild: For a SHORT while it is above 80.
        long_bullish: For a LONG in a bullish trend.
        short_bearish: For a SHORT in a bearish trend; the least that ``COMPOSITE`` asks of one.
        otherwise: For what goes against the trend, or without one, by ``TREND`` and ``COMPOSITE``.
        be_after_tp1: After the first target the stop is at least at break-even.
        exit_on_opposite_choch: A change of character against what is held closes it.
    """

    enabled: bool = True
    mode: MinimumReward = MinimumReward.COMPOSITE
    fixed: Decimal = D("1.0")
    long: Decimal = D("1.0")
    short: Decimal = D("0.5")
    short_volatile: Decimal = D("0.4")
    short_wild: Decimal = D("0.3")
    long_bullish: Decimal = D("0.8")
    short_bearish: Decimal = D("0.4")
    otherwise: Decimal = D("1.0")
    be_after_tp1: bool = False
    exit_on_opposite_choch: bool = False


class Reentry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a symbol may be entered again (strategies §5.6)."""

    cooldown_after_stop_minutes: int = 60
    cooldown_after_exit_minutes: int = 15
    max_per_symbol_per_day: int = 3

    def cooldown_ns(self, *, after_stop: bool) -> int:
        """The cool-down after a close, in nanoseconds."""
        minutes = self.cooldown_after_stop_minutes if after_stop else self.cooldown_after_exit_minutes
        return minutes * MINUTE_NS


class Daily(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of one UTC day (strategies §5.6)."""

    max_entries: int = 50
    max_loss_pct: Decimal = D("0.05")


class Fees(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fee rates as fractions of notional."""

    taker: Decimal = D("0.0005")
    maker: Decimal = D("0.0002")


class Liquidation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long an engine-wide liquidation is announced before it closes anything, in seconds (strategies §11)."""

    notice_s: int = 30
    margin_critical_notice_s: int = 0


class Strategy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One strategy's own plan and limits on an account that it shares; what is None is the account's.

    Attributes:
        ladder: Its ladder. Leverage and margin mode are a symbol's at the venue and so the same for all strategies.
        max_positions: Positions of it at once; None: see `Risk`.
        min_reserve_pct: Share of the balance that this strategy never uses as margin.
        by_stop: Its entries name their stops: each is one order, sized by what it loses there, and climbs no ladder.
        scan_max_age_minutes: How old the last scan in which a symbol was a candidate may be at an entry (D-39); None:
            the scanner does not gate this strategy.
    """

    ladder: Ladder | None = None
    max_positions: int | None = None
    min_reserve_pct: Decimal | None = None
    by_stop: bool = False
    scan_max_age_minutes: int | None = None


class Scaling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options that make plans smaller when risk is higher; all off by default (requirements R000-26, R000-28, R002-12).

    Attributes:
        volatility_from_pct: From this percentile of volatility on a plan shrinks; None: it does not. At the 100th it is
            ``volatility_floor`` of its size, in between in proportion.
            Source: volatility-managed exposure, Moreira and Muir, Journal of Finance 72 (2017).
        volatility_floor: The least share of a plan that high volatility leaves.
        drawdown_steps: Pairs of a fall of equity below its peak and the share of a plan from there on, both rising in
            severity; empty: none. Source: drawdown control, Grossman and Zhou, Mathematical Finance 3 (1993), in steps.
        max_correlated_loss_pct: The most that positions of one side may lose at their worst stops together, each
            counted by its correlation with the new one where that is positive; None: no limit. Two symbols that move
            as one count as one. Source: the part of risks that adds up, Markowitz, Journal of Finance 7 (1952).
    """

    volatility_from_pct: Decimal | None = None
    volatility_floor: Decimal = D("0.5")
    drawdown_steps: tuple[tuple[Decimal, Decimal], ...] = ()
    max_correlated_loss_pct: Decimal | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything the engine decides by. ``run_id`` is a part of every client order id.

    ``strategies`` are those with something of their own, by the name that their signals carry.
    """

    run_id: str = "run"
    ladder: Ladder = Ladder()
    risk: Risk = Risk()
    sizing: StopSizing = StopSizing()
    reward: Reward = Reward()
    reentry: Reentry = Reentry()
    daily: Daily = Daily()
    fees: Fees = Fees()
    scaling: Scaling = Scaling()
    liquidation: Liquidation = Liquidation()
    strategies: dict[str, Strategy] = {}

    def strategy(self, name: str) -> Strategy:
        """What a strategy has of its own; nothing for one that is not named."""
        return self.strategies.get(name, _SHARED)

    def at_once(self, name: str) -> int:
        """How many positions a strategy may have at once."""
        own = self.strategy(name)
        usual = BY_STOP_POSITIONS if own.by_stop else LADDER_POSITIONS
        return next(most for most in (own.max_positions, self.risk.strategy_positions, usual) if most is not None)

    def ladder_of(self, name: str) -> Ladder:
        """The ladder that a strategy climbs."""
        return self.strategy(name).ladder or self.ladder

    @property
    def ladders(self) -> tuple[Ladder, ...]:
        """Every ladder that positions may have, the account's first."""
        own = (strategy.ladder for strategy in self.strategies.values())
        return (self.ladder, *(ladder for ladder in own if ladder is not None))


_SHARED = Strategy()

# Source: strategies §9.2, gate 9.
LADDER_POSITIONS, BY_STOP_POSITIONS = 10, 3

# Source: strategies §9.3: the profile of stop-based signals, and the one without a limit on the position.
PROFILES = {"ict": StopSizing(), "s000": StopSizing(max_position=None)}

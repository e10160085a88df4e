"""The closed enumerations: why something ended, was denied, refused or noted.

Source: strategies §5.7 (exits), §9.2 (gates), §11 (liquidation), §5.3 and §9.3 (notes).
"""

from __future__ import annotations

from enum import StrEnum


class ExitReason(StrEnum):
    """Why a position, or a part of one, was closed. Rung names beyond these come from `stop_loss` and `recovery`."""

    STOP_LOSS_INITIAL = "STOP_LOSS_INITIAL"
    STOP_LOSS_FIRST_DCA = "STOP_LOSS_FIRST_DCA"
    STOP_LOSS_SECOND_DCA = "STOP_LOSS_SECOND_DCA"
    LIQUIDATION_GUARD = "LIQUIDATION_GUARD"
    BREAKEVEN_STOP = "BREAKEVEN_STOP"
    PROTECTIVE_STOP_ORDER = "PROTECTIVE_STOP_ORDER"
    DCA1_RECOVERY = "DCA1_RECOVERY"
    DCA2_RECOVERY = "DCA2_RECOVERY"
    HALF_PROFIT = "HALF_PROFIT"
    TECH_MA_CROSS = "TECH_MA_CROSS"
    TECH_ATR_TRAIL = "TECH_ATR_TRAIL"
    TAKE_PROFIT_1 = "TAKE_PROFIT_1"
    TAKE_PROFIT_2 = "TAKE_PROFIT_2"
    TAKE_PROFIT_3 = "TAKE_PROFIT_3"
    TAKE_PROFIT = "TAKE_PROFIT"
    STOP_LOSS = "STOP_LOSS"
    OPPOSITE_CHOCH = "OPPOSITE_CHOCH"
    SINGLE_POSITION_LOSS_LIMIT = "SINGLE_POSITION_LOSS_LIMIT"
    MANUAL_FORCE_EXIT = "MANUAL_FORCE_EXIT"
    EXCHANGE_LIQUIDATION = "EXCHANGE_LIQUIDATION"
    ADL = "ADL"
    MANUAL_EXTERNAL = "MANUAL_EXTERNAL"


class LiquidationReason(StrEnum):
    """Why the whole account was flattened (strategies §11); the exit reason is ``ENGINE_LIQUIDATION:<this>``."""

    OPERATOR_REQUEST = "OPERATOR_REQUEST"
    OPERATOR_STOP_CLOSE = "OPERATOR_STOP_CLOSE"
    PORTFOLIO_DRAWDOWN = "PORTFOLIO_DRAWDOWN"
    MARGIN_CRITICAL = "MARGIN_CRITICAL"
    CONNECTION_FAILURE = "CONNECTION_FAILURE"
    SCHEDULED_FLATTEN = "SCHEDULED_FLATTEN"
    EXCHANGE_DELISTING = "EXCHANGE_DELISTING"
    STATE_CORRUPTION = "STATE_CORRUPTION"


class LiquidationSource(StrEnum):
    """Who may ask for a liquidation; each has a secret of its own (strategies §11)."""

    CLI = "CLI"
    API_AUTH = "API_AUTH"
    SCHEDULED = "SCHEDULED"


# Source: strategies §11, the other spellings of S003.
LIQUIDATION_ALIASES = {"api_key": LiquidationSource.API_AUTH, "scheduled_task": LiquidationSource.SCHEDULED}


def liquidation_source(name: str) -> LiquidationSource | None:
    """The source that a name or an alias stands for, None if it stands for none."""
    lowered = name.lower()
    named = {source.lower(): source for source in LiquidationSource}
    return LIQUIDATION_ALIASES.get(lowered) or named.get(lowered)


class LiquidationRefusal(StrEnum):
    """Why a liquidation was refused, in the order in which it is asked (strategies §11)."""

    LIQUIDATION_SOURCE_UNKNOWN = "LIQUIDATION_SOURCE_UNKNOWN"
    LIQUIDATION_AUTH_FAILED = "LIQUIDATION_AUTH_FAILED"
    LIQUIDATION_REPLAYED = "LIQUIDATION_REPLAYED"
    LIQUIDATION_IN_PROGRESS = "LIQUIDATION_IN_PROGRESS"
    LIQUIDATION_REASON_REQUIRED = "LIQUIDATION_REASON_REQUIRED"
    LIQUIDATION_NOT_ALLOWED_IN_STATE = "LIQUIDATION_NOT_ALLOWED_IN_STATE"


class DenialCode(StrEnum):
    """Our own gates, in the order in which they are asked (strategies §9.2); the first that fails is the reason."""

    ENGINE_NOT_RUNNING = "ENGINE_NOT_RUNNING"
    SYMBOL_NOT_TRADABLE = "SYMBOL_NOT_TRADABLE"
    SYMBOL_NOT_PREPARED = "SYMBOL_NOT_PREPARED"
    MARKET_DATA_STALE = "MARKET_DATA_STALE"
    ACCOUNT_DATA_STALE = "ACCOUNT_DATA_STALE"
    # Of signals that a scanner gates (strategies §4, D-39).
    NOT_A_CANDIDATE = "NOT_A_CANDIDATE"
    DUPLICATE_SIGNAL = "DUPLICATE_SIGNAL"
    POSITION_EXISTS = "POSITION_EXISTS"
    MAX_POSITIONS = "MAX_POSITIONS"
    # What the venue lets rest could not protect one more (fault F32).
    STOP_ORDER_LIMIT = "STOP_ORDER_LIMIT"
    STRATEGY_POSITION_LIMIT = "STRATEGY_POSITION_LIMIT"
    SHORT_POSITION_LIMIT = "SHORT_POSITION_LIMIT"
    HEDGE_NOT_ALLOWED = "HEDGE_NOT_ALLOWED"
    COOLDOWN_ACTIVE = "COOLDOWN_ACTIVE"
    REENTRY_LIMIT = "REENTRY_LIMIT"
    DAILY_TRADE_LIMIT = "DAILY_TRADE_LIMIT"
    DAILY_LOSS_LIMIT = "DAILY_LOSS_LIMIT"
    INVALID_PRICES = "INVALID_PRICES"
    ZERO_STOP_DISTANCE = "ZERO_STOP_DISTANCE"
    REWARD_BELOW_COSTS = "REWARD_BELOW_COSTS"
    RR_BELOW_MINIMUM = "RR_BELOW_MINIMUM"
    LEVERAGE_PLAN_INCOMPATIBLE = "LEVERAGE_PLAN_INCOMPATIBLE"
    MARGIN_BUFFER = "MARGIN_BUFFER"
    SHORT_RISK_CAP = "SHORT_RISK_CAP"
    PORTFOLIO_RISK_CAP = "PORTFOLIO_RISK_CAP"
    # An option that is off by default (requirement R000-28).
    CORRELATION_CAP = "CORRELATION_CAP"
    MARGIN_RESERVE = "MARGIN_RESERVE"
    BELOW_MIN_QTY = "BELOW_MIN_QTY"
    BELOW_MIN_NOTIONAL = "BELOW_MIN_NOTIONAL"
    LEVERAGE_BRACKET_EXCEEDED = "LEVERAGE_BRACKET_EXCEEDED"
    # An add only: gate 20 of an add is G-ADD (strategies §5.3).
    DCA_WOULD_STOP = "DCA_WOULD_STOP"


class EntryEnd(StrEnum):
    """Why an entry that waited for its price was called off (strategies §7.7, 9)."""

    ENTRY_EXPIRED = "ENTRY_EXPIRED"
    STOP_PASSED = "STOP_PASSED"
    TARGET_FIRST = "TARGET_FIRST"
    GAP_FILLED = "GAP_FILLED"
    OPPOSITE_EVENT = "OPPOSITE_EVENT"
    # The engine makes no new exposure any more.
    ENTRIES_STOPPED = "ENTRIES_STOPPED"
    # A candle is missing: what would call it off cannot be seen any more.
    DATA_LOST = "DATA_LOST"


class PlanFault(StrEnum):
    """What a configuration check finds before any order (strategies §5.1, §5.4, §9.5)."""

    LADDER_CONFIG_INVALID = "LADDER_CONFIG_INVALID"
    LADDER_RUNG_UNREACHABLE = "LADDER_RUNG_UNREACHABLE"
    CONFIG_OVERCOMMITTED = "CONFIG_OVERCOMMITTED"
    LEVERAGE_PLAN_INCOMPATIBLE = "LEVERAGE_PLAN_INCOMPATIBLE"
    PORTFOLIO_RISK_CAP = "PORTFOLIO_RISK_CAP"


class RejectReason(StrEnum):
    """What a refusal of the venue means to a decision; the venue's own code travels beside it."""

    INSUFFICIENT_MARGIN = "INSUFFICIENT_MARGIN"
    WOULD_TRIGGER = "WOULD_TRIGGER"
    REDUCE_ONLY = "REDUCE_ONLY"
    MIN_NOTIONAL = "MIN_NOTIONAL"
    FILTER = "FILTER"
    LEVERAGE_BRACKET = "LEVERAGE_BRACKET"
    NOT_FOUND = "NOT_FOUND"
    CLOSE_POSITION_EXISTS = "CLOSE_POSITION_EXISTS"
    STOP_ORDER_LIMIT = "STOP_ORDER_LIMIT"
    OTHER = "OTHER"


class AuditCode(StrEnum):
    """Facts worth a line that change no order by themselves."""

    ENTRY_WITHDRAWN = "ENTRY_WITHDRAWN"
    HALF_QTY_ZERO = "HALF_QTY_ZERO"
    PLAN_RUNG_TOO_SMALL = "PLAN_RUNG_TOO_SMALL"
    ADD_ABANDONED = "ADD_ABANDONED"
    REDUCTION_GIVEN_UP = "REDUCTION_GIVEN_UP"
    EXIT_REJECTED = "EXIT_REJECTED"
    EXCHANGE_REJECTED = "EXCHANGE_REJECTED"
    ENTRIES_REFUSED = "ENTRIES_REFUSED"
    ILLEGAL_EVENT = "ILLEGAL_EVENT"
    NOT_ALLOWED_IN_STATE = "NOT_ALLOWED_IN_STATE"
    PROTECTIVE_LOST = "PROTECTIVE_LOST"
    QUARANTINED = "QUARANTINED"
    ADDITIONAL_CAUSE = "ADDITIONAL_CAUSE"
    LATE_REPORT = "LATE_REPORT"
    EXTERNAL_FILL = "EXTERNAL_FILL"
    DAILY_LOSS_LIMIT = "DAILY_LOSS_LIMIT"
    # Strategies §11, settlement rules; the last one is rule 5.
    SETTLEMENT_MISMATCH = "SETTLEMENT_MISMATCH"
    SETTLEMENT_DRIFT = "SETTLEMENT_DRIFT"
    SETTLEMENT_PENDING = "SETTLEMENT_PENDING"
    WRITTEN_OFF = "WRITTEN_OFF"
    LEDGER_DIFFERS = "LEDGER_DIFFERS"
    # What a comparison with the venue finds (strategies §5.7; faults R4, F76, F122 to F124).
    ORPHAN_REMOVED = "ORPHAN_REMOVED"
    FOREIGN_ORDER = "FOREIGN_ORDER"
    FOREIGN_POSITION = "FOREIGN_POSITION"
    POSITION_FOUND = "POSITION_FOUND"
    POSITION_DIFFERS = "POSITION_DIFFERS"
    UNKNOWN_CONTRACT = "UNKNOWN_CONTRACT"
    ADOPTED = "ADOPTED"
    LATE_LIFE = "LATE_LIFE"
    STOP_STUCK = "STOP_STUCK"
    # What a symbol or the account is like (strategies §9.7, §10).
    MARGIN_SHARED = "MARGIN_SHARED"
    UNPREPARED = "UNPREPARED"
    SETTINGS_CHANGED = "SETTINGS_CHANGED"
    BALANCE_CHANGED = "BALANCE_CHANGED"
    MARGIN_RATIO = "MARGIN_RATIO"
    DRAWDOWN = "DRAWDOWN"
    LIQUIDATION_NEAR = "LIQUIDATION_NEAR"
    RECOVERY_EXHAUSTED = "RECOVERY_EXHAUSTED"
    # What becomes of an engine-wide liquidation; the first is the type of its notice (strategies §11, R003-28).
    EMERGENCY_LIQUIDATION = "EMERGENCY_LIQUIDATION"
    LIQUIDATION_CANCELED = "LIQUIDATION_CANCELED"
    LIQUIDATION_INCOMPLETE = "LIQUIDATION_INCOMPLETE"
    LIQUIDATION_DONE = "LIQUIDATION_DONE"
    LIQUIDATION_ABANDONED = "LIQUIDATION_ABANDONED"


_STAGES = ("INITIAL", "FIRST_DCA", "SECOND_DCA")

# A close for one of these starts the longer cool-down (strategies §5.6, D-33).
_LOSSES = frozenset(
    {
        ExitReason.STOP_LOSS,
        ExitReason.LIQUIDATION_GUARD,
        ExitReason.PROTECTIVE_STOP_ORDER,
        ExitReason.SINGLE_POSITION_LOSS_LIMIT,
        ExitReason.EXCHANGE_LIQUIDATION,
        ExitReason.ADL,
    }
)


def stage_name(index: int) -> str:
    """INITIAL, FIRST_DCA, SECOND_DCA, then DCA_3, DCA_4 and so on (D-30)."""
    return _STAGES[index] if index < len(_STAGES) else f"DCA_{index}"


def stop_loss(stage: int) -> str:
    """The exit reason of a stage stop, named after the current stage."""
    return f"STOP_LOSS_{stage_name(stage)}"


def recovery(rung: int) -> str:
    """The exit reason of the lot of one rung."""
    return f"DCA{rung}_RECOVERY"


def engine_liquidation(reason: LiquidationReason) -> str:
    """The exit reason of a position closed by an engine-wide liquidation."""
    return f"ENGINE_LIQUIDATION:{reason}"


def exit_reasons(rungs: int) -> frozenset[str]:
    """The closed set of exit reasons of a ladder with this many rungs."""
    names = {str(reason) for reason in ExitReason}
    names.update(stop_loss(stage) for stage in range(rungs + 1))
    names.update(recovery(rung) for rung in range(1, rungs + 1))
    names.update(engine_liquidation(reason) for reason in LiquidationReason)
    return frozenset(names)


def is_profit(reason: str) -> bool:
    """True if a close for this reason is one at a target."""
    return reason == ExitReason.HALF_PROFIT or reason.startswith(ExitReason.TAKE_PROFIT)


def is_stop(reason: str) -> bool:
    """True if a close for this reason counts as *after stop* for the cool-down (D-33)."""
    return reason.startswith("STOP_LOSS_") or reason in _LOSSES

"""What a running engine shows of itself; `sadari status` and the live view read nothing else.

Prices, quantities and money are decimals, times ns UTC, ages and lengths of time seconds.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec


class LevelStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A level that a position waits for; ``distance`` is the way there as a share of the last price, signed."""

    name: str
    price: Decimal
    distance: Decimal | None = None


class PositionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol's position. ``levels`` are ordered by price, the highest first."""

    symbol: str
    direction: str
    state: str
    stage: str
    strategy: str
    qty: Decimal
    entry_price: Decimal | None
    avg_price: Decimal | None
    last_price: Decimal | None
    unrealized: Decimal | None
    stop: Decimal | None
    stop_reason: str
    liquidation_price: Decimal | None
    margin_mode: str
    opened_ns: int
    levels: tuple[LevelStatus, ...] = ()
    resting_stops: tuple[LevelStatus, ...] = ()
    working: str = ""


class StreamStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A connection. ``age_s`` is how long ago the last message came, None before the first."""

    name: str
    connected: bool
    streams: int
    messages: int
    age_s: float | None
    reconnects: int = 0


class DecisionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of the engine, in words."""

    time_ns: int
    symbol: str
    what: str
    reason: str


class SymbolStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Assignment and preparation of a symbol. ``margin_mode`` is the effective one, "" while it is not confirmed.

    ``streams`` are those that it is followed by, and whether each is seen.
    """

    symbol: str
    prepared: bool
    margin_mode: str = ""
    downgraded: bool = False
    leverage: int | None = None
    max_notional: Decimal | None = None
    gates: tuple[str, ...] = ()
    message: str = ""
    streams: dict[str, bool] = {}


class UnprotectedTime(msgspec.Struct, frozen=True, kw_only=True):
    """From each rise of exposure to the stop that covers it, in the exchange's own times. Seconds."""

    rises: int = 0
    open: int = 0
    last_s: float | None = None
    median_s: float | None = None
    p99_s: float | None = None
    max_s: float | None = None


class ExposureStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What is at stake on each side at the last prices, in quote currency; ``net`` is long less short."""

    long: Decimal = Decimal(0)
    short: Decimal = Decimal(0)
    net: Decimal = Decimal(0)
    long_unrealized: Decimal = Decimal(0)
    short_unrealized: Decimal = Decimal(0)


class PerformanceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How well it does. Shares of 1; None where nothing is known yet.

    Attributes:
        order_success_rate: Of the orders that were sent, those that the venue did not refuse.
        margin_utilisation: Of the equity, what is not available for new orders.
        risk_adjusted_return: Mean result of the settled positions by its sample deviation, each as a share of the
            balance that its plan was made on; of a position, not of a year.
        win_rate: Wins by positions with a known result.
        unknown: Positions that ended without a known result.
    """

    order_success_rate: float | None = None
    margin_utilisation: Decimal | None = None
    risk_adjusted_return: float | None = None
    win_rate: float | None = None
    wins: int = 0
    losses: int = 0
    unknown: int = 0


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """What has happened since the start.

    ``stops_triggered`` are exits at a stop or a guard, ``profits_triggered`` those at a target; both count decisions.
    """

    ticks_seen: int = 0
    ticks_checked: int = 0
    events: int = 0
    decisions: int = 0
    orders: int = 0
    order_refusals: int = 0
    fills: int = 0
    stops_triggered: int = 0
    profits_triggered: int = 0
    rest_calls: dict[str, int] = {}
    syncs: int = 0
    differences: int = 0
    journal_records: int = 0
    slowest_sync_s: float = 0.0
    weight_used: int = 0


class ChannelStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a channel of alerts does.

    Attributes:
        sent: Messages that it has taken.
        waiting: Messages in its queue.
        failed: Messages that were given up after several tries.
        dropped: Messages that its full queue has lost.
        stuck_s: For how long it has not answered; 0 if it is asked nothing.
    """

    name: str
    sent: int
    waiting: int
    failed: int
    dropped: int
    stuck_s: float


class LiquidationStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A liquidation that has not ended. ``open`` are symbols that the venue still showed at the last pass."""

    correlation_id: str
    phase: str
    source: str
    reason: str
    actor: str
    cause: str
    after: str
    deadline_ns: int
    number: int
    symbols: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The whole. ``gates`` are the causes why no new exposure is allowed on the account, ``lost`` what is not seen.

    ``watched`` are the symbols whose trades are held against armed levels, each within the call that brings it.
    """

    mode: str
    name: str
    version: str
    pid: int
    state: str
    time_ns: int
    started_ns: int
    uptime_s: float
    pause_causes: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    wallet_balance: Decimal | None = None
    available_balance: Decimal | None = None
    equity: Decimal | None = None
    margin_ratio: Decimal | None = None
    account_age_s: float | None = None
    day_result: Decimal | None = None
    worst_case: Decimal | None = None
    clock_offset_ms: float | None = None
    position_mode: str = ""
    multi_assets: bool | None = None
    positions: tuple[PositionStatus, ...] = ()
    symbols: tuple[SymbolStatus, ...] = ()
    streams: tuple[StreamStatus, ...] = ()
    decisions: tuple[DecisionStatus, ...] = ()
    alerts: tuple[DecisionStatus, ...] = ()
    channels: tuple[ChannelStatus, ...] = ()
    exposure: ExposureStatus = ExposureStatus()
    unprotected: UnprotectedTime = UnprotectedTime()
    counters: Counters = Counters()
    watched: tuple[str, ...] = ()
    performance: PerformanceStatus = PerformanceStatus()
    closed: int = 0
    realized: Decimal | None = None
    liquidation: LiquidationStatus | None = None

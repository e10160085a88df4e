"""Facts that have happened, with their time. The engine learns everything from these and nothing from anywhere else."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from sadari.model.entry import LimitEntry
from sadari.model.instrument import Instrument
from sadari.model.order import Direction, MarginMode, OrderType, PositionSide, Side
from sadari.model.plan import Settings
from sadari.model.reason import RejectReason
from sadari.model.wish import AdoptRequested as AdoptRequested
from sadari.model.wish import Event as Event
from sadari.model.wish import ForceExitRequested as ForceExitRequested
from sadari.model.wish import LiquidationCancelRequested as LiquidationCancelRequested
from sadari.model.wish import LiquidationConfirmed as LiquidationConfirmed
from sadari.model.wish import LiquidationRequested as LiquidationRequested
from sadari.model.wish import OperatorRequested as OperatorRequested
from sadari.model.wish import WriteOffRequested as WriteOffRequested

# Cause of an `OrderCanceled` by proof of absence (faults R1).
ABSENT = "ABSENT"


class EngineTurned(Event, frozen=True):
    """An internal fact about the engine's own life: start_ok, reconciled, data_lost, drained, fatal and so on.

    ``data_lost`` and ``data_recovered`` name what is out of sight by ``cause``; ``data_recovered`` without one says
    that nothing is, whatever was lost before.
    """

    trigger: str
    guard: str = ""
    cause: str = ""


class SettingsChanged(Event, frozen=True):
    """What the engine decides by from now on; positions that are held keep the plan that they began with."""

    settings: Settings


class InstrumentChanged(Event, frozen=True):
    """A contract was listed, or its filters, brackets or status have changed."""

    instrument: Instrument


class GateShut(Event, frozen=True):
    """No new exposure on a symbol, or on the whole account if it is empty, for as long as this cause stands."""

    cause: str
    symbol: str = ""


class GateOpened(Event, frozen=True):
    """A cause of `GateShut` has gone; without one, every cause of that symbol, or of the account, has."""

    cause: str
    symbol: str = ""


class SymbolPrepared(Event, frozen=True):
    """Margin mode and leverage of a symbol are confirmed by the venue; ``max_notional`` is its answer's limit.

    ``margin_mode`` is the effective one, None if it is the one asked for; ``downgraded`` says that it is not.
    """

    symbol: str
    leverage: int
    max_notional: Decimal
    margin_mode: MarginMode | None = None
    downgraded: bool = False


class SymbolUnprepared(Event, frozen=True):
    """What was confirmed of a symbol does not hold any more, or could not be set."""

    symbol: str
    cause: str


class LevelCrossed(Event, frozen=True):
    """The watch saw a price at or beyond armed levels, nearest first. ``price`` is the tick that did it."""

    symbol: str
    price: Decimal
    levels: tuple[str, ...]


class VerdictTurned(Event, frozen=True):
    """A watched verdict over closed candles became true. ``price`` is the last price."""

    symbol: str
    verdict: str
    price: Decimal


class SignalRaised(Event, frozen=True):
    """A strategy's entry signal, with every number the decision needs.

    ``equity`` is wallet balance plus unrealized PnL of the account at this moment. ``rearm`` says that the signal
    waits to be armed again before it is raised for this symbol once more.

    Attributes:
        tag: Which part of the rule raised it, for a rule that has parts.
        episode: Numbers the spells of a symbol in which the verdict stays true; 0 where a rule counts none.
        candidate_age_ns: How long ago the last scan was in which the symbol was a candidate, None if there was none.
        market_trend: NEUTRAL, BULLISH or BEARISH; empty where it is not known.
        volatility: Percentile (0 to 100) of the true range in percent of the close among the last 500 of its frames.
        correlations: Correlation of returns with each other symbol, where it is known.
        limit: The terms of an entry that waits for its price; None: it is entered at once.
    """

    symbol: str
    direction: Direction
    strategy: str
    signal_id: str
    price: Decimal
    price_time_ns: int
    equity: Decimal
    rearm: bool = False
    tag: str = ""
    episode: int = 0
    candidate_age_ns: int | None = None
    market_trend: str = ""
    volatility: float | None = None
    correlations: tuple[tuple[str, float], ...] = ()
    limit: LimitEntry | None = None


class SignalWithdrawn(Event, frozen=True):
    """What an entry signal was raised for does not hold any more; an entry that still waits for its price is void.

    ``cause`` is one of `sadari.model.reason.EntryEnd`.
    """

    symbol: str
    strategy: str
    signal_id: str
    cause: str


class OrderAccepted(Event, frozen=True):
    """The venue has the order and it works there."""

    symbol: str
    client_order_id: str


class OrderFilled(Event, frozen=True):
    """One trade of an order. ``done`` marks the last one; ``fee`` is positive when paid.

    ``client_order_id`` is the venue's own for forced orders (liquidation, ADL); ``cause`` then names it.
    ``booked_ns`` is when the venue booked it, if it is told later than that. ``position_side`` names the position of a
    symbol in hedge mode, where it has two.
    """

    symbol: str
    client_order_id: str
    trade_id: int
    price: Decimal
    qty: Decimal
    fee: Decimal
    realized_pnl: Decimal
    buyer: bool
    maker: bool = False
    done: bool = True
    cause: str = ""
    booked_ns: int = 0
    position_side: PositionSide = PositionSide.BOTH


class OrderCanceled(Event, frozen=True):
    """An order has ended at the venue without (further) fills: canceled or expired.

    ``cause`` is EXPIRED for an expiry, `ABSENT` for one that the venue was proven never to have had.
    """

    symbol: str
    client_order_id: str
    cause: str = ""


class OrderRejected(Event, frozen=True):
    """The venue refused an order; nothing of it was executed."""

    symbol: str
    client_order_id: str
    code: int
    reason: RejectReason
    message: str = ""


class CancelRejected(Event, frozen=True):
    """The venue refused a cancel, as a rule because the order is no longer open."""

    symbol: str
    client_order_id: str
    code: int


class OutcomeUnknown(Event, frozen=True):
    """No answer came: the order may or may not exist."""

    symbol: str
    client_order_id: str


class OrderFound(Event, frozen=True):
    """An order that is open at the venue, as a comparison found it. ``ours`` by its client order id."""

    symbol: str
    client_order_id: str
    side: Side
    order_type: OrderType
    ours: bool
    qty: Decimal | None = None
    trigger_price: Decimal | None = None
    reduce_only: bool = False
    close_position: bool = False


class StopStuck(Event, frozen=True):
    """A resting stop has triggered, and no order has come of it: the position is not protected by it any more."""

    symbol: str
    client_order_id: str


class PositionRecord(msgspec.Struct, frozen=True):
    """A position as the venue shows it. ``qty`` is signed; ``liquidation_price`` is None if it has none."""

    symbol: str
    qty: Decimal
    entry_price: Decimal
    liquidation_price: Decimal | None = None
    margin: Decimal = Decimal(0)
    mark_price: Decimal | None = None


class PositionsShown(Event, frozen=True):
    """Every position of the account, or of one symbol, after every trade until then has been told.

    What is not listed is flat, but for the symbols in ``unsure``: what was read of them may be older than their last
    trade. It is shown by two sources: the positions and the trades.
    """

    positions: tuple[PositionRecord, ...] = ()
    symbol: str = ""
    unsure: tuple[str, ...] = ()


# Nothing has happened to the account: prices have moved what crossed positions leave available (strategies §9.1).
PRICES = "PRICES"


class AccountUpdated(Event, frozen=True):
    """Balances and changed positions as the venue shows them, and what changed them.

    In multi-assets mode balances are values in USD and ``wallets`` has the balance of each asset, else it is empty.
    ``margin_ratio`` is maintenance margin by margin balance, None where it is not known. ``change`` is what the wallet
    has received without a trade, 0 if that was told before, None where the venue does not say.
    """

    cause: str
    wallet_balance: Decimal
    available_balance: Decimal
    positions: tuple[PositionRecord, ...] = ()
    wallets: tuple[tuple[str, Decimal], ...] = ()
    margin_ratio: Decimal | None = None
    change: Decimal | None = None


class FundingPaid(Event, frozen=True):
    """Funding of one position; positive ``amount`` is received.

    ``booked_ns`` is when the venue booked it, if it is told later than that. Rate and mark price are None where the
    venue has not told them.
    """

    symbol: str
    amount: Decimal
    rate: Decimal | None
    mark_price: Decimal | None
    booked_ns: int = 0


class TransferListed(Event, frozen=True):
    """A transfer in the venue's list of income; positive ``amount`` came in. The user stream may have told it, too.

    ``booked_ns`` is when the venue booked it.
    """

    asset: str
    amount: Decimal
    booked_ns: int


class EquityPeaked(Event, frozen=True):
    """Equity is higher than it was seen before, on this UTC day or at all: what a fall is measured from."""

    peak: Decimal


class EquityCrossed(Event, frozen=True):
    """Equity has fallen by ``limit``, a fraction, or more from ``peak``."""

    equity: Decimal
    peak: Decimal
    limit: Decimal


class PositionLossCrossed(Event, frozen=True):
    """The price of what is held is ``limit``, a fraction, or more on the wrong side of the average price."""

    symbol: str
    price: Decimal
    limit: Decimal


class ConditionTold(Event, frozen=True):
    """A person was told of a condition that is measured beside the engine, which makes nothing of it.

    Attributes:
        code: The condition.
        edge: raised, reminded or recovered.
        severity: How bad it is: info, warning or critical.
        value, threshold: What was measured, and what it was compared with.
    """

    code: str
    edge: str
    severity: str
    symbol: str = ""
    value: str = ""
    threshold: str = ""
    text: str = ""


class AlarmRang(Event, frozen=True):
    """A `SetAlarm` is due."""

    name: str


class DayStarted(Event, frozen=True):
    """A UTC day begins; ``equity`` is wallet balance plus unrealized PnL at its first instant."""

    wallet_balance: Decimal
    equity: Decimal


AnyEvent = (
    OperatorRequested
    | LiquidationRequested
    | LiquidationCancelRequested
    | LiquidationConfirmed
    | ForceExitRequested
    | WriteOffRequested
    | AdoptRequested
    | SettingsChanged
    | InstrumentChanged
    | EngineTurned
    | GateShut
    | GateOpened
    | SymbolPrepared
    | SymbolUnprepared
    | LevelCrossed
    | VerdictTurned
    | SignalRaised
    | SignalWithdrawn
    | OrderAccepted
    | OrderFilled
    | OrderCanceled
    | OrderRejected
    | CancelRejected
    | OutcomeUnknown
    | OrderFound
    | StopStuck
    | PositionsShown
    | AccountUpdated
    | FundingPaid
    | TransferListed
    | EquityPeaked
    | EquityCrossed
    | PositionLossCrossed
    | ConditionTold
    | AlarmRang
    | DayStarted
)

"""What the engine wants done. Outcomes come back as events."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from sadari.model.order import Direction, OrderType, PositionSide, Purpose, Side, TimeInForce


class Command(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True, gc=False):
    """A wish of the engine."""


class PlaceOrder(Command, frozen=True):
    """Send an order. ``qty`` is None exactly for a close-position order."""

    symbol: str
    client_order_id: str
    purpose: Purpose
    side: Side
    order_type: OrderType
    qty: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce | None = None
    reduce_only: bool = False
    close_position: bool = False
    position_side: PositionSide = PositionSide.BOTH


class CancelOrder(Command, frozen=True):
    """Cancel an order by its client order id."""

    symbol: str
    client_order_id: str


class QueryOrder(Command, frozen=True):
    """Look an order up by its client order id: its outcome is unknown."""

    symbol: str
    client_order_id: str


class Reconcile(Command, frozen=True):
    """Compare orders, trades and positions with the venue now, of one symbol or of all if it is empty."""

    symbol: str = ""


class RefreshAccount(Command, frozen=True):
    """Read balances anew: a decision waits for them."""


class Level(msgspec.Struct, frozen=True, omit_defaults=True):
    """A price level for the watch, in kernel units; ``up`` fires at or above it, otherwise at or below."""

    name: str
    up: bool
    units: int


class Trail(msgspec.Struct, frozen=True, omit_defaults=True):
    """A level that follows the best price since ``best`` at a distance of ``k`` times a line, at closed frames.

    It never moves away from the market, and is never on the far side of ``floor``. ``frame_ns`` and ``line`` name the
    candles and the line it follows.
    """

    name: str
    up: bool
    k: Decimal
    best: int
    floor: int
    frame_ns: int
    atr_n: int

    def best_with(self, units: int) -> int:
        """The best price, if this one stands when the trail is armed."""
        return min(self.best, units) if self.up else max(self.best, units)


class ArmLevels(Command, frozen=True):
    """Replace the armed levels of a symbol by these."""

    symbol: str
    levels: tuple[Level, ...] = ()
    trail: Trail | None = None


class WatchVerdict(Command, frozen=True):
    """Report when a verdict over closed candles turns true from now on; None stops watching.

    ``MA_CROSS_DOWN`` (``MA_CROSS_UP``): the fast moving average crosses below (above) the slow one. ``CHOCH_DOWN``
    (``CHOCH_UP``): structure turns; ``fast`` and ``slow`` are the frames before and after a swing.
    """

    symbol: str
    verdict: str | None = None
    frame_ns: int = 0
    fast: int = 0
    slow: int = 0


class ArmSignals(Command, frozen=True):
    """A signal that waits to be armed may be raised for this symbol again, not before a time."""

    symbol: str
    not_before_ns: int


class SetAlarm(Command, frozen=True):
    """Ring at a time of the market clock, or of the wall clock for time-outs."""

    name: str
    at_ns: int
    wall: bool = False


class CallDay(Command, frozen=True):
    """Report the next start of a UTC day, with the equity of that moment."""

    at_ns: int


class SendAlert(Command, frozen=True):
    """Tell a person. ``severity`` is info, warning or critical.

    Attributes:
        value, threshold: What was measured, and what it was compared with, where the text is about that.
        position_id: The life of a position that it is about, 0 if none.
        matter: The correlation id of what it is about, where that is no position.
    """

    severity: str
    code: str
    symbol: str = ""
    text: str = ""
    value: str = ""
    threshold: str = ""
    position_id: int = 0
    matter: str = ""


class RewardRatio(msgspec.Struct, frozen=True):
    """What an entry may bring by what it risks, by distances of prices (strategies §8.1, §8.2); to twelve decimals.

    Attributes:
        raw: Without costs; of several targets by their shares.
        net: With the taker fees of entry and exit.
        minimum: The least that was asked of it.
        break_even: The share of trades that must win for it to pay, ``1/(1 + raw)``.
    """

    raw: Decimal
    net: Decimal
    minimum: Decimal
    break_even: Decimal


class RecordDecision(Command, frozen=True):
    """What became of a signal or an add: accepted with its size, or denied with gate, value and limit.

    ``caps`` are the quantity limits asked, by name, and ``binding`` the smallest. ``rung`` is 0 for an entry.
    ``reward`` is that of an entry with a stop and a target, once it was asked for.
    """

    symbol: str
    direction: Direction
    strategy: str
    signal_id: str
    rung: int
    price: Decimal
    accepted: bool
    denial: str = ""
    value: str = ""
    limit: str = ""
    qty: Decimal = Decimal(0)
    caps: dict[str, Decimal] = {}
    binding: str = ""
    reward: RewardRatio | None = None


class RecordExit(Command, frozen=True):
    """A part of a position was closed or ordered to be: the reason, before its first order goes out.

    ``actor`` is engine, operator or venue; ``client_order_id`` names the order that carries it.
    """

    symbol: str
    position_id: int
    reason: str
    qty: Decimal
    actor: str
    cause: str
    client_order_id: str = ""


class RecordMove(Command, frozen=True):
    """A lifecycle moved: the engine's (``symbol`` empty) or a position's."""

    symbol: str
    position_id: int
    event: str
    source: str
    target: str


class Slip(msgspec.Struct, frozen=True):
    """What one fill brought beyond the price at which closing was decided; negative where it cost something."""

    trade_id: int
    amount: Decimal


class RecordPosition(Command, frozen=True):
    """A position has ended and is settled. Prices are quantity-weighted means of its trades, or None if not covered.

    ``pnl`` is price profit before fees, ``fees`` what its trades cost, ``funding`` what was paid for it.

    Attributes:
        unrealized_at_decision: What everything left would have brought at the last price when closing it was decided;
            None if nobody decided: the venue closed it.
        drift: By how much what it then brought differs from that; the sum of ``slips``, to twelve decimals.
        slips: The drift by fill.
        unexplained: An operator has written it off; exit price and profit are not known.
    """

    symbol: str
    position_id: int
    direction: Direction
    strategy: str
    signal_id: str
    opened_ns: int
    closed_ns: int
    stage: int
    reason: str
    entry_qty: Decimal
    max_qty: Decimal
    entry_price: Decimal | None
    exit_price: Decimal | None
    pnl: Decimal | None
    fees: Decimal
    adds: int
    max_notional: Decimal
    plan_balance: Decimal
    worst_case: Decimal
    funding: Decimal = Decimal(0)
    unrealized_at_decision: Decimal | None = None
    drift: Decimal | None = None
    slips: tuple[Slip, ...] = ()
    unexplained: bool = False


class RecordLiquidation(Command, frozen=True):
    """A phase of an engine-wide liquidation begins, or it ends (strategies §11).

    Attributes:
        event: What led to the phase.
        actor: Who asked for this step.
        deadline_ns: When the notice is over; 0 where none runs.
        symbols: What the step is about: at the notice what is held, later what is open still.
        unrealized: What closing everything at the last prices would bring; None where a price is not known.
        realized: The profit of the positions that ended, by their trades; None where not every trade is known.
        fees: What those trades cost, their entries' included.
        wallet_change: By how much the wallet that the venue shows has changed meanwhile.
        booked_change: The same by the ledger.
    """

    correlation_id: str
    phase: str
    event: str
    source: str
    reason: str
    actor: str
    cause: str
    after: str
    deadline_ns: int = 0
    symbols: tuple[str, ...] = ()
    unrealized: Decimal | None = None
    realized: Decimal | None = None
    fees: Decimal | None = None
    wallet_change: Decimal | None = None
    booked_change: Decimal | None = None


class RecordLiquidated(Command, frozen=True):
    """What became of one symbol in one phase of a liquidation.

    Attributes:
        outcome: In a word; see `sadari.core.liquidation.records.Outcome`.
        qty: What is held of it; None where nobody has said so.
        last_price: The last price that was told, which no order has traded at; None if there was none.
        unrealized: What it would bring at that.
        exit_price, pnl, fees: By its trades; None until they cover what was closed.
    """

    correlation_id: str
    phase: str
    symbol: str
    outcome: str
    position_id: int = 0
    number: int = 0
    qty: Decimal | None = None
    last_price: Decimal | None = None
    unrealized: Decimal | None = None
    exit_price: Decimal | None = None
    pnl: Decimal | None = None
    fees: Decimal | None = None


class Audit(Command, frozen=True):
    """A fact worth a line that changes no order by itself."""

    code: str
    symbol: str = ""
    position_id: int = 0
    detail: str = ""


AnyCommand = (
    PlaceOrder
    | CancelOrder
    | QueryOrder
    | Reconcile
    | RefreshAccount
    | ArmLevels
    | WatchVerdict
    | ArmSignals
    | SetAlarm
    | CallDay
    | SendAlert
    | RecordDecision
    | RecordExit
    | RecordMove
    | RecordPosition
    | RecordLiquidation
    | RecordLiquidated
    | Audit
)

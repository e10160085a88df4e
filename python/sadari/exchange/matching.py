"""One symbol's market: the orders that wait there, the levels at which they are met, the position they act on."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from sadari.exchange.accounts import PositionState
from sadari.exchange.collateral import Wallet
from sadari.exchange.margin import ZERO, initial_margin
from sadari.exchange.orders import OpenOrder, level_of, meets_from_below, reducible
from sadari.kernel import Watch
from sadari.model.command import PlaceOrder
from sadari.model.instrument import Instrument
from sadari.model.order import MarginMode, PositionSide, Side
from sadari.model.units import PRICE_SCALE

# Above every order id: at one and the same level an order is met before the position is liquidated.
LIQUIDATION = 1 << 62

# Beyond every price in units: a DOWN level here is met by any trade.
ANY_PRICE = 1 << 62

# What an account has on a symbol that it never touched.
FIRST_LEVERAGE = 20
FIRST_MODE = MarginMode.CROSSED


def units(price: Decimal) -> int:
    """A price of at most eight decimals in kernel units; every level of the venue is one."""
    return int(price * PRICE_SCALE)


class Market:
    """The state of one symbol; in hedge mode that of its LONG or its SHORT, which share the symbol's watch.

    Attributes:
        position_side: BOTH in one-way mode, and of what keeps a symbol's settings in hedge mode.
        key: Of its position in the account: the symbol, with the side in hedge mode.
        hedged: In hedge mode, of what keeps the settings, its LONG and its SHORT.
        liquidation_id: Under which the watch knows its liquidation.
        wallet: That of the contract's margin asset.
        max_notional: What the brackets allow at the leverage.
        orders: Waiting orders by client order id, in time order.
        ids: The same orders by id.
        resting: Of them the limit orders, by id.
        watch: The levels of the waiting orders under their ids; under ``liquidation_id`` the liquidation price, or
            the end of a crossed position's safe band.
        position: None when flat.
        order_margin: What the resting limit orders lock beyond the position's margin.
        locked: The margin of position and orders together, as the account counts it.
        last_price: The last price told, 0 before the first.
    """

    def __init__(self, instrument: Instrument, wallet: Wallet) -> None:
        self.instrument = instrument
        self.symbol = self.key = instrument.symbol
        self.position_side = PositionSide.BOTH
        self.hedged: tuple[Market, ...] = ()
        self.liquidation_id = LIQUIDATION
        self.wallet = wallet
        self.set_leverage(min(FIRST_LEVERAGE, max(bracket.max_leverage for bracket in instrument.brackets)))
        self.mode = FIRST_MODE
        self.orders: dict[str, OpenOrder] = {}
        self.ids: dict[int, OpenOrder] = {}
        self.resting: dict[int, OpenOrder] = {}
        self.watch = Watch()
        self.position: PositionState | None = None
        self.order_margin = ZERO
        self.locked = ZERO
        self.last_price = ZERO

    @property
    def held(self) -> Decimal:
        """The signed quantity held, 0 when flat."""
        return self.position.qty if self.position else ZERO

    @property
    def sides(self) -> tuple[Market, ...]:
        """What may hold a position of the symbol: itself, or in hedge mode its LONG and its SHORT."""
        return self.hedged or (self,)

    def hedge(self) -> None:
        """Go over to hedge mode; nothing may be held or wait."""
        self.hedged = tuple(self._part(side) for side in (PositionSide.LONG, PositionSide.SHORT))

    def _part(self, position_side: PositionSide) -> Market:
        part = Market(self.instrument, self.wallet)
        part.position_side = position_side
        part.key = f"{self.symbol} {position_side.value}"
        part.liquidation_id = LIQUIDATION + (position_side is PositionSide.SHORT)
        part.watch, part.mode, part.last_price = self.watch, self.mode, self.last_price
        part.set_leverage(self.leverage)
        return part

    def told(self, price: Decimal) -> None:
        """The symbol's last price."""
        self.last_price = price
        for part in self.hedged:
            part.last_price = price

    def set_leverage(self, leverage: int) -> None:
        """Trade at a leverage from now on."""
        self.leverage = leverage
        self.max_notional = self.instrument.max_notional(leverage)

    def add(self, waiting: OpenOrder) -> None:
        """Let an order wait for its level."""
        order = waiting.order
        self.orders[order.client_order_id] = waiting
        self.ids[waiting.id] = waiting
        if not waiting.conditional:
            self.resting[waiting.id] = waiting
        self._arm(waiting.id, level_of(order), up=meets_from_below(order))

    def remove(self, waiting: OpenOrder) -> None:
        """End an order's waiting."""
        del self.orders[waiting.order.client_order_id]
        del self.ids[waiting.id]
        self.resting.pop(waiting.id, None)
        self.watch.disarm(waiting.id)

    def restore(self, waiting: OpenOrder) -> None:
        """Let an order wait on in the place that it had."""
        self.add(waiting)
        self.orders = dict(sorted(self.orders.items(), key=lambda item: item[1].id))
        self.ids, self.resting = dict(sorted(self.ids.items())), dict(sorted(self.resting.items()))

    def watch_liquidation(self) -> None:
        """Move the armed liquidation price to where the position has it now."""
        position = self.position
        if position is None or position.liquidation_price is None:
            self.watch.disarm(self.liquidation_id)
        else:
            self._arm(self.liquidation_id, position.liquidation_price, up=position.side < 0)

    def watch_band(self, reach: Decimal) -> None:
        """Arm the price that has gone against a crossed position by a fraction of the last one, rounded toward that.

        A fraction of 0 or less is met by any trade. A SHORT's band ends with its bracket, whose rate it counts on.
        """
        side = 1 if self.held > 0 else -1
        price = self.last_price * (1 - side * reach) * PRICE_SCALE
        if reach <= 0:
            level = ANY_PRICE if side > 0 else 0
        elif side > 0:
            level = int(price.to_integral_value(ROUND_CEILING))
        else:
            level = int(price.to_integral_value(ROUND_FLOOR))
            cap = self.instrument.bracket(self.notional()).cap
            if cap > self.notional():
                level = min(level, int((cap / -self.held * PRICE_SCALE).to_integral_value(ROUND_CEILING)))
        if reach > 0 and not 0 < level < ANY_PRICE:
            self.watch.disarm(self.liquidation_id)
        else:
            self.watch.arm(self.liquidation_id, side < 0, level)

    def notional(self) -> Decimal:
        """The unsigned value of the position at the last price."""
        return abs(self.held) * self.last_price

    def maint_margin(self) -> Decimal:
        """Maintenance margin of the position at the last price.

        Source: reference binance-usdm §8.
        """
        notional = self.notional()
        bracket = self.instrument.bracket(notional)
        return max(notional * bracket.maint_margin_rate - bracket.cum, ZERO)

    def exposure(self) -> Decimal:
        """By how much a fall (LONG) or rise (SHORT) by the whole last price could worsen a pool, within the bracket."""
        notional = self.notional()
        if self.held > 0:
            return notional
        return notional * (1 + self.instrument.bracket(notional).maint_margin_rate)

    def liquidates(self, price: Decimal) -> bool:
        """Whether a price is at or beyond the liquidation price."""
        position = self.position
        if position is None or position.liquidation_price is None:
            return False
        return position.side * (price - position.liquidation_price) <= 0

    def has_close_position(self, order: PlaceOrder) -> bool:
        """Whether a close-position order of this side and type waits already."""
        return any(
            other.order.close_position and other.order.side is order.side and other.order.order_type is order.order_type
            for other in self.ids.values()
        )

    def resting_notional(self, side: Side, more: PlaceOrder | None = None) -> Decimal:
        """The value of the resting limit orders of a side that may open exposure, each at its own price.

        ``more`` is an order that is asked about as if it rested already.
        """
        orders = [waiting.order for waiting in self.resting.values()]
        if more is not None:
            orders.append(more)
        return sum(
            ((o.qty or ZERO) * level_of(o) for o in orders if o.side is side and not o.reduce_only),
            ZERO,
        )

    def required_order_margin(self, more: PlaceOrder | None = None) -> Decimal:
        """What the resting limit orders, and one ``more``, lock beyond the position's own margin.

        Source: reference binance-usdm §8, order margin in one-way mode, with the position at its entry price.
        """
        if not self.resting and more is None:
            return ZERO
        bids, asks = self.resting_notional(Side.BUY, more), self.resting_notional(Side.SELL, more)
        signed = self.position.side * self.position.entry_notional if self.position else ZERO
        beyond = max(abs(signed + bids), abs(signed - asks)) - abs(signed)
        return initial_margin(max(beyond, ZERO), self.leverage)

    def claimed(self, side: Side) -> Decimal:
        """How much of the position the resting reduce-only limit orders of a side claim."""
        claims = (w.order.qty for w in self.resting.values() if w.order.reduce_only and w.order.side is side)
        return sum((qty for qty in claims if qty is not None), ZERO)

    def knocked_out(self) -> list[OpenOrder]:
        """The resting reduce-only limit orders for which the position has nothing left.

        Source: reference binance-usdm §5, expiry reason 4.
        """
        out: list[OpenOrder] = []
        if not self.resting:
            return out
        for side in Side:
            resting = [w for w in self.resting.values() if w.order.reduce_only and w.order.side is side]
            # The best price is met first, and at one price the oldest order.
            resting.sort(key=lambda w: (level_of(w.order) * (1 if w.order.side is Side.SELL else -1), w.id))
            claimed = ZERO
            for waiting in resting:
                if claimed >= reducible(waiting.order, self.held):
                    out.append(waiting)
                claimed += waiting.order.qty or ZERO
        return out

    def _arm(self, identifier: int, level: Decimal, *, up: bool) -> None:
        # A level that the last price has passed already is met by the next trade.
        self.watch.arm(identifier, up, units(level))

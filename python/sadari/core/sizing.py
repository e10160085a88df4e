"""How much: the quantity of an entry or an add, with every limit that was asked. Source: strategies §9.2, §9.3."""

from __future__ import annotations

from decimal import Decimal

from sadari.core.position import Position
from sadari.model.instrument import Instrument
from sadari.model.order import Direction
from sadari.model.plan import Fees, Ladder, Risk, StopSizing
from sadari.model.reason import DenialCode
from sadari.model.units import Exact, decimal_of, exact, floor_step

ZERO = Exact(0)
# More than any order: no limit of a contract.
UNLIMITED = Decimal(10**18)


class Denial:
    """A gate that said no: its code, the value it saw and the limit it holds."""

    __slots__ = ("code", "limit", "value")

    def __init__(self, code: DenialCode, value: object, limit: object) -> None:
        self.code = code
        self.value = _text(value)
        self.limit = _text(limit)


def _text(value: object) -> str:
    return f"{decimal_of(value).normalize():f}" if isinstance(value, Exact) else str(value)


class Sizing:
    """A quantity and how it came about.

    Attributes:
        qty: The quantity, rounded down to the step, 0 if denied for size.
        caps: Every limit asked, in base currency, by name.
        binding: The name of the smallest.
        denial: Why there is no quantity, None if there is one.
    """

    __slots__ = ("binding", "caps", "denial", "qty")

    def __init__(self, qty: Decimal, caps: dict[str, Exact], binding: str, denial: Denial | None) -> None:
        self.qty = qty
        self.caps = caps
        self.binding = binding
        self.denial = denial


def usable_margin(risk: Risk, available: Decimal) -> Exact:
    """Margin that an order may take: the buffer and a fifth of the available balance stay (cap c4)."""
    free = exact(available)
    return min(free - exact(risk.margin_buffer_usdt), free * exact(risk.max_usable_pct))


def ladder_caps(
    ladder: Ladder, risk: Risk, fees: Fees, instrument: Instrument, *,
    planned: Exact, price: Exact, available: Decimal, held: Decimal, max_notional: Decimal,
) -> dict[str, Exact]:  # fmt: skip
    """The limits on a ladder order's quantity: the plan, c2 in its margin form, c4 and c6 (strategies §9.3)."""
    leverage = ladder.leverage
    return {
        "plan": planned / price,
        "c2_value": exact(risk.max_order_margin_pct) * exact(available) * leverage / price,
        "c4_margin": usable_margin(risk, available) / (price * (Exact(1, leverage) + exact(fees.taker))),
        "c6_bracket": bracket_room(instrument, price, held, max_notional),
    }


def stop_caps(
    sizing: StopSizing, risk: Risk, fees: Fees, instrument: Instrument, *,
    direction: Direction, entry: Exact, stop: Exact | None, leverage: int, balance: Decimal, available: Decimal,
    short_risk: Exact, held: Decimal, max_notional: Decimal,
) -> dict[str, Exact]:  # fmt: skip
    """The limits c1 to c6 on the quantity of an order that has a stop (strategies §9.3).

    Args:
        sizing: The profile of the strategy.
        risk: Limits of the account.
        fees: Fee rates.
        instrument: The contract.
        direction: Of the position.
        entry: Price of the order.
        stop: Where it is closed at a loss, None if the signal has none; another price than ``entry``.
        leverage: Set for the symbol.
        balance: Wallet balance.
        available: Available balance.
        short_risk: What open short positions lose if stopped.
        held: Quantity held on the symbol already.
        max_notional: What the brackets allow at the leverage.
    """
    distance = exact(sizing.assumed_stop) * entry if stop is None else abs(entry - stop)
    total, free = exact(balance), exact(available)
    caps = {
        "c1_risk": min(exact(sizing.max_available_risk) * free, exact(sizing.risk_per_trade) * total) / distance,
        "c2_value": exact(sizing.max_order_value) * free / entry,
        "c4_margin": usable_margin(risk, available) / (entry * (Exact(1, leverage) + exact(fees.taker))),
        "c6_bracket": bracket_room(instrument, entry, held, max_notional),
    }
    if sizing.max_position is not None:
        caps["c3_position"] = exact(sizing.max_position) * total / entry
    if direction is Direction.SHORT:
        caps["c5_short_risk"] = (exact(risk.max_short_risk_pct) * total - short_risk) / distance
    return dict(sorted(caps.items()))


def size_by_stop(
    sizing: StopSizing, risk: Risk, fees: Fees, *,
    direction: Direction, entry: Decimal, stop: Decimal | None, leverage: int, balance: Decimal, available: Decimal,
    short_risk: Decimal = Decimal(0), step: Decimal, min_notional: Decimal,
) -> Sizing:  # fmt: skip
    """The quantity of an order on a flat symbol by gates 16, 17 and 21 to 26; its smallest quantity is one step."""
    traded = Instrument(
        symbol="", tick_size=step, step_size=step, min_qty=step, max_qty=UNLIMITED, market_max_qty=UNLIMITED,
        min_notional=min_notional, brackets=(),
    )  # fmt: skip
    if stop == entry:
        return Sizing(Decimal(0), {}, "", Denial(DenialCode.ZERO_STOP_DISTANCE, 0, "above 0"))
    if stop is not None and direction.sign * (entry - stop) < 0:
        denial = Denial(DenialCode.INVALID_PRICES, stop, f"{'below' if direction.sign > 0 else 'above'} {entry}")
        return Sizing(Decimal(0), {}, "", denial)
    if available <= risk.margin_buffer_usdt:
        denial = Denial(DenialCode.MARGIN_BUFFER, available, risk.margin_buffer_usdt)
        return Sizing(Decimal(0), {}, "", denial)
    caps = stop_caps(
        sizing, risk, fees, traded, direction=direction, entry=exact(entry), stop=None if stop is None else exact(stop),
        leverage=leverage, balance=balance, available=available, short_risk=exact(short_risk), held=Decimal(0),
        max_notional=UNLIMITED,
    )  # fmt: skip
    del caps["c6_bracket"]  # No contract is named, so none has brackets.
    return quantity(caps, traded, exact(entry))


def bracket_room(instrument: Instrument, price: Exact, held: Decimal, max_notional: Decimal) -> Exact:
    """The quantity that the brackets and the largest order leave (cap c6)."""
    room = exact(max_notional) / price - exact(held)
    return min(room, exact(instrument.max_qty), exact(instrument.market_max_qty))


def quantity(caps: dict[str, Exact], instrument: Instrument, price: Exact) -> Sizing:
    """The smallest cap rounded down to the step, or the reason why that is no order (strategies §9.3)."""
    binding = min(caps, key=lambda name: caps[name])
    qty = floor_step(max(caps[binding], ZERO), instrument.step_size)
    denial: Denial | None = None
    if qty == 0 and binding == "c5_short_risk":
        denial = Denial(DenialCode.SHORT_RISK_CAP, caps[binding], instrument.min_qty)
    elif qty == 0 and binding == "c4_margin":
        denial = Denial(DenialCode.MARGIN_RESERVE, caps[binding], instrument.min_qty)
    elif qty == 0 and binding == "c6_bracket":
        denial = Denial(DenialCode.LEVERAGE_BRACKET_EXCEEDED, caps[binding], instrument.min_qty)
    elif qty < instrument.min_qty:
        denial = Denial(DenialCode.BELOW_MIN_QTY, qty, instrument.min_qty)
    elif exact(qty) * price < exact(instrument.min_notional):
        denial = Denial(DenialCode.BELOW_MIN_NOTIONAL, exact(qty) * price, instrument.min_notional)
    return Sizing(qty, caps, binding, denial)


def planned_quantities(position: Position, price: Exact) -> list[Decimal]:
    """The quantity of every order of the ladder if the entry filled at a price and adds at their triggers."""
    prices = [price, *(price * factor for factor in position.side.trigger)]
    return [floor_step(position.plan[rung] / at, position.instrument.step_size) for rung, at in enumerate(prices)]

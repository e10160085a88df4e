"""What everybody is told of the account and of the contracts: liquidations, and contracts listed anew.

Source: reference binance-usdm §4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from sadari.binance.numbers import plain
from sadari.binance.wire import streams as wire
from sadari.localexchange.account.records import Order, Trade
from sadari.localexchange.market.told import ms
from sadari.model.instrument import Instrument
from sadari.model.units import SECOND_NS

ALL_FORCED = "!forceOrder@arr"
CONTRACTS = "!contractInfo"

_encode = msgspec.json.Encoder().encode


class Notices:
    """Builds the events and sends those that somebody wants.

    Of the liquidations of a symbol within a second only the largest order is told, as it stands when the second ends.

    Args:
        wanted: True if anybody listens to a stream.
        publish: Takes the name of a stream and one event of it.
        onboard_ms: When each symbol was listed.
    """

    def __init__(
        self, wanted: Callable[[str], bool], publish: Callable[[str, bytes], None], onboard_ms: Mapping[str, int]
    ) -> None:
        self._wanted = wanted
        self._publish = publish
        self._onboard_ms = onboard_ms
        self._forced: dict[str, tuple[Order, Trade]] = {}
        self._second = 0

    def liquidated(self, order: Order, trade: Trade) -> None:
        """A trade of an order by which the exchange closes a position; told when its second has ended."""
        before = self._forced.get(order.symbol)
        if before is None or before[0].order_id == order.order_id or order.filled_qty > before[0].filled_qty:
            self._forced[order.symbol] = (order, trade)

    def on_time(self, time_ns: int) -> None:
        """Send what is due by a time."""
        if time_ns // SECOND_NS <= self._second:
            return
        self._second = time_ns // SECOND_NS
        forced, self._forced = self._forced, {}
        for symbol, (order, trade) in forced.items():
            event = None
            for stream in (f"{symbol.lower()}@forceOrder", ALL_FORCED):
                if self._wanted(stream):
                    event = event or _encode(_forced(order, trade, time_ns))
                    self._publish(stream, event)

    def relisted(self, instrument: Instrument, time_ns: int) -> None:
        """A contract has other filters or brackets."""
        if self._wanted(CONTRACTS):
            self._publish(CONTRACTS, _encode(_contract(instrument, self._onboard_ms[instrument.symbol], time_ns)))


def _forced(order: Order, trade: Trade, time_ns: int) -> wire.ForcedOrderEvent:
    return wire.ForcedOrderEvent(
        event_ms=ms(time_ns),
        order=wire.ForcedOrder(
            symbol=order.symbol,
            side=order.side.value,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            qty=plain(order.qty),
            price=plain(order.price),
            avg_price=plain(order.avg_price),
            status=order.status.value,
            last_qty=plain(trade.qty),
            filled_qty=plain(order.filled_qty),
            time_ms=ms(trade.time_ns),
        ),
        pair=order.symbol.partition("_")[0],
    )


def _contract(instrument: Instrument, onboard_ms: int, time_ns: int) -> wire.ContractEvent:
    brackets = instrument.brackets
    # The least leverage of a bracket is what the next one does not allow any more.
    least = [*(following.max_leverage + 1 for following in brackets[1:]), 1]
    return wire.ContractEvent(
        event_ms=ms(time_ns),
        symbol=instrument.symbol,
        pair=instrument.symbol.partition("_")[0],
        contract_type=instrument.contract_type,
        onboard_ms=onboard_ms,
        status=instrument.status,
        brackets=[
            wire.ContractBracket(
                number=number,
                floor=float(one.floor),
                cap=float(one.cap),
                maint_margin_rate=float(one.maint_margin_rate),
                cum=float(one.cum),
                min_leverage=min(smallest, one.max_leverage),
                max_leverage=one.max_leverage,
            )
            for number, (one, smallest) in enumerate(zip(brackets, least, strict=True), 1)
        ],
    )

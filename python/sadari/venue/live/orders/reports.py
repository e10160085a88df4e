"""From what the user stream tells of orders to events of the engine.

Nothing goes back: what is told late or again of an order that is further on is dropped, but for trades, which the
engine knows by their ids. An order's end is told only when all its trades were (fault F70).

Source: reference binance-usdm §5; faults F40, F69-F79.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sadari.binance.forced import cause_of
from sadari.binance.user_frames import AlgoHeard, OrderHeard, TradeSign
from sadari.model.event import (
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OutcomeUnknown,
    StopStuck,
)
from sadari.model.order import Side
from sadari.model.reason import RejectReason
from sadari.model.units import SECOND_NS
from sadari.venue.live.orders.fills import OtherFee, is_quote
from sadari.venue.live.orders.told_orders import ToldOrder, ToldOrders, WaitingAlgo

# A trigger that has led to nothing for this long protects nobody (F77).
STUCK_NS = 2 * SECOND_NS
# An order that the exchange has acknowledged must be told of by the stream within this (F73).
TOLD_WITHIN_NS = 2 * SECOND_NS

_OPEN = frozenset({"NEW", "PARTIALLY_FILLED"})
_ENDED = frozenset({"CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED"})
_LIQUIDATED = "5"
_CONDITIONAL = frozenset({"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"})
_REFUSALS = {"margin": RejectReason.INSUFFICIENT_MARGIN, "reduceonly": RejectReason.REDUCE_ONLY}
NO_CODE = 0


class Reports:
    """Knows what was told of each order.

    Attributes:
        gaps: Symbols of which a trade was not told, or a report not understood: compare them with the exchange. Whoever
            does takes them out.
        other_fees: Fees in another asset than the symbol's quote asset, as symbol, trade id, asset and amount; the
            event says 0 then.
        signs: How many short words of trades came.
    """

    def __init__(self) -> None:
        self.gaps: set[str] = set()
        self.other_fees: list[OtherFee] = []
        self.signs = 0
        self._told = ToldOrders()
        self._algos: dict[str, WaitingAlgo] = {}
        self._algo_of: dict[int, str] = {}
        self._awaited: dict[str, int] = {}
        # Orders that have ended but for trades that were not told, and since when.
        self._missing: dict[str, tuple[OrderHeard, int]] = {}

    def events(self, frame: OrderHeard | AlgoHeard | TradeSign, now_ns: int) -> list[Event]:
        """What a frame means.

        Args:
            frame: From the user stream.
            now_ns: When it came, by the clock that `due` is asked with.
        """
        if isinstance(frame, TradeSign):
            self.signs += 1
            return []
        self._awaited.pop(frame.client_order_id, None)
        if isinstance(frame, AlgoHeard):
            return list(self._algo(frame, now_ns))
        return list(self._order(frame, now_ns))

    def due(self, now_ns: int) -> list[Event]:
        """What two seconds without a further word mean, each told once; asked a few times a second.

        A stop whose trigger has led to nothing is stuck; an order that has ended while trades of it were not told is
        looked up.
        """
        found: list[Event] = []
        for name, algo in list(self._algos.items()):
            if algo.fired_ns is None or algo.told or now_ns - algo.fired_ns < STUCK_NS:
                continue
            self._algos[name] = algo._replace(told=True)
            time_ns = algo.heard.time_ns + (now_ns - algo.fired_ns)
            found.append(StopStuck(time_ns=time_ns, symbol=algo.heard.symbol, client_order_id=name))
        for name, (frame, since_ns) in list(self._missing.items()):
            if now_ns - since_ns >= TOLD_WITHIN_NS:
                del self._missing[name]
                time_ns = frame.time_ns + (now_ns - since_ns)
                found.append(OutcomeUnknown(time_ns=time_ns, symbol=frame.symbol, client_order_id=name))
        return found

    def link(self, client_order_id: str, order_id: int) -> None:
        """A conditional order has become an order, as a query has found."""
        self._algo_of[order_id] = client_order_id

    def learned(self, client_order_id: str, trade_id: int, qty: Decimal) -> None:
        """A trade was read from the exchange and told to the engine: it is not missing any more."""
        self._told.of(client_order_id).trade(trade_id, qty)

    def acknowledged(self, client_order_id: str, now_ns: int) -> None:
        """The exchange has answered an order: the stream has to tell of it, or it is half dead."""
        if self._told.maybe(client_order_id) is None:
            self._awaited[client_order_id] = now_ns

    def untold(self, now_ns: int) -> list[str]:
        """The acknowledged orders that the stream has not told of in two seconds, each once."""
        late = [name for name, asked_ns in self._awaited.items() if now_ns - asked_ns >= TOLD_WITHIN_NS]
        for name in late:
            del self._awaited[name]
        return late

    # Orders.

    def _order(self, frame: OrderHeard, now_ns: int) -> Iterator[Event]:
        name = self._name_of(frame)
        told = self._told.of(name)
        told.owed = max(told.owed, frame.filled_qty)
        self._alive(name)
        if frame.traded:
            yield from self._trade(name, told, frame)
        elif frame.status == "NEW" and frame.execution == "NEW":
            if not (told.accepted or told.filled or told.ended or told.end or cause_of(name)):
                told.accepted = True
                yield OrderAccepted(time_ns=frame.time_ns, symbol=frame.symbol, client_order_id=name)
        elif frame.status not in _OPEN | _ENDED | {"FILLED"}:
            # A word that we do not know is never guessed at: somebody looks.
            self.gaps.add(frame.symbol)
            if not told.ended:
                yield OutcomeUnknown(time_ns=frame.time_ns, symbol=frame.symbol, client_order_id=name)
        if frame.status in _ENDED and not told.full and told.end is None:
            told.end = frame
        if told.end is not None and not told.ended:
            yield from self._end(name, told, told.end)
        if not told.whole:
            self.gaps.add(frame.symbol)
        if (told.full or told.end is not None) and not told.ended:
            self._missing.setdefault(name, (frame, now_ns))

    def _trade(self, name: str, told: ToldOrder, frame: OrderHeard) -> Iterator[Event]:
        is_new = told.trade(frame.trade_id, frame.last_qty)
        cause = cause_of(frame.client_order_id)
        # A forced order may stand as NEW, or as a kind of it, while it is executed.
        if frame.status == "FILLED" or (cause and frame.status not in _ENDED and frame.filled_qty >= frame.qty):
            told.full = True
        done = told.full and told.whole
        yield OrderFilled(
            time_ns=frame.time_ns,
            symbol=frame.symbol,
            client_order_id=name,
            trade_id=frame.trade_id,
            price=frame.last_price,
            qty=frame.last_qty,
            fee=self._fee(frame, is_new=is_new),
            realized_pnl=frame.realized_pnl,
            buyer=frame.side is Side.BUY,
            maker=frame.maker,
            done=done,
            cause=cause,
            position_side=frame.position_side,
        )
        if done and not told.ended:
            self._forget(name)

    def _end(self, name: str, told: ToldOrder, frame: OrderHeard) -> Iterator[Event]:
        """The end without (further) trades, once all the trades before it were told."""
        if not told.whole:
            return
        self._forget(name)
        if frame.status == "REJECTED":
            yield _rejected(frame.time_ns, frame.symbol, name, "")
            return
        cause = "EXPIRED"
        if frame.status == "CANCELED":
            cause = "LIQUIDATION" if frame.expiry_reason == _LIQUIDATED else "CANCELED"
        yield OrderCanceled(time_ns=frame.time_ns, symbol=frame.symbol, client_order_id=name, cause=cause)

    def _fee(self, frame: OrderHeard, *, is_new: bool) -> Decimal:
        """What was paid in the quote asset; the exchange tells none where there was none, or of a forced order."""
        if frame.fee is None:
            return Decimal(0)
        if not is_quote(frame.symbol, frame.fee_asset):
            if is_new:
                self.other_fees.append((frame.symbol, frame.trade_id, frame.fee_asset, frame.fee))
            return Decimal(0)
        return frame.fee

    def _name_of(self, frame: OrderHeard) -> str:
        """The client order id that the engine knows it by: a conditional one's where it has come of one (F40)."""
        linked = self._algo_of.get(frame.order_id)
        if linked is not None:
            return linked
        if frame.client_order_id in self._algos:
            self._algo_of[frame.order_id] = frame.client_order_id
        elif frame.order_type in _CONDITIONAL and self._told.maybe(frame.client_order_id) is None:
            # The word that links the two is late: exactly one stop that waits here looks like this.
            alike = [name for name, algo in self._algos.items() if _came_of(frame, algo.heard)]
            if len(alike) == 1:
                self._algo_of[frame.order_id] = alike[0]
                return alike[0]
        return frame.client_order_id

    def _forget(self, name: str) -> None:
        gone = self._told.end(name)
        if gone:
            dead = set(gone)
            self._algo_of = {order: algo for order, algo in self._algo_of.items() if algo not in dead}
        self._algos.pop(name, None)
        self._missing.pop(name, None)

    # Conditional orders.

    def _algo(self, frame: AlgoHeard, now_ns: int) -> Iterator[Event]:
        name = frame.client_order_id
        told = self._told.of(name)
        if frame.order_id is not None:
            self._algo_of[frame.order_id] = name
        if told.ended:
            return
        before = self._algos.get(name)
        match frame.status:
            case "NEW":
                if before is None:
                    self._algos[name] = WaitingAlgo(frame)
                if not (told.accepted or told.filled):
                    told.accepted = True
                    yield OrderAccepted(time_ns=frame.time_ns, symbol=frame.symbol, client_order_id=name)
            case "TRIGGERING" | "TRIGGERED" | "FINISHED":
                if self._has_child(name, frame):
                    self._algos[name] = WaitingAlgo(frame, None, told=True)
                elif before is None or before.fired_ns is None:
                    self._algos[name] = WaitingAlgo(frame, now_ns, before is not None and before.told)
            case "CANCELED" | "EXPIRED":
                self._forget(name)
                yield OrderCanceled(
                    time_ns=frame.time_ns, symbol=frame.symbol, client_order_id=name, cause=frame.status
                )
            case "REJECTED":
                self._forget(name)
                yield _rejected(frame.time_ns, frame.symbol, name, frame.reject_reason)
            case _:
                self.gaps.add(frame.symbol)
                yield OutcomeUnknown(time_ns=frame.time_ns, symbol=frame.symbol, client_order_id=name)

    def _has_child(self, name: str, frame: AlgoHeard) -> bool:
        """Whether an order has come of it. That it has finished says nothing of what (F79)."""
        return frame.order_id is not None or name in self._algo_of.values()

    def _alive(self, name: str) -> None:
        """The order that a conditional one has become was told of: its trigger is not stuck."""
        algo = self._algos.get(name)
        if algo is not None:
            self._algos[name] = WaitingAlgo(algo.heard, None, told=True)


def _came_of(frame: OrderHeard, algo: AlgoHeard) -> bool:
    return (frame.symbol, frame.side, frame.order_type, frame.trigger_price) == (
        algo.symbol,
        algo.side,
        algo.order_type,
        algo.trigger_price,
    )


def _rejected(time_ns: int, symbol: str, name: str, message: str) -> OrderRejected:
    text = message.replace(" ", "").replace("-", "").lower()
    reason = next((reason for word, reason in _REFUSALS.items() if word in text), RejectReason.OTHER)
    return OrderRejected(
        time_ns=time_ns, symbol=symbol, client_order_id=name, code=NO_CODE, reason=reason, message=message
    )

"""Engines that take a missing, vague or late answer to an order for a clear one."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from sadari.core import reports
from sadari.core.desk import Desk
from sadari.core.position_table import pending
from sadari.errors import RetryableError
from sadari.model.command import PlaceOrder
from sadari.model.event import CancelRejected, OrderCanceled, OrderFilled, OrderRejected, OutcomeUnknown
from sadari.model.order import Purpose, Side
from sadari.model.reason import RejectReason
from tests.mutants.mutant import Mutant, always, row, unit, wire

GATEWAY = "sadari.venue.live.orders.gateway:Gateway"
LOOKUPS = "sadari.venue.live.orders.lookup:Lookups"


def _unclear_is_refused(_: Callable[..., Any]) -> Callable[..., Any]:
    def unknown(gateway: Any, order: PlaceOrder) -> None:
        gateway._take(
            OrderRejected(
                time_ns=gateway._now_ns(), symbol=order.symbol, client_order_id=order.client_order_id, code=0,
                reason=RejectReason.OTHER, message="timeout",
            )
        )  # fmt: skip

    return unknown


def _unclear_is_sent_again(right: Callable[..., Any]) -> Callable[..., Any]:
    def unknown(gateway: Any, order: PlaceOrder) -> None:
        right(gateway, order)
        if not order.client_order_id.endswith("-again"):
            gateway.place(msgspec.structs.replace(order, client_order_id=f"{order.client_order_id}-again"))

    return unknown


def _unclear_is_decided_again(right: Callable[..., Any]) -> Callable[..., Any]:
    def unknown(desk: Desk, event: OutcomeUnknown) -> Any:
        position = right(desk, event)
        intent = desk.orders.get(event.client_order_id)
        if intent is not None and intent.purpose in (Purpose.ENTRY, Purpose.ADD):
            desk.send(position, desk.order(position, intent.purpose, intent.qty, intent.rung))
        return position

    return unknown


def _unclear_is_retried(_: Callable[..., Any]) -> Callable[..., Any]:
    def unclear(text: str, *, changes: bool, after_s: float = 0.0) -> RetryableError:  # noqa: ARG001
        return RetryableError(text, after_s)

    return unclear


def _library_sends_again(_: Callable[..., Any]) -> Callable[..., Any]:
    async def only_once(request: Any, handler: Any) -> Any:
        return await handler(request)

    return only_once


def _misses_prove(_: Callable[..., Any]) -> Callable[..., Any]:
    async def is_absent(*_asked: object) -> bool:
        return True

    return is_absent


def _acknowledgement_is_a_fill(right: Callable[..., Any]) -> Callable[..., Any]:
    def acknowledged(gateway: Any, order: PlaceOrder, shown: Any, name: str) -> None:
        right(gateway, order, shown, name)
        if order.trigger_price is None and order.qty is not None:
            gateway._take(
                OrderFilled(
                    time_ns=gateway._now_ns(), symbol=order.symbol, client_order_id=name, trade_id=shown.order_id,
                    price=shown.avg_price or Decimal(1), qty=order.qty, fee=Decimal(0), realized_pnl=Decimal(0),
                    buyer=order.side is Side.BUY, done=True,
                )
            )  # fmt: skip

    return acknowledged


def _counts_anew(right: Callable[..., Any]) -> Callable[..., Any]:
    def order(desk: Any, position: Any, purpose: Purpose, qty: Decimal | None, rung: int = 0) -> Any:
        if purpose is Purpose.ENTRY:
            desk._orders_made = 0
        return right(desk, position, purpose, qty, rung)

    return order


def _refused_cancel_is_a_cancel(_: Callable[..., Any]) -> Callable[..., Any]:
    def cancel_rejected(desk: Desk, event: CancelRejected) -> Any:
        canceled = OrderCanceled(
            time_ns=event.time_ns, symbol=event.symbol, client_order_id=event.client_order_id, cause="CANCELED"
        )
        return reports.ended(desk, canceled)

    return cancel_rejected


def _adds_for_ever(right: Callable[..., Any]) -> Callable[..., Any]:
    def add_ended(desk: Desk, position: Any, intent: Any, event: Any) -> None:
        position.tries.pop(pending(intent.rung), None)
        right(desk, position, intent, event)

    return add_ended


def _nothing_to_reduce_is_flat(right: Callable[..., Any]) -> Callable[..., Any]:
    def ended(desk: Any, position: Any, intent: Any, event: OrderCanceled | OrderRejected) -> None:
        if isinstance(event, OrderRejected) and event.reason is RejectReason.REDUCE_ONLY:
            from sadari.core import exits

            exits.found_flat(desk, position, "the venue has nothing to reduce")
            return
        right(desk, position, intent, event)

    return ended


MUTANTS: dict[str, Mutant] = {
    "unclear-is-refused": Mutant(
        "F01", "takes a timeout for a refusal", f"{GATEWAY}._unknown", _unclear_is_refused,
        wire("test_unclear_orders", "test_only_proof_of_absence_makes_a_refusal_of_an_unclear_answer"),
    ),
    "unclear-is-sent-again": Mutant(
        "F99", "sends again what has no clear answer", f"{GATEWAY}._unknown", _unclear_is_sent_again, row("F99-1")
    ),
    "unclear-is-decided-again": Mutant(
        "F06", "makes another order where the first one has no answer", "sadari.core.reports:unknown",
        _unclear_is_decided_again, unit("core/test_rules", "test_a_lost_answer_is_looked_up_and_never_sent_again"),
    ),
    "unclear-is-retried": Mutant(
        "F03", "retries whatever comes with a status of the server", "sadari.binance.judge:unclear",
        _unclear_is_retried, unit("binance/test_judge", "test_the_four_kinds_of_503_are_told_apart_by_their_text"),
    ),
    "library-sends-again": Mutant(
        "F07", "lets its library send again on a new connection", "sadari.venue.live.wire.rest:_only_once",
        _library_sends_again, wire("test_rest", "test_a_kept_connection_that_breaks_sends_nothing_twice"),
    ),
    "misses-prove": Mutant(
        "F26", "gives an order up after a few misses", f"{LOOKUPS}._is_absent", _misses_prove, row("F26-1")
    ),
    "acknowledgement-is-a-fill": Mutant(
        "F11", "books what the answer to an order says", f"{GATEWAY}._acknowledged", _acknowledgement_is_a_fill,
        row("F125-1"),
    ),
    "counts-anew": Mutant(
        "F12", "gives the client order ids of a position again", "sadari.core.desk:Desk.order", _counts_anew,
        "tests/property/test_ladder_properties.py::test_no_client_order_id_is_given_twice",
    ),
    "refused-cancel-is-a-cancel": Mutant(
        "F25", "takes -2011 for the end of the order", "sadari.core.reports:cancel_rejected",
        _refused_cancel_is_a_cancel,
        unit("core/test_rules", "test_a_refused_cancel_waits_for_the_report_of_the_order"),
    ),
    "adds-for-ever": Mutant(
        "F22", "sends a refused order again and again", "sadari.core.entries:add_ended", _adds_for_ever,
        unit("core/test_rules", "test_a_refused_add_is_tried_three_times_and_then_abandoned"),
    ),
    "nothing-to-reduce-is-flat": Mutant(
        "F23", "takes -2022 for a position that is gone", "sadari.core.exits:exit_ended", _nothing_to_reduce_is_flat,
        row("F23-2"),
    ),
    "asks-under-a-ban": Mutant(
        "F17", "asks on although its address is banned", "sadari.binance.budget:Budget.shut", always(None),
        wire("test_rest", "test_after_a_limit_or_a_ban_nothing_is_asked_until_its_time"),
    ),
    "clock-is-trusted": Mutant(
        "F19", "stamps its requests by the machine's clock", "sadari.venue.live.wire.server_clock:ServerClock.set",
        always(None),
        wire("test_rest", "test_a_clock_that_is_off_is_measured_and_the_request_sent_again_with_the_right_time"),
    ),
}  # fmt: skip

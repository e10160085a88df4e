"""Naive engines: each is ours with one function that does what others have done wrong, and the test that catches it.

These are the deliberate exception from the rule that our own code is never mocked: they prove that tests can fail.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from sadari.model.command import PlaceOrder
from sadari.model.event import OrderCanceled, OrderFilled, OrderRejected
from sadari.model.order import Purpose, Side
from sadari.model.reason import RejectReason

# A replacement is made from the function that it stands for.
Make = Callable[[Callable[..., Any]], Callable[..., Any]]
ROW = "tests/faults/test_rows.py::test_a_fault_is_met_as_its_row_requires[{}]"


class Mutant(NamedTuple):
    """One naive engine.

    Attributes:
        fault: The row of the catalog whose wrong reaction it has.
        does: What it does.
        where: Module and name of the function, with a colon between.
        make: Makes the replacement.
        test: The test that fails on it.
    """

    fault: str
    does: str
    where: str
    make: Make
    test: str


def _unclear_is_refused(_: Callable[..., Any]) -> Callable[..., Any]:
    def unknown(gateway: Any, order: PlaceOrder) -> None:
        gateway._take(_rejected(gateway, order))

    return unknown


def _unclear_is_sent_again(right: Callable[..., Any]) -> Callable[..., Any]:
    def unknown(gateway: Any, order: PlaceOrder) -> None:
        right(gateway, order)
        if not order.client_order_id.endswith("-again"):
            gateway.place(msgspec.structs.replace(order, client_order_id=f"{order.client_order_id}-again"))

    return unknown


def _misses_prove(_: Callable[..., Any]) -> Callable[..., Any]:
    async def is_absent(*_asked: object) -> bool:
        return True

    return is_absent


def _acknowledgement_is_a_fill(right: Callable[..., Any]) -> Callable[..., Any]:
    def acknowledged(gateway: Any, order: PlaceOrder, row: Any, name: str) -> None:
        right(gateway, order, row, name)
        if order.trigger_price is None and order.qty is not None:
            gateway._take(
                OrderFilled(
                    time_ns=gateway._now_ns(), symbol=order.symbol, client_order_id=name, trade_id=row.order_id,
                    price=row.avg_price or Decimal(1), qty=order.qty, fee=Decimal(0), realized_pnl=Decimal(0),
                    buyer=order.side is Side.BUY, done=True,
                )
            )  # fmt: skip

    return acknowledged


def _nothing_is_hidden(_: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *_: False


def _told_again(_: Callable[..., Any]) -> Callable[..., Any]:
    def explained(_position: object, _price: Decimal, qty: Decimal, *, closes: bool) -> Decimal:  # noqa: ARG001
        return qty

    return explained


def _nothing(_: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *_: None


def _cancel_is_not_heard(right: Callable[..., Any]) -> Callable[..., Any]:
    def ended(desk: Any, position: Any, intent: Any, event: OrderCanceled | OrderRejected) -> None:
        if not isinstance(event, OrderCanceled):
            right(desk, position, intent, event)

    return ended


def _nothing_to_reduce_is_flat(right: Callable[..., Any]) -> Callable[..., Any]:
    def ended(desk: Any, position: Any, intent: Any, event: OrderCanceled | OrderRejected) -> None:
        if isinstance(event, OrderRejected) and event.reason is RejectReason.REDUCE_ONLY:
            from sadari.core import exits

            exits.found_flat(desk, position, "the venue has nothing to reduce")
            return
        right(desk, position, intent, event)

    return ended


def _exits_are_not_capped(right: Callable[..., Any]) -> Callable[..., Any]:
    def send(desk: Any, position: Any, intent: Any, **prices: Any) -> None:
        right(desk, position, intent, **prices)
        if intent.purpose is Purpose.EXIT:
            desk.out.append(msgspec.structs.replace(desk.out.pop(), reduce_only=False))

    return send


def _one_id_for_all(right: Callable[..., Any]) -> Callable[..., Any]:
    def order(desk: Any, position: Any, purpose: Purpose, qty: Decimal | None, rung: int = 0) -> Any:
        if purpose in (Purpose.ADD, Purpose.EXIT):
            desk._orders_made = 0
        return right(desk, position, Purpose.ENTRY if purpose is Purpose.ADD else purpose, qty, rung)

    return order


def _cancel_comes_first(right: Callable[..., Any]) -> Callable[..., Any]:
    def protect(desk: Any, position: Any) -> None:
        inner = position.inner
        if inner is not None and not inner.final and inner.qty != position.qty and position.qty:
            desk.cancel(inner)
            position.inner = None
        right(desk, position)

    return protect


def _rejected(gateway: Any, order: PlaceOrder) -> OrderRejected:
    return OrderRejected(
        time_ns=gateway._now_ns(), symbol=order.symbol, client_order_id=order.client_order_id, code=0,
        reason=RejectReason.OTHER, message="timeout",
    )  # fmt: skip


GATEWAY = "sadari.venue.live.gateway:Gateway"
MUTANTS: dict[str, Mutant] = {
    "unclear-is-refused": Mutant(
        "F01", "takes a timeout for a refusal", f"{GATEWAY}._unknown", _unclear_is_refused, ROW.format("F26-1")
    ),
    "unclear-is-sent-again": Mutant(
        "F99", "sends again what has no clear answer", f"{GATEWAY}._unknown", _unclear_is_sent_again,
        ROW.format("F99-1"),
    ),
    "misses-prove": Mutant(
        "F26", "gives an order up after a few misses", "sadari.venue.live.lookup:Lookups._is_absent", _misses_prove,
        ROW.format("F26-1"),
    ),
    "acknowledgement-is-a-fill": Mutant(
        "F11", "books what the answer to an order says", f"{GATEWAY}._acknowledged", _acknowledgement_is_a_fill,
        ROW.format("F125-1"),
    ),
    "empty-is-flat": Mutant(
        "F46", "takes an empty list of positions for none", "sadari.venue.live.comparison:_hides", _nothing_is_hidden,
        "tests/wire/test_unclear_reads.py::test_bad_reads_end_no_order_and_no_position",
    ),
    "told-again": Mutant(
        "F100", "counts a trade that it knew by the position already", "sadari.core.takeover:explained", _told_again,
        "tests/unit/core/test_reconcile.py::test_a_trade_told_after_its_quantity_was_shown_changes_it_no_more",
    ),
    "only-logs": Mutant(
        "F98", "goes on when no stop is accepted", "sadari.core.stops:_flat_if_bare", _nothing, ROW.format("F98-2")
    ),
    "stuck-is-trusted": Mutant(
        "F77", "believes in a stop that is stuck in its trigger", "sadari.core.stops:stuck", _nothing,
        ROW.format("F77-1"),
    ),
    "cancel-is-not-heard": Mutant(
        "F124", "keeps the id of a stop that somebody has canceled", "sadari.core.stops:ended", _cancel_is_not_heard,
        "tests/unit/core/test_found_orders.py::test_a_stop_taken_away_is_back_at_once_and_the_second_time_a_person_is_told",
    ),
    "nothing-to-reduce-is-flat": Mutant(
        "F23", "takes -2022 for a position that is gone", "sadari.core.exits:exit_ended", _nothing_to_reduce_is_flat,
        ROW.format("F23-2"),
    ),
    "exits-are-not-capped": Mutant(
        "F05", "sends exits that are not reduce-only", "sadari.core.desk:Desk.send", _exits_are_not_capped,
        "tests/unit/core/test_protect_or_flat.py::test_a_position_that_the_venue_refuses_to_protect_is_closed",
    ),
    "one-id-for-all": Mutant(
        "F12", "gives a client order id twice", "sadari.core.desk:Desk.order", _one_id_for_all, ROW.format("F12-1")
    ),
    "cancel-comes-first": Mutant(
        "F97", "cancels a stop before the next one is there", "sadari.core.protection:protect", _cancel_comes_first,
        "tests/unit/core/test_protection.py::test_the_inner_stop_is_replaced_before_it_is_withdrawn",
    ),
}  # fmt: skip

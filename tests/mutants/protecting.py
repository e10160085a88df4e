"""Engines whose stops and exits are not where they are needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from sadari.core.desk import Desk
from sadari.core.exits import MARKET_TRIES
from sadari.core.position import Position
from sadari.model.event import OrderCanceled, OrderRejected
from sadari.model.order import Purpose
from sadari.model.reason import RejectReason
from tests.mutants.mutant import Mutant, nothing, row, unit

Ended = OrderCanceled | OrderRejected


def _cancel_comes_first(right: Callable[..., Any]) -> Callable[..., Any]:
    def protect(desk: Any, position: Any) -> None:
        inner = position.inner
        if inner is not None and not inner.final and inner.qty != position.qty and position.qty:
            desk.cancel(inner)
            position.inner = None
        right(desk, position)

    return protect


def _waits_for_the_whole_entry(right: Callable[..., Any]) -> Callable[..., Any]:
    def protect(desk: Desk, position: Position) -> None:
        if not position.is_in("ENTRY_PENDING"):
            right(desk, position)

    return protect


def _stops_only_here(_: Callable[..., Any]) -> Callable[..., Any]:
    def protect(_desk: Desk, position: Position) -> None:
        position.update_stop()

    return protect


def _orphans_stay(_: Callable[..., Any]) -> Callable[..., Any]:
    def withdraw(_desk: Desk, position: Position) -> None:
        position.inner = position.inner_next = position.wall = None

    return withdraw


def _tries_beyond_its_trigger(right: Callable[..., Any]) -> Callable[..., Any]:
    def ended(desk: Desk, position: Position, intent: Any, event: Ended) -> None:
        if isinstance(event, OrderRejected) and event.reason is RejectReason.WOULD_TRIGGER:
            event = msgspec.structs.replace(event, reason=RejectReason.OTHER)
        right(desk, position, intent, event)

    return ended


def _tries_beside_another_wall(right: Callable[..., Any]) -> Callable[..., Any]:
    def ended(desk: Desk, position: Position, intent: Any, event: Ended) -> None:
        right(desk, position, intent, event)
        position.wall_blocked = False

    return ended


def _cancel_is_not_heard(right: Callable[..., Any]) -> Callable[..., Any]:
    def ended(desk: Any, position: Any, intent: Any, event: Ended) -> None:
        if not isinstance(event, OrderCanceled):
            right(desk, position, intent, event)

    return ended


def _exits_are_not_capped(right: Callable[..., Any]) -> Callable[..., Any]:
    def send(desk: Any, position: Any, intent: Any, **prices: Any) -> None:
        right(desk, position, intent, **prices)
        if intent.purpose is Purpose.EXIT:
            desk.out.append(msgspec.structs.replace(desk.out.pop(), reduce_only=False))

    return send


def _exits_have_a_minimum(right: Callable[..., Any]) -> Callable[..., Any]:
    def send(desk: Desk, position: Position, *told: str, **more: str) -> None:
        if position.qty * position.last_price >= position.instrument.min_notional:
            right(desk, position, *told, **more)

    return send


def _market_orders_for_ever(right: Callable[..., Any]) -> Callable[..., Any]:
    def send(desk: Desk, position: Position, *told: str, **more: str) -> None:
        tries = position.tries.get("exit", 0)
        position.tries["exit"] = min(tries, MARKET_TRIES - 1)
        right(desk, position, *told, **more)
        position.tries["exit"] = tries

    return send


def _the_rest_is_forgotten(right: Callable[..., Any]) -> Callable[..., Any]:
    def ended(desk: Desk, position: Position, intent: Any, event: Ended) -> None:
        if isinstance(event, OrderCanceled) and intent.filled > 0:
            position.working = None
        else:
            right(desk, position, intent, event)

    return ended


MUTANTS: dict[str, Mutant] = {
    "stops-only-here": Mutant(
        "F102", "keeps its stops to itself and looks at prices", "sadari.core.protection:protect", _stops_only_here,
        unit("core/test_partial_fills", "test_an_entry_that_fills_in_part_is_protected_at_once"),
    ),
    "cancel-comes-first": Mutant(
        "F97", "cancels a stop before the next one is there", "sadari.core.protection:protect", _cancel_comes_first,
        unit("core/test_protection", "test_the_inner_stop_is_replaced_before_it_is_withdrawn"),
    ),
    "waits-for-the-whole-entry": Mutant(
        "F75", "protects an entry only when it is filled to the end", "sadari.core.protection:protect",
        _waits_for_the_whole_entry,
        unit("core/test_partial_fills", "test_an_entry_that_fills_in_part_is_protected_at_once"),
    ),
    "orphans-stay": Mutant(
        "F96", "leaves stops behind a closed position", "sadari.core.protection:withdraw", _orphans_stay,
        unit("core/test_protection", "test_no_stop_is_left_behind_a_closed_position"),
    ),
    "only-logs": Mutant(
        "F98", "goes on when no stop is accepted", "sadari.core.stops:_flat_if_bare", nothing, row("F98-2")
    ),
    "stuck-is-trusted": Mutant(
        "F77", "believes in a stop that is stuck in its trigger", "sadari.core.stops:stuck", nothing,
        unit("core/test_protect_or_flat", "test_a_stuck_stop_without_another_one_closes_everything"),
    ),
    "cancel-is-not-heard": Mutant(
        "F124", "keeps the id of a stop that somebody has canceled", "sadari.core.stops:ended", _cancel_is_not_heard,
        unit(
            "core/test_found_orders",
            "test_a_stop_taken_away_is_back_at_once_and_the_second_time_a_person_is_told",
        ),
    ),
    "passed-trigger-is-tried-again": Mutant(
        "F31", "places a stop again whose trigger is passed", "sadari.core.stops:ended",
        _tries_beyond_its_trigger,
        unit("core/test_protection", "test_a_stop_whose_trigger_is_already_passed_closes_the_position"),
    ),
    "wall-is-placed-for-ever": Mutant(
        "F39", "places a wall again beside another close-position order", "sadari.core.stops:ended",
        _tries_beside_another_wall,
        unit(
            "core/test_protect_or_flat",
            "test_another_close_position_order_is_read_and_the_inner_stop_goes_on",
        ),
    ),
    "exits-are-not-capped": Mutant(
        "F05", "sends exits that are not reduce-only", "sadari.core.desk:Desk.send", _exits_are_not_capped,
        unit("core/test_protect_or_flat", "test_a_position_that_the_venue_refuses_to_protect_is_closed"),
    ),
    "exits-have-a-minimum": Mutant(
        "F29", "holds a small exit back that the venue would take", "sadari.core.exits:send", _exits_have_a_minimum,
        unit("core/test_partial_fills", "test_what_is_worth_less_than_the_smallest_order_is_closed_all_the_same"),
    ),
    "market-orders-for-ever": Mutant(
        "F30", "answers every refusal of an exit with the same order", "sadari.core.exits:send",
        _market_orders_for_ever,
        unit(
            "core/test_protect_or_flat",
            "test_after_four_refusals_slices_of_a_limit_order_take_the_place_of_market_orders",
        ),
    ),
    "rest-is-forgotten": Mutant(
        "F82", "forgets what an expired exit has left", "sadari.core.exits:exit_ended", _the_rest_is_forgotten,
        unit("core/test_partial_fills", "test_an_exit_that_expires_in_part_is_sent_again_for_the_rest"),
    ),
    "adds-anywhere": Mutant(
        "F81", "adds at a price that would stop what is then held", "sadari.core.entries:would_stop", nothing,
        unit("core/test_rules", "test_an_add_that_would_stop_is_denied_once_and_asked_again_at_the_safe_price"),
    ),
}  # fmt: skip

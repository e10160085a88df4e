"""Engines that believe whatever their streams say, or do not say."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from typing import Any

from sadari.binance.recovery import Retry
from sadari.core.intent_table import IntentState
from sadari.model.event import EngineTurned
from tests.mutants.mutant import Mutant, always, nothing, unit, wire

SESSION = "sadari.binance.stream_session:StreamSession"
REPORTS = "sadari.venue.live.orders.reports:Reports"
FEED = "sadari.sensors.feed:Feed"


def _storms(_: Callable[..., Any]) -> Callable[..., Any]:
    def failed(recovery: Any, now_ns: int, jitter: float, at_least_s: float = 0.0) -> Retry:  # noqa: ARG001
        recovery.failures += 1
        return Retry(now_ns, exhausted=False)

    return failed


def _stays_for_ever(_: Callable[..., Any]) -> Callable[..., Any]:
    def replaced_at(connected_ns: int, jitter: float) -> int:  # noqa: ARG001
        return connected_ns + 10**18

    return replaced_at


def _acknowledged_is_live(right: Callable[..., Any]) -> Callable[..., Any]:
    def replied(session: Any, number: int, error: str) -> None:
        for name in session._requests.get(number, ()):
            session.heard(name, session._sent_ns)
        right(session, number, error)

    return replied


def _goes_on_where_it_was(right: Callable[..., Any]) -> Callable[..., Any]:
    def agree(supervision: Any) -> None:
        if not supervision._recoveries:
            right(supervision)
        elif supervision._state() == "RECONCILING":
            supervision._take(EngineTurned(time_ns=supervision._now_ns(), trigger="reconciled"))

    return agree


def _certificates_are_not_checked(_: Callable[..., Any]) -> Callable[..., Any]:
    def tls() -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    return tls


def _books_twice(right: Callable[..., Any]) -> Callable[..., Any]:
    def book(intent: Any, trade_id: int, qty: Any, *, done: bool) -> bool:
        intent.trade_ids.discard(trade_id)
        return bool(right(intent, trade_id, qty, done=done))

    return book


def _goes_back(right: Callable[..., Any]) -> Callable[..., Any]:
    def move(intent: Any, event: str, guard: str = "") -> bool:
        if event == "accept":
            intent.state = IntentState.NEW
            return True
        return bool(right(intent, event, guard))

    return move


def _ends_before_its_trades(right: Callable[..., Any]) -> Callable[..., Any]:
    def end(reports: Any, name: str, told: Any, frame: Any) -> Iterator[Any]:
        told.owed = told.filled
        yield from right(reports, name, told, frame)

    return end


def _reader_dies(_: Callable[..., Any]) -> Callable[..., Any]:
    def no_event(_frame: bytes, reason: str) -> Any:
        raise ValueError(reason)

    return no_event


def _any_number_is_a_price(_: Callable[..., Any]) -> Callable[..., Any]:
    return float


def _forming_is_closed(_: Callable[..., Any]) -> Callable[..., Any]:
    def closed(feed: Any, quoted: Any, _now_ns: int) -> bool:
        return bool(quoted.candle.open_time_ns % feed._interval_ns == 0)

    return closed


def _gaps_are_closed_up(right: Callable[..., Any]) -> Callable[..., Any]:
    def following(feed: Any) -> Any:
        if feed.next_ns is not None and feed._early:
            feed.next_ns = min(feed._early)
        return right(feed)

    return following


MUTANTS: dict[str, Mutant] = {
    "dead-key-is-pinged": Mutant(
        "F65", "prolongs a listen key for ever that is gone", "sadari.binance.user_session:UserSession.key_gone",
        always(value=False), unit("binance/test_user_session", "test_a_key_that_is_gone_is_replaced_at_once"),
    ),
    "silence-is-fine": Mutant(
        "F50", "believes in a stream as long as its socket is open", f"{SESSION}.grown_stale", always([]),
        unit(
            "binance/test_stream_session",
            "test_a_stream_that_was_heard_is_not_seen_any_more_after_a_minute_of_silence",
        ),
    ),
    "acknowledged-is-live": Mutant(
        "F61", "takes an acknowledged subscription for one that delivers", f"{SESSION}.replied", _acknowledged_is_live,
        unit("binance/test_stream_session", "test_an_acknowledged_stream_is_live_with_its_first_frame_only"),
    ),
    "never-pings": Mutant(
        "F51", "waits for the system to notice a dead connection", "sadari.venue.live.wire.socket:Socket._ping",
        nothing,
        wire("test_socket", "test_two_pings_without_an_answer_end_the_connection"),
    ),
    "stays-for-ever": Mutant(
        "F52", "keeps a connection until the venue ends it", "sadari.binance.recovery:replaced_at", _stays_for_ever,
        unit("binance/test_recovery", "test_a_connection_is_replaced_between_20_and_23_hours"),
    ),
    "storms": Mutant(
        "F59", "connects again without a pause", "sadari.binance.recovery:Recovery.failed", _storms,
        unit("binance/test_recovery", "test_delays_double_up_to_a_minute_and_the_fifth_failure_is_told_once"),
    ),
    "goes-on-where-it-was": Mutant(
        "F68", "goes on after a reconnect without comparing", "sadari.venue.live.supervision:Supervision.agree",
        _goes_on_where_it_was, wire("test_sight", "test_after_a_reconnect_everything_is_read_before_anything_goes_on"),
    ),
    "certificates-are-not-checked": Mutant(
        "F140", "takes any certificate", "sadari.venue.live.wire.socket:_tls", _certificates_are_not_checked,
        wire("test_socket", "test_an_encrypted_connection_is_made_only_where_the_certificate_is_trusted"),
    ),
    "half-dead-is-healthy": Mutant(
        "F73", "does not miss what the stream should have told", f"{REPORTS}.untold", always([]),
        unit("venue/test_reports", "test_an_acknowledged_order_that_the_stream_never_tells_of_is_noticed"),
    ),
    "finished-is-filled": Mutant(
        "F79", "takes a finished stop for an order that came of it", f"{REPORTS}._has_child", always(value=True),
        unit("venue/test_reports", "test_finished_says_nothing_by_itself"),
    ),
    "ends-before-its-trades": Mutant(
        "F70", "ends an order whose trades are still to be told", f"{REPORTS}._end", _ends_before_its_trades,
        unit("venue/test_reports", "test_a_cancel_waits_for_the_trades_before_it"),
    ),
    "liquidation-is-somebody": Mutant(
        "F92", "does not know the venue's own orders", "sadari.venue.live.orders.reports:cause_of", always(""),
        unit("venue/test_reports", "test_who_closes_is_read_from_the_client_order_id"),
    ),
    "books-twice": Mutant(
        "F71", "books a trade as often as it is told", "sadari.core.intents:Intent.book", _books_twice,
        unit("core/test_rules", "test_a_trade_is_booked_once"),
    ),
    "goes-back": Mutant(
        "F70", "opens an order again that is told late to be new", "sadari.core.intents:Intent.move", _goes_back,
        unit("core/test_rules", "test_an_acceptance_that_is_told_after_its_fill_changes_nothing"),
    ),
    "reader-dies": Mutant(
        "F56", "dies of a frame that it cannot read", "sadari.binance.market_frames:_no_event", _reader_dies,
        unit("binance/test_frames", "test_no_json_raises"),
    ),
    "any-number-is-a-price": Mutant(
        "F83", "takes zero and worse for a price", "sadari.binance.market_frames:_price", _any_number_is_a_price,
        unit("binance/test_frames", "test_what_is_no_price_is_no_event"),
    ),
    "forming-is-closed": Mutant(
        "F64", "reads a candle that has not closed", f"{FEED}._closed", _forming_is_closed,
        unit("sensors/test_feed", "test_a_candle_that_has_not_closed_is_not_read"),
    ),
    "gaps-are-closed-up": Mutant(
        "F64", "reads on over missing candles", f"{FEED}._following", _gaps_are_closed_up,
        unit("sensors/test_feed", "test_nothing_is_read_across_a_gap_until_an_answer_reaches_its_end"),
    ),
}  # fmt: skip

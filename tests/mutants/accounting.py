"""Engines that are wrong about sizes, money, and what the account holds or allows."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from sadari.binance import answers, endpoints
from sadari.core import exits, reconcile
from sadari.core.desk import Desk
from sadari.core.ledger import REALIZED
from sadari.core.position import Position
from sadari.model.event import FundingPaid, OrderFilled, OrderFound, PositionRecord, SettingsChanged
from sadari.model.order import PositionSide
from sadari.model.units import decimal_of
from tests.mutants.mutant import Mutant, always, nothing, unit, wire

LEDGER = "sadari.core.ledger:Ledger"


def _rounds_to_three(_: Callable[..., Any]) -> Callable[..., Any]:
    def floor_step(value: Any, _step: Decimal) -> Decimal:
        return Decimal(str(round(float(value), 3)))

    return floor_step


def _balance_of_the_start(right: Callable[..., Any]) -> Callable[..., Any]:
    def update(account: Any, event: Any) -> None:
        kept = None if account.updated_ns is None else (account.wallet_balance, account.available_balance)
        right(account, event)
        if kept is not None:
            account.wallet_balance, account.available_balance = kept

    return update


def _realized_is_net(_: Callable[..., Any]) -> Callable[..., Any]:
    def trade(ledger: Any, event: OrderFilled, asset: str = "USDT") -> Any:
        key = (REALIZED, event.symbol, event.trade_id)
        return ledger.post(key, event.time_ns, f"position:{event.symbol}", event.realized_pnl, asset)

    return trade


def _funding_doubles(_: Callable[..., Any]) -> Callable[..., Any]:
    def funding(ledger: Any, event: FundingPaid, asset: str = "USDT") -> Any:
        key = ("FUNDING_FEE", event.symbol, len(ledger.sums) + ledger.repeated + len(ledger.recent))
        return ledger.post(key, event.time_ns, "funding", event.amount, asset)

    return funding


def _one_page(_: Callable[..., Any]) -> Callable[..., Any]:
    async def tell(listed: Any, symbol: str) -> None:
        cursor = listed._fills.cursors.get(symbol) or 0
        asked = {"symbol": symbol, "limit": "1000", "fromId": str(cursor + 1)}
        page = answers.trades(await listed._call(endpoints.USER_TRADES, asked))
        fresh = [trade for trade in page if not listed._fills.is_told(symbol, trade.trade_id)]
        await listed._tell_trades(symbol, fresh)

    return tell


def _told_again(_: Callable[..., Any]) -> Callable[..., Any]:
    def explained(_position: object, _price: Decimal, qty: Decimal, *, closes: bool) -> Decimal:  # noqa: ARG001
        return qty

    return explained


def _last_price_is_the_exit(right: Callable[..., Any]) -> Callable[..., Any]:
    def found_flat(desk: Desk, position: Position, cause: str) -> None:
        position.close_part(position.last_price, position.qty)
        position.realized = decimal_of(position.gain)
        right(desk, position, cause)

    return found_flat


def _theirs_is_ours(right: Callable[..., Any]) -> Callable[..., Any]:
    def found(desk: Desk, event: OrderFound) -> Any:
        return right(desk, msgspec.structs.replace(event, ours=True))

    return found


def _adopts_in_silence(right: Callable[..., Any]) -> Callable[..., Any]:
    def adopt(desk: Desk, symbol: str, record: PositionRecord) -> None:
        right(desk, symbol, record)
        position = desk.positions.get(symbol)
        if position is not None and position.is_in("QUARANTINED"):
            reconcile._release(desk, position, "operator_adopt")

    return adopt


def _nets(_: Callable[..., Any]) -> Callable[..., Any]:
    def own(_desk: Desk, symbol: str, records: list[PositionRecord]) -> PositionRecord:
        net = sum((record.qty for record in records), Decimal(0))
        price = max((record.entry_price for record in records), default=Decimal(0))
        return PositionRecord(symbol, net, price)

    return own


def _any_leverage_will_do(_: Callable[..., Any]) -> Callable[..., Any]:
    def compare(desk: Desk, confirmed: Any) -> None:
        desk.prepared[confirmed.symbol] = confirmed.max_notional
        desk.unprepared.pop(confirmed.symbol, None)

    return compare


def _asked_is_set(right: Callable[..., Any]) -> Callable[..., Any]:
    async def outcome(preparation: Any, wish: Any, margin: Any, leverage: Any, after: Any) -> Any:
        now = after.settings.get(wish.symbol)
        if now is not None:
            set_ = msgspec.structs.replace(now, margin_mode=wish.margin_mode, leverage=wish.leverage)
            after = after._replace(settings={**after.settings, wish.symbol: set_})
        return await right(preparation, wish, margin, leverage, after)

    return outcome


def _held_follows_the_file(right: Callable[..., Any]) -> Callable[..., Any]:
    def settings_changed(desk: Desk, event: SettingsChanged) -> None:
        right(desk, event)
        for position in desk.positions.values():
            position.rules = desk.rules_for(position.strategy, position.symbol)
            position.side = position.rules.side(position.direction)
            position.update_stop()

    return settings_changed


def _blind_means_out(right: Callable[..., Any]) -> Callable[..., Any]:
    def sight(desk: Desk, trigger: str, cause: str) -> None:
        right(desk, trigger, cause)
        for position in desk.positions.values():
            if trigger == "data_lost" and position.qty > 0:
                exits.begin(desk, position, "liquidate", "CONNECTION_LOST", "engine", cause)

    return sight


def _stopping_closes(right: Callable[..., Any]) -> Callable[..., Any]:
    def cancel_entries(desk: Desk) -> None:
        right(desk)
        for position in desk.positions.values():
            if desk.state == "STOPPING" and position.qty > 0:
                exits.begin(desk, position, "liquidate", "ENGINE_STOPPED", "engine", "shutdown")

    return cancel_entries


MUTANTS: dict[str, Mutant] = {
    "rounds-to-three": Mutant(
        "F28", "rounds every quantity to three decimals", "sadari.core.sizing:floor_step", _rounds_to_three,
        unit("core/test_sizing", "test_a_limit_is_rounded_down_where_the_nearest_step_would_break_it"),
    ),
    "balance-of-the-start": Mutant(
        "F22", "sizes by the balance that it began with", "sadari.core.account:Account.update", _balance_of_the_start,
        unit("core/test_sizing", "test_the_next_signal_is_sized_by_the_balance_of_now"),
    ),
    "ratio-is-ignored": Mutant(
        "F93", "does not look at the margin ratio", "sadari.core.standing:_watch_ratio", nothing,
        unit("core/test_standing", "test_at_half_the_margin_the_engine_pauses_until_an_operator_resumes"),
    ),
    "realized-is-net": Mutant(
        "F48", "takes the realized profit for what is left of it", f"{LEDGER}.trade", _realized_is_net,
        unit("core/test_ledger", "test_a_trade_is_a_profit_and_a_fee"),
    ),
    "funding-doubles": Mutant(
        "F90", "books funding as often as it is told", f"{LEDGER}.funding", _funding_doubles,
        "tests/property/test_ledger_properties.py::test_doubled_and_reordered_reports_change_no_entry",
    ),
    "one-page": Mutant(
        "F47", "reads one page of trades", "sadari.venue.live.orders.listed_trades:ListedTrades.tell", _one_page,
        wire("test_exchange_acts", "test_a_gap_of_more_trades_than_a_page_holds_loses_none"),
    ),
    "empty-is-flat": Mutant(
        "F46", "takes an empty list of positions for none", "sadari.venue.live.orders.freshness:hides",
        always(value=False),
        unit("venue/test_freshness", "test_an_account_that_lists_a_position_stands_against_an_empty_list"),
    ),
    "old-read-counts": Mutant(
        "F45", "goes by a list of positions of before the last trade", "sadari.venue.live.orders.comparison:unproven",
        always(value=frozenset()),
        wire("test_stale_reads", "test_a_read_of_before_the_last_trade_decides_nothing"),
    ),
    "told-again": Mutant(
        "F45", "counts a trade that it knew by the position already", "sadari.core.takeover:explained", _told_again,
        unit("core/test_reconcile", "test_a_trade_told_after_its_quantity_was_shown_changes_it_no_more"),
    ),
    "last-price-is-the-exit": Mutant(
        "F100", "books a close that nobody told at the last price", "sadari.core.exits:found_flat",
        _last_price_is_the_exit,
        unit("core/test_reconcile", "test_a_position_closed_by_hand_ends_without_a_made_up_price"),
    ),
    "theirs-is-ours": Mutant(
        "F76", "cancels other people's orders as its own", "sadari.core.found_orders:found", _theirs_is_ours,
        unit("core/test_found_orders", "test_an_order_of_somebody_else_shuts_its_symbol_and_is_never_touched"),
    ),
    "adopts-in-silence": Mutant(
        "F123", "manages a position that it finds as its own", "sadari.core.reconcile:_adopt", _adopts_in_silence,
        unit("core/test_reconcile", "test_a_position_nobody_opened_is_quarantined_and_protected_at_once"),
    ),
    "nets": Mutant(
        "F101", "adds the two sides of a symbol up", "sadari.core.reconcile:_own", _nets,
        unit("core/test_reconcile", "test_a_second_side_in_hedge_mode_is_somebody_elses"),
    ),
    "one-way-only": Mutant(
        "F37", "names no position side in hedge mode", "sadari.binance.orders:_position_side",
        always(PositionSide.BOTH),
        unit("binance/test_orders_asked", "test_what_can_only_shrink_a_position_says_so_in_the_words_of_the_mode"),
    ),
    "any-leverage-will-do": Mutant(
        "F33", "does not look at the leverage that is in force", "sadari.core.preparation:_compare",
        _any_leverage_will_do,
        unit("core/test_gate_causes", "test_another_leverage_than_the_plans_is_not_prepared_and_says_so"),
    ),
    "asked-is-set": Mutant(
        "F34", "takes a setting that it has asked for as set",
        "sadari.venue.live.account.preparation:Preparation._outcome",
        _asked_is_set,
        wire("test_preparation_refusals", "test_a_setting_that_was_accepted_and_does_not_read_back_fails"),
    ),
    "filters-of-the-start": Mutant(
        "F88", "goes by the filters that it began with", "sadari.core.preparation:instrument_changed", nothing,
        unit("core/test_gate_causes", "test_a_position_goes_by_new_filters_at_once"),
    ),
    "held-follows-the-file": Mutant(
        "F117", "moves the stops of what is held when a file changes", "sadari.core.preparation:settings_changed",
        _held_follows_the_file,
        unit("core/test_gate_causes", "test_new_settings_are_for_new_positions_and_what_is_held_keeps_its_plan"),
    ),
    "blind-means-out": Mutant(
        "F95", "closes everything when a connection is lost", "sadari.core.life:_sight", _blind_means_out,
        unit("core/test_operator", "test_the_engines_own_life_closes_nothing_and_cancels_no_stop"),
    ),
    "stopping-closes": Mutant(
        "F118", "closes everything when it is stopped", "sadari.core.life:cancel_entries", _stopping_closes,
        unit("core/test_operator", "test_the_engines_own_life_closes_nothing_and_cancels_no_stop"),
    ),
}  # fmt: skip

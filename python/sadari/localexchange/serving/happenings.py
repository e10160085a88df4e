"""What happens at the exchange by itself or by the account's owner: the actions of faults, carried out."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from sadari.localexchange.account.desk import Desk
from sadari.localexchange.account.figures import position_sides
from sadari.localexchange.account.notices import Notices
from sadari.localexchange.asking.api_keys import ApiKeys
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.faults.action_rules import (
    BracketChange,
    Deleveraging,
    FilterChange,
    HumanCancel,
    HumanMode,
    HumanTrade,
    KeyChange,
    ListenKeyDeath,
    PriceGap,
    ThinBook,
)
from sadari.localexchange.faults.faults import Actions
from sadari.localexchange.market.gaps import gapped
from sadari.localexchange.market.market import Market
from sadari.localexchange.market.recorded import RecordedTape
from sadari.localexchange.streams.listen_keys import ListenKeys
from sadari.model.command import PlaceOrder
from sadari.model.instrument import Bracket, Instrument
from sadari.model.order import MarginMode, OrderType, PositionSide, Purpose, Side
from sadari.model.units import SECOND_NS

# Stands for all symbols in what the owner closes or cancels.
EVERY = "*"


class GatewayClock:
    """The gateway's clock, which can go wrong.

    Args:
        now_ns: The right time.
    """

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._ahead_ns = 0

    def __call__(self) -> int:
        """The time that the gateway takes for the right one."""
        return self._now_ns() + self._ahead_ns

    def shift(self, seconds: Decimal) -> None:
        """Go ahead by so much, or back."""
        self._ahead_ns += int(seconds * SECOND_NS)


class Happenings:
    """Carries out the actions on one exchange. Each raises what the exchange refuses.

    Args:
        desk: The account.
        market: What is traded.
        keys: The listen keys.
        clock: The gateway's.
        notices: Told of contracts that are listed anew.
        api_keys: The account's keys.
    """

    def __init__(
        self,
        desk: Desk,
        market: Market,
        keys: ListenKeys,
        clock: GatewayClock,
        notices: Notices,
        api_keys: ApiKeys,
    ) -> None:
        self._api_keys = api_keys
        self._desk = desk
        self._market = market
        self._keys = keys
        self._clock = clock
        self._notices = notices

    def actions(self) -> Actions:
        """The table of them."""
        return Actions(
            listen_key_death=self.kill_listen_key,
            clock_shift=lambda rule: self._clock.shift(rule.seconds),
            price_gap=self.gap,
            filter_change=self.change_filters,
            bracket_change=self.change_brackets,
            thin_book=self.thin_book,
            deleveraging=self.deleverage,
            key_change=self.change_key,
            break_trigger=lambda rule: self._desk.break_triggers(rule.symbol, rule.outcome),
            human_trade=self.trade,
            human_cancel=self.cancel,
            human_mode=self.change_modes,
            human_transfer=lambda rule: self._desk.transfer(rule.amount, rule.asset),
        )

    def kill_listen_key(self, rule: ListenKeyDeath) -> None:
        """End the active key, with its event at the next look of the server or without a word."""
        if rule.event:
            self._keys.kill()
        elif self._keys.active() is not None:
            self._keys.close()

    def gap(self, rule: PriceGap) -> None:
        """Let a symbol's price jump where its next candle opens; candles served later have the gap in them."""
        instrument = self._known(rule.symbol)
        tape = self._market.symbols[rule.symbol].tape
        if isinstance(tape, RecordedTape):
            raise Refused(-1020, "This operation is not supported: the trades of this symbol are recorded ones.")
        tape.candles = gapped(tape.candles, tape.next_row, 1 + rule.fraction, instrument.tick_size)

    def change_filters(self, rule: FilterChange) -> None:
        """List a symbol with other filters; the tape's prices keep their decimals."""
        given = {
            name: value
            for name in ("tick_size", "step_size", "min_qty", "min_notional")
            if (value := getattr(rule, name)) is not None
        }
        self._relist(msgspec.structs.replace(self._known(rule.symbol), **given))

    def change_brackets(self, rule: BracketChange) -> None:
        """List a symbol with other brackets."""
        instrument = self._known(rule.symbol)
        most = rule.max_leverage
        changed: list[Bracket] = []
        for one in instrument.brackets:
            rate, before = one.maint_margin_rate * rule.maint_factor, changed[-1] if changed else None
            # The amount that keeps the margin continuous where one bracket ends and the next begins.
            cum = before.cum + one.floor * (rate - before.maint_margin_rate) if before else Decimal(0)
            leverage = one.max_leverage if most is None else min(one.max_leverage, most)
            changed.append(Bracket(one.floor, one.cap, leverage, rate, cum))
        self._relist(msgspec.structs.replace(instrument, brackets=tuple(changed)))

    def thin_book(self, rule: ThinBook) -> None:
        """Let orders find a part of what the book shows."""
        self._known(rule.symbol)
        self._market.symbols[rule.symbol].book_part = rule.part

    def trade(self, rule: HumanTrade) -> None:
        """Trade at the market: a quantity, or the whole position the other way."""
        if rule.symbol == EVERY:
            for one in list(self._desk.exchange.positions.values()):
                named = None if one.position_side is PositionSide.BOTH else one.position_side.value
                self.trade(msgspec.structs.replace(rule, symbol=one.symbol, position_side=named))
            return
        self._known(rule.symbol)
        position_side = self._meant(rule.symbol, rule.position_side, rule.side)
        held = self._desk.exchange.position(rule.symbol, position_side)
        side = Side(rule.side) if rule.side else Side.SELL if held is not None and held.side > 0 else Side.BUY
        whole = abs(held.qty) if held is not None else Decimal(0)
        for _ in range(rule.trades):
            self._desk.place(
                PlaceOrder(
                    symbol=rule.symbol,
                    client_order_id="",
                    purpose=Purpose.ENTRY,
                    side=side,
                    order_type=OrderType.MARKET,
                    qty=whole if rule.qty is None else rule.qty,
                    reduce_only=rule.qty is None and position_side is PositionSide.BOTH,
                    position_side=position_side,
                )
            )

    def cancel(self, rule: HumanCancel) -> None:
        """Cancel what rests on a symbol, or on every one."""
        symbol = None if rule.symbol == EVERY else rule.symbol
        if rule.orders != "conditional":
            for order in list(self._desk.open_orders(symbol)):
                if rule.client_id in {None, order.client_order_id}:
                    self._desk.cancel(order)
        if rule.orders != "regular":
            for algo in list(self._desk.open_algos(symbol)):
                if rule.client_id in {None, algo.client_algo_id}:
                    self._desk.cancel_algo(algo)

    def change_modes(self, rule: HumanMode) -> None:
        """Change the settings that are named."""
        if rule.hedge_mode is not None:
            self._desk.set_position_mode(hedge=rule.hedge_mode)
        if rule.multi_assets is not None:
            self._desk.set_multi_assets(multi_assets=rule.multi_assets)
        if rule.margin_mode is not None and rule.symbol is not None:
            self._desk.set_margin_mode(rule.symbol, MarginMode(rule.margin_mode.lower()))
        if rule.leverage is not None and rule.symbol is not None:
            self._desk.set_leverage(rule.symbol, rule.leverage)

    def deleverage(self, rule: Deleveraging) -> None:
        """Close a position against a bankrupt one."""
        self._known(rule.symbol)
        self._desk.deleverage(rule.symbol, rule.qty, self._meant(rule.symbol, rule.position_side))

    def change_key(self, rule: KeyChange) -> None:
        """Change what a key may do."""
        self._api_keys.change(
            rule.key, reading=rule.reading, futures=rule.futures, withdrawals=rule.withdrawals, ip_list=rule.ip_list,
            revoked=rule.revoked,
        )  # fmt: skip

    def _meant(self, symbol: str, named: str | None, side: str | None = None) -> PositionSide:
        """The position that a rule is about; in hedge mode the one named, held, or opened by an order of a side."""
        exchange = self._desk.exchange
        if named is not None or not exchange.hedge:
            return PositionSide(named or "BOTH")
        held = [one for one in position_sides(exchange) if exchange.position(symbol, one) is not None]
        if len(held) == 1:
            return held[0]
        return PositionSide.SHORT if side == "SELL" else PositionSide.LONG

    def _known(self, symbol: str) -> Instrument:
        instrument = self._desk.instruments.get(symbol)
        if instrument is None:
            raise Refused(-1121, "Invalid symbol.")
        return instrument

    def _relist(self, instrument: Instrument) -> None:
        self._desk.exchange.relist(instrument)
        self._desk.instruments[instrument.symbol] = instrument
        self._market.symbols[instrument.symbol].instrument = instrument
        self._notices.relisted(instrument, self._market.now_ns)

"""Values of ours as the exchange's messages: what a made-up exchange serves."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from sadari.binance.wire import instruments as wire
from sadari.model.instrument import Instrument

# Filters carry their numbers as text, brackets as numbers.
_text = msgspec.json.Encoder()
_number = msgspec.json.Encoder(decimal_format="number")


def contracts(instruments: Iterable[Instrument]) -> bytes:
    """An exchangeInfo answer, the inverse of `decode.contracts`."""
    return _text.encode(wire.ExchangeInfo(symbols=[msgspec.Raw(_text.encode(_contract(one))) for one in instruments]))


def leverage_brackets(instruments: Iterable[Instrument]) -> bytes:
    """A leverageBracket answer for all symbols, the inverse of `decode.leverage_brackets`."""
    answer = [
        wire.SymbolBrackets(
            symbol=instrument.symbol,
            brackets=[
                wire.LeverageBracket(
                    max_leverage=one.max_leverage,
                    cap=one.cap,
                    floor=one.floor,
                    maint_margin_rate=one.maint_margin_rate,
                    cum=one.cum,
                )
                for one in instrument.brackets
            ],
        )
        for instrument in instruments
    ]
    return _number.encode(answer)


def _contract(instrument: Instrument) -> wire.Contract:
    lot = {"step_size": instrument.step_size, "min_qty": instrument.min_qty}
    return wire.Contract(
        symbol=instrument.symbol,
        status=instrument.status,
        contract_type=instrument.contract_type,
        quote_asset=instrument.quote_asset,
        liquidation_fee=instrument.liquidation_fee,
        filters=[
            wire.Filter(
                filter_type=wire.PRICE_FILTER,
                tick_size=instrument.tick_size,
                min_price=instrument.min_price,
                max_price=instrument.max_price,
            ),
            wire.Filter(filter_type=wire.LOT_SIZE, max_qty=instrument.max_qty, **lot),
            wire.Filter(filter_type=wire.MARKET_LOT_SIZE, max_qty=instrument.market_max_qty, **lot),
            wire.Filter(filter_type=wire.MIN_NOTIONAL, notional=instrument.min_notional),
            wire.Filter(
                filter_type=wire.PERCENT_PRICE,
                multiplier_up=instrument.multiplier_up,
                multiplier_down=instrument.multiplier_down,
            ),
        ],
    )

"""The exchange's own rules, pure: one model serves the backtest, paper trading and the local exchange."""

from sadari.exchange.accounts import Income, PositionState
from sadari.exchange.collateral import Collateral
from sadari.exchange.exchange import Exchange
from sadari.exchange.orders import OpenOrder
from sadari.exchange.refusals import REFUSALS, Refusal
from sadari.exchange.slippage import NO_SLIPPAGE, ONE_TICK, BookSlippage, Slice, Slippage, TickSlippage

__all__ = [
    "NO_SLIPPAGE",
    "ONE_TICK",
    "REFUSALS",
    "BookSlippage",
    "Collateral",
    "Exchange",
    "Income",
    "OpenOrder",
    "PositionState",
    "Refusal",
    "Slice",
    "Slippage",
    "TickSlippage",
]

"""The configuration written out as TOML, with a sentence for every key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from sadari.run.config import Config

HEAD = """\
# The configuration of Sadari. Every key may be left out and then has the value shown here.
# Shares, rates and percentages are fractions: 0.015 is 1.5 %. Check the whole plan with: sadari config check
"""

SECTIONS = {
    "engine": "The engine.",
    "account": "The simulated account.",
    "ladder": "The ladder: an entry, adds below it (above it for a short), staged exits, stops.\n"
    '# preset = "loss_limited" makes weights shares of notional and caps the worst case of all positions at 3 %.',
    "risk": "Limits of the account; what would break one is denied, with gate, value and limit in the report.",
    "reentry": "When a symbol may be entered again.",
    "daily": "Limits of one UTC day.",
    "fees": "Fee rates, as fractions of notional.",
    "signal": "When to enter.",
    "market": "How the simulated exchange behaves.",
}

KEYS = {
    "engine": {
        "mode": "what the engine runs on: backtest, which is recorded candles",
        "name": "a part of every client order id: 1 to 16 of A-Z a-z 0-9 _ -",
    },
    "account": {
        "balance": "wallet balance at the start, USDT",
        "multi_assets": "whether all assets are margin of every contract; only crossed margin is possible then",
        "assets": "what else it holds: { BTC = { balance = 0.5, price = 30000, ratio = 0.95 } }",
    },
    "ladder": {
        "weights": "shares of the balance for the entry and for each add",
        "dca_trigger": "how far from the first entry price each add is due",
        "stop_by_stage": "how far from the average price the position is closed, after the entry and after each add",
        "sizing_basis": "MARGIN: a weight is margin, the order is weight x balance x leverage; "
        "NOTIONAL: weight x balance",
        "leverage": "set at the exchange for every symbol",
        "margin_mode": "isolated or crossed",
        "half_close_pct": "profit on the average price at which a part is closed",
        "half_close_ratio": "the part",
        "stop_ratchet": "a stop never moves away from the market",
        "dca_rearm": "a recovered add may be made again",
        "breakeven_after_half": "after the half close the stop is at least at break-even",
        "tech_exit": "what ends the rest after the half close: MA_CROSS, ATR_TRAIL, EITHER or OFF",
        "tech_frame_minutes": "candles of the technical exit",
        "tech_ma_fast": "its fast moving average, in candles",
        "tech_ma_slow": "its slow moving average, in candles",
        "tech_atr_n": "length of its average true range, in candles",
        "tech_atr_k": "its trail, in average true ranges behind the best price",
        "liq_guard_pct": "isolated: close this far before the liquidation price",
        "protect_offset": "how far beyond the stop the exchange's own stop order rests",
        "protect_wall_offset": "how far beyond it the second one rests, which closes whatever is there",
    },
    "risk": {
        "max_positions": "positions at once",
        "strategy_positions": "positions of one strategy at once",
        "max_shorts": "short positions at once",
        "allow_opposite_side": "long and short positions at the same time, on different symbols",
        "min_reserve_pct": "share of the balance that is never used as margin",
        "max_portfolio_stop_loss_pct": "the most that all positions together may lose at their stops",
        "margin_buffer_usdt": "available balance at or below which nothing is opened",
        "max_order_margin_pct": "largest margin of one order, as a share of the available balance",
        "max_usable_pct": "largest part of the available balance that an order may leave used",
        "max_price_age_ms": "an older price opens nothing",
        "account_max_age_ms": "older account data opens nothing; left out: any age is good, as in a backtest",
    },
    "reentry": {
        "cooldown_after_stop_minutes": "after a stop",
        "cooldown_after_exit_minutes": "after any other exit",
        "max_per_symbol_per_day": "entries of one symbol in a UTC day",
    },
    "daily": {
        "max_entries": "entries of all symbols",
        "max_loss_pct": "loss of the day, as a share of the balance at its start, that ends entries for the day",
    },
    "fees": {"taker": "market orders and triggered stops", "maker": "resting limit orders"},
    "signal": {
        "kind": "ma_cross: a fast moving average crosses a slow one; always: whenever the symbol is flat",
        "direction": "long, short or both; always takes one of the two",
        "frame_minutes": "candles of the averages",
        "fast": "fast average, in candles",
        "slow": "slow average, in candles",
        "cooldown_minutes": "between two signals of a symbol",
    },
    "market": {
        "latency_ms": "an order's way to the exchange",
        "report_ms": "its outcome's way back",
        "slippage_ticks": "how much worse than the last price a market order is filled",
        "seed": "fixes the order of prices inside candles",
        "path": "inside a candle: tape (by the seed), adverse or favourable to the position held",
    },
}

TAIL = """
# A contract that the files given with --instruments lack, or where they are to be replaced:
# [instruments.BTCUSDT]
# tick_size = 0.1
# step_size = 0.001
# min_qty = 0.001
# max_qty = 1000
# market_max_qty = 120
# min_notional = 50
# liquidation_fee = 0.0125
# brackets = [{ floor = 0, cap = 300000, max_leverage = 125, maint_margin_rate = 0.004, cum = 0 }]
"""

# Shown for a key whose default is nothing.
_EXAMPLES = {"account_max_age_ms": 5_000}


def commented(config: Config) -> str:
    """A configuration as a file that explains itself."""
    return HEAD + "".join(_lines(config, explain=True)) + TAIL


def plain(config: Config) -> str:
    """A configuration as TOML, all values written out."""
    return "".join(_lines(config, explain=False)).lstrip("\n")


def _lines(config: Config, *, explain: bool) -> Iterator[str]:
    for section, keys in KEYS.items():
        values = msgspec.structs.asdict(getattr(config, section))
        yield f"\n# {SECTIONS[section]}\n" if explain else "\n"
        yield f"[{section}]\n"
        for key, sentence in keys.items():
            value = values[key]
            line = f"{key} = {_toml(value)}" if value is not None else f"# {key} = {_toml(_EXAMPLES[key])}"
            if explain:
                yield f"# {sentence}\n{line}\n"
            elif value is not None:
                yield f"{line}\n"
    for symbol, instrument in config.instruments.items():
        yield f"\n[instruments.{json.dumps(symbol) if '/' in symbol else symbol}]\n"
        for key, value in msgspec.structs.asdict(instrument).items():
            if value is not None:
                yield f"{key} = {_toml(value)}\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, msgspec.Struct):
        return _toml(msgspec.structs.asdict(value))
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_toml(part)}' for name, part in value.items())} }}"
    return json.dumps(str(value)) if isinstance(value, str) else str(value)

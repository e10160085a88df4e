"""The configuration written out as TOML, with a sentence for every key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from sadari.model.plan import Ladder
from sadari.run.settings.config import Config
from sadari.run.settings.request import SignalSection

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
    "sizing": "How much of an entry that has a stop of its own (ict).",
    "reward": "What such an entry has to bring by what it risks, and how what it opened is managed.",
    "reentry": "When a symbol may be entered again.",
    "daily": "Limits of one UTC day.",
    "fees": "Fee rates, as fractions of notional.",
    "scaling": "Smaller plans when risk is higher; all of it is off.",
    "liquidation": "Closing everything at once: by sadari liquidate, stop --close and on_recovery_exhausted.",
    "signal": "When to enter.",
    "surge": "What makes a surge, for the signal of that kind: conditions on minutes (m1), three minutes (m3) and\n"
    "# fifteen minutes (m15). n is a number of candles, gap a distance as a share of the slower line.",
    "ict": "What makes an entry of the ICT strategy, for the signal of that kind: sweep, shift, gap.",
    "scanner": "What makes a candidate. An entry on a surge needs one.",
    "market": "How the simulated exchange behaves.",
    "funnel": "Denied entry signals, each followed in shadow on an account of its own over the same prices.",
    "venue": "Where a live engine connects to, and what it is told about the account there.",
    "alerts": "Who is told of what. A channel needs the alerts extra. Its address holds a token and stands in the\n"
    "# environment or in a file, never here; try it with: sadari alert test",
}

KEYS = {
    "engine": {
        "mode": "what the engine runs on: backtest, local (the local exchange), paper (no orders), testnet or live",
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
        "strategy_positions": "positions of one strategy at once; left out: 10, and 3 of ict",
        "max_shorts": "short positions at once",
        "bearish_shorts": "so many more while the market's trend is bearish",
        "max_short_risk_pct": "no more shorts once those held may lose this share of the balance at their stops",
        "allow_opposite_side": "long and short positions at the same time, on different symbols",
        "min_reserve_pct": "share of the balance that is never used as margin",
        "max_portfolio_stop_loss_pct": "the most that all positions together may lose at their stops",
        "margin_buffer_usdt": "available balance at or below which nothing is opened",
        "max_order_margin_pct": "largest margin of one order, as a share of the available balance",
        "max_usable_pct": "largest part of the available balance that an order may leave used",
        "max_price_age_ms": "an older price opens nothing",
        "account_max_age_ms": "older account data opens nothing; left out: any age is good, as in a backtest",
        "auto_adopt": "manage a position that is found at the venue without being asked; it is protected either way",
    },
    "sizing": {
        "risk_per_trade": "share of the balance that one trade may lose at its stop",
        "max_available_risk": "share of the available balance that it may lose there",
        "max_order_value": "largest notional of one order, as a share of the available balance",
        "max_position": "largest notional of one position, as a share of the balance",
        "assumed_stop": "distance of the stop, as a share of the price, where a signal has none",
    },
    "reward": {
        "enabled": "deny an entry whose reward is too small",
        "mode": "what the least ratio of reward to risk depends on: FIXED, DIRECTION, VOLATILITY, TREND or COMPOSITE",
        "fixed": "FIXED: the least ratio",
        "long": "DIRECTION, VOLATILITY: of a long",
        "short": "of a short, while volatility is ordinary",
        "short_volatile": "of a short, above the 50th percentile of volatility",
        "short_wild": "of a short, above the 80th",
        "long_bullish": "TREND, COMPOSITE: of a long while the symbol's hours are bullish",
        "short_bearish": "of a short while they are bearish; COMPOSITE asks at least this of one",
        "otherwise": "of anything else",
        "be_after_tp1": "after the first target the stop is at least at break-even",
        "exit_on_opposite_choch": "a change of character against what is held closes it",
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
    "scaling": {
        "volatility_from_pct": "from this percentile of volatility on a plan shrinks, down to the floor at 100",
        "volatility_floor": "the least share of a plan that high volatility leaves",
        "drawdown_steps": "pairs of a fall of equity below its peak and the share of a plan that it leaves",
        "max_correlated_loss_pct": "what positions of one side may lose together, each counted by its correlation",
    },
    "liquidation": {
        "notice_s": "seconds in which it may be canceled before anything is closed; a second confirmation ends them",
        "margin_critical_notice_s": "the same for the reason MARGIN_CRITICAL, where 0 is allowed",
    },
    "signal": {
        "kind": "ma_cross: a fast average crosses a slow one; surge, ict: see below; always: whenever a symbol is flat",
        "direction": "long, short or both; always takes one of the two",
        "frame_minutes": "candles of the averages",
        "fast": "fast average, in candles",
        "slow": "slow average, in candles",
        "cooldown_minutes": "between two signals of a symbol",
    },
    "surge": {
        "preset": "v33, v32 (with its three-minute filter) or nine_of_thirteen, the entry before them",
        "enable_short": "also enter short on the mirror image",
        "ma": "moving averages, in candles",
        "bb_fast": "faster Bollinger band: candles and standard deviations",
        "bb_slow": "slower Bollinger band",
        "m1_min_true": "how many of the seven conditions have to hold",
        "m1_n_gc_80_480": "M1-1: a golden cross within n, or above",
        "m1_min_gap_80_480": "M1-2: at least this gap",
        "m1_signed_gap": "M1-2: the faster average has to be the upper one",
        "m1_n_gc_bb": "M1-3: a golden cross of the bands within n, or near each other",
        "m1_gap_bb": "M1-3: what is near",
        "m1_n_dc_20_80": "M1-4: a dead cross within n",
        "m1_buy_point_pair": "M1-5: averages of the buy point",
        "m1_buy_point_n": "M1-5: their golden cross within n",
        "m1_composite_pair": "M1-7: averages of the composite",
        "m1_composite_n": "M1-7: their golden cross within n",
        "m1_daily_surge_pct": "M1-6: a day that rose as much",
        "m1_daily_surge_days": "M1-6: within so many days",
        "m1_daily_surge_basis": "M1-6: HIGH_OVER_OPEN, CLOSE_OVER_PREV_CLOSE or HIGH_OVER_PREV_CLOSE",
        "m1_daily_surge_require_days": "M1-6: how many days have to be known",
        "m3_n_gc_80_480": "M3-1: a golden cross within n",
        "m3_n_gc_bb": "M3-2: a golden cross of the bands within n, or near each other",
        "m3_gap_bb": "M3-2: what is near",
        "m3_n_dc_20_80": "M3-3: a dead cross within n",
        "m3_gap_5_480": "M3-4: above, or so near",
        "m3_n_gc_5_20": "M3-5: a golden cross within n",
        "m3_v32_n": "filter of v32: within n",
        "m3_v32_gap": "filter of v32: above, or so near",
        "m15_min_true": "how many of the four conditions have to hold",
        "m15_n_gc_80_480": "M15-1: a golden cross within n, or below",
        "m15_gap_80_480": "M15-1: and so near",
        "m15_gap_5_480": "M15-2: above, or so near",
        "m15_n_gc_bb": "M15-3: a golden cross of the bands within n",
        "m15_fall_20": "M15-4: declines of the average in a row",
    },
    "ict": {
        "direction": "long, short or both",
        "frame_minutes": "candles in which set-ups are looked for",
        "swing_left": "candles before a swing that do not exceed it",
        "swing_right": "candles after it, which confirm it",
        "eq_tol": "highs, or lows, no further apart than this many true ranges are one pool of liquidity",
        "min_fvg_atr": "gaps smaller than this many true ranges do not count",
        "ob_select": "the order block is the candle with the EXTREME, or the LAST_OPPOSITE one",
        "shift_within": "candles after a sweep in which structure has to shift",
        "entry_level": "where in the gap the entry lies: 0 its near edge, 1 its far edge",
        "entry_ttl": "candles after the shift for which the entry waits",
        "stop_buffer": "how far beyond the extreme of the set-up the stop lies",
        "stop": "the stop: REVERSAL (beyond the extreme), ATR, or the WIDER or TIGHTER of both",
        "stop_atr_long": "ATR: true ranges from the entry of a long to its stop",
        "stop_atr_short": "and of a short",
        "target": "the targets: MULTI_R, ATR or STRUCTURE; price at the first one before the entry calls that off",
        "target_r": "MULTI_R: one to three, in distances to the stop; also for STRUCTURE where there is none",
        "target_shares": "MULTI_R: what each of them closes",
        "target_atr_long": "ATR: true ranges from the entry of a long to its target",
        "target_atr_short": "and of a short",
    },
    "scanner": {
        "filter": "option_b, or old, the one before it",
        "top": "symbols that count, by the quote volume of 24 hours",
        "rise": "SC-1: from open to high within one of the last four hours",
        "surge": "SC-3: quote volume of the last four hours by that of the twenty before",
        "bullish": "SC-4: hours of the last four that close above their open",
        "deny": "symbols that are never candidates",
        "short": "also look for the mirror image",
        "old_rise": "the old filter: from open to high within one of the last four hours",
        "old_change": "the old filter: change over 24 hours",
        "gate": "an entry on a surge needs a candidate",
        "max_age_minutes": "and one of a scan at most so old",
    },
    "market": {
        "latency_ms": "an order's way to the exchange",
        "report_ms": "its outcome's way back",
        "slippage_ticks": "how much worse than the last price a market order is filled",
        "seed": "fixes the order of prices inside candles",
        "path": "inside a candle: tape (by the seed), adverse or favourable to the position held",
    },
    "funnel": {
        "enabled": "follow them after a backtest, as --funnel does",
        "days": "how long each is followed; what is open then is counted apart",
    },
    "venue": {
        "rest": "address of REST in place of the mode's; local needs all three, as sadari exchange prints them",
        "streams": "address of the streams",
        "ws_api": "address of the WebSocket API",
        "wallet": "address that tells what the key may do",
        "symbols": "what may be traded; empty: the largest perpetual contracts by volume",
        "scanned": "how many symbols are watched for signals",
        "folder": "where journal, audit, backups and the control socket are",
        "on_multi_assets": "where the account's mode forbids isolated margin: crossed (with a warning) or refuse",
        "margin_modes": 'symbols with another margin mode than the ladder\'s: { BTCUSDT = "crossed" }',
        "acknowledged_worst_case_pct": "the worst case that is accepted, as a fraction of the balance; live needs it",
        "on_recovery_exhausted": "a stream cannot be had back: protect (wait), or liquidate after the notice",
        "sync_s": "seconds between comparisons with the exchange",
        "account_s": "seconds between readings of the account",
        "rest_price_s": "seconds between prices by REST while a stream is down",
        "backup_minutes": "minutes between copies of the journal",
    },
    "alerts": {
        "language": "of what a person reads: en or ko",
        "max_drawdown_pct": "how far equity may fall from its peak",
        "drawdown_window": "which peak: day (UTC) or all",
        "on_drawdown": "what is done then: pause (entries and adds, until you resume) or consider (only told)",
        "max_position_loss_pct": "how far the price may move against an average price; every stop is nearer",
        "on_position_loss": "what is done then: exit or consider",
        "file": "whether every notice is a line of alerts.jsonl in the engine's folder",
        "queue": "messages that may wait for one channel; then the oldest is lost, and counted",
        "timeout_s": "seconds after which a channel that does not answer is told of in the log",
        "channels": 'by name: { phone = { env = "SADARI_ALERT_PHONE", least = "critical" } }',
    },
}

TAIL = """
# Several strategies on the account, in the place of [signal]: each with its signal, and with its own ladder and limits
# where they differ from those above.
# [strategies.fast]
# max_positions = 3
# min_reserve_pct = 0.8
# [strategies.fast.signal]
# kind = "ma_cross"
# [strategies.fast.ladder]
# weights = [0.01]
# dca_trigger = []
# stop_by_stage = [0.05]

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

# What a named section holds as a section of its own.
NESTED = (SignalSection, Ladder)

# Shown for a key whose default is nothing.
_EXAMPLES: dict[str, object] = {
    "strategy_positions": 5,
    "account_max_age_ms": 5_000,
    "volatility_from_pct": 50,
    "max_correlated_loss_pct": Decimal("0.06"),
    "acknowledged_worst_case_pct": Decimal("0.275"),
}


def commented(config: Config) -> str:
    """A configuration as a file that explains itself."""
    return HEAD + "".join(_lines(config, explain=True)) + TAIL


def plain(config: Config) -> str:
    """A configuration as TOML, all values written out."""
    return "".join(_lines(config, explain=False)).lstrip("\n")


def _lines(config: Config, *, explain: bool) -> Iterator[str]:
    for section, keys in KEYS.items():
        if section == "signal" and config.strategies:
            continue
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
    for name, strategy in config.strategies.items():
        yield from _named(f"strategies.{name}", strategy)
        for part in (strategy.signal, strategy.ladder):
            if part is not None:
                yield from _named(f"strategies.{name}.{type(part).__name__.removesuffix('Section').lower()}", part)
    for symbol, instrument in config.instruments.items():
        yield f"\n[instruments.{json.dumps(symbol) if '/' in symbol else symbol}]\n"
        yield from _values(instrument)


def _named(place: str, section: msgspec.Struct) -> Iterator[str]:
    yield f"\n[{place}]\n"
    yield from _values(section)


def _values(section: msgspec.Struct) -> Iterator[str]:
    for key, value in msgspec.structs.asdict(section).items():
        if value is not None and not isinstance(value, NESTED):
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

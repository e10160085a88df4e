"""The faults of markets and people that the verbs can produce, each with rules that do."""

from __future__ import annotations

from sadari.localexchange.faults.rows import BTC, STOP, FaultRow, refused, row, verb

MARKET_AND_PEOPLE: tuple[FaultRow, ...] = (
    row(
        "F81",
        "the price jumps over several levels at once",
        verb("price_gap", BTC, "fraction = -0.08, from_s = 60"),
        verb("price_gap", BTC, "fraction = 0.08, from_s = 60"),
    ),
    row(
        "F82",
        "the price falls and the book is gone",
        verb("price_gap", BTC, "fraction = -0.2, from_s = 60"),
        verb("thin_book", BTC, "part = 0.01, from_s = 60"),
    ),
    row(
        "F83",
        "a price is zero, no number or absurd",
        verb("alter_frame", 'stream = "*@aggTrade", every = 50, find = \'"p":"[^"]*"\', put = \'"p":"0"\''),
        verb("alter_frame", 'stream = "*@markPrice*", every = 50, find = \'"p":"[^"]*"\', put = \'"p":"NaN"\''),
    ),
    row("F85", "the price jumps over a stop's limit", verb("price_gap", BTC, "fraction = -0.15, from_s = 60")),
    row(
        "F86",
        "a symbol is halted",
        refused(-4141, "Symbol is closed."),
        verb("alter_reply", 'path = "*/exchangeInfo", find = \'"status":"TRADING"\', put = \'"status":"HALT"\''),
    ),
    row(
        "F88",
        "filters change while a position is held",
        verb("filter_change", BTC, "tick_size = 0.5, min_notional = 100, from_s = 60"),
    ),
    row("F89", "maintenance margins rise", verb("bracket_change", BTC, "maint_factor = 3, from_s = 60")),
    row("F91", "the exchange closes a position against a bankrupt one", verb("deleveraging", BTC, "from_s = 60")),
    row("F92", "the exchange liquidates", verb("price_gap", BTC, "fraction = -0.6, from_s = 60")),
    row(
        "F95",
        "the exchange is down for its maintenance",
        verb("status_503", 'variant = "B", from_s = 60, until_s = 3600'),
    ),
    row(
        "F96",
        "the cancel of a sibling never arrives",
        verb("lost_request", 'method = "DELETE", path = "/fapi/v1/algoO*"'),
    ),
    row("F97", "a stop cannot be replaced", refused(-2021, "Order would immediately trigger.", STOP, ", every = 2")),
    row("F98", "no stop is ever accepted", refused(-1000, "An unknown error occurred.", STOP)),
    row(
        "F99",
        "an order that was done looks like one to send again",
        refused(-1007, "Timeout waiting for response from backend server.", more=", status = 408, applied = true"),
    ),
    row(
        "F100",
        "the trades that explain a position are hidden",
        verb("empty_read", 'path = "/fapi/v1/userTrades", until_s = 7200'),
    ),
    row(
        "F101",
        "both sides of a symbol are held",
        verb("human_trade", BTC, 'side = "BUY", qty = 0.01, position_side = "LONG", from_s = 60'),
        verb("human_trade", BTC, 'side = "SELL", qty = 0.01, position_side = "SHORT", from_s = 60'),
    ),
    row(
        "F122",
        "the account's owner closes the position",
        verb("human_trade", BTC, "from_s = 60"),
        verb("human_trade", 'symbol = "*", from_s = 60'),
    ),
    row(
        "F123",
        "the account's owner opens, adds or turns around",
        verb("human_trade", BTC, 'side = "BUY", qty = 0.05, from_s = 60'),
        verb("human_trade", BTC, 'side = "BUY", qty = 0.001, trades = 1001, from_s = 60'),
    ),
    row(
        "F124",
        "the account's owner cancels the stop",
        verb("human_cancel", BTC, 'orders = "conditional", from_s = 60'),
        verb("human_cancel", BTC, 'client_id = "r1-7-W", from_s = 60'),
    ),
    row("F125", "the account's owner changes the leverage", verb("human_mode", BTC, "leverage = 3, from_s = 60")),
    row(
        "F126",
        "the account's owner changes a mode",
        verb("human_mode", BTC, 'margin_mode = "CROSSED", from_s = 60'),
        verb("human_mode", "multi_assets = true, from_s = 60"),
        verb("human_mode", "hedge_mode = true, from_s = 60"),
    ),
    row("F127", "the account's owner moves money out", verb("human_transfer", "amount = -500, from_s = 60")),
    row(
        "F136",
        "the key may withdraw, or is bound to no address",
        verb("key_change", "withdrawals = true"),
        verb("key_change", "ip_list = false"),
    ),
)

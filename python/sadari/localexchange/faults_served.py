"""The faults of the catalog that the verbs can produce, each with rules that do, as a file would have them."""

from __future__ import annotations

from typing import NamedTuple


class FaultRow(NamedTuple):
    """One fault of the catalog.

    Attributes:
        fault: Its number there.
        title: What goes wrong.
        rules: Examples, each an inline table of TOML without its braces; any one of them produces the fault.
    """

    fault: str
    title: str
    rules: tuple[str, ...]


ORDER = 'method = "POST", path = "/fapi/v1/order"'
STOP = 'method = "POST", path = "/fapi/v1/algoOrder"'
CANCEL = 'method = "DELETE", path = "/fapi/v1/order"'
SIGNED = 'contains = "signature="'
BTC = 'symbol = "BTCUSDT"'
FILLS = 'stream = "ORDER_TRADE_UPDATE"'
POSITIONS = 'path = "/fapi/v*/positionRisk"'


def _row(fault: str, title: str, *rules: str) -> FaultRow:
    return FaultRow(fault, title, rules)


def _refused(code: int, message: str, where: str = ORDER, more: str = "") -> str:
    return f'verb = "code", {where}, code = {code}, message = "{message}"{more}'


def _verb(verb: str, *more: str) -> str:
    return ", ".join((f'verb = "{verb}"', *more))


REST: tuple[FaultRow, ...] = (
    _row(
        "F01",
        "an order times out at the backend, done or not",
        _refused(-1007, "Timeout waiting for response from backend server.", more=', status = 408, applied = "random"'),
    ),
    _row(
        "F02",
        "an order gets an answer that settles nothing, done or not",
        _refused(-1006, "An unexpected response was received.", more=', status = 500, applied = "random"'),
    ),
    _row(
        "F03",
        "503 that says nothing about what was done",
        _verb("status_503", ORDER, 'variant = "A", applied = "random"'),
    ),
    _row(
        "F04",
        "503 that is a definite failure, and one whose sentence is a little different",
        _verb("status_503", ORDER, 'variant = "B"'),
        _verb("status_503", ORDER, 'variant = "C"'),
        _verb("status_503", ORDER, 'variant = "B", message = "Service Unavailable!"'),
    ),
    _row(
        "F05",
        "the exchange throttles what is not capped",
        _verb("status_503", ORDER, 'variant = "D", probability = 0.3'),
    ),
    _row(
        "F06",
        "the client waits in vain",
        _verb("lost_reply", ORDER, "hold_s = 60"),
        _verb("lost_request", ORDER, "hold_s = 60"),
    ),
    _row(
        "F07",
        "a connection is reset around a request",
        _verb("reset", ORDER, 'point = "before"'),
        _verb("reset", ORDER, 'point = "within"'),
        _verb("reset", ORDER, 'point = "after"'),
    ),
    _row(
        "F08",
        "a reply ends within its body",
        _verb("cut_body", ORDER, "sent = 17"),
        _verb("cut_body", ORDER, "chunked = true"),
    ),
    _row(
        "F09",
        "a page of a proxy or firewall in place of JSON",
        _verb("html", ORDER, 'status = 502, applied = "random"'),
        _verb("html", "status = 403"),
    ),
    _row(
        "F12",
        "a market order's reply is lost, and its id is free again",
        _verb("lost_reply", ORDER, 'contains = "type=MARKET"'),
    ),
    _row(
        "F13",
        "a resting order's reply is lost, and its id is taken",
        _verb("lost_reply", ORDER, 'contains = "type=LIMIT"'),
    ),
    _row("F14", "an order arrives after its client has given it up", _verb("late_request", ORDER, "seconds = 3")),
    _row("F15", "for a while nothing is answered", _verb("lost_request", "hold_s = 30, until_s = 120")),
    _row("F16", "the request limit is broken", _verb("retry_after", "status = 429, seconds = 30, times = 1")),
    _row("F17", "the address is banned", _verb("retry_after", "status = 418, seconds = 120, until_s = 120")),
    _row("F18", "too many orders", _refused(-1015, "Too many new orders.", more=", status = 429")),
    _row(
        "F19",
        "the clocks differ, or the way there is slow",
        _verb("clock_shift", "seconds = -7, from_s = 30"),
        _verb("delay", ORDER, "seconds = 6"),
    ),
    _row(
        "F20",
        "a signature is refused",
        _refused(-1022, "Signature for this request is not valid.", SIGNED, ", times = 1"),
    ),
    _row(
        "F21",
        "the key has lost its permission",
        _refused(-2015, "Invalid API-key, IP, or permissions for action.", SIGNED, ", status = 401, from_s = 60"),
    ),
    _row("F22", "the margin does not suffice", _refused(-2019, "Margin is insufficient.")),
    _row(
        "F23",
        "an exit finds less of a position than it would close",
        _verb("human_trade", BTC, ORDER, 'contains = "reduceOnly=true", times = 1'),
        _refused(-2022, "ReduceOnly Order is rejected.", more=', contains = "reduceOnly=true"'),
    ),
    _row(
        "F24",
        "other reduce-only orders claim the whole position",
        _refused(-4118, "ReduceOnly Order Failed.", more=', contains = "reduceOnly=true"'),
    ),
    _row(
        "F25",
        "an order is gone when its cancel arrives",
        _verb("human_cancel", BTC, CANCEL, "times = 1"),
        _verb("price_gap", BTC, CANCEL, "fraction = -0.02, times = 1"),
    ),
    _row(
        "F26",
        "an order that was placed cannot be found yet",
        _verb("read_lag", 'path = "/fapi/v1/order", seconds = 45, otherwise = "order_missing"'),
    ),
    _row(
        "F28",
        "decimals, step or tick are not those of the filters",
        _verb("filter_change", BTC, "tick_size = 0.5, step_size = 0.01"),
    ),
    _row("F29", "an order is worth less than the least", _verb("filter_change", BTC, "min_notional = 500")),
    _row(
        "F30",
        "a market order lies outside the price band",
        _refused(
            -4131,
            "The counterparty's best price does not meet the PERCENT_PRICE filter limit.",
            more=', contains = "type=MARKET"',
        ),
    ),
    _row(
        "F31",
        "a stop's price has been passed when it arrives",
        _verb("price_gap", BTC, STOP, "fraction = -0.1, times = 1"),
    ),
    _row("F32", "too many conditional orders rest", _refused(-4045, "Reach max stop order limit.", STOP)),
    _row("F33", "leverage or size is capped by the bracket", _verb("bracket_change", BTC, "max_leverage = 2")),
    _row(
        "F34",
        "a setting is already so",
        _verb("human_mode", BTC, 'margin_mode = "ISOLATED", method = "POST", path = "/fapi/v1/marginType"'),
    ),
    _row(
        "F35",
        "a mode is to change while something is open",
        _verb("human_trade", BTC, 'side = "BUY", qty = 0.01, method = "POST", path = "/fapi/v1/marginType", times = 1'),
    ),
    _row("F36", "isolated margin is wanted on a multi-assets account", _verb("human_mode", "multi_assets = true")),
    _row(
        "F37",
        "an order's side does not match the position mode",
        _refused(-4061, "Order's position side does not match user's setting."),
    ),
    _row(
        "F38",
        "the exchange moves a family of orders elsewhere",
        _refused(-4120, "Order type not supported for this endpoint.", STOP, ", from_s = 60"),
    ),
    _row(
        "F39",
        "a second close-position stop is refused",
        _refused(
            -4130,
            "An open stop with closePosition in the direction is existing.",
            STOP,
            ', contains = "closePosition=true"',
        ),
    ),
    _row(
        "F40",
        "the event that links a stop to its order is missing",
        _verb("drop_frame", 'stream = "ALGO_UPDATE", contains = \'"X":"TRIGGERED"\''),
    ),
    _row(
        "F41",
        "an order cannot be what its time in force asks",
        _refused(-5022, "The Post Only order will be rejected.", more=', contains = "timeInForce=GTX"'),
    ),
    _row(
        "F42",
        "the account may only reduce",
        _refused(-4400, "Futures Trading Quantitative Rules violated, only reduceOnly order is allowed."),
    ),
    _row(
        "F43",
        "the symbol or the account does not trade",
        _refused(-4140, "Invalid symbol status for opening position."),
        _refused(-4109, "This account is inactive."),
    ),
    _row(
        "F44",
        "a reply has a word or a null that nobody expects",
        _verb("alter_reply", 'path = "/fapi/v1/order", find = \'"status":"[A-Z_]+"\', put = \'"status":"PAUSED"\''),
    ),
    _row(
        "F45",
        "a position is read as it was before the fill",
        _verb("read_lag", POSITIONS, "seconds = 130"),
        _verb("stale_read", POSITIONS, "every = 2"),
    ),
    _row("F46", "a read succeeds with nothing in it", _verb("empty_read", POSITIONS, "times = 3")),
    _row(
        "F47",
        "more trades and income than one page holds",
        _verb("human_trade", BTC, 'side = "BUY", qty = 0.001, stream = "btcusdt@aggTrade", times = 1100'),
    ),
)

STREAMS: tuple[FaultRow, ...] = (
    _row(
        "F50",
        "one stream falls silent on an open socket",
        _verb("drop_frame", 'stream = "btcusdt@*", from_s = 60, until_s = 360'),
        _verb("stall", 'stream = "btcusdt@*", from_s = 60, times = 1, seconds = 300'),
    ),
    _row("F52", "the connection ends at its age", _verb("close", "from_s = 86400, times = 1")),
    _row("F53", "frames come twice", _verb("duplicate_frame", "probability = 0.05, after_s = 0.5")),
    _row(
        "F54",
        "frames come late or out of order",
        _verb("reorder_frame", "probability = 0.05, behind = 3"),
        _verb("delay_frame", "probability = 0.05, seconds = 2"),
    ),
    _row("F55", "a depth update is missing", _verb("drop_frame", 'stream = "*@depth*", every = 50')),
    _row(
        "F56",
        "a frame is not what it should be",
        _verb("malformed_frame", "every = 100"),
        _verb("malformed_frame", 'every = 100, text = \'{"code":1,"msg":""}\''),
    ),
    _row("F57", "a frame is enormous", _verb("huge_frame", "every = 1000, size = 67108864")),
    _row("F58", "frames come faster than they can be read", _verb("duplicate_frame", "until_s = 10, copies = 1000")),
    _row("F59", "every connection is closed again", _verb("close", "code = 1008, until_s = 60")),
    _row("F61", "a stream is acknowledged and never comes", _verb("drop_frame", 'stream = "btcusdt@kline_1m"')),
    _row(
        "F62",
        "a path is retired",
        _verb("html", 'path = "/ws", status = 404'),
        _verb("html", 'path = "/stream", status = 404'),
    ),
    _row(
        "F63",
        "the envelope is fresh and the price is not",
        _verb("alter_frame", 'stream = "btcusdt@aggTrade", find = \'"p":"[^"]*"\', put = \'"p":"30000.0"\''),
    ),
    _row(
        "F64",
        "a candle's closing frame comes late or not",
        _verb("drop_frame", 'stream = "*@kline_*", contains = \'"x":true\', every = 3'),
        _verb("reorder_frame", 'stream = "*@kline_*", contains = \'"x":true\', every = 3, behind = 2'),
    ),
    _row("F65", "the listen key has ended without a word", _verb("listen_key_death", "event = false, from_s = 60")),
    _row("F66", "the listen key ends with its event", _verb("listen_key_death", "from_s = 60")),
    _row(
        "F67",
        "somebody else ends the shared listen key",
        _verb("listen_key_death", 'event = false, method = "POST", path = "/fapi/v1/order", nth = 2'),
    ),
    _row("F68", "the user stream is down while orders fill", _verb("close", FILLS, "every = 5")),
    _row("F69", "the fill is heard of before the order is answered", _verb("late_reply", ORDER, "seconds = 2")),
    _row("F70", "order events come out of order", _verb("reorder_frame", FILLS, "probability = 0.2")),
    _row("F71", "a fill is told again", _verb("duplicate_frame", FILLS, "after_s = 30")),
    _row(
        "F72",
        "account and order events overtake each other",
        _verb("delay_frame", 'stream = "ACCOUNT_UPDATE", probability = 0.5, seconds = 1'),
    ),
    _row("F73", "only the order events are missing", _verb("drop_frame", FILLS, "from_s = 60, until_s = 180")),
    _row(
        "F74",
        "a fill in a symbol that nobody trades here",
        _verb("human_trade", 'symbol = "ETHUSDT", side = "BUY", qty = 0.1, from_s = 60'),
    ),
    _row(
        "F75",
        "an order is filled in part and then canceled",
        _verb("human_cancel", BTC, FILLS, 'orders = "regular", contains = \'"X":"PARTIALLY_FILLED"\''),
    ),
    _row(
        "F76",
        "an event of an order that is not ours",
        _verb("human_trade", BTC, 'side = "SELL", qty = 0.01, from_s = 60'),
    ),
    _row("F77", "a conditional order is stuck in its trigger", _verb("break_trigger", BTC, "from_s = 60")),
    _row(
        "F78",
        "a conditional order is refused at its trigger",
        _verb("break_trigger", BTC, 'outcome = "rejected", from_s = 60'),
    ),
    _row(
        "F79", "a conditional order finishes unfilled", _verb("break_trigger", BTC, 'outcome = "unfilled", from_s = 60')
    ),
)

MARKET_AND_PEOPLE: tuple[FaultRow, ...] = (
    _row(
        "F81",
        "the price jumps over several levels at once",
        _verb("price_gap", BTC, "fraction = -0.08, from_s = 60"),
        _verb("price_gap", BTC, "fraction = 0.08, from_s = 60"),
    ),
    _row(
        "F82",
        "the price falls and the book is gone",
        _verb("price_gap", BTC, "fraction = -0.2, from_s = 60"),
        _verb("thin_book", BTC, "part = 0.01, from_s = 60"),
    ),
    _row(
        "F83",
        "a price is zero, no number or absurd",
        _verb("alter_frame", 'stream = "*@aggTrade", every = 50, find = \'"p":"[^"]*"\', put = \'"p":"0"\''),
        _verb("alter_frame", 'stream = "*@markPrice*", every = 50, find = \'"p":"[^"]*"\', put = \'"p":"NaN"\''),
    ),
    _row("F85", "the price jumps over a stop's limit", _verb("price_gap", BTC, "fraction = -0.15, from_s = 60")),
    _row(
        "F86",
        "a symbol is halted",
        _refused(-4141, "Symbol is closed."),
        _verb("alter_reply", 'path = "*/exchangeInfo", find = \'"status":"TRADING"\', put = \'"status":"HALT"\''),
    ),
    _row(
        "F88",
        "filters change while a position is held",
        _verb("filter_change", BTC, "tick_size = 0.5, min_notional = 100, from_s = 60"),
    ),
    _row("F89", "maintenance margins rise", _verb("bracket_change", BTC, "maint_factor = 3, from_s = 60")),
    _row("F92", "the exchange liquidates", _verb("price_gap", BTC, "fraction = -0.6, from_s = 60")),
    _row(
        "F95",
        "the exchange is down for its maintenance",
        _verb("status_503", 'variant = "B", from_s = 60, until_s = 3600'),
    ),
    _row(
        "F96",
        "the cancel of a sibling never arrives",
        _verb("lost_request", 'method = "DELETE", path = "/fapi/v1/algoO*"'),
    ),
    _row("F97", "a stop cannot be replaced", _refused(-2021, "Order would immediately trigger.", STOP, ", every = 2")),
    _row("F98", "no stop is ever accepted", _refused(-1000, "An unknown error occurred.", STOP)),
    _row(
        "F99",
        "an order that was done looks like one to send again",
        _refused(-1007, "Timeout waiting for response from backend server.", more=", status = 408, applied = true"),
    ),
    _row(
        "F100",
        "the trades that explain a position are hidden",
        _verb("empty_read", 'path = "/fapi/v1/userTrades", until_s = 7200'),
    ),
    _row("F122", "the account's owner closes the position", _verb("human_trade", BTC, "from_s = 60")),
    _row(
        "F123",
        "the account's owner opens, adds or turns around",
        _verb("human_trade", BTC, 'side = "BUY", qty = 0.05, from_s = 60'),
    ),
    _row(
        "F124",
        "the account's owner cancels the stop",
        _verb("human_cancel", BTC, 'orders = "conditional", from_s = 60'),
    ),
    _row("F125", "the account's owner changes the leverage", _verb("human_mode", BTC, "leverage = 3, from_s = 60")),
    _row(
        "F126",
        "the account's owner changes a mode",
        _verb("human_mode", BTC, 'margin_mode = "CROSSED", from_s = 60'),
        _verb("human_mode", "multi_assets = true, from_s = 60"),
    ),
    _row("F127", "the account's owner moves money out", _verb("human_transfer", "amount = -500, from_s = 60")),
)

FAULTS: tuple[FaultRow, ...] = REST + STREAMS + MARKET_AND_PEOPLE

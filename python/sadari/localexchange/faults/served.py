"""The faults of the catalog that the verbs can produce, each with rules that do, as a file would have them."""

from __future__ import annotations

from sadari.localexchange.faults.of_markets import MARKET_AND_PEOPLE
from sadari.localexchange.faults.of_streams import STREAMS
from sadari.localexchange.faults.rows import BTC, CANCEL, ORDER, POSITIONS, SIGNED, STOP, FaultRow, refused, row, verb

REST: tuple[FaultRow, ...] = (
    row(
        "F01",
        "an order times out at the backend, done or not",
        refused(-1007, "Timeout waiting for response from backend server.", more=', status = 408, applied = "random"'),
    ),
    row(
        "F02",
        "an order gets an answer that settles nothing, done or not",
        refused(-1006, "An unexpected response was received.", more=', status = 500, applied = "random"'),
    ),
    row(
        "F03",
        "503 that says nothing about what was done",
        verb("status_503", ORDER, 'variant = "A", applied = "random"'),
    ),
    row(
        "F04",
        "503 that is a definite failure, and one whose sentence is a little different",
        verb("status_503", ORDER, 'variant = "B"'),
        verb("status_503", ORDER, 'variant = "C"'),
        verb("status_503", ORDER, 'variant = "B", message = "Service Unavailable!"'),
    ),
    row(
        "F05",
        "the exchange throttles what is not capped",
        verb("status_503", ORDER, 'variant = "D", probability = 0.3'),
    ),
    row(
        "F06",
        "the client waits in vain",
        verb("lost_reply", ORDER, "hold_s = 60"),
        verb("lost_request", ORDER, "hold_s = 60"),
    ),
    row(
        "F07",
        "a connection is reset around a request",
        verb("reset", ORDER, 'point = "before"'),
        verb("reset", ORDER, 'point = "within"'),
        verb("reset", ORDER, 'point = "after"'),
    ),
    row(
        "F08",
        "a reply ends within its body",
        verb("cut_body", ORDER, "sent = 17"),
        verb("cut_body", ORDER, "chunked = true"),
    ),
    row(
        "F09",
        "a page of a proxy or firewall in place of JSON",
        verb("html", ORDER, 'status = 502, applied = "random"'),
        verb("html", "status = 403"),
    ),
    row(
        "F12",
        "a market order's reply is lost, and its id is free again",
        verb("lost_reply", ORDER, 'contains = "type=MARKET"'),
    ),
    row(
        "F13",
        "a resting order's reply is lost, and its id is taken",
        verb("lost_reply", ORDER, 'contains = "type=LIMIT"'),
    ),
    row("F14", "an order arrives after its client has given it up", verb("late_request", ORDER, "seconds = 3")),
    row("F15", "for a while nothing is answered", verb("lost_request", "hold_s = 30, until_s = 120")),
    row("F16", "the request limit is broken", verb("retry_after", "status = 429, seconds = 30, times = 1")),
    row("F17", "the address is banned", verb("retry_after", "status = 418, seconds = 120, until_s = 120")),
    row("F18", "too many orders", refused(-1015, "Too many new orders.", more=", status = 429")),
    row(
        "F19",
        "the clocks differ, or the way there is slow",
        verb("clock_shift", "seconds = -7, from_s = 30"),
        verb("delay", ORDER, "seconds = 6"),
    ),
    row(
        "F20",
        "a signature is refused",
        refused(-1022, "Signature for this request is not valid.", SIGNED, ", times = 1"),
    ),
    row(
        "F21",
        "the key has lost its permission",
        refused(-2015, "Invalid API-key, IP, or permissions for action.", SIGNED, ", status = 401, from_s = 60"),
        verb("key_change", "revoked = true, from_s = 60"),
        verb("key_change", "futures = false, from_s = 60"),
    ),
    row("F22", "the margin does not suffice", refused(-2019, "Margin is insufficient.")),
    row(
        "F23",
        "an exit finds less of a position than it would close",
        verb("human_trade", BTC, ORDER, 'contains = "reduceOnly=true", times = 1'),
        refused(-2022, "ReduceOnly Order is rejected.", more=', contains = "reduceOnly=true"'),
    ),
    row(
        "F24",
        "other reduce-only orders claim the whole position",
        refused(-4118, "ReduceOnly Order Failed.", more=', contains = "reduceOnly=true"'),
    ),
    row(
        "F25",
        "an order is gone when its cancel arrives",
        verb("human_cancel", BTC, CANCEL, "times = 1"),
        verb("price_gap", BTC, CANCEL, "fraction = -0.02, times = 1"),
    ),
    row(
        "F26",
        "an order that was placed cannot be found yet",
        verb("read_lag", 'path = "/fapi/v1/order", seconds = 45, otherwise = "order_missing"'),
    ),
    row(
        "F28",
        "decimals, step or tick are not those of the filters",
        verb("filter_change", BTC, "tick_size = 0.5, step_size = 0.01"),
    ),
    row("F29", "an order is worth less than the least", verb("filter_change", BTC, "min_notional = 500")),
    row(
        "F30",
        "a market order lies outside the price band",
        refused(
            -4131,
            "The counterparty's best price does not meet the PERCENT_PRICE filter limit.",
            more=', contains = "type=MARKET"',
        ),
    ),
    row(
        "F31",
        "a stop's price has been passed when it arrives",
        verb("price_gap", BTC, STOP, "fraction = -0.1, times = 1"),
    ),
    row("F32", "too many conditional orders rest", refused(-4045, "Reach max stop order limit.", STOP)),
    row("F33", "leverage or size is capped by the bracket", verb("bracket_change", BTC, "max_leverage = 2")),
    row(
        "F34",
        "a setting is already so",
        verb("human_mode", BTC, 'margin_mode = "ISOLATED", method = "POST", path = "/fapi/v1/marginType"'),
    ),
    row(
        "F35",
        "a mode is to change while something is open",
        verb("human_trade", BTC, 'side = "BUY", qty = 0.01, method = "POST", path = "/fapi/v1/marginType", times = 1'),
    ),
    row("F36", "isolated margin is wanted on a multi-assets account", verb("human_mode", "multi_assets = true")),
    row(
        "F37",
        "an order's side does not match the position mode",
        refused(-4061, "Order's position side does not match user's setting."),
    ),
    row(
        "F38",
        "the exchange moves a family of orders elsewhere",
        refused(-4120, "Order type not supported for this endpoint.", STOP, ", from_s = 60"),
    ),
    row(
        "F39",
        "a second close-position stop is refused",
        refused(
            -4130,
            "An open stop with closePosition in the direction is existing.",
            STOP,
            ', contains = "closePosition=true"',
        ),
    ),
    row(
        "F40",
        "the event that links a stop to its order is missing",
        verb("drop_frame", 'stream = "ALGO_UPDATE", contains = \'"X":"TRIGGERED"\''),
    ),
    row(
        "F41",
        "an order cannot be what its time in force asks",
        refused(-5022, "The Post Only order will be rejected.", more=', contains = "timeInForce=GTX"'),
    ),
    row(
        "F42",
        "the account may only reduce",
        refused(-4400, "Futures Trading Quantitative Rules violated, only reduceOnly order is allowed."),
    ),
    row(
        "F43",
        "the symbol or the account does not trade",
        refused(-4140, "Invalid symbol status for opening position."),
        refused(-4109, "This account is inactive."),
    ),
    row(
        "F44",
        "a reply has a word or a null that nobody expects",
        verb("alter_reply", 'path = "/fapi/v1/order", find = \'"status":"[A-Z_]+"\', put = \'"status":"PAUSED"\''),
    ),
    row(
        "F45",
        "a position is read as it was before the fill",
        verb("read_lag", POSITIONS, "seconds = 130"),
        verb("stale_read", POSITIONS, "every = 2"),
        # The account and its positions, one as old as the other.
        verb("read_lag", 'path = "/fapi/v*/[ap]*[tk]"', "seconds = 130"),
    ),
    row("F46", "a read succeeds with nothing in it", verb("empty_read", POSITIONS, "times = 3")),
    row(
        "F47",
        "more trades and income than one page holds",
        verb("human_trade", BTC, 'side = "BUY", qty = 0.001, stream = "btcusdt@aggTrade", times = 1100'),
    ),
)

FAULTS: tuple[FaultRow, ...] = REST + STREAMS + MARKET_AND_PEOPLE

"""The faults of streams that the verbs can produce, each with rules that do, as a file would have them."""

from __future__ import annotations

from sadari.localexchange.faults.rows import BTC, FILLS, ORDER, FaultRow, row, verb

STREAMS: tuple[FaultRow, ...] = (
    row(
        "F50",
        "one stream falls silent on an open socket",
        verb("drop_frame", 'stream = "btcusdt@*", from_s = 60, until_s = 360'),
        verb("stall", 'stream = "btcusdt@*", from_s = 60, times = 1, seconds = 300'),
    ),
    row("F52", "the connection ends at its age", verb("close", "from_s = 86400, times = 1")),
    row("F53", "frames come twice", verb("duplicate_frame", "probability = 0.05, after_s = 0.5")),
    row(
        "F54",
        "frames come late or out of order",
        verb("reorder_frame", "probability = 0.05, behind = 3"),
        verb("delay_frame", "probability = 0.05, seconds = 2"),
    ),
    row("F55", "a depth update is missing", verb("drop_frame", 'stream = "*@depth*", every = 50')),
    row(
        "F56",
        "a frame is not what it should be",
        verb("malformed_frame", "every = 100"),
        verb("malformed_frame", 'every = 100, text = \'{"code":1,"msg":""}\''),
    ),
    row("F57", "a frame is enormous", verb("huge_frame", "every = 1000, size = 67108864")),
    row("F58", "frames come faster than they can be read", verb("duplicate_frame", "until_s = 10, copies = 1000")),
    row("F59", "every connection is closed again", verb("close", "code = 1008, until_s = 60")),
    row("F61", "a stream is acknowledged and never comes", verb("drop_frame", 'stream = "btcusdt@kline_1m"')),
    row(
        "F62",
        "a path is retired",
        verb("html", 'path = "/ws", status = 404'),
        verb("html", 'path = "/stream", status = 404'),
    ),
    row(
        "F63",
        "the envelope is fresh and the price is not",
        verb("alter_frame", 'stream = "btcusdt@aggTrade", find = \'"p":"[^"]*"\', put = \'"p":"30000.0"\''),
    ),
    row(
        "F64",
        "a candle's closing frame comes late or not",
        verb("drop_frame", 'stream = "*@kline_*", contains = \'"x":true\', every = 3'),
        verb("reorder_frame", 'stream = "*@kline_*", contains = \'"x":true\', every = 3, behind = 2'),
    ),
    row("F65", "the listen key has ended without a word", verb("listen_key_death", "event = false, from_s = 60")),
    row("F66", "the listen key ends with its event", verb("listen_key_death", "from_s = 60")),
    row(
        "F67",
        "somebody else ends the shared listen key",
        verb("listen_key_death", 'event = false, method = "POST", path = "/fapi/v1/order", nth = 2'),
    ),
    row("F68", "the user stream is down while orders fill", verb("close", FILLS, "every = 5")),
    row("F69", "the fill is heard of before the order is answered", verb("late_reply", ORDER, "seconds = 2")),
    row("F70", "order events come out of order", verb("reorder_frame", FILLS, "probability = 0.2")),
    row("F71", "a fill is told again", verb("duplicate_frame", FILLS, "after_s = 30")),
    row(
        "F72",
        "account and order events overtake each other",
        verb("delay_frame", 'stream = "ACCOUNT_UPDATE", probability = 0.5, seconds = 1'),
    ),
    row("F73", "only the order events are missing", verb("drop_frame", FILLS, "from_s = 60, until_s = 180")),
    row(
        "F74",
        "a fill in a symbol that nobody trades here",
        verb("human_trade", 'symbol = "ETHUSDT", side = "BUY", qty = 0.1, from_s = 60'),
    ),
    row(
        "F75",
        "an order is filled in part and then canceled",
        verb("human_cancel", BTC, FILLS, 'orders = "regular", contains = \'"X":"PARTIALLY_FILLED"\''),
    ),
    row(
        "F76",
        "an event of an order that is not ours",
        verb("human_trade", BTC, 'side = "SELL", qty = 0.01, from_s = 60'),
    ),
    row("F77", "a conditional order is stuck in its trigger", verb("break_trigger", BTC, "from_s = 60")),
    row(
        "F78",
        "a conditional order is refused at its trigger",
        verb("break_trigger", BTC, 'outcome = "rejected", from_s = 60'),
    ),
    row(
        "F79", "a conditional order finishes unfilled", verb("break_trigger", BTC, 'outcome = "unfilled", from_s = 60')
    ),
)

"""An engine-wide liquidation's life as a table. Source: strategies §11."""

from __future__ import annotations

from enum import StrEnum

from sadari.lifecycle import Lifecycle, Row, rows


class LiquidationPhase(StrEnum):
    """The phases of strategies §11, and how a liquidation may end."""

    NOTICE = "NOTICE"
    CANCEL = "CANCEL"
    CLOSE = "CLOSE"
    VERIFY = "VERIFY"
    SETTLE = "SETTLE"
    DONE = "DONE"
    CANCELED = "CANCELED"
    ABANDONED = "ABANDONED"


UNDER_WAY = ("NOTICE", "CANCEL", "CLOSE", "VERIFY", "SETTLE")

LIQUIDATION = Lifecycle(
    "liquidation",
    LiquidationPhase,
    [
        Row("NOTICE", "deadline", "", "CANCEL"),
        Row("NOTICE", "confirmed", "", "CANCEL"),
        Row("NOTICE", "canceled", "", "CANCELED"),
        Row("CANCEL", "all_confirmed", "", "CLOSE"),
        Row("CANCEL", "time_out", "", "CLOSE"),
        Row("CLOSE", "next", "", None),
        Row("CLOSE", "all_attempted", "", "VERIFY"),
        Row("VERIFY", "remainder", "", None),
        Row("VERIFY", "not_read", "", None),
        Row("VERIFY", "flat", "", "SETTLE"),
        Row("SETTLE", "pending", "", None),
        # What a late fill opens, or somebody by hand, is closed as well.
        Row("SETTLE", "found_open", "", "VERIFY"),
        Row("SETTLE", "settled", "", "DONE"),
        Row("SETTLE", "time_out", "", "DONE"),
        *rows(UNDER_WAY, "resumed", "", None),
        *rows(UNDER_WAY, "abandoned", "", "ABANDONED"),
    ],
    "NOTICE",
)

"""An order's life as a table: from our wish to the venue's last word. Source: design §3 (Intents), faults R1."""

from __future__ import annotations

from enum import StrEnum

from sadari.lifecycle import Lifecycle, Row, rows


class IntentState(StrEnum):
    """Denied is our own no, rejected the venue's; unknown is neither."""

    PROPOSED = "PROPOSED"
    DENIED = "DENIED"
    SUBMITTED = "SUBMITTED"
    UNKNOWN = "UNKNOWN"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


_SENT = ("SUBMITTED", "UNKNOWN")
_LIVE = (*_SENT, "NEW", "PARTIALLY_FILLED")
_ENDED = ("CANCELED", "EXPIRED", "REJECTED")

# A fill is evidence that outranks any earlier word: a trade that arrives after "canceled" is still booked.
INTENT = Lifecycle(
    "intent",
    IntentState,
    [
        Row("PROPOSED", "deny", "", "DENIED"),
        Row("PROPOSED", "submit", "", "SUBMITTED"),
        Row("SUBMITTED", "lose", "", "UNKNOWN"),
        Row("UNKNOWN", "lose", "", None),
        *rows(_SENT, "accept", "", "NEW"),
        *rows(("NEW", "PARTIALLY_FILLED", "FILLED", *_ENDED), "accept", "", None),
        *rows(_LIVE, "fill", "part", "PARTIALLY_FILLED"),
        *rows(_LIVE, "fill", "last", "FILLED"),
        # Proof of absence may err: an order that shows life afterwards is open again (faults R1).
        *rows(_ENDED, "revive", "", "NEW"),
        *rows(_ENDED, "fill", "part", None),
        *rows(_ENDED, "fill", "last", None),
        *rows(_LIVE, "cancel", "", "CANCELED"),
        *rows(_LIVE, "expire", "", "EXPIRED"),
        *rows(_SENT, "reject", "", "REJECTED"),
        Row("NEW", "reject", "", "REJECTED"),
    ],
    "PROPOSED",
)

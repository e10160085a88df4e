"""Each row of the fault table: how each of its examples is played, or why none is."""

from __future__ import annotations

from decimal import Decimal

from sadari.localexchange.faults.rows import refused
from tests.faults.plays_of_markets import MARKETS
from tests.faults.plays_of_streams import STREAMS
from tests.faults.story import ADDING, EXITING, HOLDING, OPENING, STOPPED, STOPS, UNHEARD, Play
from tests.faults.wants import kept, was

UNCLEAR = Play()
REFUSED = Play(at=(OPENING, ADDING), change={"times": 2})
SEEN_AGAIN = Play(at=(HOLDING,), stands_s=1.5, change={"until_s": 1}, wants=(kept,))
NO_MARKET = refused(-4131, "Filter limit.", more=', contains = "type=MARKET"')
TIMED_OUT = (
    'verb = "code", method = "POST", path = "/fapi/v1/order", code = -1007, status = 408, applied = true, times = 1'
)

REST: dict[str, tuple[Play, ...]] = {
    "F01": (UNCLEAR,),
    "F02": (UNCLEAR,),
    "F03": (UNCLEAR,),
    "F04": (UNCLEAR, UNCLEAR, UNCLEAR),
    "F05": (Play(at=(OPENING, ADDING), change={"times": 2, "probability": None}),),
    "F06": (Play(change={"times": 1, "hold_s": 1}), Play(change={"times": 1, "hold_s": 1})),
    "F07": (UNCLEAR, UNCLEAR, UNCLEAR),
    "F08": (UNCLEAR, UNCLEAR),
    "F09": (UNCLEAR, SEEN_AGAIN),
    "F12": (UNCLEAR,),
    "F13": (Play(at=(EXITING,), beside=(NO_MARKET,)),),
    "F14": (Play(change={"times": 1, "seconds": 1}),),
    "F15": (
        Play(
            at=(HOLDING,),
            stands_s=2,
            change={"until_s": 1, "hold_s": Decimal("0.3")},
            beside=('verb = "close", until_s = 1',),
            wants=(kept, was("DEGRADED")),
        ),
    ),
    "F16": (Play(at=(HOLDING,), stands_s=2, change={"times": 1, "seconds": 1}, wants=(kept,)),),
    "F17": (Play(at=(HOLDING,), stands_s=2, change={"until_s": 1, "seconds": 1}, wants=(kept,)),),
    "F18": (Play(at=(ADDING,), declined=True), Play(at=(EXITING,))),
    "F19": (Play(at=(HOLDING,), after='verb = "clock_shift", seconds = 7'), Play(change={"times": 1, "seconds": 2})),
    "F20": (Play(at=(HOLDING,), stands_s=1, wants=(kept,)),),
    "F21": (
        Play(at=(HOLDING,), stands_s=1, change={"until_s": 1}, wants=(kept,)),
        Play(at=(HOLDING,), stands_s=1, change={}, after='verb = "key_change", revoked = false', wants=(kept,)),
        Play(at=(HOLDING,), stands_s=1, change={}, after='verb = "key_change", futures = true', wants=(kept,)),
    ),
    "F22": (Play(at=(OPENING, ADDING)),),
    "F23": (Play(at=(EXITING,)), Play(at=(EXITING,), change={"times": 2})),
    "F24": (Play(at=(EXITING,), change={"times": 2}),),
    "F25": (
        Play(at=(ADDING,), change={"times": 1, "path": "/fapi/v1/algoOrder"}),
        Play(at=(ADDING,), change={"times": 1, "path": "/fapi/v1/algoOrder"}),
    ),
    "F26": (Play(change={"until_s": 2, "seconds": 2}, beside=(TIMED_OUT, *UNHEARD)),),
    "F28": (Play(at=(ADDING,), change={"tick_size": 1, "step_size": None}),),
    "F29": (Play(at=(HOLDING,), change={}),),
    "F30": (Play(at=(EXITING,), change={"times": 3}),),
    "F31": (Play(at=(OPENING,), reasons=STOPS),),
    "F32": (Play(at=(OPENING, ADDING), change={"times": 2}),),
    "F33": (Play(at=(HOLDING,), change={}),),
    "F34": (Play(at=(OPENING,)),),
    "F35": (Play(at=(OPENING,)),),
    "F36": (Play(at=(OPENING,), change={}),),
    "F37": (UNCLEAR,),
    "F38": (Play(at=(ADDING,), change={}, stands_s=2),),
    "F39": (Play(at=(OPENING,)),),
    "F40": (Play(at=(STOPPED,), change={}, reasons=STOPS),),
    "F41": (Play(at=(EXITING,), change={"times": 1, "contains": "timeInForce=IOC"}, beside=(NO_MARKET,)),),
    "F42": (REFUSED,),
    "F43": (REFUSED, REFUSED),
    "F44": (UNCLEAR,),
    "F45": (
        Play(change={"until_s": 2, "seconds": 2}),
        Play(change={"until_s": 2, "every": 2}),
        Play(change={"until_s": 2, "seconds": 2}),
    ),
    "F46": (Play(at=(HOLDING,), stands_s=3, change={"times": 3}, wants=(kept,)),),
    "F47": (Play(at=(HOLDING,), change={"times": 1, "stream": None, "trades": 1001}, adds=False),),
}
PLAYS: dict[str, tuple[Play, ...]] = REST | STREAMS | MARKETS
OPEN: dict[str, str] = {
    "F55-1": "the engine follows no depth of the book",
    "F83-2": "the engine follows no mark prices: those it judges by are read",
}
# What needs another account than the story has.
ELSEWHERE: dict[str, str] = dict.fromkeys(
    ("F101-1", "F101-2"), "tests/wire/test_account_modes.py::test_what_the_owner_trades_on_both_sides_is_kept_apart"
)

"""How the faults of markets, of people and of the engine's own making are played."""

from __future__ import annotations

from tests.faults.story import ADDING, EXITING, HOLDING, OPENING, STOPS, UNHEARD, Play
from tests.faults.wants import kept, key_is_named, wall, was

# A stop without a clear answer is placed again after 5 s, and after three times 5 s everything is closed.
UNCLEAR_S = 16.0
# The engine does not see the price itself, or it would be out first.
UNSEEN = 'verb = "drop_frame", stream = "btcusdt@*"'
BY_HAND = 'verb = "human_trade", symbol = "BTCUSDT", side = "SELL", qty = 0.005'
ACTS = Play(at=(HOLDING,), change={}, stands_s=0.5)
UNFIT = Play(at=(OPENING,), change={}, stands_s=1, opens=False, mode="live", wants=(key_is_named,))
BY_OWNER = Play(at=(HOLDING,), change={}, reasons=("MANUAL_EXTERNAL",))

MARKETS: dict[str, tuple[Play, ...]] = {
    "F81": (Play(at=(HOLDING,), change={}, reasons=STOPS), Play(at=(HOLDING,), change={}, stands_s=0.5, adds=False)),
    "F82": (Play(at=(HOLDING,), change={}, reasons=STOPS), Play(at=(EXITING,), change={})),
    "F83": (Play(at=(HOLDING,), stands_s=1, change={"every": 2}, wants=(kept,)),),
    "F85": (Play(at=(HOLDING,), change={}, reasons=STOPS),),
    "F86": (Play(at=(OPENING, ADDING), change={"times": 2}), Play(at=(OPENING,), change={}, stands_s=2, opens=False)),
    "F88": (Play(at=(HOLDING,), change={}),),
    "F89": (ACTS,),
    "F91": (Play(at=(HOLDING,), change={}, reasons=("ADL",)),),
    "F92": (
        Play(
            at=(HOLDING,),
            change={},
            reasons=("EXCHANGE_LIQUIDATION",),
            beside=(
                'verb = "break_trigger", symbol = "BTCUSDT", outcome = "rejected"',
                UNSEEN,
            ),
        ),
    ),
    "F95": (
        Play(
            at=(HOLDING,),
            stands_s=1.5,
            change={"until_s": 1},
            beside=('verb = "close", until_s = 1',),
            wants=(kept, was("DEGRADED")),
        ),
    ),
    "F96": (Play(at=(ADDING, EXITING), change={"times": 2}),),
    "F97": (Play(at=(ADDING,), change={"every": None, "times": 1}, reasons=STOPS),),
    "F98": (
        Play(at=(OPENING,), change={}, reasons=STOPS, bare_s=UNCLEAR_S),
        Play(at=(OPENING,), change={"code": -1111}, reasons=STOPS),
    ),
    "F99": (Play(),),
    "F100": (Play(at=(HOLDING,), stands_s=4, change={"until_s": 3}, beside=(*UNHEARD, BY_HAND)),),
    "F122": (BY_OWNER, BY_OWNER),
    "F123": (Play(at=(HOLDING,), change={}), Play(at=(HOLDING,), change={}, adds=False)),
    "F124": (
        Play(at=(HOLDING,), change={}, stands_s=0.5, adds=False),
        Play(at=(HOLDING,), change={"client_id": wall}, stands_s=0.5),
    ),
    "F125": (ACTS,),
    "F126": (ACTS, ACTS, ACTS),
    "F127": (ACTS,),
    "F136": (UNFIT, UNFIT),
}

"""How the faults of streams are played."""

from __future__ import annotations

from decimal import Decimal

from tests.faults.story import ADDING, EXITING, HOLDING, OPENING, STOPPED, STOPS, Play
from tests.faults.wants import kept, last_price, was

DOWN = Play(at=(HOLDING,), stands_s=1.5, change={"until_s": 1}, wants=(kept, was("DEGRADED")))
UNCLOSED = Play(at=(HOLDING,), stands_s=2.5, change={"every": None})
EXPIRED = 'verb = "listen_key_death"'
CLOSED = 'verb = "close", until_s = 0.5'
ALWAYS = (OPENING, HOLDING, ADDING, EXITING)

STREAMS: dict[str, tuple[Play, ...]] = {
    "F50": (Play(at=(STOPPED,), change={}, reasons=STOPS), Play(at=(STOPPED,), change={"seconds": 3}, reasons=STOPS)),
    "F52": (Play(at=(HOLDING,), stands_s=1, change={"times": 1}, wants=(kept,)),),
    "F53": (Play(at=ALWAYS, stands_s=0.5, change={"after_s": Decimal("0.05")}),),
    "F54": (
        Play(at=ALWAYS, stands_s=0.5, change={"probability": Decimal("0.2")}),
        Play(at=ALWAYS, stands_s=0.5, change={"probability": Decimal("0.2"), "seconds": Decimal("0.2")}),
    ),
    "F56": (
        Play(at=ALWAYS, stands_s=0.5, change={"every": 7, "times": 3}),
        Play(at=ALWAYS, stands_s=0.5, change={"every": 7, "times": 3}),
    ),
    "F57": (Play(at=(HOLDING,), stands_s=1, change={"every": None, "times": 1, "size": 8_000_000}, wants=(kept,)),),
    "F58": (Play(at=(HOLDING,), stands_s=1, change={"times": 20, "copies": 200}, wants=(kept,)),),
    "F59": (DOWN,),
    "F61": (Play(at=(HOLDING,), stands_s=1.5, change={"until_s": 1}, wants=(kept,)),),
    "F62": (
        Play(at=(HOLDING,), stands_s=3, change={"until_s": 2, "path": "*/ws/*"}, beside=(EXPIRED,)),
        Play(at=(HOLDING,), stands_s=3, change={"until_s": 2, "path": "*/stream"}, beside=(CLOSED,)),
    ),
    "F63": (Play(at=(STOPPED,), change={"put": last_price}, reasons=STOPS),),
    "F64": (UNCLOSED, UNCLOSED),
    "F65": (Play(at=(HOLDING,), stands_s=0.5, change={}),),
    "F66": (Play(at=(HOLDING,), stands_s=0.5, change={}),),
    "F67": (Play(at=(ADDING,), change={"nth": None, "times": 1}),),
    "F68": (Play(at=(OPENING, ADDING, EXITING), change={"every": None, "times": 1}),),
    "F69": (Play(change={"times": 1, "seconds": 1}),),
    "F70": (Play(change={"probability": Decimal("0.5")}),),
    "F71": (Play(at=ALWAYS, stands_s=0.5, change={"after_s": Decimal("0.3")}),),
    "F72": (Play(change={"seconds": Decimal("0.3")}),),
    "F73": (Play(change={"until_s": Decimal("1.5")}),),
    "F74": (Play(at=(HOLDING,), stands_s=1, change={}),),
    "F75": (Play(change={}, beside=('verb = "thin_book", symbol = "BTCUSDT", part = 0.01',)),),
    "F76": (Play(at=(HOLDING,), change={}),),
    "F77": (Play(at=(STOPPED,), change={}, reasons=STOPS),),
    "F78": (Play(at=(STOPPED,), change={}, reasons=STOPS),),
    "F79": (Play(at=(STOPPED,), change={}, reasons=STOPS),),
}

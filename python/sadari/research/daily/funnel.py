"""The signals of a day as a funnel: how many are left after each gate, and then filled, ended and won."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sadari.research.daily.conduct import share
from sadari.research.daily.heard import Asked
from sadari.research.daily.results import known
from sadari.research.funnel import GATES
from sadari.research.trades import Life

Section = dict[str, Any]


def funnel(asked: Sequence[Asked], lives: Iterable[Life]) -> list[Section]:
    """The stages in order: every gate that denied one, in the order in which gates are asked, then what came of them.

    The signals are those of the span; what became of them counts whenever it was.

    Returns:
        ``left`` is how many signals came through the stage and ``lost`` how many did not; shares are of all signals
        and of those that came to the stage.
    """
    denied = Counter(one.decision.denial for one in asked if one.decision is not None and not one.decision.accepted)
    undecided = sum(one.decision is None for one in asked)
    names = {
        (one.signal.symbol, one.signal.signal_id) for one in asked if one.decision is not None and one.decision.accepted
    }
    held = {(life.symbol, life.signal_id): life for life in lives if life.opened_ns is not None}
    opened = [held[name] for name in names if name in held]
    ended = [life for life in opened if life.record is not None]
    won = [life for life in ended if known(life) and life.net > 0]
    steps = [(gate, denied[gate]) for gate in sorted(denied, key=_place)]
    accepted = len(asked) - denied.total() - undecided
    steps += [
        ("DECIDED", undecided),
        ("FILLED", accepted - len(opened)),
        ("ENDED", len(opened) - len(ended)),
        ("WON", len(ended) - len(won)),
    ]
    rows, left = (
        [{"stage": "RAISED", "left": len(asked), "lost": 0, "of_all": share(1, 1), "of_before": None}],
        len(asked),
    )
    for stage, lost in steps:
        before, left = left, left - lost
        rows.append(
            {
                "stage": stage,
                "left": left,
                "lost": lost,
                "of_all": share(left, len(asked)),
                "of_before": share(left, before),
            }
        )
    return rows


def _place(gate: str) -> tuple[int, str]:
    """The gate's place in the fixed order; one that this build does not know comes last."""
    return (GATES.index(gate) if gate in GATES else len(GATES), gate)

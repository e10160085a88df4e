"""What a reward filter can and cannot do with the targets that a configuration sets. Source: strategies §8.3."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from sadari.core.reward import minima
from sadari.model.order import Direction
from sadari.run.settings.config import Config
from sadari.sensors.ict_terms import ratios


class RewardNote(StrEnum):
    """Neither forbids a start."""

    RR_CONFIG_UNSATISFIABLE = "RR_CONFIG_UNSATISFIABLE"
    RR_CONFIG_VACUOUS = "RR_CONFIG_VACUOUS"


def reward_notes(config: Config) -> list[str]:
    """A sentence for each direction whose entries are all rejected for their reward, or none of which can be."""
    asked = {one.direction for one in config.icts().values()}
    if not config.reward.enabled:
        return []
    notes = []
    for direction in Direction:
        if not asked & {"both", direction.value.lower()}:
            continue
        least, most = ratios(config.ict, direction)
        minimum = minima(config.reward, direction)
        entry = f"every {direction} entry of [ict] brings"
        if most is not None and most < minimum[0]:
            notes.append(
                f"{RewardNote.RR_CONFIG_UNSATISFIABLE}: {entry} {_number(most)} by its risk at most; [reward] asks for "
                f"at least {minimum[0]}, so that none passes."
            )
        elif least >= minimum[-1]:
            notes.append(
                f"{RewardNote.RR_CONFIG_VACUOUS}: {entry} {_number(least)} by its risk at least; [reward] asks for "
                f"{minimum[-1]} at most, so that all pass."
            )
    return notes


def _number(ratio: Decimal) -> str:
    """A ratio to four digits, as it stands where it has no more."""
    return f"{round(ratio, 4).normalize():f}"

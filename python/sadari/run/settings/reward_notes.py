"""What a reward filter can and cannot do with the targets that a configuration sets. Source: strategies §8.3."""

from __future__ import annotations

from enum import StrEnum

from sadari.core.reward import minima
from sadari.model.order import Direction
from sadari.run.settings.config import Config
from sadari.sensors.ict_terms import fixed_ratio


class RewardNote(StrEnum):
    """Neither forbids a start."""

    RR_CONFIG_UNSATISFIABLE = "RR_CONFIG_UNSATISFIABLE"
    RR_CONFIG_VACUOUS = "RR_CONFIG_VACUOUS"


def reward_notes(config: Config) -> list[str]:
    """A sentence for each direction whose entries are all rejected for their reward, or none of which can be."""
    asked = config.ict.direction
    if not config.reward.enabled or all(signal.kind != "ict" for signal in config.signals().values()):
        return []
    notes = []
    for direction in Direction:
        fixed = fixed_ratio(config.ict, direction)
        if fixed is None or asked not in ("both", direction.value.lower()):
            continue
        least = minima(config.reward, direction)
        always = f"every {direction} entry of [ict] brings {fixed.normalize():f} by its risk; [reward] asks"
        if fixed < least[0]:
            notes.append(
                f"{RewardNote.RR_CONFIG_UNSATISFIABLE}: {always} for at least {least[0]}, so that none passes."
            )
        elif fixed >= least[-1]:
            notes.append(f"{RewardNote.RR_CONFIG_VACUOUS}: {always} for {least[-1]} at most, so that all pass.")
    return notes

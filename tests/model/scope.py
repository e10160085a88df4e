"""What the model check goes through: the plan, the contract, the prices, and how much may go wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from sadari.model.instrument import Instrument
from sadari.model.order import Purpose
from sadari.model.plan import Settings
from tests.ladder_driver import instrument, patient

WALLET = Decimal(1_000_000)
# Entry and add of two steps each: what a fill has in parts can be told apart, and nothing else.
PLANNED = Decimal(4)
# Below the rung's trigger, below every stop of a plan, and above the price that closes half.
PRICES = {"entry": Decimal(50_000), "rung": Decimal(48_500), "down": Decimal(41_000), "up": Decimal(56_000)}
FAST = (Purpose.EXIT, Purpose.STOP, Purpose.WALL)
OPENING = (Purpose.ENTRY, Purpose.ADD)


def plan() -> Settings:
    """An entry and one add, no technical exit."""
    return patient(weights=("0.0101", "0.0099"), dca_trigger=("0.03",), stop_by_stage=("0.10", "0.07"), tech_exit="OFF")


def contract() -> Instrument:
    """A contract that is traded in whole pieces."""
    return instrument(step_size=Decimal(1), min_qty=Decimal(1))


class Scope(NamedTuple):
    """How much of the world is gone through.

    Attributes:
        faults: How many faults may happen on a path.
        wishes: How often the operator may pause, exit or stop on a path.
        depth: From how many actions on only the way home is followed; None for no such bound.
        rise: Whether the price may reach where half is closed.
        apart: Whether answers to requests wait as reports do; else they come with the arrival.
    """

    faults: int
    wishes: int
    depth: int | None = None
    rise: bool = False
    apart: bool = False

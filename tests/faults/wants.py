"""What single rows ask for beside what all have in common."""

from __future__ import annotations

from sadari.model.order import Side
from tests.faults.story import Want
from tests.faults.watch import Watch
from tests.live_account import stops
from tests.live_engine import SYMBOL, Rig


def was(state: str) -> Want:
    """The engine has been in a state while the fault stood."""

    def missing(watch: Watch) -> str:
        return "" if state in watch.states else f"the engine was never {state}, only {sorted(watch.states)}"

    return missing


def key_is_named(watch: Watch) -> str:
    """The engine has failed at its start, and says that it is for the key."""
    failure = watch.rig.live.ending.failure
    return "" if watch.rig.live.state == "FAILED" and "the key" in failure else f"{watch.rig.live.state}: {failure}"


def kept(watch: Watch) -> str:
    """Nothing was sold in one go but what was held in full: the fault has closed and reduced nothing."""
    sold = [one for one in watch.rig.exchange.desk.orders.values() if one.symbol == SYMBOL and one.side is Side.SELL]
    exits = [one for one in sold if one.filled_qty]
    return "" if len(exits) <= 1 else f"{len(exits)} orders have sold"


def wall(rig: Rig) -> str:
    """The client id of the outer stop."""
    return stops(rig)[1]


def last_price(rig: Rig) -> str:
    """The price of a trade as it is now, in a frame."""
    return f'"p":"{rig.exchange.market.symbols[SYMBOL].last_price}"'

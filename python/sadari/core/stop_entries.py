"""An entry with a stop and targets of its own: whether it is worth its risk, and how much of it.

Source: strategies §8, §9.2 (gates 16 to 19), §9.3.
"""

from __future__ import annotations

from sadari.core import gates
from sadari.core.desk import Desk
from sadari.core.exposure import open_short_risk
from sadari.core.position import Position
from sadari.core.reward import distances, minimum, ratio
from sadari.core.sizing import Denial, Sizing, quantity, stop_caps
from sadari.model.command import RewardRatio
from sadari.model.entry import LimitEntry
from sadari.model.event import SignalRaised
from sadari.model.units import Exact, exact


def weigh(desk: Desk, signal: SignalRaised) -> tuple[Denial | None, RewardRatio | None]:
    """Gates 16 to 19, with the ratio of reward to risk where there is one."""
    limit = signal.limit
    denial = gates.prices_fit(signal)
    if limit is None or denial is not None or not limit.targets:
        return denial, None
    settings = desk.settings
    found = distances(limit, signal.direction, settings.fees)
    least = minimum(settings.reward, signal.direction, limit.volatility, limit.bias)
    return gates.reward_fits(desk, found, least), ratio(found, least)


def size(desk: Desk, position: Position, limit: LimitEntry) -> Sizing:
    """The quantity by the distance to the stop; the position plans that and nothing more."""
    settings, price = desk.settings, exact(limit.price)
    caps = stop_caps(
        settings.sizing, settings.risk, settings.fees, position.instrument,
        direction=position.direction, entry=price, stop=exact(limit.stop), leverage=position.rules.ladder.leverage,
        balance=position.plan_balance, available=desk.account.available_balance,
        short_risk=open_short_risk(desk.positions.values()), held=position.qty,
        max_notional=desk.prepared[position.symbol],
    )  # fmt: skip
    sizing = quantity(caps, position.instrument, price)
    position.plan = (exact(sizing.qty) * price, *(Exact(0) for _ in position.plan[1:]))
    position.worst = None
    return sizing

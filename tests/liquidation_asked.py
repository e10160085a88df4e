"""How a liquidation is asked of a live engine: signed with a secret of its folder, by the clock that the engine has.

Whoever plays an engine on another clock or network asks through this: `Commands(live).liquidate(signed_request(live))`
is one event, and all that follows are alarms of the engine and commands to its venue.
"""

from __future__ import annotations

from typing import Any

from sadari.model.reason import LiquidationSource
from sadari.model.units import MILLISECOND_NS
from sadari.run.live.engine import LiveEngine
from sadari.run.operator.control import Liquidate
from sadari.run.settings.tokens import Signed, secret_of, token


def signed_request(
    live: LiveEngine,
    name: str = "c1",
    *,
    reason: str = "OPERATOR_REQUEST",
    after: str = "PAUSE",
    age_ms: int = 0,
    **changes: Any,
) -> Liquidate:
    """A request by the command line's secret; ``changes`` come after it was signed."""
    source = LiquidationSource.CLI
    made_ms = live.asked.clocks.wall_ns() // MILLISECOND_NS - age_ms
    signed = Signed(source.value, reason, name, after, made_ms)
    given = token(secret_of(live.asked.folder, source), signed)
    fields = {**signed._asdict(), "command": "liquidate", "actor": "anna", "cause": "test", "token": given}
    return Liquidate(**(fields | changes))

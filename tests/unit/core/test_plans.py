"""What the plans of several strategies take and lose together (strategies §9.5)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.core.plans import check_together, together
from sadari.model.plan import Risk, Settings, Strategy

D = Decimal
LADDERS = {"a": Strategy(max_positions=9), "b": Strategy(max_positions=9), "ict": Strategy(by_stop=True)}


@pytest.mark.parametrize(
    ("positions", "strategies", "faults"),
    [
        (10, LADDERS, []),
        (20, LADDERS, ["CONFIG_OVERCOMMITTED", "PORTFOLIO_RISK_CAP"]),
        (12, {"a": Strategy(max_positions=9), "ict": Strategy(by_stop=True)}, []),
        (20, {"a": Strategy(max_positions=9)}, []),
    ],
)
def test_plans_that_keep_their_limits_alone_may_break_them_together(
    positions: int, strategies: dict[str, Strategy], faults: list[str]
) -> None:
    """As many positions as the account may hold, the dearest first; one strategy is judged by itself."""
    settings = Settings(risk=Risk(max_positions=positions), strategies=strategies)
    assert [finding.fault for finding in check_together(settings, D(10_000))] == faults
    found = together(settings, D(10_000))
    ladders = min(positions, 9 * (len(strategies) - ("ict" in strategies)))
    orders = min(positions - ladders, 3) if "ict" in strategies else 0
    assert found.committed == ladders * 550 + orders * 1_000 / settings.ladder.leverage

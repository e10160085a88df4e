"""From the trade on the tape that crosses a stop to the exchange's fill, over a network of 100 ms there and back.

The exchange holds back each frame of trades and each order by 50 ms. Both times are the exchange's own, at the speed of
the market; nothing but the engine's own stop may close the position.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from statistics import mean

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.crash import SYMBOL, fallen

ROUNDS = 5
AIM_S = 0.3
NETWORK = f"""
[[fault]]
name = "trades take their way"
verb = "delay_frame"
stream = "{SYMBOL.lower()}@aggTrade"
seconds = 0.05

[[fault]]
name = "orders take their way"
verb = "delay"
method = "POST"
path = "/fapi/v1/order"
seconds = 0.05
"""


@pytest.mark.requirement("R004-46", "R004-47")
def bench_crossing_to_fill_over_a_network(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """The users' goal is 0.3 s on average, where polling took 1.8 s."""
    took: list[float] = []

    def run() -> None:
        folder = tmp_path / str(len(took))
        folder.mkdir()
        ended = asyncio.run(fallen(folder, NETWORK))
        assert ended.reasons == ["STOP_LOSS_INITIAL"]
        took.append(ended.after_s)

    benchmark.pedantic(run, rounds=1 if benchmark.disabled else ROUNDS)  # type: ignore[no-untyped-call]
    benchmark.extra_info |= {"mean_s": mean(took), "max_s": max(took), "min_s": min(took)}
    print(benchmark.extra_info)
    assert mean(took) <= AIM_S

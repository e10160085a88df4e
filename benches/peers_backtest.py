"""How fast is a backtest beside a loop that only keeps a ladder's books? All in one run, taking turns.

The loops decide on closes and keep two numbers; ours has orders with latency, margin, protective stops, lifecycles, a
ledger and, in one line, a journal on disk. The reference loop is read from ../shared/bench where it is there; it runs
as plain Python and, where numba is installed, compiled.
"""

from __future__ import annotations

import gc
import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np

from benches.ladder_market import MILLION, ladder_request, reference_candles
from sadari.model.event import LevelCrossed, OrderFilled, SignalRaised, VerdictTurned
from sadari.run.history.backtest import backtest

ROUNDS = 9
REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "bench" / "dca_ref.py"


def reference() -> tuple[ModuleType | None, bool]:
    """The reference loops, and whether numba compiles them."""
    compiled = importlib.util.find_spec("numba") is not None
    if not REFERENCE.is_file():
        return None, compiled
    if not compiled:
        plain = ModuleType("numba")
        plain.__dict__["njit"] = lambda function: function
        sys.modules["numba"] = plain
    spec = importlib.util.spec_from_file_location("dca_ref", REFERENCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, compiled


def contenders(folder: Path) -> dict[str, Callable[[], object]]:
    """What is timed, by name."""
    candles = reference_candles(MILLION)
    numbers = iter(range(10_000))
    found: dict[str, Callable[[], object]] = {
        "sadari, records in memory": lambda: backtest(ladder_request(candles)),
        "sadari, with journal": lambda: backtest(ladder_request(candles, journal=folder / f"{next(numbers)}.journal")),
    }
    module, compiled = reference()
    if module is not None:
        closes = np.array(candles.close)
        listed = closes.tolist()
        found["plain Python loop"] = lambda: module.ladder(listed)
        if compiled:
            module.ladder_nb(closes)
            found["numba loop"] = lambda: module.ladder_nb(closes)
    return found


def main() -> None:
    """Print the medians, slowest moments of the machine shared by all."""
    with tempfile.TemporaryDirectory() as folder:
        timed = contenders(Path(folder))
        seconds: dict[str, list[float]] = {name: [] for name in timed}
        for run in timed.values():
            run()
        for _ in range(ROUNDS):
            for name, run in timed.items():
                gc.collect()
                start = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - start)
    kinds = (LevelCrossed, SignalRaised, VerdictTurned)
    records = backtest(ladder_request(reference_candles(MILLION))).records
    decisions = sum(isinstance(record, kinds) for record in records)
    fills = sum(isinstance(record, OrderFilled) for record in records)
    print(f"the ladder over {MILLION:,} candles: ours took {decisions} decisions and {fills} fills")
    for name, taken in seconds.items():
        middle = statistics.median(taken)
        print(f"{name:28s} {middle * 1e3:9.1f} ms  {MILLION / middle / 1e6:8.2f} million candles/s")


if __name__ == "__main__":
    main()

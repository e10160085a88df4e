"""Are our lines over a million candles as fast as the packaged libraries'? All in one run, taking turns.

Times whichever of TA-Lib, newtulipy and ferro-ta are installed beside numpy. Each round
calls every library once, so that a slow moment of the machine is shared; the figure is the median of the rounds.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType

import numpy as np

from sadari import kernel

ROWS = 1_000_000
ROUNDS = 21
MINUTE_NS = 60_000_000_000

Line = Callable[[], object]
Call = tuple[str, tuple[object, ...]]


def market() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """High, low and close of a made-up market."""
    made = kernel.synthetic(20, ROWS, 0, MINUTE_NS, 50_000.0, 10_000_000)
    return np.array(made.high), np.array(made.low), np.array(made.close)


def installed(name: str) -> ModuleType | None:
    """A library, if it is there."""
    try:
        return import_module(name)
    except ImportError:
        return None


def contenders() -> dict[str, dict[str, Line]]:
    """Each question, and who can answer it."""
    high, low, close = market()
    talib, tulipy, ferro = installed("talib"), installed("tulipy"), installed("ferro_ta")
    averages = {f"SMA({n})": n for n in (5, 20, 80, 480)}
    bands = {"Bollinger(200)": (200, 2.0), "Bollinger(480)": (480, 1.5)}
    table: dict[str, dict[str, Line]] = {}

    def enter(name: str, library: object, calls: dict[str, Call]) -> None:
        for question, (function, arguments) in calls.items():
            table.setdefault(question, {})[name] = partial(getattr(library, function), *arguments)

    def calls(sma: str, bollinger: str, ema: str, rsi: str, atr: str, highest: str, *, sides: int) -> dict[str, Call]:
        return {
            **{question: (sma, (close, n)) for question, n in averages.items()},
            **{question: (bollinger, (close, n, *[k] * sides)) for question, (n, k) in bands.items()},
            "EMA(20)": (ema, (close, 20)),
            "RSI(14)": (rsi, (close, 14)),
            "ATR(14)": (atr, (high, low, close, 14)),
            "highest(150)": (highest, (close, 150)),
        }

    enter("sadari", kernel, calls("sma", "bollinger", "ema", "rsi", "atr", "rolling_max", sides=1))
    for name, library in (("TA-Lib", talib), ("ferro-ta", ferro)):
        if library is not None:
            enter(name, library, calls("SMA", "BBANDS", "EMA", "RSI", "ATR", "MAX", sides=2))
    if tulipy is not None:
        enter("newtulipy", tulipy, calls("sma", "bbands", "ema", "rsi", "atr", "max", sides=1))
    return table


def measured(lines: dict[str, Line]) -> dict[str, float]:
    """Nanoseconds a row of each library: the median of rounds in which all take turns."""
    times: dict[str, list[float]] = {name: [] for name in lines}
    for _ in range(ROUNDS + 1):
        for name, line in lines.items():
            start = time.perf_counter()
            result = line()
            times[name].append((time.perf_counter() - start) / ROWS * 1e9)
            del result
    return {name: statistics.median(rounds[1:]) for name, rounds in times.items()}


def main() -> None:
    """Print one row for each line: our time, the others', and how often the best of them fits ours."""
    gc.disable()
    table = contenders()
    names = ["sadari", *sorted({name for lines in table.values() for name in lines} - {"sadari"})]
    print(f"ns a row, {ROWS:,} rows, median of {ROUNDS} rounds taken in turns")
    print(f"{'':16}" + "".join(f"{name:>12}" for name in names) + f"{'best peer / sadari':>22}")
    for question, lines in table.items():
        took = measured(lines)
        peers = [took[name] for name in names[1:] if name in took]
        ratio = f"{min(peers) / took['sadari']:.2f}" if peers else "no peer installed"
        cells = "".join(f"{took[name]:12.2f}" if name in took else f"{'':12}" for name in names)
        print(f"{question:16}{cells}{ratio:>22}")


if __name__ == "__main__":
    main()

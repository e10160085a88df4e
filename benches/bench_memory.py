"""How much memory do ten positions and a hundred and fifty scanned symbols take, beside a bare interpreter?"""

from __future__ import annotations

import subprocess
import sys

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

LIMIT_MB = 50

# Run in an interpreter of its own: prints resident megabytes bare, with everything loaded, and with everything at work.
SCRIPT = """
import resource
def resident():
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * resource.getpagesize() / 1e6
sizes = [resident()]
from decimal import Decimal
from sadari.kernel import synthetic
from sadari.model.order import Direction
from sadari.sensors.scanner import Scanner, ScannerSettings
from sadari.sensors.signals import Candle
from sadari.sensors.surge import Surge
from sadari.sensors.surge_settings import SurgeSettings
from tests.ladder_driver import Driver, patient
sizes.append(resident())
MINUTE = 60_000_000_000
made = synthetic(1, 2_000, 1_735_689_600_000_000_000, MINUTE, 1_000.0, 10_000_000)
rows = list(zip(*(memoryview(getattr(made, name)).tolist() for name in Candle._fields)))
surge, scanner = Surge(SurgeSettings()), Scanner(ScannerSettings())
watched = [(surge.stream(MINUTE), scanner.stream(MINUTE)) for _ in range(150)]
for row in rows:
    candle = Candle(*row)
    for signals, scans in watched:
        signals.push(candle)
        scans.push(candle)
symbols = tuple(f"S{number}USDT" for number in range(10))
driver = Driver(patient(), symbols=symbols)
for symbol in symbols:
    driver.signal(Direction.LONG, "50000", symbol=symbol)
assert sum(position.qty > 0 for position in driver.engine.positions.values()) == 10
sizes.append(resident())
print(*sizes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read as Linux tells it")
@pytest.mark.requirement("R004-19")
def bench_memory_of_ten_positions_and_150_scanned_symbols(benchmark: BenchmarkFixture) -> None:
    command = [sys.executable, "-c", SCRIPT]
    done = benchmark.pedantic(  # type: ignore[no-untyped-call]
        lambda: subprocess.run(command, capture_output=True, text=True, check=True), rounds=1
    )
    bare, loaded, working = map(float, done.stdout.split())
    benchmark.extra_info |= {"bare MB": bare, "loaded MB": loaded, "working MB": working}
    assert working - bare < LIMIT_MB

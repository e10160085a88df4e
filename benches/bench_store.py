"""What it costs to get candles in and a journal out."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from pathlib import Path
from time import perf_counter_ns

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from sadari.model.command import ArmLevels, Command, Level, PlaceOrder
from sadari.model.event import AccountUpdated, Event, LevelCrossed, OrderFilled, PositionRecord
from sadari.model.order import OrderType, Purpose, Side
from sadari.model.plan import Settings
from sadari.run.feed.synthetic import write
from sadari.store.candles import load
from sadari.store.journal import Header, Journal, verify
from sadari.store.live_journal import LiveJournal

HEADER = Header(build="1", settings=Settings(), instruments={})
DECISIONS = 2_000
TIME_NS = 1_700_000_000_000_000_000


def decision(number: int) -> list[Event | Command]:
    """The five records of an add."""
    time_ns = TIME_NS + number
    held = PositionRecord("BTCUSDT", Decimal("0.412"), Decimal("27000.12345678"), Decimal("24000.1"), Decimal("1234.5"))
    return [
        LevelCrossed(time_ns=time_ns, symbol="BTCUSDT", price=Decimal("27123.1"), levels=("rung 1", "rung 2")),
        PlaceOrder(
            symbol="BTCUSDT", client_order_id=f"run-{number}-ADD", purpose=Purpose.ADD, side=Side.BUY,
            order_type=OrderType.MARKET, qty=Decimal("0.412"),
        ),
        OrderFilled(
            time_ns=time_ns, symbol="BTCUSDT", client_order_id=f"run-{number}-ADD", trade_id=number,
            price=Decimal("27123.2"), qty=Decimal("0.412"), fee=Decimal("5.5"), realized_pnl=Decimal(0), buyer=True,
        ),
        AccountUpdated(
            time_ns=time_ns, cause="ORDER", wallet_balance=Decimal("10000.12345678"), available_balance=Decimal(9000),
            positions=(held,),
        ),
        ArmLevels(symbol="BTCUSDT", levels=tuple(Level(f"level {at}", up=False, units=at) for at in range(4))),
    ]  # fmt: skip


RECORDS = [record for number in range(DECISIONS) for record in decision(number)]


def keep(path: Path) -> Path:
    """A journal of all records."""
    with Journal(path, HEADER) as journal:
        for record in RECORDS:
            journal.append(record)
    return path


def bench_ten_thousand_records_into_a_journal(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    numbers = count()
    benchmark(lambda: keep(tmp_path / str(next(numbers))))


def bench_ten_thousand_records_verified(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    path = keep(tmp_path / "run.journal")
    assert benchmark(verify, path).fault == ""


def live(folder: Path) -> LiveJournal:
    """A new live journal."""
    return LiveJournal.create(folder / "engine.journal", HEADER, perf_counter_ns)


def bench_an_event_with_an_order_into_a_live_journal_synced(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    journal = live(tmp_path)
    benchmark(journal.append_all, RECORDS[:2])
    journal.close()


def bench_an_event_without_an_order_into_a_live_journal(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    journal = live(tmp_path)
    benchmark(journal.append_all, RECORDS[2:3])
    journal.close()


def bench_six_thousand_events_of_a_live_journal_followed_at_a_restart(
    benchmark: BenchmarkFixture, tmp_path: Path
) -> None:
    journal = live(tmp_path)
    for number in range(0, len(RECORDS), 5):
        for first, last in ((0, 2), (2, 3), (3, 5)):
            journal.append_all(RECORDS[number + first : number + last])
    journal.abandon()
    benchmark(lambda: LiveJournal.resume(journal.path, perf_counter_ns).abandon())


def bench_a_month_of_minutes_out_of_csv(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    write(tmp_path / "candles", symbols=1, days=30, seed=1)
    assert len(benchmark(load, [tmp_path / "candles"])["DEMOAUSDT"]) == 43_200


def bench_a_month_of_minutes_out_of_parquet(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="Parquet is read by the research extra")
    write(tmp_path / "candles", symbols=1, days=30, seed=1)
    file = tmp_path / "DEMOAUSDT.parquet"
    duckdb.sql(f"COPY (FROM '{tmp_path / 'candles' / 'DEMOAUSDT.csv'}') TO '{file}'")
    assert len(benchmark(load, [file])["DEMOAUSDT"]) == 43_200

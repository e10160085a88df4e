"""Runs with candles, made up for pages: one that shows everything on few positions, and a crowd of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal
from zlib import crc32

import msgspec

from sadari.kernel import synthetic
from sadari.model.command import ArmLevels, Audit, Command, Level
from sadari.model.event import Event
from sadari.model.order import Direction
from sadari.model.units import MINUTE_NS, PRICE_SCALE
from sadari.research.run_record import Run
from sadari.store.candles import CandleColumns
from tests.unit.research.stories import START, D, Scribe

LONG, SHORT = Direction.LONG, Direction.SHORT
HOSTILE = '<img src=x onerror="window.hacked=1">&amp;%{y}</script><script>window.hacked=1</script>'


def candles(symbol: str, days: int, around: float = 100.0) -> CandleColumns:
    """Minutes that walk about a price in hundredths, the same for the same symbol."""
    made = synthetic(crc32(symbol.encode()), days * 1440, START, MINUTE_NS, around, PRICE_SCALE // 100)
    return CandleColumns(
        symbol=symbol, interval_ns=MINUTE_NS, open_time_ns=memoryview(made.open_time_ns), open=memoryview(made.open),
        high=memoryview(made.high), low=memoryview(made.low), close=memoryview(made.close),
        volume=memoryview(made.volume), quote_volume=None,
    )  # fmt: skip


def arm(symbol: str, direction: Direction, stop: Decimal, rung: Decimal | None = None) -> ArmLevels:
    """What a position waits for: its stop and its next rung."""
    against = direction is SHORT
    levels = [Level("stop", against, int(stop * PRICE_SCALE))]
    if rung is not None:
        levels.append(Level("rung1", against, int(rung * PRICE_SCALE)))
    return ArmLevels(symbol=symbol, levels=tuple(levels))


def small(symbol: str = "AUSDT", cause: str = "tick", unknown: tuple[str, ...] = ()) -> Scribe:
    """A long with an add and two exits in one order, a short, a denied signal, an incident."""
    tale = Scribe(symbols=(symbol, "BUSDT"), unknown=unknown)
    tale.enter(60, symbol, LONG, D(100), D(4))
    tale.write(arm(symbol, LONG, D(90), D(97)))
    wall = tale.protect(60.5, symbol, LONG, D("89.5"))
    tale.add(100, symbol, LONG, D(97), D(4), rung=1)
    tale.write(arm(symbol, LONG, D("91.605")))
    tale.fund(480, symbol, D("-0.25"))
    tale.reduce(500, symbol, LONG, D(110), {"DCA1_RECOVERY": D(4), "HALF_PROFIT": D(2)}, 1)
    tale.exit(600, symbol, LONG, D(99), "BREAKEVEN_STOP")
    tale.cancel(600, symbol, wall)
    tale.write(ArmLevels(symbol=symbol))
    tale.record(symbol, LONG, 60, 600, "BREAKEVEN_STOP", stage=1)
    tale.write(Audit(code="HALF_QTY_ZERO", symbol=symbol))
    tale.signal(700, symbol, LONG, D(100), accepted=False, denial="COOLDOWN_ACTIVE", value="1", limit="2")
    tale.trade(800, "BUSDT", SHORT, D(100), D(101), cause, hold=300)
    tale.equity = [(tale.at(minute), 10_000.0 + minute / 20) for minute in range(0, 2880, 10)]
    return tale


def caused(run: Run, cause: str) -> Run:
    """The same run with another cause of its exits."""
    return msgspec.structs.replace(
        run,
        records=[
            msgspec.structs.replace(record, cause=cause) if type(record).__name__ == "RecordExit" else record
            for record in run.records
        ],
    )


def crowd(positions: int, symbols: int = 50, days: int = 60) -> tuple[Run, dict[str, CandleColumns]]:
    """Many positions of many lengths, one after the other on each symbol, adds and numbers as long as real ones."""
    chance = random.Random(10)
    names = tuple(f"S{number}USDT" for number in range(symbols))
    tale = Scribe(days=days, symbols=names)
    market = {name: candles(name, days, around=50 + 3 * number) for number, name in enumerate(names)}
    length = days * 1440 * symbols / positions
    for number in range(positions):
        symbol, direction = names[number % symbols], chance.choice((LONG, SHORT))
        begun = number // symbols * length + chance.random() * length / 4
        _one(tale, market[symbol], chance, begun, length / 2 * chance.random(), direction)
    tale.equity = [(tale.at(days * 1440 * row / 9_000), 10_000 + chance.gauss(0, 200)) for row in range(9_000)]
    tale.records = in_time(tale.records)
    return tale.run(), market


def _one(
    tale: Scribe, market: CandleColumns, chance: random.Random, begun: float, hold: float, direction: Direction
) -> None:
    symbol, away = market.symbol, -direction.sign

    def price(minute: float) -> Decimal:
        return D(str(market.close[int(minute)]))

    stop = price(begun) * (1 + away * D("0.1"))
    tale.enter(begun, symbol, direction, price(begun), D(chance.randint(100, 90_000)) / 1000)
    tale.write(arm(symbol, direction, stop))
    stops = [tale.protect(begun + 0.001, symbol, direction, round(stop, 2))]
    adds = chance.choice((0, 0, 1, 2))
    for rung in range(1, adds + 1):
        minute = begun + hold * rung / 4
        tale.add(minute, symbol, direction, price(minute), D(chance.randint(100, 90_000)) / 1000, rung)
        stop = tale.average[symbol] * (1 + away * D("0.07"))
        tale.write(arm(symbol, direction, stop))
        stops.append(tale.protect(minute + 0.001, symbol, direction, round(stop, 2)))
    if chance.random() < 0.5:
        minute = begun + hold * 0.8
        half = round(tale.held[symbol] / 2, 3)
        tale.reduce(minute, symbol, direction, price(minute), {"HALF_PROFIT": half}, tale.lives)
    ended, reason = begun + hold, chance.choice(("TECH_MA_CROSS", "BREAKEVEN_STOP", "STOP_LOSS_INITIAL"))
    tale.exit(ended, symbol, direction, price(ended), reason)
    for order in stops:
        tale.cancel(ended + 0.001, symbol, order)
    tale.record(symbol, direction, begun, ended, reason, stage=adds, worst_case=tale.held[symbol] + D("12.3456789"))


def in_time(records: Sequence[Event | Command]) -> list[Event | Command]:
    """Records told position by position, in the order of time; a command stays behind its event."""
    now = 0
    timed: list[tuple[int, int, Event | Command]] = []
    for record in records:
        now = record.time_ns if isinstance(record, Event) else now
        timed.append((now, len(timed), record))
    return [record for _, _, record in sorted(timed, key=lambda row: row[:2])]

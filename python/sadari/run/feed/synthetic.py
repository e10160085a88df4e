"""A made-up exchange: candles, funding and contract descriptions that need no network and mean nothing."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec

from sadari.binance.encode import contracts, leverage_brackets
from sadari.errors import ConfigError
from sadari.kernel import Candles, synthetic
from sadari.model.instrument import Bracket, Instrument
from sadari.model.units import DAY_NS, HOUR_NS, MILLISECOND_NS, MINUTE_NS, SECOND_NS, floor_units
from sadari.run.feed.inputs import INSTRUMENT_FILES
from sadari.store.candles import SHAPE, CandleColumns
from sadari.store.funding import FundingColumns

# 2025-01-01 00:00 UTC.
START_NS = 1_735_689_600 * SECOND_NS
PERIOD_NS = 8 * HOUR_NS
# The seeds of the first hundred of a market follow each other; further ones lie far beyond.
SEEDS = 100
MAX_SYMBOLS = 400
MAX_DAYS = 10_000


class Kind(NamedTuple):
    """What a made-up contract is like."""

    price: float
    tick: str
    step: str


_KINDS = (
    Kind(60_000.0, "0.1", "0.001"),
    Kind(2_500.0, "0.01", "0.001"),
    Kind(150.0, "0.01", "0.01"),
    Kind(0.6, "0.0001", "0.1"),
    Kind(0.00002, "0.00000001", "1"),
)
_RATES = (1, -1, 2, 3, 1, 0, 1, -2)  # of 0.01 %, in turn


class Listing(NamedTuple):
    """One made-up contract with its history."""

    instrument: Instrument
    candles: CandleColumns
    funding: FundingColumns


def market(symbols: int, days: int, seed: int) -> Iterator[Listing]:
    """Some contracts over some days of minutes, the same for the same seed.

    Raises:
        ConfigError: A number is out of range.
    """
    for name, value, most in (("symbols", symbols, MAX_SYMBOLS), ("days", days, MAX_DAYS)):
        if not 1 <= value <= most:
            raise ConfigError(f"{name} is {value}; allowed: from 1 to {most}")
    for number in range(symbols):
        kind = _KINDS[number % len(_KINDS)]
        symbol = f"DEMO{chr(ord('A') + number % 26)}{number // 26 or ''}USDT"
        instrument = contract(symbol, Decimal(kind.tick), Decimal(kind.step))
        own_seed = (seed * SEEDS + number % SEEDS + (number // SEEDS << 48)) % 2**64
        made = synthetic(own_seed, days * 1_440, START_NS, MINUTE_NS, kind.price, floor_units(instrument.tick_size))
        yield Listing(instrument, _columns(symbol, made), _funding(days, number))


def contract(symbol: str, tick: Decimal, step: Decimal) -> Instrument:
    """A contract with this tick and step, and filters, brackets and fees as good as any."""
    caps = ((50_000, 50, "0.01"), (250_000, 25, "0.02"), (1_000_000, 10, "0.05"), (5_000_000, 5, "0.1"))
    brackets: list[Bracket] = []
    for cap, leverage, rate in caps:
        before = brackets[-1] if brackets else None
        floor = before.cap if before else Decimal(0)
        # The amount that keeps the margin continuous where one bracket ends and the next begins.
        cum = before.cum + floor * (Decimal(rate) - before.maint_margin_rate) if before else Decimal(0)
        brackets.append(
            Bracket(floor=floor, cap=Decimal(cap), max_leverage=leverage, maint_margin_rate=Decimal(rate), cum=cum)
        )
    return Instrument(
        symbol=symbol, tick_size=tick, step_size=step, min_qty=step, max_qty=step * 10_000_000,
        market_max_qty=step * 1_000_000, min_notional=Decimal(5), brackets=tuple(brackets),
        liquidation_fee=Decimal("0.0125"), multiplier_up=Decimal("1.1"), multiplier_down=Decimal("0.9"),
    )  # fmt: skip


def _columns(symbol: str, made: Candles) -> CandleColumns:
    quote = made.quote_volume
    return CandleColumns(
        symbol=symbol, interval_ns=MINUTE_NS, open_time_ns=memoryview(made.open_time_ns), open=memoryview(made.open),
        high=memoryview(made.high), low=memoryview(made.low), close=memoryview(made.close),
        volume=memoryview(made.volume), quote_volume=memoryview(quote) if quote is not None else None,
    )  # fmt: skip


def _funding(days: int, number: int) -> FundingColumns:
    payments = days * (DAY_NS // PERIOD_NS) + 1
    times = array("q", (START_NS + at * PERIOD_NS for at in range(payments)))
    rates = array("d", (_RATES[(at + number) % len(_RATES)] / 10_000 for at in range(payments)))
    return FundingColumns(memoryview(times), memoryview(rates), None)


def write(folder: Path, symbols: int, days: int, seed: int) -> list[Path]:
    """Write a made-up market as the exchange's archive and interface would serve it.

    Candles as ``SYMBOL.csv``, rates as ``funding/SYMBOL.csv``, contracts and brackets under `INSTRUMENT_FILES`.

    Raises:
        ConfigError: A number is out of range, or the folder holds something or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder}: exists already; allowed: a new or an empty folder")
    listings = list(market(symbols, days, seed))
    written = []
    try:
        (folder / "funding").mkdir(parents=True)
        for instrument, candles, funding in listings:
            file = folder / f"{instrument.symbol}.csv"
            file.write_text("".join(_candle_lines(candles)), encoding="utf-8")
            rates = folder / "funding" / file.name
            rates.write_text("".join(_funding_lines(funding)), encoding="utf-8")
            written += [file, rates]
        instruments = [listing.instrument for listing in listings]
        answers = (contracts(instruments), leverage_brackets(instruments))
        for name, answer in zip(INSTRUMENT_FILES, answers, strict=True):
            (folder / name).write_bytes(msgspec.json.format(answer, indent=1) + b"\n")
            written.append(folder / name)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written ({error.strerror})") from error
    return written


def _candle_lines(candles: CandleColumns) -> Iterator[str]:
    yield ",".join(SHAPE.order) + "\n"
    quotes = candles.quote_volume if candles.quote_volume is not None else candles.volume
    rows = zip(
        candles.open_time_ns, candles.open, candles.high, candles.low, candles.close, candles.volume, quotes,
        strict=True,
    )  # fmt: skip
    for time_ns, open_, high, low, close, volume, quote in rows:
        time = time_ns // MILLISECOND_NS
        closes = time + candles.interval_ns // MILLISECOND_NS - 1
        prices = ",".join(_digits(value) for value in (open_, high, low, close, volume))
        yield f"{time},{prices},{closes},{_digits(quote)},1,0,0,0\n"


def _digits(value: float) -> str:
    """The shortest decimal text that is this number again, as the archive writes it: without an exponent."""
    text = repr(value)
    return f"{Decimal(text):f}" if "e" in text else text


def _funding_lines(funding: FundingColumns) -> Iterator[str]:
    yield "funding_time,funding_rate\n"
    for time_ns, rate in zip(funding.time_ns, funding.rate, strict=True):
        yield f"{time_ns // MILLISECOND_NS},{_digits(rate)}\n"

"""From files and a configuration to a backtest that can be run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from sadari.binance.decode import symbol_of
from sadari.core.plan import check_plan
from sadari.core.plans import check_together, plans
from sadari.errors import ConfigError, DataError
from sadari.model.instrument import Instrument
from sadari.model.plan import Settings
from sadari.run.feed import longer
from sadari.run.feed.instruments import describe, refuse_missing
from sadari.run.settings.config import Config
from sadari.run.settings.request import Request
from sadari.run.settings.reward_notes import reward_notes
from sadari.store import candles, funding

# A folder may bring the exchange's answers along; these are their names there.
INSTRUMENT_FILES = ("instruments.json", "brackets.json")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Where a backtest finds what it runs on.

    Attributes:
        data: Folders or files of candles.
        instruments: Files as the exchange serves them; the ones of their names in a data folder come before them.
        history: Folders or files of longer candles that begin earlier, for the warm-up of sensors.
        funding: A folder of funding rates, or None for the one beside the data, if there is one.
        symbols: The symbols to run, in either spelling, or None for all that have candles.
        from_ns: Where the run begins; earlier candles only warm up. None: with the first candle.
        until_ns: Where it ends, exclusive. None: with the last candle.
        skip_unknown: Leave symbols without an instrument out.
    """

    data: Sequence[Path]
    instruments: Sequence[Path] = ()
    history: Sequence[Path] = ()
    funding: Path | None = None
    symbols: Sequence[str] | None = None
    from_ns: int | None = None
    until_ns: int | None = None
    skip_unknown: bool = False


def refuse_plan(settings: Settings, balance: Decimal) -> None:
    """Refuse a plan that contradicts itself or its limits.

    Raises:
        ConfigError: Names the first fault; `sadari config check` shows all.
    """
    for name, plan in plans(settings).items():
        faults = check_plan(plan, balance).faults
        if faults:
            of = f" of strategy {name}" if name and len(settings.strategies) > 1 else ""
            raise ConfigError(f"{faults[0].fault}{of}: {faults[0].text}")
    for fault in check_together(settings, balance):
        raise ConfigError(f"{fault.fault}: {fault.text}")


class Prepared(NamedTuple):
    """A backtest ready to be run, its candles, and what was left out of it, a sentence each."""

    request: Request
    columns: dict[str, candles.CandleColumns]
    notes: list[str]


def prepare(config: Config, inputs: Inputs) -> Prepared:
    """The backtest that a configuration and files ask for.

    Raises:
        ConfigError: Something asked for is not there or cannot be used.
    """
    settings = config.settings()
    refuse_plan(settings, config.account.balance)
    notes = reward_notes(config)
    symbols = [symbol_of(text) for text in inputs.symbols] if inputs.symbols is not None else None
    columns = candles.load(inputs.data, symbols, until_ns=inputs.until_ns)
    columns = _started(columns, inputs.from_ns)
    own = [folder / name for folder in inputs.data for name in INSTRUMENT_FILES if (folder / name).is_file()]
    overrides = {symbol_of(name): section for name, section in config.instruments.items()}
    described = describe(columns, [*own, *inputs.instruments], overrides)
    if not inputs.skip_unknown:
        refuse_missing(described.missing)
    for symbol, missing in described.missing.items():
        notes.append(f"{symbol} is left out: it lacks {', '.join(missing)}.")
        del columns[symbol]
    if not columns:
        raise ConfigError("no symbol is left to run: none has an instrument")
    paid = funding_beside(inputs, columns)
    notes += _funding_notes(columns, paid, inputs.from_ns)
    request = Request(
        settings=settings,
        balance=config.account.balance,
        assets=config.account.assets,
        multi_assets=config.account.multi_assets,
        candles=columns,
        instruments=described.instruments,
        signals=config.signals(),
        surge=config.surge,
        ict=config.ict,
        longer=longer.load(inputs.history, columns),
        scanner=config.scanner,
        market=config.market,
        funnel=config.funnel,
        alerts=config.alerts,
        funding=paid,
        start_ns=inputs.from_ns,
    )
    return Prepared(request, columns, notes)


def segment_requests(prepared: Prepared) -> list[Request]:
    """A backtest for each contiguous run of candles of each symbol, alone and with the whole balance."""
    request = prepared.request
    return [
        replace(request, candles={symbol: one.rows(part)})
        for symbol, one in prepared.columns.items()
        for part in candles.segments(one)
        if request.start_ns is None or one.rows(part).end_ns > request.start_ns
    ]


def check_instruments(config: Config, files: Sequence[Path], symbols: Sequence[str]) -> dict[str, Instrument]:
    """The instruments of some symbols.

    Raises:
        ConfigError: One is not known or not complete.
    """
    overrides = {symbol_of(name): section for name, section in config.instruments.items()}
    described = describe([symbol_of(text) for text in symbols], files, overrides)
    refuse_missing(described.missing)
    return described.instruments


def _started(columns: Mapping[str, candles.CandleColumns], from_ns: int | None) -> dict[str, candles.CandleColumns]:
    """The symbols that have a candle from the start on; earlier ones stay for the warm-up."""
    started = {symbol: one for symbol, one in columns.items() if from_ns is None or one.end_ns > from_ns}
    if not started:
        raise DataError("no candle lies in the range asked for: all of them are before its start")
    return started


def funding_beside(inputs: Inputs, symbols: Iterable[str]) -> dict[str, funding.FundingColumns]:
    """The funding rates of some symbols that inputs name or that lie beside their candles, by symbol."""
    if inputs.funding is not None:
        return funding.load(inputs.funding, symbols, _marks_of(inputs.funding))
    found: dict[str, funding.FundingColumns] = {}
    for home in inputs.data:
        folder = funding.beside(home, "funding")
        if folder is not None:
            found |= funding.load(folder, symbols, funding.beside(home, "mark-8h"))
    return found


def _marks_of(folder: Path) -> Path | None:
    """The mark prices that lie beside ``funding/NAME`` as ``mark-8h/NAME``."""
    marks = folder.resolve().parent.parent / "mark-8h" / folder.resolve().name
    return marks if marks.is_dir() else None


def _funding_notes(
    columns: Mapping[str, candles.CandleColumns], paid: Mapping[str, funding.FundingColumns], from_ns: int | None
) -> list[str]:
    periods = {symbol: (max(one.start_ns, from_ns or 0), one.end_ns) for symbol, one in columns.items()}
    partly = [symbol for symbol, one in periods.items() if symbol in paid and paid[symbol].spans(*one) != (one,)]
    return [f"Funding rates do not cover the whole period of {', '.join(partly)}."] if partly else []

"""What a local exchange is asked to be, and what is traded on it: files, or a market made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from sadari.binance.decode import symbol_of
from sadari.errors import ConfigError
from sadari.localexchange.asking.api_keys import Permissions
from sadari.localexchange.faults.file import load_faults
from sadari.localexchange.faults.rule import Rule
from sadari.localexchange.market.market import FundingRates
from sadari.localexchange.serving.play import LOOK_S
from sadari.model.instrument import Instrument
from sadari.model.plan import Fees
from sadari.model.units import DAY_NS, MINUTE_NS
from sadari.run.feed import played, synthetic
from sadari.run.feed.assumed import assumed
from sadari.run.feed.inputs import INSTRUMENT_FILES, Inputs, funding_beside
from sadari.run.feed.instruments import describe

SYNTHETIC_SYMBOLS = 5
SYNTHETIC_DAYS = 60
# What a key of a careful owner may do.
HEALTHY = Permissions()
USUAL_FEES = Fees()


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    """What a local exchange is asked to be.

    Attributes:
        data: Folders or files of candles or of recorded trades; without any the market is made up.
        made_up: How many contracts a made-up market has.
        instruments: Files as the exchange serves them.
        symbols: The symbols to serve, or None for all.
        host: Where to listen.
        port: 0 picks a free one.
        speed: Market seconds in a second.
        look_s: How often the wall's clock is looked at, in seconds.
        lockstep: Time goes on by steps of the control API.
        rebase: Whether the start of the play is told as now.
        same_hour: Whether a start that is told as now keeps its time of the day, and so lies up to a day later in the
            data; if not it comes right after the history, the same at any hour.
        history_ns: How much of the data is history when the play begins.
        seed: Of tape, keys and made-up market.
        balance: The account's first balance.
        strict_routes: Whether paths without a route carry public streams only, as the live host does.
        nested_errors: Whether the body of an error is a text within another, as some client libraries show it.
        fees: The account's rates.
        slippage_ticks: How many ticks worse than the last trade an order that takes is filled; None: by the book.
        order_ns: In lockstep, how long an order over the WebSocket API is under way.
        faults: The rules of faults that stand from the start.
        permissions: What the account's own key and that of Ed25519 may do.
        ed25519: A file with the public key of the Ed25519 key in PEM; without it a pair is made from the seed.
    """

    data: Sequence[Path] = ()
    made_up: int = SYNTHETIC_SYMBOLS
    instruments: Sequence[Path] = ()
    symbols: Sequence[str] | None = None
    host: str = "127.0.0.1"
    port: int = 0
    speed: float = 1.0
    look_s: float = LOOK_S
    lockstep: bool = False
    rebase: bool = True
    same_hour: bool = True
    history_ns: int = 35 * DAY_NS
    seed: int = 1
    balance: Decimal = Decimal(10_000)
    strict_routes: bool = False
    nested_errors: bool = False
    fees: Fees = USUAL_FEES
    slippage_ticks: int | None = None
    order_ns: int = 0
    faults: tuple[Rule, ...] = ()
    permissions: Permissions = HEALTHY
    ed25519: Path | None = None


class Listings(NamedTuple):
    """What is traded; ``assumed`` names the symbols whose contracts no file describes."""

    instruments: dict[str, Instrument]
    candles: dict[str, played.Played]
    funding: Mapping[str, FundingRates]
    assumed: tuple[str, ...] = ()


def listings(settings: LocalSettings) -> Listings:
    """What is traded: the candles or trades of files with their instruments and funding, or a made-up market.

    Raises:
        ConfigError: There are no candles, a symbol is not among them, or a file of instruments cannot be read.
    """
    symbols = [symbol_of(text) for text in settings.symbols] if settings.symbols is not None else None
    if not settings.data:
        if settings.instruments:
            raise ConfigError("--instruments describes the contracts of --data, and the market is made up without it")
        made = list(synthetic.market(settings.made_up, SYNTHETIC_DAYS, settings.seed))
        there = [one.instrument.symbol for one in made]
        for symbol in symbols or ():
            if symbol not in there:
                raise ConfigError(f"--symbols names {symbol}, which is not made up; allowed: {', '.join(there)}")
        made = [one for one in made if symbols is None or one.instrument.symbol in symbols]
        return Listings(
            {one.instrument.symbol: one.instrument for one in made},
            {one.instrument.symbol: one.candles for one in made},
            {one.instrument.symbol: one.funding for one in made},
        )
    columns = played.load(settings.data, symbols)
    own = [folder / name for folder in settings.data for name in INSTRUMENT_FILES if (folder / name).is_file()]
    described = describe(columns, [*own, *settings.instruments], {})
    for symbol in described.missing:
        described.instruments[symbol] = assumed(symbol, columns[symbol])
    funding = funding_beside(Inputs(data=settings.data), columns)
    return Listings(described.instruments, columns, funding, tuple(described.missing))


def read_faults(path: Path) -> tuple[Rule, ...]:
    """The rules of a file.

    Raises:
        ConfigError: It cannot be read, or is wrong; names the file.
    """
    try:
        return load_faults(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def read_permissions(words: Sequence[str]) -> Permissions:
    """What a key may do, by the words for it.

    Raises:
        ConfigError: There is no such word.
    """
    allowed = {name.replace("_", "-"): name for name in Permissions.__struct_fields__}
    for word in words:
        if word not in allowed:
            raise ConfigError(f"--permissions names {word!r}; allowed: {', '.join(allowed)}")
    return Permissions(**{name: word in words for word, name in allowed.items()})


def begin(columns: Mapping[str, played.Played], history_ns: int, now_ns: int | None) -> int:
    """Where the play begins: after so much history, on a minute.

    If it is to be told as now, it begins up to a day later, at this time of the day, so that days stay days and funding
    keeps its hours; where the data end before that, it begins at once and they do not.

    Raises:
        ConfigError: Nothing is left to play then.
    """
    first, last = min(one.start_ns for one in columns.values()), max(one.end_ns for one in columns.values())
    if history_ns >= last - first:
        raise ConfigError(
            f"--history is {history_ns / DAY_NS:g} days and the candles span {(last - first) / DAY_NS:g}: "
            "it has to leave something to play"
        )
    start_ns = first + history_ns // MINUTE_NS * MINUTE_NS
    later_ns = start_ns if now_ns is None else start_ns + (now_ns - start_ns) % DAY_NS // MINUTE_NS * MINUTE_NS
    return later_ns if later_ns < last else start_ns

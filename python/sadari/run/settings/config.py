"""The configuration: one TOML file, decoded into values that are all within their bounds."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from sadari.errors import ConfigError
from sadari.exchange import Collateral
from sadari.model.instrument import Bracket
from sadari.model.order import SizingBasis
from sadari.model.plan import (
    Daily,
    Fees,
    Ladder,
    Liquidation,
    Reentry,
    Reward,
    Risk,
    Scaling,
    Settings,
    StopSizing,
    Strategy,
)
from sadari.run.settings.alert_sections import AlertsSection, ChannelSection
from sadari.run.settings.hosts import VenueSection
from sadari.run.settings.limits import check_bounds, check_order
from sadari.run.settings.request import FunnelSection, MarketSection, ScannerSection, SignalSection, sided
from sadari.sensors.ict_settings import IctSettings
from sadari.sensors.surge_settings import SurgeSettings

D = Decimal

# Sections of keys, as TOML has them.
Raw = dict[str, Any]


class EngineSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the engine runs; ``name`` is a part of every client order id."""

    mode: Literal["backtest", "local", "paper", "testnet", "live"] = "backtest"
    name: str = "run"


class AccountSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The simulated account: its wallet balance at the start, in quote currency, and its other assets by name."""

    balance: Decimal = D(10_000)
    multi_assets: bool = False
    assets: dict[str, Collateral] = {}


class InstrumentSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What replaces, or completes, the exchange's own description of one contract."""

    tick_size: Decimal | None = None
    step_size: Decimal | None = None
    min_qty: Decimal | None = None
    max_qty: Decimal | None = None
    market_max_qty: Decimal | None = None
    min_notional: Decimal | None = None
    liquidation_fee: Decimal | None = None
    brackets: tuple[Bracket, ...] | None = None


class StrategySection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of several strategies on the account: its signal, and what it has of its own of ladder and limits."""

    signal: SignalSection = SignalSection()
    ladder: Ladder | None = None
    max_positions: int | None = None
    min_reserve_pct: Decimal | None = None


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole configuration; every section may be absent and then has its defaults."""

    engine: EngineSection = EngineSection()
    account: AccountSection = AccountSection()
    ladder: Ladder = Ladder()
    risk: Risk = Risk()
    sizing: StopSizing = StopSizing()
    reward: Reward = Reward()
    reentry: Reentry = Reentry()
    daily: Daily = Daily()
    fees: Fees = Fees()
    scaling: Scaling = Scaling()
    liquidation: Liquidation = Liquidation()
    signal: SignalSection = SignalSection()
    surge: SurgeSettings = SurgeSettings()
    ict: IctSettings = IctSettings()
    scanner: ScannerSection = ScannerSection()
    market: MarketSection = MarketSection()
    funnel: FunnelSection = FunnelSection()
    venue: VenueSection = VenueSection()
    alerts: AlertsSection = AlertsSection()
    strategies: dict[str, StrategySection] = {}
    instruments: dict[str, InstrumentSection] = {}

    def settings(self) -> Settings:
        """What the engine decides by."""
        own = {
            name: Strategy(
                ladder=section.ladder, max_positions=section.max_positions, min_reserve_pct=section.min_reserve_pct,
                by_stop=section.signal.kind == "ict", scan_max_age_minutes=self._gate(section.signal),
            )
            for name, section in self.strategies.items()
        }  # fmt: skip
        only = Strategy(by_stop=self.signal.kind == "ict", scan_max_age_minutes=self._gate(self.signal))
        if not own and only != Strategy():
            own = {self.signal.kind: only}
        return Settings(
            run_id=self.engine.name, ladder=self.ladder, risk=self.risk, sizing=self.sizing, reward=self.reward,
            reentry=self.reentry, daily=self.daily, fees=self.fees, scaling=self.scaling,
            liquidation=self.liquidation, strategies=own,
        )  # fmt: skip

    def _gate(self, signal: SignalSection) -> int | None:
        """How old a candidate may be at an entry on a signal; None if the scanner does not gate it (D-39)."""
        return self.scanner.max_age_minutes if signal.kind == "surge" and self.scanner.gate else None

    def signals(self) -> dict[str, SignalSection]:
        """The signal of each strategy: the named ones', or that of the only one, which is named by its kind."""
        return {name: section.signal for name, section in self.strategies.items()} or {self.signal.kind: self.signal}

    def icts(self) -> dict[str, IctSettings]:
        """What makes an entry of each strategy of that kind."""
        return {name: sided(self.ict, signal) for name, signal in self.signals().items() if signal.kind == "ict"}


# Sections that hold one section for each name.
NAMED = ("strategies", "instruments")

# A preset stands for values that are written out nowhere else; a value given beside it wins (strategies §9.5, D-08).
PRESETS: dict[str, dict[str, dict[str, object]]] = {
    "loss_limited": {
        "ladder": {"sizing_basis": SizingBasis.NOTIONAL},
        "risk": {"max_portfolio_stop_loss_pct": D("0.03")},
    },
}


def load(path: Path) -> Config:
    """The configuration in a file.

    Raises:
        ConfigError: The file cannot be read, or see `decode`.
    """
    raw = read(path)
    try:
        return decode(raw)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def read(path: Path) -> Raw:
    """The values in a file as they stand there, none of them checked.

    Raises:
        ConfigError: The file cannot be read or is not TOML.
    """
    try:
        return _toml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: the configuration cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: the configuration is not a text file in UTF-8 (byte {error.start})") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def parse(text: str) -> Config:
    """The configuration in a text of TOML; numbers keep their decimal digits.

    Raises:
        ConfigError: It is not TOML, or see `decode`.
    """
    return decode(_toml(text))


def decode(raw: Raw) -> Config:
    """The configuration that values stand for; they are left as they are.

    Raises:
        ConfigError: Names the section, the key, its value and what is allowed.
    """
    config = decode_apart(raw)
    check_order(config)
    return config


def decode_apart(raw: Raw) -> Config:
    """The same, with each value checked on its own only: two of them may still contradict each other.

    Raises:
        ConfigError: Names the section, the key, its value and what is allowed.
    """
    _check_keys("", raw, Config)
    for name, content in raw.items():
        if not isinstance(content, dict):
            raise ConfigError(f"{name} is {_shown(content)} where a section [{name}] is wanted")
    filled = _with_preset(raw)
    hints = get_type_hints(Config)
    sections: dict[str, object] = {
        name: _section(name, content, hints[name]) for name, content in filled.items() if name not in NAMED
    }
    sections["strategies"] = _strategies(filled)
    sections["instruments"] = {
        symbol: _section(f"instruments.{symbol}", content, InstrumentSection)
        for symbol, content in filled.get("instruments", {}).items()
    }
    config = Config(**sections)  # type: ignore[arg-type]
    check_bounds(config)
    return config


def _strategies(raw: Raw) -> dict[str, StrategySection]:
    """The named strategies; what a ladder of theirs leaves out is that of the account."""
    named: Raw = raw.get("strategies", {})
    if named and "signal" in raw:
        raise ConfigError("[signal] stands beside [strategies]; allowed: one signal, or one in each strategy")
    sections: dict[str, StrategySection] = {}
    for name, content in named.items():
        place = f"strategies.{name}"
        if not isinstance(content, dict):
            raise ConfigError(f"{place} is {_shown(content)} where a section [{place}] is wanted")
        own: dict[str, Any] = {"signal": _section(f"{place}.signal", content.get("signal", {}), SignalSection)}
        if "ladder" in content:
            ladder = content["ladder"]
            whole = {**raw.get("ladder", {}), **ladder} if isinstance(ladder, dict) else ladder
            own["ladder"] = _section(f"{place}.ladder", whole, Ladder)
        rest = {key: value for key, value in content.items() if key not in own}
        sections[name] = msgspec.structs.replace(cast("StrategySection", _section(place, rest, StrategySection)), **own)
    return sections


def _toml(text: str) -> Raw:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"this is not TOML: {error}") from error


def _with_preset(raw: Raw) -> Raw:
    """The sections with what the preset fills in, and without its name."""
    ladder = dict(raw.get("ladder", {}))
    name = ladder.pop("preset", None)
    filled = {**raw, "ladder": ladder}
    if name is None:
        return filled
    if not isinstance(name, str) or name not in PRESETS:
        raise ConfigError(f"[ladder] preset is {_shown(name)}; allowed: {', '.join(PRESETS)}")
    return {**filled, **{section: values | filled.get(section, {}) for section, values in PRESETS[name].items()}}


def _section(name: str, content: object, kind: type[msgspec.Struct]) -> msgspec.Struct:
    """One section as its struct, each value converted on its own so that a fault can name it."""
    if not isinstance(content, dict):
        raise ConfigError(f"{name} is {_shown(content)} where a section [{name}] is wanted")
    _check_keys(name, content, kind)
    hints = get_type_hints(kind)
    values = {key: _value(f"[{name}] {key}", value, hints[key]) for key, value in content.items()}
    return kind(**values)


def _check_keys(section: str, content: dict[str, Any], kind: type[msgspec.Struct]) -> None:
    allowed = [*kind.__struct_fields__, *(["preset"] if kind is Ladder else [])]
    for key in content:
        if key not in allowed:
            near = get_close_matches(key, allowed, 1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            where = f"section [{section}] has no key {key!r}" if section else f"there is no section [{key}]"
            raise ConfigError(f"{where}{hint} Allowed: {', '.join(allowed)}")


def _value(name: str, value: object, kind: object) -> object:
    if kind == tuple[Bracket, ...] | None:
        return _brackets(name, value)
    if kind == dict[str, Collateral]:
        return _sections_in("account.assets", value, Collateral, "BTC")
    if kind == dict[str, ChannelSection]:
        return _sections_in("alerts.channels", value, ChannelSection, "phone")
    refusal = ConfigError(f"{name} is {_shown(value)}; allowed: {_allowed(kind)}")
    # A number in quotes is a slip, not a number, though it could be read as one.
    if isinstance(value, str) and kind in {Decimal, Decimal | None}:
        raise refusal
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise refusal from error


def _sections_in(place: str, value: object, kind: type[msgspec.Struct], example: str) -> dict[str, msgspec.Struct]:
    """A section for each name that the owner has chosen."""
    if not isinstance(value, dict):
        section, _, key = place.partition(".")
        raise ConfigError(f"[{section}] {key} is {_shown(value)}; allowed: sections such as [{place}.{example}]")
    return {name: _section(f"{place}.{name}", content, kind) for name, content in value.items()}


def _brackets(name: str, value: object) -> tuple[Bracket, ...]:
    if not isinstance(value, list) or not value:
        raise ConfigError(f"{name} is {_shown(value)}; allowed: a list of tables of {_fields(Bracket)}")
    brackets = []
    for number, row in enumerate(value, 1):
        place = f"{name.partition(']')[0][1:]}.brackets {number}"
        wanted = {field.name for field in msgspec.structs.fields(Bracket) if field.required}
        bracket = _section(place, row, Bracket) if not isinstance(row, dict) or wanted <= row.keys() else None
        if not isinstance(bracket, Bracket):
            missing = ", ".join(sorted(wanted - row.keys()))
            raise ConfigError(f"[{place}] lacks {missing}; a bracket has {_fields(Bracket)}")
        brackets.append(bracket)
    return tuple(brackets)


def _fields(kind: type[msgspec.Struct]) -> str:
    return ", ".join(kind.__struct_fields__)


def _allowed(kind: object) -> str:
    """What a key takes, in words."""
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ", ".join(kind)
    origin = get_origin(kind)
    if origin is Literal:
        return ", ".join(map(str, get_args(kind)))
    if origin is tuple:
        return f"a list, each of its values {_allowed(get_args(kind)[0])}"
    if origin in {Union, UnionType}:
        return _allowed(next(part for part in get_args(kind) if part is not NoneType))
    names = {bool: "true or false", int: "a whole number", float: "a number", Decimal: "a number", str: "a text"}
    return names[kind] if isinstance(kind, type) and kind in names else str(kind)


def _shown(value: object) -> str:
    """A value as the file would write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)

"""What a backtest is asked for. The sections are also those of the configuration file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from sadari.exchange import Collateral
from sadari.model.event import Event
from sadari.model.instrument import Instrument
from sadari.model.plan import Settings
from sadari.run.settings.alert_sections import AlertsSection
from sadari.sensors.ict_settings import IctSettings
from sadari.sensors.scanner import QuotedCandles, ScannerSettings
from sadari.sensors.surge_settings import SurgeSettings
from sadari.venue.port import FundingColumns


class SignalSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entry signal: a cross of two averages, a surge, ict, or `always`, which enters whenever a symbol is flat.

    What makes a surge, and ict, has a section of its own, with its frames; ``direction`` narrows that of ict.
    """

    kind: Literal["ma_cross", "surge", "ict", "always"] = "ma_cross"
    direction: Literal["long", "short", "both"] = "both"
    frame_minutes: int = 15
    fast: int = 20
    slow: int = 80
    cooldown_minutes: int = 60


#: The keys of a signal that each kind goes by.
SIGNAL_KEYS = {
    "ma_cross": frozenset({"direction", "frame_minutes", "fast", "slow", "cooldown_minutes"}),
    "always": frozenset({"direction"}),
    "ict": frozenset({"direction"}),
    "surge": frozenset[str](),
}


def sided(ict: IctSettings, signal: SignalSection) -> IctSettings:
    """What makes an entry of one strategy: all that [ict] says, on the side that its signal names."""
    return ict if signal.direction == "both" else msgspec.structs.replace(ict, direction=signal.direction)


class ScannerSection(ScannerSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What makes a candidate, and whether an entry on a surge needs one that is at most so old (D-39)."""

    gate: bool = True
    max_age_minutes: int = 60


class MarketSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the simulated venue behaves.

    ``latency_ms`` is the way of an order to the venue, ``report_ms`` the way of its outcome back. ``path`` is the order
    of prices inside a candle: tape (by the seed), adverse or favourable to the position held.
    """

    latency_ms: int = 50
    report_ms: int = 0
    slippage_ticks: int = 1
    seed: int = 1
    path: Literal["tape", "adverse", "favourable"] = "tape"


class FunnelSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether denied entry signals are followed in shadow, and for how many days at most."""

    enabled: bool = False
    days: int = 7


@dataclass(frozen=True, kw_only=True)
class Request:
    """One backtest.

    Attributes:
        settings: What the engine decides by.
        balance: Wallet balance at the start, in quote currency.
        assets: What else the account holds, by asset; it is margin if ``multi_assets``.
        candles: Columns of each symbol to run, checked by whoever loaded them.
        instruments: The instrument of each symbol in ``candles``.
        signals: The entry signal of each strategy, by its name.
        surge: What makes a surge.
        ict: What makes an entry of the ICT strategy.
        scanner: What makes a candidate.
        longer: Candles of longer intervals that begin before those of a symbol, for the warm-up.
        funding: Funding of each symbol whose funding is known.
        wishes: What an operator asks for meanwhile, each at its time; what comes by a token is proven already.
        start_ns: Where the run begins, or None for the first candle; earlier candles only warm up lines.
        alerts: Thresholds of the conditions that are recorded.
        journal: Where to write the journal, or None to keep it in memory only.
        progress: Told the share of the period that is done, from 0 to 1.
    """

    settings: Settings
    balance: Decimal
    assets: Mapping[str, Collateral] = field(default_factory=dict)
    multi_assets: bool = False
    candles: Mapping[str, QuotedCandles]
    instruments: Mapping[str, Instrument]
    signals: Mapping[str, SignalSection] = field(default_factory=lambda: {"ma_cross": SignalSection()})
    surge: SurgeSettings = field(default_factory=SurgeSettings)
    ict: IctSettings = field(default_factory=IctSettings)
    scanner: ScannerSection = field(default_factory=ScannerSection)
    longer: Mapping[str, Sequence[QuotedCandles]] = field(default_factory=dict)
    market: MarketSection = field(default_factory=MarketSection)
    funnel: FunnelSection = field(default_factory=FunnelSection)
    funding: Mapping[str, FundingColumns] = field(default_factory=dict)
    wishes: Sequence[Event] = ()
    start_ns: int | None = None
    alerts: AlertsSection = field(default_factory=AlertsSection)
    journal: Path | None = None
    progress: Callable[[float], None] | None = None

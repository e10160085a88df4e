"""What `sadari demo` runs: one made-up market, the exchange that plays it and the engine that trades on it.

The market's seed was found by `sadari demo --seed 1 --search 2000` (`run/local/demo_search.py`): on it the engine
enters, adds, recovers, closes half and stops out within the first minute, whenever in its first seconds it is ready.
Everything here is made for being watched: rungs and stops lie a few tenths of a percent apart, because that is what a
made-up market moves in a few minutes.
"""

from __future__ import annotations

from decimal import Decimal

from sadari.model.order import TechExit
from sadari.model.plan import Daily, Ladder, Reentry, Risk
from sadari.model.units import DAY_NS
from sadari.run.local.listings import LocalSettings
from sadari.run.settings.config import AccountSection, Config, EngineSection, StrategySection
from sadari.run.settings.hosts import VenueSection
from sadari.run.settings.request import MarketSection, SignalSection
from sadari.sensors.ict_settings import IctSettings

D = Decimal

NAME = "demo"
SYMBOLS = 8
SEED = 1_627
# A market minute a second: a cross of averages every few seconds, and a ladder within half a minute.
SPEED = 60.0
# Before the play: enough closed candles for every line of the engine (it starts 1,500 before its first decision).
HISTORY_NS = 2 * DAY_NS
# How long an order is under way, in milliseconds of the wall: more than a second of such a market.
WAY_MS = 20
BALANCE = D(10_000)

LADDER = Ladder(
    weights=(D("0.015"), D("0.020"), D("0.020")),
    dca_trigger=(D("0.0015"), D("0.0035")),
    stop_by_stage=(D("0.006"), D("0.0045"), D("0.0035")),
    leverage=10,
    half_close_pct=D("0.003"),
    half_close_ratio=D("0.5"),
    tech_exit=TechExit.EITHER,
    tech_frame_minutes=1,
    protect_offset=D("0.002"),
    protect_wall_offset=D("0.005"),
)
SIGNAL = SignalSection(kind="ma_cross", direction="both", frame_minutes=1, fast=5, slow=20, cooldown_minutes=5)
# Set-ups of a few minutes, with stops and targets as near as the rungs.
ICT = IctSettings(frame_minutes=1, swing_left=2, swing_right=1, entry_level=1.0, entry_ttl=60, stop_buffer=0.001)


def exchange(seed: int = SEED, speed: float = SPEED) -> LocalSettings:
    """The local exchange of the demo; it begins at one place of its market, so that a seed is one story at any hour."""
    return LocalSettings(
        made_up=SYMBOLS, history_ns=HISTORY_NS, same_hour=False, seed=seed, speed=speed, balance=BALANCE
    )  # fmt: skip


def config(
    folder: str = "state", *, rest: str = "", streams: str = "", ws_api: str = "", seed: int = SEED, ict: bool = False
) -> Config:
    """The engine of the demo.

    Args:
        folder: Where its journal, audit and control socket are.
        rest: Where the local exchange answers.
        streams: Where its streams begin.
        ws_api: Where its WebSocket API is.
        seed: Of the market; a backtest on it draws its tape by the same.
        ict: Whether ICT set-ups enter beside the crosses.
    """
    beside = {
        "cross": StrategySection(signal=SIGNAL, max_positions=SYMBOLS // 2 - 1),
        "ict": StrategySection(signal=SignalSection(kind="ict"), max_positions=SYMBOLS // 2),
    }
    return Config(
        engine=EngineSection(mode="local", name=NAME),
        account=AccountSection(balance=BALANCE),
        ladder=LADDER,
        # Prices come every few market seconds, and the market's clock runs fast: an old price is no sign of trouble.
        risk=Risk(
            max_positions=SYMBOLS, strategy_positions=SYMBOLS, max_shorts=SYMBOLS, max_short_risk_pct=D("0.05"),
            allow_opposite_side=True, max_price_age_ms=120_000,
        ),
        reentry=Reentry(cooldown_after_stop_minutes=6, cooldown_after_exit_minutes=3, max_per_symbol_per_day=1_000),
        daily=Daily(max_entries=10_000),
        signal=SignalSection() if ict else SIGNAL,
        strategies=beside if ict else {},
        ict=ICT,
        market=MarketSection(latency_ms=round(WAY_MS * SPEED), seed=seed),
        venue=VenueSection(
            rest=rest, streams=streams, ws_api=ws_api, folder=folder, scanned=SYMBOLS,
            acknowledged_worst_case_pct=D("0.30"),
        ),
    )  # fmt: skip

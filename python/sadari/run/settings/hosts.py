"""Where a live engine connects to, and what it is told about the account there."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, NamedTuple

import msgspec

from sadari.model.order import MarginMode


class Hosts(NamedTuple):
    """Base addresses: REST, streams (a route follows), and the WebSocket API; ``wallet`` tells what a key may do."""

    rest: str
    streams: str
    ws_api: str
    wallet: str


# Source: reference binance-usdm §1, checked 2026-11-20.
HOSTS = {
    "live": Hosts(
        "https://fapi.binance.com",
        "wss://fstream.binance.com",
        "wss://ws-fapi.binance.com/ws-fapi/v1",
        "https://api.binance.com",
    ),
    "testnet": Hosts(
        "https://demo-fapi.binance.com",
        "wss://fstream.binancefuture.com",
        "wss://testnet.binancefuture.com/ws-fapi/v1",
        "",
    ),
}


class VenueSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The venue of a live engine.

    Attributes:
        rest, streams, ws_api, wallet: Addresses in place of those of the mode; mode local needs them.
        symbols: What may be traded; empty: every perpetual contract in USDT, by volume.
        scanned: How many symbols are watched for signals at most.
        folder: Where journal, audit, backups and the control socket are.
        on_multi_assets: What to do where isolated margin is wanted and the account is in multi-assets mode.
        margin_modes: Margin modes of symbols that differ from the ladder's.
        acknowledged_worst_case_pct: What the operator has accepted to lose at worst, as a fraction of the balance.
        on_recovery_exhausted: What to do when a lost stream cannot be had back.
        sync_s: Seconds between comparisons with the venue.
        account_s: Seconds between readings of the account.
        rest_price_s: Seconds between prices by REST while a stream is down.
        backup_minutes: Minutes between copies of the journal.
    """

    rest: str = ""
    streams: str = ""
    ws_api: str = ""
    wallet: str = ""
    symbols: tuple[str, ...] = ()
    scanned: int = 150
    folder: str = "state"
    on_multi_assets: Literal["crossed", "refuse"] = "crossed"
    margin_modes: dict[str, MarginMode] = {}
    acknowledged_worst_case_pct: Decimal | None = None
    on_recovery_exhausted: Literal["protect", "liquidate"] = "protect"
    sync_s: int = 15
    account_s: int = 60
    rest_price_s: int = 3
    backup_minutes: int = 60

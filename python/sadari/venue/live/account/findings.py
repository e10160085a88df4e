"""What an examination of an account can find, and what it is examined for."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, NamedTuple

import msgspec

from sadari.binance.values import AccountFlags, AccountShown, FeeRates, KeyShown, PositionShown, SymbolShown
from sadari.model.instrument import Instrument
from sadari.model.order import MarginMode
from sadari.model.plan import Settings
from sadari.venue.live.account.support import support_of

NO_MODES: Mapping[str, MarginMode] = MappingProxyType({})


class OpenOrder(NamedTuple):
    """An order that rests, in one of the two families."""

    symbol: str
    client_order_id: str
    conditional: bool


class Severity(StrEnum):
    """What a finding means to a start."""

    FORBIDS = "forbids"
    WARNS = "warns"
    FINE = "fine"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as it is with what was found and as the plan has it; None where there is none."""

    what: str
    found: Decimal | None
    planned: Decimal | None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at.

    Attributes:
        severity: What it means to a start.
        subject: What was looked at.
        found: What was found, one sentence.
        symbols: Whose it is, all of them; empty where it is the account's.
        changes: What it changes, for the first of the symbols.
        remedy: What exactly to do about it, "" if there is nothing to do.
    """

    severity: Severity
    subject: str
    found: str
    symbols: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    remedy: str = ""

    @property
    def told(self) -> str:
        """What was found and what to do, in one line."""
        return f"{self.found.removesuffix('.')}. {self.remedy}" if self.remedy else self.found


class Expected(NamedTuple):
    """What the engine is to do on the account.

    Attributes:
        mode: live, testnet, local or paper.
        settings: The plan and its limits.
        symbols: What is to be traded; empty: every symbol that can be.
        margin_modes: Margin modes of symbols that differ from the ladder's.
        on_multi_assets: What to do where isolated margin cannot be had.
        acknowledged: The accepted worst case, as a fraction of the balance.
        sync_s: Seconds between comparisons with the venue.
    """

    mode: str
    settings: Settings
    symbols: tuple[str, ...] = ()
    margin_modes: Mapping[str, MarginMode] = NO_MODES
    on_multi_assets: Literal["crossed", "refuse"] = "crossed"
    acknowledged: Decimal | None = None
    sync_s: int = 15

    def margin_mode(self, symbol: str) -> MarginMode:
        """The one that is wanted for a symbol."""
        return self.margin_modes.get(symbol, self.settings.ladder.margin_mode)


class Readings(msgspec.Struct, kw_only=True):
    """What the exchange shows; None where it could not be read, and then ``unread`` says why.

    Attributes:
        key: What it may do; None also where no wallet host is configured.
        fees: Fee rates of the symbols that were asked for: not of all.
        offset_ns: How far the exchange's clock is ahead of this machine's.
        offset_error_ns: How wrong that can be.
        weight_limit: Request weight of a minute.
        odd: The contracts that were left out because they could not be read, and why, a sentence each.
        weight_used: What this address has used of it, this examination and all other programs.
    """

    flags: AccountFlags | None = None
    funds: AccountShown | None = None
    settings: dict[str, SymbolShown] | None = None
    positions: list[PositionShown] | None = None
    orders: list[OpenOrder] | None = None
    instruments: dict[str, Instrument] | None = None
    mark_prices: dict[str, Decimal] | None = None
    key: KeyShown | None = None
    wallet_host: bool = False
    fees: dict[str, FeeRates] = {}
    offset_ns: int | None = None
    offset_error_ns: int = 0
    weight_limit: int | None = None
    weight_used: int | None = None
    unread: dict[str, str] = {}
    odd: list[str] = []

    def chosen(self, expected: Expected) -> list[str]:
        """The symbols that are to be traded and can be."""
        listed = self.instruments or {}
        symbols = expected.symbols or tuple(listed)
        return [symbol for symbol in symbols if support_of(symbol, listed).supported]

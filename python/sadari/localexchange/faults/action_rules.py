"""Faults that are no broken transport: what happens at the exchange, and what the account's owner does."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from sadari.localexchange.faults.rule import Rule


class ActionRule(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that happens at the exchange: before a matching request, at a matching frame, or just when it is time.

    Attributes:
        method: With ``path``, of the request before which it happens; None for any.
        path: A glob; None if no request is waited for.
        stream: A glob; None if no frame is waited for. With neither it happens once, at ``from_s``.
    """

    method: str | None = None
    path: str | None = None
    stream: str | None = None


class ListenKeyDeath(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The listen key ends, with its expiry event or without a word."""

    event: bool = True


class ClockShift(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The gateway's clock goes ahead by ``seconds``, or back where they are negative."""

    seconds: Decimal


class PriceGap(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The price of ``symbol`` jumps by ``fraction`` of itself, as -0.05, with nothing traded between."""

    symbol: str
    fraction: Decimal


class FilterChange(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The filters of ``symbol`` become what is given here."""

    symbol: str
    tick_size: Decimal | None = None
    step_size: Decimal | None = None
    min_qty: Decimal | None = None
    min_notional: Decimal | None = None


class BracketChange(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every bracket of ``symbol`` allows at most ``max_leverage`` and asks ``maint_factor`` times its margin."""

    symbol: str
    max_leverage: int | None = None
    maint_factor: Decimal = Decimal(1)


class ThinBook(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order that takes finds this ``part`` of each level that the book of ``symbol`` shows; 0 is an empty book."""

    symbol: str
    part: Decimal


class BreakTrigger(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The conditional orders that wait on ``symbol`` now go wrong when their price comes.

    ``stuck`` stays in TRIGGERING and makes no order, ``rejected`` is refused then, ``unfilled`` ends without a fill.
    """

    symbol: str
    outcome: Literal["stuck", "rejected", "unfilled"] = "stuck"


class Deleveraging(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The position of ``symbol``, or ``qty`` of it, is closed at the last price against one that is bankrupt.

    ``position_side`` names one of two in hedge mode; without it, the one that is held.
    """

    symbol: str
    qty: Decimal | None = None
    position_side: Literal["LONG", "SHORT"] | None = None


class KeyChange(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An API key becomes what is given here: the account's own, or the one named ``key``.

    Attributes:
        key: The API key; None for the account's own.
        reading: Whether it may ask.
        futures: Whether it may trade.
        withdrawals: Whether it may withdraw.
        ip_list: Whether it is bound to addresses.
        revoked: Whether it is gone: unknown to the exchange until it is given back.
    """

    key: str | None = None
    reading: bool | None = None
    futures: bool | None = None
    withdrawals: bool | None = None
    ip_list: bool | None = None
    revoked: bool | None = None


class HumanTrade(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account's owner trades at the market: ``qty``, or the whole position the other way where it is None.

    As ``symbol`` ``*`` stands for every one that is held. ``trades`` is how often in a row. ``position_side`` is for
    hedge mode; without it, the one that is held is meant, and where none is, the one that ``side`` opens.
    """

    symbol: str
    side: Literal["BUY", "SELL"] | None = None
    qty: Decimal | None = None
    position_side: Literal["LONG", "SHORT"] | None = None
    trades: int = 1


class HumanCancel(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account's owner cancels what rests on ``symbol``, ``*`` for all, or only what has this ``client_id``."""

    symbol: str
    client_id: str | None = None
    orders: Literal["all", "regular", "conditional"] = "all"


class HumanMode(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account's owner changes the settings that are given here; the first two are those of ``symbol``."""

    symbol: str | None = None
    leverage: int | None = None
    margin_mode: Literal["ISOLATED", "CROSSED"] | None = None
    multi_assets: bool | None = None
    hedge_mode: bool | None = None


class HumanTransfer(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account's owner moves money in, or out where ``amount`` is negative."""

    asset: str = "USDT"
    amount: Decimal


ACTION_VERBS: tuple[type[ActionRule], ...] = (
    ListenKeyDeath, ClockShift, PriceGap, FilterChange, BracketChange, ThinBook, BreakTrigger, Deleveraging, KeyChange,
    HumanTrade, HumanCancel, HumanMode, HumanTransfer,
)  # fmt: skip

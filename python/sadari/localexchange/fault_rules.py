"""The words in which a fault is written: what it matches, its verb, and the arguments of that verb.

A rule is a table of TOML or of JSON: ``verb`` names one of the classes below in lower case (``LostReply`` is
``lost_reply``), the other keys are the fields of that class.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import ClassVar, Literal

import msgspec

D = Decimal

# Whether the exchange has done what was asked: no, yes, or as the rule's own seeded draw says.
Applied = bool | Literal["random"]


def _verb(class_name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])", "_", class_name).lower()


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="verb", tag=_verb):
    """When a fault fires; without any condition, at all that it matches.

    Attributes:
        name: Unique among the rules that stand; empty means the verb and a number.
        nth: Fires only at this match, counted from 1.
        every: Fires at each match whose number is a multiple of it.
        probability: Fires at a match with this probability, from 0 to 1.
        times: How often it fires at most.
        from_s: Gateway seconds after the rule was added before which nothing matches.
        until_s: Gateway seconds after the rule was added from which on nothing matches.
        contains: A text that the decoded parameters, or the frame, must contain.
    """

    name: str = ""
    nth: int | None = None
    every: int | None = None
    probability: Decimal | None = None
    times: int | None = None
    from_s: Decimal = D(0)
    until_s: Decimal | None = None
    contains: str | None = None


class HttpRule(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault of one request and its reply.

    Attributes:
        method: GET, POST, PUT or DELETE; None for any.
        path: A glob, as ``/fapi/*/order``.
    """

    APPLIES: ClassVar[bool] = True

    method: str | None = None
    path: str = "*"


class LostRequest(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing is applied; after ``hold_s`` of silence the connection is dropped."""

    APPLIES: ClassVar[bool] = False

    hold_s: Decimal = D(0)


class LostReply(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It is applied; after ``hold_s`` of silence the connection is dropped."""

    hold_s: Decimal = D(0)


class Delay(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It is applied, and answered, ``seconds`` later."""

    seconds: Decimal


class LateReply(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It is applied at once and answered ``seconds`` later."""

    seconds: Decimal


class LateRequest(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The connection is dropped at once, and the request applied ``seconds`` later all the same."""

    seconds: Decimal


class Reset(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The connection is reset before the request is applied, after it, or within the reply."""

    point: Literal["before", "within", "after"] = "before"


class CutBody(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It is applied, and the reply ends early.

    Attributes:
        sent: Bytes of the body that are sent; None for half of them.
        chunked: The body has no length and no last chunk, in place of a length larger than what is sent.
    """

    sent: int | None = None
    chunked: bool = False


class Html(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of a proxy in place of the reply."""

    status: int = 502
    applied: Applied = False


class Status503(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the four kinds of 503; only A may have been applied, and D spares what lowers a position and cancels.

    Attributes:
        variant: A unknown, B unavailable, C internal error, D throttled.
        applied: Of variant A.
        message: Stands in for the variant's own sentence.

    Source: reference binance-usdm §2.
    """

    variant: Literal["A", "B", "C", "D"] = "A"
    applied: Applied = False
    message: str | None = None


class Code(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An error body of any code, applied or not."""

    code: int
    message: str = ""
    status: int = 400
    applied: Applied = False


class RetryAfter(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limit is broken (429) or the address banned (418), with a Retry-After of ``seconds``; nothing is applied."""

    APPLIES: ClassVar[bool] = False

    status: Literal[429, 418] = 429
    seconds: int = 60


class StaleRead(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A GET gets the reply that it got before; the true one where there is none."""


class EmptyRead(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A GET succeeds with nothing in it."""

    APPLIES: ClassVar[bool] = False

    body: str = "[]"


class ReadLag(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A GET gets the newest reply that this exchange made for it ``seconds`` of gateway time ago, or earlier.

    Attributes:
        seconds: How far reads lag behind, counted from the first time that they were asked.
        otherwise: The answer while there is none so old: an unknown order (-2013), an empty list, or the true one.
    """

    seconds: Decimal
    otherwise: Literal["order_missing", "empty_list", "truth"] = "truth"


class AlterReply(HttpRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It is applied, and in the reply all that the regular expression ``find`` matches becomes ``put``."""

    find: str
    put: str


class FrameRule(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault of one outgoing frame.

    Attributes:
        stream: A glob of the stream's wire name, as ``*@aggTrade``, or of a user event's kind.
    """

    stream: str = "*"


class DropFrame(FrameRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The frame is never sent."""


class DuplicateFrame(FrameRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The frame is followed by ``copies`` of itself, ``after_s`` later."""

    copies: int = 1
    after_s: Decimal = D(0)


class DelayFrame(FrameRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The frame is sent ``seconds`` later; what comes behind it does not wait."""

    seconds: Decimal


class ReorderFrame(FrameRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The frame is sent behind the next ``behind`` frames of its connection."""

    behind: int = 1


class MalformedFrame(FrameRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The frame becomes ``text``, or its own first half."""

    text: str | None = None


class AlterFrame(FrameRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In the frame all that the regular expression ``find`` matches becomes ``put``."""

    find: str
    put: str


class HugeFrame(FrameRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The frame grows to ``size`` bytes by blanks behind it, which JSON allows."""

    size: int = 16 * 1024 * 1024


class Stall(FrameRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From this frame on nothing is sent on its connection for ``seconds`` of gateway time; it stays open."""

    seconds: Decimal


class Close(FrameRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The connection is closed with ``code`` in place of this frame."""

    code: int = 1001


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
    maint_factor: Decimal = D(1)


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


class HumanTrade(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account's owner trades at the market: ``qty``, or the whole position the other way where it is None."""

    symbol: str
    side: Literal["BUY", "SELL"] | None = None
    qty: Decimal | None = None


class HumanCancel(ActionRule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account's owner cancels what rests on ``symbol``."""

    symbol: str
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


HTTP_VERBS: tuple[type[HttpRule], ...] = (
    LostRequest, LostReply, Delay, LateReply, LateRequest, Reset, CutBody, Html, Status503, Code, RetryAfter, StaleRead,
    EmptyRead, ReadLag, AlterReply,
)  # fmt: skip
FRAME_VERBS: tuple[type[FrameRule], ...] = (
    DropFrame, DuplicateFrame, DelayFrame, ReorderFrame, MalformedFrame, AlterFrame, HugeFrame, Stall, Close,
)  # fmt: skip
ACTION_VERBS: tuple[type[ActionRule], ...] = (
    ListenKeyDeath, ClockShift, PriceGap, FilterChange, BracketChange, ThinBook, BreakTrigger, HumanTrade, HumanCancel,
    HumanMode, HumanTransfer,
)  # fmt: skip


def verb_of(rule: Rule | type[Rule]) -> str:
    """The verb as it is written."""
    return str(rule.__struct_config__.tag)


VERBS: dict[str, type[Rule]] = {verb_of(kind): kind for kind in (*HTTP_VERBS, *FRAME_VERBS, *ACTION_VERBS)}

"""The words in which a fault is written: what it matches, its verb, and the arguments of that verb.

A rule is a table of TOML or of JSON: ``verb`` names one of the classes below in lower case (``LostReply`` is
``lost_reply``), the other keys are the fields of that class.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from sadari.localexchange.faults.action_rules import ACTION_VERBS
from sadari.localexchange.faults.rule import Rule, verb_of

D = Decimal

# Whether the exchange has done what was asked: no, yes, or as the rule's own seeded draw says.
Applied = bool | Literal["random"]


class HttpRule(Rule, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault of one request and its reply.

    Attributes:
        method: GET, POST, PUT or DELETE; None for any.
        path: A glob, as ``/fapi/*/order``.
        over: Whether it is about requests over HTTP, the same calls of the WebSocket API, or either.
    """

    APPLIES: ClassVar[bool] = True

    method: str | None = None
    path: str = "*"
    over: Literal["http", "ws", "any"] = "any"


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


HTTP_VERBS: tuple[type[HttpRule], ...] = (
    LostRequest, LostReply, Delay, LateReply, LateRequest, Reset, CutBody, Html, Status503, Code, RetryAfter, StaleRead,
    EmptyRead, ReadLag, AlterReply,
)  # fmt: skip
FRAME_VERBS: tuple[type[FrameRule], ...] = (
    DropFrame, DuplicateFrame, DelayFrame, ReorderFrame, MalformedFrame, AlterFrame, HugeFrame, Stall, Close,
)  # fmt: skip


VERBS: dict[str, type[Rule]] = {verb_of(kind): kind for kind in (*HTTP_VERBS, *FRAME_VERBS, *ACTION_VERBS)}

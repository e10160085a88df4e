"""Seeded faults: which rule fires at which request, frame or time, and the record of those that have.

The same seed, the same rules and the same requests and frames in the same order give the same firings.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from dataclasses import fields as fields_of
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from sadari.errors import ConfigError, RefusedError
from sadari.localexchange.faults.action_rules import (
    ActionRule,
    BracketChange,
    BreakTrigger,
    ClockShift,
    Deleveraging,
    FilterChange,
    HumanCancel,
    HumanMode,
    HumanTrade,
    HumanTransfer,
    KeyChange,
    ListenKeyDeath,
    PriceGap,
    ThinBook,
)
from sadari.localexchange.faults.file import nearest
from sadari.localexchange.faults.rule import Rule, verb_of
from sadari.localexchange.faults.rules import EmptyRead, FrameRule, HttpRule, ReadLag, Reset, StaleRead, Status503
from sadari.model.units import SECOND_NS

# A rule may fire at each of a million frames; its count is exact, the record keeps the newest.
KEPT_FIRINGS = 10_000
EVEN = 0.5
# What closes a position in hedge mode: the position's side and the order's.
_CLOSES = {("LONG", "SELL"), ("SHORT", "BUY")}


@dataclass(frozen=True, kw_only=True)
class Actions:
    """What makes an action happen, by its verb; each may raise `RefusedError`, which is recorded and no more.

    A verb without a callable is refused when a rule with it is added.
    """

    listen_key_death: Callable[[ListenKeyDeath], None] | None = None
    clock_shift: Callable[[ClockShift], None] | None = None
    price_gap: Callable[[PriceGap], None] | None = None
    filter_change: Callable[[FilterChange], None] | None = None
    bracket_change: Callable[[BracketChange], None] | None = None
    thin_book: Callable[[ThinBook], None] | None = None
    deleveraging: Callable[[Deleveraging], None] | None = None
    key_change: Callable[[KeyChange], None] | None = None
    break_trigger: Callable[[BreakTrigger], None] | None = None
    human_trade: Callable[[HumanTrade], None] | None = None
    human_cancel: Callable[[HumanCancel], None] | None = None
    human_mode: Callable[[HumanMode], None] | None = None
    human_transfer: Callable[[HumanTransfer], None] | None = None

    def verbs(self) -> tuple[str, ...]:
        """The verbs that have a callable."""
        return tuple(field.name for field in fields_of(self) if getattr(self, field.name) is not None)

    def perform(self, rule: ActionRule) -> None:
        """Make it happen.

        Raises:
            RefusedError: The exchange model refused it.
        """
        getattr(self, verb_of(rule))(rule)


class Firing(msgspec.Struct, frozen=True):
    """One fault that has happened.

    Attributes:
        name: Of its rule.
        verb: Of its rule.
        time_ns: Gateway time.
        subject: The request, as ``POST /fapi/v1/order``; the stream and the connection; or ``time``.
        applied: Whether what was asked is done nevertheless.
        refusal: Why the exchange model refused the action, None if it did not.
    """

    name: str
    verb: str
    time_ns: int
    subject: str
    applied: bool
    refusal: str | None = None


class Count(NamedTuple):
    """How often a rule has matched and fired."""

    matched: int
    fired: int


class Fired(NamedTuple):
    """What the transport has to do."""

    rule: Rule
    applied: bool


class _Standing:
    """A rule that stands, with its own chance, so that other rules coming and going leave its firings alone."""

    def __init__(self, rule: Rule, seed: int, added_ns: int) -> None:
        self.rule = rule
        self.chance = random.Random(f"{seed}/{rule.name}")  # noqa: S311 - reproducible on purpose
        self.from_ns = added_ns + _ns(rule.from_s)
        self.until_ns = None if rule.until_s is None else added_ns + _ns(rule.until_s)
        self.matched = 0
        self.fired = 0

    def stands_at(self, now_ns: int) -> bool:
        return now_ns >= self.from_ns and (self.until_ns is None or now_ns < self.until_ns)

    def fires(self) -> bool:
        """Count a match and say whether the rule is due at it."""
        rule = self.rule
        self.matched += 1
        due = True
        if rule.nth is not None:
            due = self.matched == rule.nth
        elif rule.every is not None:
            due = self.matched % rule.every == 0
        elif rule.probability is not None:
            due = Decimal(self.chance.random()) < rule.probability
        return due and (rule.times is None or self.fired < rule.times)

    def applies(self) -> bool:
        """Whether what was asked is done although the rule fires."""
        rule = self.rule
        if not isinstance(rule, HttpRule):
            return True
        if isinstance(rule, Reset):
            return rule.point != "before"
        if isinstance(rule, Status503) and rule.variant != "A":
            return False
        applied = getattr(rule, "applied", rule.APPLIES)
        return self.chance.random() < EVEN if applied == "random" else bool(applied)


class Faults:
    """The rules that stand, in the order in which they were added, and what has come of them.

    Of the rules on the transport the first that fires at a request or a frame has it; the others have counted it.
    Actions happen beside that.

    Attributes:
        watches_frames: Whether any rule looks at frames.
        watches_requests: Whether any rule looks at requests.
        reads_parameters: Whether any rule looks into the parameters of a request.
    """

    def __init__(self, rules: Iterable[Rule], seed: int, now_ns: int, actions: Actions | None = None) -> None:
        self._seed = seed
        self._actions = actions or Actions()
        self._standing: dict[str, _Standing] = {}
        self._firings: deque[Firing] = deque(maxlen=KEPT_FIRINGS)
        self._acting = False
        self.watches_frames = False
        self.watches_requests = False
        self.reads_parameters = False
        self.add(rules, now_ns)

    def add(self, rules: Iterable[Rule], now_ns: int) -> None:
        """Let rules stand from now on, all of them or none.

        Raises:
            ConfigError: A name is taken, or this exchange has no such action.
        """
        added: dict[str, _Standing] = {}
        for rule in rules:
            if not rule.name or rule.name in self._standing or rule.name in added:
                raise ConfigError(f"a fault cannot be named {rule.name!r}; allowed: a name that no other fault has")
            if isinstance(rule, ActionRule) and verb_of(rule) not in self._actions.verbs():
                allowed = ", ".join(self._actions.verbs()) or "none"
                raise ConfigError(
                    f"fault {rule.name}: this exchange has no action {verb_of(rule)!r}. Allowed: {allowed}"
                )
            added[rule.name] = _Standing(rule, self._seed, now_ns)
        self._standing |= added
        self._look_over()

    def remove(self, name: str) -> None:
        """End a rule; what it has done stays on record.

        Raises:
            ConfigError: No rule has this name.
        """
        if name not in self._standing:
            raise ConfigError(f"there is no fault {name!r}{nearest(name, self._standing)}")
        del self._standing[name]
        self._look_over()

    def rules(self) -> tuple[Rule, ...]:
        """The rules that stand."""
        return tuple(standing.rule for standing in self._standing.values())

    def counts(self) -> dict[str, Count]:
        """By the names of the rules that stand."""
        return {name: Count(standing.matched, standing.fired) for name, standing in self._standing.items()}

    def firings(self) -> tuple[Firing, ...]:
        """The newest firings in their order."""
        return tuple(self._firings)

    def at_request(
        self, method: str, path: str, parameters: str, now_ns: int, *, over: Literal["http", "ws"] = "http"
    ) -> Fired | None:
        """What happens to a request: actions at once; a fault of the transport is returned.

        Args:
            method: GET, POST, PUT or DELETE.
            path: Without the query.
            parameters: Query and body, decoded; may be empty unless ``reads_parameters``.
            now_ns: Gateway time.
            over: Whether it came over HTTP, or as the WebSocket API's call of the same.
        """
        subject = f"{method} {path}" if over == "http" else f"{method} {path} over ws"
        first: Fired | None = None
        for standing in self._due(now_ns):
            rule = standing.rule
            if isinstance(rule, FrameRule) or not _matches_request(rule, method, path):
                continue
            if isinstance(rule, HttpRule) and rule.over not in {over, "any"}:
                continue
            if rule.contains is not None and rule.contains not in parameters:
                continue
            if isinstance(rule, Status503) and rule.variant == "D" and spared(method, parameters):
                continue
            first = self._count(standing, subject, now_ns, first)
        return first

    def at_frame(self, connection: int, stream: str, frame: bytes, now_ns: int) -> FrameRule | None:
        """What happens to an outgoing frame: actions at once; a fault of the transport is returned."""
        subject = f"{stream} to connection {connection}"
        first: Fired | None = None
        for standing in self._due(now_ns):
            rule = standing.rule
            glob = rule.stream if isinstance(rule, (FrameRule, ActionRule)) else None
            if glob is None or not fnmatchcase(stream, glob):
                continue
            if rule.contains is not None and rule.contains.encode() not in frame:
                continue
            first = self._count(standing, subject, now_ns, first)
        return first.rule if first is not None and isinstance(first.rule, FrameRule) else None

    def act(self, now_ns: int) -> None:
        """Let the actions happen that wait for their time only; to be called as time passes."""
        for standing in self._due(now_ns):
            rule = standing.rule
            if isinstance(rule, ActionRule) and not (rule.path or rule.method or rule.stream) and not standing.fired:
                self._count(standing, "time", now_ns, None)

    def remembers(self, method: str, path: str) -> bool:
        """Whether a rule may want to give the reply to this request again."""
        return method == "GET" and any(
            isinstance(standing.rule, (StaleRead, ReadLag)) and _matches_request(standing.rule, method, path)
            for standing in self._standing.values()
        )

    def _due(self, now_ns: int) -> list[_Standing]:
        return [standing for standing in self._standing.values() if standing.stands_at(now_ns)]

    def _count(self, standing: _Standing, subject: str, now_ns: int, first: Fired | None) -> Fired | None:
        """Count one match; the fault that has the request or the frame afterwards."""
        rule = standing.rule
        if not standing.fires():
            return first
        if isinstance(rule, ActionRule):
            # What an action sends out itself sets off no further one, or a trade on each fill would never end.
            if not self._acting:
                standing.fired += 1
                refusal = self._act(rule)
                self._record(rule, subject, now_ns, applied=refusal is None, refusal=refusal)
            return first
        if first is not None:
            return first
        standing.fired += 1
        applied = standing.applies()
        self._record(rule, subject, now_ns, applied=applied)
        return Fired(rule, applied)

    def _act(self, rule: ActionRule) -> str | None:
        """Let an action happen; why it was refused."""
        self._acting = True
        try:
            self._actions.perform(rule)
        except RefusedError as error:
            return str(error)
        finally:
            self._acting = False
        return None

    def _record(self, rule: Rule, subject: str, now_ns: int, *, applied: bool, refusal: str | None = None) -> None:
        self._firings.append(Firing(rule.name, verb_of(rule), now_ns, subject, applied, refusal))

    def _look_over(self) -> None:
        rules = self.rules()
        self.watches_frames = any(
            isinstance(rule, FrameRule) or (isinstance(rule, ActionRule) and rule.stream is not None) for rule in rules
        )
        self.watches_requests = any(
            isinstance(rule, HttpRule) or (isinstance(rule, ActionRule) and (rule.path or rule.method) is not None)
            for rule in rules
        )
        self.reads_parameters = any(
            not isinstance(rule, FrameRule) and (rule.contains is not None or isinstance(rule, Status503))
            for rule in rules
        )


def spared(method: str, parameters: str) -> bool:
    """Whether the exchange's protection of itself lets a request pass: cancels and what can only lower a position.

    Source: reference binance-usdm §2, 503 variant D.
    """
    given = dict(parse_qsl(parameters))
    if method == "DELETE" or "true" in {given.get("reduceOnly"), given.get("closePosition")}:
        return True
    return (given.get("positionSide"), given.get("side")) in _CLOSES


def _matches_request(rule: Rule, method: str, path: str) -> bool:
    if not isinstance(rule, (HttpRule, ActionRule)):
        return False
    if isinstance(rule, ActionRule) and rule.path is None and rule.method is None:
        return False
    if isinstance(rule, (StaleRead, EmptyRead, ReadLag)) and method != "GET":
        return False
    return rule.method in {None, method} and fnmatchcase(path, rule.path or "*")


def _ns(seconds: Decimal) -> int:
    return int(seconds * SECOND_NS)

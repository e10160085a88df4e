"""Looks for a seed of the demo's market that shows the whole ladder soon: the search behind `run/local/demo.py`.

The engine runs as a backtest over the tape that the local exchange would play, seconds of computing for hours of
market. Over sockets it is ready some seconds after the play has begun, and nobody knows how many: a seed counts only
if its story is told from every such moment on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from sadari.model.command import Command, PlaceOrder, RecordDecision, RecordExit
from sadari.model.event import Event, OrderFilled
from sadari.model.order import Purpose
from sadari.model.units import DAY_NS, MINUTE_NS, SECOND_NS
from sadari.run.feed.synthetic import market
from sadari.run.figures.decisions import PLAN
from sadari.run.history.backtest import backtest
from sadari.run.local import demo
from sadari.run.settings.request import Request

# When the engine may be ready, in seconds of the wall after the play has begun, and how many milliseconds its orders
# are under way.
MOMENTS = ((1.0, 5), (1.5, 20), (2.0, 50), (3.0, 5), (4.0, 20), (5.0, 50), (6.0, 20), (8.0, 20))
ENTERED_S = 20.0
DONE_S = 60.0
# Marks in the reasons of exits that together are the whole of a ladder.
WHOLE = ("RECOVERY", "HALF_PROFIT", "STOP_LOSS", "BREAKEVEN_STOP", "TECH_")
# What is shown at second 59 is not seen.
SPARE_S = 5.0


class Story(NamedTuple):
    """When, in seconds of the wall after the play began, things first happened; None: not in time.

    ``exits`` has the first of each reason.
    """

    ready_s: float
    entry_s: float | None
    add_s: float | None
    exits: dict[str, float]
    entries: int
    adds: int

    @property
    def told(self) -> bool:
        """Whether it enters soon, adds and exits."""
        return self.entry_s is not None and self.entry_s <= ENTERED_S and self.add_s is not None and bool(self.exits)

    @property
    def whole_s(self) -> float | None:
        """By when entry, add and every exit of `WHOLE` have been seen; None if not within the minute."""
        firsts = [min((at for reason, at in self.exits.items() if mark in reason), default=None) for mark in WHOLE]
        seen = [at for at in (self.entry_s, self.add_s, *firsts) if at is not None]
        return max(seen) if self.told and len(seen) == len(firsts) + 2 else None


class Found(NamedTuple):
    """A seed with its stories, one for each moment from which the engine may be ready."""

    seed: int
    stories: tuple[Story, ...]

    @property
    def told(self) -> bool:
        """Whether every story is told in time."""
        return all(story.told for story in self.stories)

    @property
    def whole_s(self) -> float | None:
        """By when the slowest of them has shown the whole ladder; None if one does not within the minute."""
        ends = [story.whole_s for story in self.stories]
        return None if None in ends else max(end for end in ends if end is not None)


def search(seeds: range, speed: float = demo.SPEED) -> Iterator[Found]:
    """Run the demo's engine on the market of each seed."""
    for seed in seeds:
        yield Found(seed, tuple(story(seed, *moment, speed) for moment in MOMENTS))


def story(seed: int, ready_s: float, way_ms: int = demo.WAY_MS, speed: float = demo.SPEED) -> Story:
    """What happens within a minute of the demo if the engine is ready after some seconds."""
    asked = request(seed, ready_s, way_ms, speed)
    return _read(backtest(asked).records, ready_s, (asked.start_ns or 0) - int(ready_s * speed * SECOND_NS), speed)


def request(
    seed: int, ready_s: float, way_ms: int = demo.WAY_MS, speed: float = demo.SPEED, seconds: float = DONE_S
) -> Request:
    """The demo as a backtest, from when the engine is ready until so many seconds after the play began."""
    config = demo.config(seed=seed)
    minutes = int(seconds * speed * SECOND_NS) // MINUTE_NS + 1
    listings = list(market(demo.SYMBOLS, demo.HISTORY_NS // DAY_NS + 1, seed))
    begin_ns = listings[0].candles.start_ns + demo.HISTORY_NS
    return Request(
        settings=config.settings(),
        balance=config.account.balance,
        candles={one.instrument.symbol: one.candles.between(None, begin_ns + minutes * MINUTE_NS) for one in listings},
        instruments={one.instrument.symbol: one.instrument for one in listings},
        funding={one.instrument.symbol: one.funding for one in listings},
        signals=config.signals(),
        market=replace(config.market, latency_ms=round(way_ms * speed)),
        start_ns=begin_ns + int(ready_s * speed * SECOND_NS),
    )


def _read(records: Sequence[Event | Command], ready_s: float, start_ns: int, speed: float) -> Story:
    purposes: dict[str, Purpose] = {}
    reasons: dict[str, list[str]] = {}
    entries: list[float] = []
    adds: list[float] = []
    exits: dict[str, float] = {}
    capped: set[str] = set()
    for record in records:
        if isinstance(record, PlaceOrder):
            purposes[record.client_order_id] = record.purpose
        elif isinstance(record, RecordDecision):
            # A ladder that a limit of the contract has cut small is not worth a look.
            capped |= {record.symbol} if record.binding not in {"", PLAN} else set()
        elif isinstance(record, RecordExit):
            reasons.setdefault(record.client_order_id, []).append(record.reason)
        elif isinstance(record, OrderFilled) and record.done and record.symbol not in capped:
            at_s = (record.time_ns - start_ns) / speed / SECOND_NS
            if at_s > DONE_S - SPARE_S:
                break
            purpose = purposes.get(record.client_order_id)
            if purpose is Purpose.ENTRY:
                entries.append(at_s)
            elif purpose is Purpose.ADD:
                adds.append(at_s)
            for reason in reasons.get(record.client_order_id, ()):
                exits.setdefault(reason, at_s)
    return Story(ready_s, min(entries, default=None), min(adds, default=None), exits, len(entries), len(adds))

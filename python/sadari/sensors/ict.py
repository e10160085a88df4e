"""The ICT strategy as an entry signal: sweep, shift of structure, return into a gap. Source: strategies §7.

The kernel says when; here that becomes the terms of a limit entry, exact to the digit, and what calls it off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from sadari.kernel import IctStream, ict_batch
from sadari.model.entry import LimitEntry
from sadari.model.order import Direction
from sadari.model.units import MINUTE_NS, decimals
from sadari.sensors.frames import check_frame
from sadari.sensors.ict_settings import WITHDRAWALS, IctSettings, check, decimal_of
from sadari.sensors.ict_terms import stop_price, targets
from sadari.sensors.senses import Trending
from sadari.sensors.signals import Candle, Candles, ListedSignals, Signal, Withdrawal
from sadari.sensors.trend import Trend, TrendStream

_SIDES = {"long": (Direction.LONG,), "short": (Direction.SHORT,), "both": (Direction.LONG, Direction.SHORT)}
# Source: strategies §7.7, 9.
_BY_CANDLE = {end.value: end for end in WITHDRAWALS}


class Terms(NamedTuple):
    """An entry as the kernel tells it; ``gap_ns`` is the close of the gap's middle frame."""

    price: float
    extreme: float
    swept: float
    broken: float
    gap_ns: int
    bottom: float
    top: float
    liquidity: float | None
    true_range: float | None
    volatility: float | None
    turned: bool


# Close, SHORT, close of the sweep, what, the numbers of `Terms` for an entry.
Said = tuple[int, bool, int, str, Any]


class IctFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How the set-ups of a symbol and direction ended: entries, and the causes of the others, each counted."""

    direction: Direction
    entries: int
    ends: dict[str, int]


class Ict:
    """Enter by a limit order in the gap that a shift of structure leaves behind, after a sweep of liquidity.

    Raises:
        ConfigError: The settings are none to make a rule of.
    """

    strategy = "ict"
    rearm = False

    def __init__(self, settings: IctSettings) -> None:
        check(settings)
        self.settings = settings
        self.frame_ns = settings.frame_minutes * MINUTE_NS

    def batch(self, candles: Candles, tick_size: Decimal, longer: Candles | None = None) -> IctSignals:
        """Drive the rule over columns; the trend of the hours may reach back into longer candles.

        Raises:
            ConfigError: The frames, or hours, cannot be built from the candles.
            ValueError: Times are off the grid, out of order or repeated.
        """
        check_frame(self.frame_ns, candles.interval_ns)
        columns = (candles.open_time_ns, candles.open, candles.high, candles.low, candles.close, candles.volume)
        said = ict_batch(self.settings, columns, candles.interval_ns, self.frame_ns, float(tick_size))
        reading = _Reading(self, tick_size, Trend(candles, longer))
        return IctSignals(reading, said)

    def stream(self, interval_ns: int, tick_size: Decimal, longer: Candles | None = None) -> IctDrive:
        """Drive the rule over candles of this interval that are still to come.

        Raises:
            ConfigError: The frames, or hours, cannot be built from the candles.
        """
        check_frame(self.frame_ns, interval_ns)
        return IctDrive(self, interval_ns, tick_size, TrendStream(interval_ns, longer))


class _Reading:
    """Makes signals and withdrawals of what the kernel says."""

    def __init__(self, rule: Ict, tick_size: Decimal, bias: Trending) -> None:
        self.settings = rule.settings
        self._frame_ns = rule.frame_ns
        self._sides = _SIDES[rule.settings.direction]
        self._step = Decimal(1).scaleb(-decimals(tick_size))
        self._bias = bias
        # The close at which the entry of a set-up was raised, by its side and the close of its sweep.
        self._raised: dict[tuple[bool, int], int] = {}

    def read(self, one: Said) -> Signal | Withdrawal | None:
        """A signal, or the end of one; None for all else."""
        close_ns, short, sweep_ns, what, terms = one
        direction = Direction.SHORT if short else Direction.LONG
        if direction not in self._sides:
            return None
        if terms is not None:
            self._raised[short, sweep_ns] = close_ns
            entry = Terms(*terms)
            tag = "CHOCH" if entry.turned else "BOS"
            return Signal(close_ns, direction, tag, limit=self._limit(close_ns, direction, entry))
        cause, raised_ns = _BY_CANDLE.get(what), self._raised.get((short, sweep_ns))
        return None if cause is None or raised_ns is None else Withdrawal(close_ns, raised_ns, cause)

    def _limit(self, close_ns: int, direction: Direction, terms: Terms) -> LimitEntry:
        settings = self.settings
        price = decimal_of(terms.price).quantize(self._step)
        extreme = decimal_of(terms.extreme)
        stop = stop_price(settings, direction, price, extreme, terms.true_range)
        return LimitEntry(
            price=price,
            stop=stop,
            until_ns=close_ns + settings.entry_ttl * self._frame_ns,
            targets=targets(settings, direction, price, stop, terms.true_range, terms.liquidity),
            extreme=extreme,
            liquidity=None if terms.liquidity is None else decimal_of(terms.liquidity),
            true_range=terms.true_range,
            volatility=terms.volatility,
            bias=self._bias.at(close_ns),
            frame_ns=self._frame_ns,
            swings=(settings.swing_left, settings.swing_right),
        )


class IctSignals:
    """The signals over known candles.

    Attributes:
        signals: All signals, in time order.
        withdrawals: What became void of them at the close of a candle, by the close at which the signal was raised.
        facts: How set-ups ended, LONG before SHORT.
    """

    def __init__(self, reading: _Reading, said: Sequence[Said]) -> None:
        read = [one for one in map(reading.read, said) if one is not None]
        self.signals: Sequence[Signal] = [one for one in read if isinstance(one, Signal)]
        self.withdrawals = {one.raised_ns: one for one in read if isinstance(one, Withdrawal)}
        self.facts = tuple(_facts(direction, said) for direction in _SIDES[reading.settings.direction])
        self.after = ListedSignals(self.signals).after


def _facts(direction: Direction, said: Sequence[Said]) -> IctFacts:
    ends = Counter(what for _, short, _, what, _ in said if short is (direction is Direction.SHORT))
    entries = ends.pop("ENTRY", 0)
    return IctFacts(direction=direction, entries=entries, ends=dict(sorted(ends.items())))


class IctDrive:
    """The signals candle by candle.

    Attributes:
        withdrawn: What became void with the last candle.
        waits_ns: For how long an entry waits after the close that raised it.
    """

    def __init__(self, rule: Ict, interval_ns: int, tick_size: Decimal, trend: TrendStream) -> None:
        self.waits_ns = rule.settings.entry_ttl * rule.frame_ns
        self._stream = IctStream(rule.settings, interval_ns, rule.frame_ns, float(tick_size))
        self._reading = _Reading(rule, tick_size, trend)
        self._trend = trend
        self.withdrawn: tuple[Withdrawal, ...] = ()

    def push(self, candle: Candle) -> Signal | None:
        """Take the next closed candle; its signal, if it raises one.

        Raises:
            ValueError: The candle is off the grid or not later than the one before; nothing has changed.
        """
        said = self._stream.push(*candle)
        self._trend.push(candle)
        self.withdrawn = ()
        if said is None:
            return None
        read = [self._reading.read(one) for one in said]
        self.withdrawn = tuple(one for one in read if isinstance(one, Withdrawal))
        return next((one for one in read if isinstance(one, Signal)), None)

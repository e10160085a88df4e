"""What holds of the report of any day: its sums, whatever happened, and that days add up to what the venue booked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import reduce
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sadari.core.engine import Engine
from sadari.model.command import Command, PlaceOrder
from sadari.model.event import Event, FundingPaid, OrderFilled
from sadari.model.order import Direction, OrderType
from sadari.model.units import DAY_NS, EXACT, HOUR_NS
from sadari.research.daily.days import Days
from sadari.research.daily.spans import day_of, week_of
from tests.ladder_driver import SYMBOL, Driver, patient

D = Decimal
OTHER = "ETHUSDT"

moves = st.lists(
    st.tuples(
        st.sampled_from([SYMBOL, OTHER]),
        st.sampled_from([-100, -65, -32, -12, 12, 32, 65, 100]),
        st.sampled_from([0, 1, 5, 11, 23]),
    ),
    min_size=1,
    max_size=30,
)
moods = st.lists(st.sampled_from(["full", "full", "part", "lost", "refused"]), max_size=30)


class Market(Driver):
    """Two symbols over days; the venue fills orders in full, in part, after no answer at first, or not at all."""

    def __init__(self, moods: list[str]) -> None:
        self.moods: Iterator[str] = iter(moods)
        super().__init__(
            patient(max_per_symbol_per_day=1000, max_entries=1000, max_price_age_ms=10**9), symbols=(SYMBOL, OTHER)
        )

    def answer(self, order: PlaceOrder) -> None:
        """Each market order gets the next mood; when there is none left, all is well."""
        mood = next(self.moods, "full") if order.order_type is OrderType.MARKET else "full"
        if mood == "refused":
            self.reject(order)
        elif mood == "part" and order.qty is not None and order.qty > D("0.001"):
            self.fill(order, "0.001", done=False)
            self.end(order.client_order_id, cause="EXPIRED")
        else:
            if mood == "lost":
                self.lose(order)
            super().answer(order)

    def live(self, directions: list[Direction], path: list[tuple[str, int, int]]) -> None:
        """A tick for each move, hours after the last, with a signal before it and funding after it."""
        prices = {SYMBOL: D(50_000), OTHER: D(2_000)}
        for number, (symbol, move, hours) in enumerate(path):
            self.now_ns += hours * HOUR_NS
            self.signal(directions[number % len(directions)], str(prices[symbol]), symbol=symbol)
            prices[symbol] = (prices[symbol] * (1000 + move) / 1000).quantize(D("0.01"))
            self.tick(str(prices[symbol]), symbol=symbol)
            if self.engine.positions[symbol].qty:
                paid = D(move) / 1000
                self.wallet = EXACT.add(self.wallet, paid)
                self.give(FundingPaid(time_ns=self.now_ns, symbol=symbol, amount=paid, rate=None, mark_price=None))
            self.account()


def records_of(events: list[Event]) -> list[Event | Command]:
    """What a fresh engine makes of the events of a life."""
    told = Market([])
    engine, records = Engine(told.settings, told.instruments), list[Event | Command]()
    for event in events:
        records += [event, *engine.handle(event)]
    return records


def booked(events: list[Event]) -> tuple[Decimal, Decimal, Decimal]:
    """Price profit, fees and funding as the venue told them."""
    fills = [event for event in events if isinstance(event, OrderFilled)]
    paid = [event.amount for event in events if isinstance(event, FundingPaid)]
    return summed(one.realized_pnl for one in fills), summed(-one.fee for one in fills), summed(paid)


def summed(amounts: Iterable[Decimal]) -> Decimal:
    """Without rounding, whatever the digits."""
    return reduce(EXACT.add, amounts, D(0))


def failed(told: dict[str, Any]) -> list[Any]:
    """What does not add up."""
    return [check for check in told["checks"] if not check["holds"]]


@given(st.lists(st.sampled_from(Direction), min_size=1, max_size=4), moves, moods)
def test_whatever_happens_every_day_adds_up_and_all_days_are_the_whole(
    directions: list[Direction], path: list[tuple[str, int, int]], moods: list[str]
) -> None:
    """Over the real engine: no sum of any day or week fails, and none of what the venue booked is lost between them."""
    market = Market(moods)
    market.live(directions, path)
    days = Days(records_of(market.events))
    spans = [day_of(at) for at in range(days.first_ns, days.last_ns + DAY_NS, DAY_NS)]
    told = [days.of(span, with_funnel=True) for span in spans]
    assert not [check for one in told for check in failed(one)]
    assert not failed(days.of(week_of(days.first_ns)))
    sums = tuple(summed(D(one["booked"][name]) for one in told) for name in ("price", "fees", "funding"))
    assert [EXACT.subtract(ours, theirs) for ours, theirs in zip(sums, booked(market.events), strict=True)] == [0, 0, 0]
    assert sum(one["signals"]["raised"] for one in told) == len(path)
    assert sum(one["orders"]["sent"] for one in told) == len(market.of(PlaceOrder))
    assert all(one["booked"]["wallet"]["unexplained"] in {"0", None} for one in told)
    for one in told:
        left = [row["left"] for row in one["funnel"]]
        assert left == sorted(left, reverse=True)
        assert left[-1] >= 0

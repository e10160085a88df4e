"""What holds for every curve, every set of trades and every run that a scribe can write."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sadari.model.order import Direction
from sadari.model.units import HOUR_NS
from sadari.research import bounds, metrics
from sadari.research.layout import WIDTH
from sadari.research.report import summarize, text
from tests.unit.research.stories import D, Scribe

values = st.lists(st.floats(0.01, 1e9), min_size=1, max_size=60)
money = st.decimals(-1000, 1000, places=4)
prices = st.decimals("0.0001", 20_000, places=4)
quantities = st.decimals("0.001", 50, places=3)
SYMBOLS = ("AUSDT", "1000BONKUSDT", "BTCUSDT_240628")
REASONS = ("STOP_LOSS_INITIAL", "TECH_ATR_TRAIL", "ENGINE_LIQUIDATION:CONNECTION_FAILURE", "PROTECTIVE_STOP_ORDER")


def curve(points: list[float]) -> list[tuple[int, float]]:
    """Values seven hours apart, over several days."""
    return [(7 * hour * HOUR_NS, value) for hour, value in enumerate(points)]


@st.composite
def scribes(draw: st.DrawFn) -> Scribe:
    """Runs with trades on three symbols, ladders, denials, funding, and a last position left open."""
    tale = Scribe(days=3, symbols=SYMBOLS, unknown=draw(st.sampled_from([(), SYMBOLS[:1], SYMBOLS])))
    minute = 0.0
    for _ in range(draw(st.integers(0, 6))):
        symbol, direction = draw(st.sampled_from(SYMBOLS)), draw(st.sampled_from(Direction))
        entry, qty = draw(prices), draw(quantities)
        tale.enter(minute, symbol, direction, entry, qty)
        if draw(st.booleans()):
            tale.add(minute + 1, symbol, direction, draw(prices), draw(quantities), rung=draw(st.integers(1, 3)))
        if draw(st.booleans()):
            tale.fund(minute + 2, symbol, draw(money))
        if draw(st.booleans()):
            whole = tale.held[symbol]
            parts = {"DCA1_RECOVERY": whole / 4, "HALF_PROFIT": whole / 2}
            tale.reduce(minute + 3, symbol, direction, draw(prices), parts, tale.lives)
        reason = draw(st.sampled_from(REASONS))
        tale.exit(minute + 4, symbol, direction, draw(prices), reason)
        tale.record(symbol, direction, minute, minute + 4, reason, stage=draw(st.integers(0, 3)))
        if draw(st.booleans()):
            tale.signal(minute + 5, symbol, direction, entry, accepted=False, denial="COOLDOWN_ACTIVE", value="1")
        minute += 100
    if draw(st.booleans()):
        tale.enter(minute, SYMBOLS[0], Direction.LONG, draw(prices), draw(quantities))
    tale.equity = [(tale.at(point * 60), value) for point, value in enumerate(draw(values))]
    return tale


@given(values)
def test_a_drawdown_is_never_positive_and_never_more_than_everything(points: list[float]) -> None:
    """Its amount is that fraction of the peak, and the peak comes first."""
    fall = metrics.drawdown(curve(points))
    assert fall is not None
    assert -1 <= fall.fraction <= 0
    assert fall.amount <= 0
    assert fall.peak_ns <= fall.trough_ns


@given(values)
def test_the_drawdown_is_that_of_the_worst_pair(points: list[float]) -> None:
    """The twin looks at every pair of an earlier and a later value."""
    fall = metrics.drawdown(curve(points))
    pairs = [later / earlier - 1 for at, earlier in enumerate(points) for later in points[at:]]
    assert fall is not None
    assert fall.fraction == min(pairs)


@given(values, st.floats(0.1, 10))
def test_drawdown_and_sharpe_do_not_depend_on_the_unit_of_money(points: list[float], unit: float) -> None:
    """Both are about fractions."""
    scaled = [value * unit for value in points]
    one, other = metrics.drawdown(curve(points)), metrics.drawdown(curve(scaled))
    assert one is not None
    assert other is not None
    assert math.isclose(one.fraction, other.fraction, rel_tol=1e-9, abs_tol=1e-12)


@given(values)
def test_sharpe_is_finite_or_absent(points: list[float]) -> None:
    """Never NaN, never infinity."""
    figure = metrics.sharpe(points)
    assert figure is None or math.isfinite(figure)


@given(st.lists(money, max_size=40))
def test_outcomes_count_every_trade_once_and_keep_the_sum(results: list[Decimal]) -> None:
    """Wins, losses and zeros are all there is; profit and loss add up to the whole."""
    done = metrics.outcomes(results)
    assert done.trades == len(results)
    assert done.profit + done.loss == sum(results, D(0))
    assert done.win_rate is None or 0 <= done.win_rate <= 1
    assert done.profit_factor is None or done.profit_factor >= 0


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: (min(pair), max(pair))), max_size=12)
)
def test_covered_time_is_what_a_set_of_instants_says(intervals: list[tuple[int, int]]) -> None:
    """The twin counts instants."""
    assert metrics.covered_ns(intervals) == len({at for start, end in intervals for at in range(start, end)})


@given(scribes())
def test_price_fees_and_funding_add_up_to_the_change_of_the_wallet(tale: Scribe) -> None:
    """To the last decimal, whatever happened (I8)."""
    assert summarize(tale.run())["result"]["adds_up"]


@given(scribes())
def test_every_grouping_adds_up_to_the_whole(tale: Scribe) -> None:
    """By direction, stage and symbol; by position; price also by exit reason, fees by exits and rungs together."""
    summary = summarize(tale.run())

    def total(section: str, key: str) -> Decimal:
        return sum((D(row[key]) for row in summary[section]), D(0))

    result = summary["result"]
    price, fees = D(result["price"]), D(result["fees"])
    net = price + fees + D(result["funding_booked"])
    for section in ("by_direction", "by_stage", "by_symbol"):
        assert (total(section, "price"), total(section, "fees")) == (price, fees)
        assert total(section, "net") == net
        assert sum(row["positions"] for row in summary[section]) == len(summary["positions"])
    assert total("positions", "net") == net
    assert total("exits", "pnl") + total("entries", "pnl") == price
    assert total("exits", "fees") + total("entries", "fees") == fees
    for position in summary["positions"]:
        closed = sum((D(part["pnl"]) for part in position["parts"]), D(0))
        assert closed == D(position["pnl"])


@given(scribes())
def test_a_summary_survives_json_with_its_keys_in_order(tale: Scribe) -> None:
    """Strings, numbers, null, lists and objects only, no NaN; the same run gives the same bytes."""
    summary = summarize(tale.run())
    written = json.dumps(summary, allow_nan=False)
    assert json.loads(written) == summary
    assert json.dumps(summarize(tale.run()), allow_nan=False) == written


def pages(tale: Scribe) -> list[Callable[[], str]]:
    """The page of a run, and of its bounds beside a run in which nothing happened."""
    summary, empty = summarize(tale.run()), summarize(Scribe(symbols=SYMBOLS).run())
    return [lambda: text(summary), lambda: bounds.text(bounds.compare(summary, empty, summary))]


@given(scribes())
def test_a_page_has_words_where_there_is_no_figure_and_stays_within_its_margins(tale: Scribe) -> None:
    """Never nan, inf or None, no line over 100 columns, no trailing blanks."""
    for write in pages(tale):
        page = write()
        assert re.search(r"\b(nan|None|inf|Infinity|null)\b", page) is None
        assert max(len(line) for line in page.splitlines()) <= WIDTH
        assert all(line == line.rstrip() for line in page.splitlines())


@given(scribes())
def test_a_run_beside_itself_depends_on_nothing(tale: Scribe) -> None:
    """Equal runs have no position whose outcome hangs on the path."""
    summary = summarize(tale.run())
    compared = bounds.compare(summary, summary, summary)
    assert (compared["depends"], compared["positions"]) == ([], len(summary["positions"]))

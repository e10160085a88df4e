"""Limits of the whole account: shorts, the worst case, strategies side by side. Source: strategies §9.4, §9.5."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sadari.core.exposure import by_side, open_short_risk, portfolio_worst_case
from sadari.core.plan import check_plan
from sadari.core.plans import plans
from sadari.model.command import PlaceOrder, RecordDecision
from sadari.model.event import OrderFound, PositionsShown, SignalRaised
from sadari.model.order import Direction, OrderType, Purpose, Side, SizingBasis
from sadari.model.plan import Ladder, Risk, Scaling, Settings, Strategy
from sadari.model.units import MINUTE_NS, decimal_of, exact
from tests.ladder_driver import SYMBOL, Driver, patient

D = Decimal
LONG, SHORT = Direction.LONG, Direction.SHORT
SYMBOLS = tuple(f"S{number}USDT" for number in range(11))


def last(driver: Driver) -> tuple[str, str, str]:
    """Gate, value and limit of the last decision; the gate is empty for an accepted signal."""
    decision = driver.of(RecordDecision)[-1]
    return decision.denial, decision.value, decision.limit


# what the venue lets rest


def foreign_stop(driver: Driver, number: int) -> OrderFound:
    """A conditional order of somebody else, as a comparison finds it."""
    return OrderFound(
        time_ns=driver.now_ns,
        symbol="OTHERUSDT",
        client_order_id=f"else-{number}",
        side=Side.SELL,
        order_type=OrderType.STOP_MARKET,
        ours=False,
        trigger_price=D(1),
    )


@pytest.mark.parametrize(("foreign", "held"), [(0, 66), (2, 66), (3, 65)])
def test_no_more_is_entered_than_stops_may_rest_for(foreign: int, held: int) -> None:
    """F32: 200 conditional orders an account, three for each position, less those of others; before any order."""
    symbols = tuple(f"S{number}USDT" for number in range(held + 1))
    limits = dict.fromkeys(("max_positions", "strategy_positions", "max_entries"), 100)
    small = {"weights": ("0.0015", "0.002", "0.002"), "max_portfolio_stop_loss_pct": "1", "min_reserve_pct": "0"}
    driver = Driver(patient(**limits, **small), symbols=symbols)
    for number in range(foreign):
        driver.give(foreign_stop(driver, number))
    driver.give(PositionsShown(time_ns=driver.now_ns))
    for symbol in symbols[:-1]:
        driver.signal(LONG, "50000", symbol=symbol)
        assert last(driver)[0] == ""
    sent = len(driver.of(PlaceOrder))
    driver.signal(LONG, "50000", symbol=symbols[-1])
    assert last(driver) == ("STOP_ORDER_LIMIT", str(3 * held + 3 + foreign), "200")
    assert len(driver.of(PlaceOrder)) == sent


def test_room_for_stops_that_others_give_back_is_used() -> None:
    """Their orders are gone with the next comparison of their symbol that does not find them."""
    driver = Driver(patient(max_portfolio_stop_loss_pct="1"))
    for number in range(198):
        driver.give(foreign_stop(driver, number))
    for denial in ("STOP_ORDER_LIMIT", ""):
        driver.give(PositionsShown(time_ns=driver.now_ns))
        driver.signal(LONG, "50000")
        assert last(driver)[0] == denial


# 9.4: shorts and sides


@pytest.mark.requirement("R003-34")
@pytest.mark.parametrize(("trend", "allowed"), [("", 2), ("NEUTRAL", 2), ("BULLISH", 2), ("BEARISH", 3)])
def test_a_falling_market_allows_one_short_more(trend: str, allowed: int) -> None:
    """D-23: two shorts, three while the market's trend is bearish."""
    driver = Driver(patient(max_short_risk_pct="1"), symbols=SYMBOLS)
    for symbol in SYMBOLS[: allowed + 1]:
        driver.signal(SHORT, "50000", symbol=symbol, market_trend=trend)
    assert [decision.accepted for decision in driver.of(RecordDecision)] == [True] * allowed + [False]
    assert last(driver) == ("SHORT_POSITION_LIMIT", str(allowed), str(allowed))


def test_a_falling_market_allows_no_more_longs() -> None:
    """The exception is for shorts only."""
    driver = Driver(patient(max_positions=1), symbols=SYMBOLS)
    for symbol in SYMBOLS[:2]:
        driver.signal(LONG, "50000", symbol=symbol, market_trend="BEARISH")
    assert last(driver)[0] == "MAX_POSITIONS"


@pytest.mark.requirement("R003-35")
def test_what_open_shorts_lose_at_their_stops_shuts_the_gate_for_more() -> None:
    """0.3 at 50,000 stopped at 55,000 is 1.5 % of 100,000, still allowed; with the first add it is 2.45 %."""
    driver = Driver(patient(), symbols=(SYMBOL, *SYMBOLS))
    driver.signal(SHORT, "50000")
    assert open_short_risk(driver.engine.positions.values()) == exact(D(1500))
    driver.signal(SHORT, "50000", symbol=SYMBOLS[0])
    assert last(driver)[0] == ""
    driver.tick("51500")
    risk = decimal_of(open_short_risk([driver.position]), 2)
    assert risk == D("2448.74")
    driver.signal(SHORT, "50000", symbol=SYMBOLS[1], market_trend="BEARISH")
    gate, value, limit = last(driver)
    assert (gate, limit) == ("SHORT_RISK_CAP", "1500")
    assert D(value) > D(1500)


def test_a_short_whose_stop_is_below_its_entry_is_at_no_risk() -> None:
    """After the half close the stop lies at break-even."""
    driver = Driver(patient(max_short_risk_pct="0.0001"))
    driver.signal(SHORT, "50000")
    driver.tick("45000")
    assert driver.state == "RUNNER"
    assert open_short_risk(driver.engine.positions.values()) == 0


@pytest.mark.requirement("R003-37")
def test_exposure_is_told_by_side_and_net_with_its_profit() -> None:
    """Notionals at the mark are positive on both sides; net is long less short; profits keep their signs."""
    held = [
        (LONG, D(2), D(110), D(20)), (SHORT, D(3), D(50), D(-15)), (LONG, D("0.5"), D(10), D(-1)),
    ]  # fmt: skip
    found = by_side(held)
    assert (found.long, found.short, found.net) == (D("225.0"), D(150), D("75.0"))
    assert (found.long_unrealized, found.short_unrealized) == (D(19), D(-15))
    assert by_side([]).net == 0


# 9.5: worst case

CAPITAL = {
    SizingBasis.MARGIN: (("15", "150", "15.00"), ("35", "350", "24.50"), ("55", "550", "27.50")),
    SizingBasis.NOTIONAL: (("1.5", "15", "1.50"), ("3.5", "35", "2.45"), ("5.5", "55", "2.75")),
}
MIXES = {
    (SizingBasis.MARGIN, "all SECOND"): (10, 0, 0, "275.00"),
    (SizingBasis.MARGIN, "5 + 3 + 2"): (5, 3, 2, "241.00"),
    (SizingBasis.NOTIONAL, "all SECOND"): (10, 0, 0, "27.50"),
    (SizingBasis.NOTIONAL, "5 + 3 + 2"): (5, 3, 2, "24.10"),
}


@pytest.mark.requirement("R004-36", "R004-37", "R004-38")
@pytest.mark.parametrize("basis", SizingBasis)
def test_capital_notional_and_loss_at_the_stop_by_stage(basis: SizingBasis) -> None:
    """The table of §9.5 at a balance of 1,000, for both readings of a weight."""
    rows = [row for row in check_plan(Settings(), D(1000)).capital if row.basis is basis]
    found = [(row.capital, row.notional, row.loss) for row in rows]
    assert found == [tuple(map(D, row)) for row in CAPITAL[basis]]


@pytest.mark.requirement("R004-36", "R004-39")
@pytest.mark.parametrize("mix", MIXES, ids=" ".join)
def test_the_worst_case_of_positions_at_several_stages(mix: tuple[SizingBasis, str]) -> None:
    """§9.5: the loss if all are stopped now, with the leverage that the older table leaves out."""
    losses = {row.stage: row.loss for row in check_plan(Settings(), D(1000)).capital if row.basis is mix[0]}
    second, first, initial, total = MIXES[mix]
    found = second * losses["SECOND_DCA"] + first * losses["FIRST_DCA"] + initial * losses["INITIAL"]
    assert found == D(total)


def test_ten_whole_plans_are_at_stake_from_their_entries_on() -> None:
    """Planned adds count: 27.5 % of the balance with ten positions, and the eleventh is one too many."""
    driver = Driver(patient(max_positions=11, strategy_positions=11), symbols=SYMBOLS, step_size=D("0.000001"))
    for symbol in SYMBOLS[:10]:
        driver.signal(LONG, "50000", symbol=symbol)
    assert portfolio_worst_case(driver.engine.positions.values()) == exact(D(27_500))


def test_the_cap_of_thirty_percent_denies_the_eleventh_plan() -> None:
    """30.25 % with eleven: PORTFOLIO_RISK_CAP at its default."""
    limits = patient(max_positions=11, strategy_positions=11, max_portfolio_stop_loss_pct="0.30", min_reserve_pct="0")
    driver = Driver(limits, symbols=SYMBOLS)
    for symbol in SYMBOLS:
        driver.signal(LONG, "50000", symbol=symbol)
    assert last(driver) == ("PORTFOLIO_RISK_CAP", "30250", "30000")


COMMITTED = {"15 at 8.5 %": (15, "0.085", False), "10 at 8.5 %": (10, "0.085", False),
             "15 at 5.5 %": (15, "0.055", False), "10 at 5.5 %": (10, "0.055", True)}  # fmt: skip


@pytest.mark.requirement("R004-38")
@pytest.mark.parametrize("name", COMMITTED)
def test_a_plan_that_commits_more_than_the_reserve_leaves_is_refused(name: str) -> None:
    """127.5 %, 85 % and 82.5 % against 55 % of the balance; 55 % fits exactly."""
    positions, weight, fits = COMMITTED[name]
    ladder = Ladder(weights=(D(weight),), dca_trigger=(), stop_by_stage=(D("0.01"),))
    risk = Risk(max_positions=positions, strategy_positions=positions, max_portfolio_stop_loss_pct=D(1))
    faults = check_plan(Settings(ladder=ladder, risk=risk), D(1000)).faults
    assert ("CONFIG_OVERCOMMITTED" in {fault.fault for fault in faults}) is not fits


# several strategies


def shared(**strategies: Strategy) -> Settings:
    """Strategies on one account whose own limits are wide."""
    return msgspec.structs.replace(patient(), strategies=strategies)


SINGLE = Ladder(
    weights=(D("0.02"),), dca_trigger=(), stop_by_stage=(D("0.05"),), margin_mode=patient().ladder.margin_mode
)


def test_each_strategy_climbs_its_own_ladder() -> None:
    """One without rungs beside one with two: plan, stop and adds are those of the strategy that entered."""
    driver = Driver(shared(single=Strategy(ladder=SINGLE)), symbols=(SYMBOL, SYMBOLS[0]))
    driver.signal(LONG, "50000", strategy="single")
    driver.signal(LONG, "50000", strategy="ladder", symbol=SYMBOLS[0])
    assert [order.qty for order in driver.sent(Purpose.ENTRY)] == [D("0.4"), D("0.3")]
    assert driver.tick("48500") == []
    assert driver.tick("48500", symbol=SYMBOLS[0]) == ["ADD 0.412"]
    assert driver.tick("47500") == ["STOP_LOSS_INITIAL 0.400", "EXIT 0.400", "CLOSED STOP_LOSS_INITIAL"]


def test_a_symbol_may_change_its_strategy_once_it_is_flat() -> None:
    """The next life on the symbol follows the ladder of the strategy that raised its signal."""
    driver = Driver(shared(single=Strategy(ladder=SINGLE)))
    driver.signal(LONG, "50000", strategy="single")
    driver.tick("47500")
    driver.signal(LONG, "50000", strategy="ladder")
    assert driver.tick("48500")[0].startswith("ADD")
    driver.tick("40000")
    driver.signal(LONG, "50000", strategy="single")
    assert driver.tick("48500") == []


def test_a_strategy_has_its_own_limit_of_positions() -> None:
    """Gate 9 counts the strategy's positions only."""
    driver = Driver(shared(few=Strategy(max_positions=1)), symbols=SYMBOLS)
    driver.signal(LONG, "50000", symbol=SYMBOLS[0], strategy="few")
    driver.signal(LONG, "50000", symbol=SYMBOLS[1], strategy="few")
    assert last(driver) == ("STRATEGY_POSITION_LIMIT", "1", "1")
    driver.signal(LONG, "50000", symbol=SYMBOLS[1], strategy="other")
    assert last(driver)[0] == ""


def test_a_strategy_keeps_its_own_reserve_and_all_together_that_of_the_account() -> None:
    """Gate 24: 1.5 % of margin each; 98 % reserved by one strategy, 95.5 % by the account."""
    settings = msgspec.structs.replace(
        patient(min_reserve_pct="0.955"), strategies={"small": Strategy(min_reserve_pct=D("0.98"))}
    )
    driver = Driver(settings, symbols=SYMBOLS)
    driver.signal(LONG, "50000", symbol=SYMBOLS[0], strategy="small")
    driver.signal(LONG, "50000", symbol=SYMBOLS[1], strategy="small")
    assert last(driver) == ("MARGIN_RESERVE", "3000", "2000")
    for symbol in SYMBOLS[1:3]:
        driver.signal(LONG, "50000", symbol=symbol, strategy="large")
    assert last(driver)[0] == ""
    driver.signal(LONG, "50000", symbol=SYMBOLS[3], strategy="large")
    assert last(driver) == ("MARGIN_RESERVE", "6000", "4500")


def test_one_signal_of_each_strategy_is_decided_once() -> None:
    """Gate 6 knows the last signal of each strategy, whatever the other has raised in between."""
    driver = Driver(shared(), symbols=(SYMBOL, SYMBOLS[0]))
    for strategy in ("one", "two", "one"):
        driver.signal(LONG, "50000", strategy=strategy, signal_id=strategy, price_time_ns=0)
    driver.signal(LONG, "50000", strategy="one", signal_id="one")
    assert last(driver)[0] == "DUPLICATE_SIGNAL"


def test_each_strategy_is_planned_with_its_own_ladder_and_limits() -> None:
    """What a configuration check works out: the tighter of the strategy's and the account's limits."""
    own = Strategy(ladder=SINGLE, max_positions=3, min_reserve_pct=D("0.9"))
    found = plans(shared(single=own, plain=Strategy()))
    assert (found["single"].ladder, found["single"].risk.max_positions) == (SINGLE, 3)
    assert found["single"].risk.min_reserve_pct == D("0.9")
    assert (found["plain"].ladder.rungs, found["plain"].risk.max_positions) == (2, 10)
    assert list(plans(patient())) == [""]


@pytest.mark.parametrize(("changes", "capital", "notional", "loss"), [
    ({}, "1000", "10000", "1000"),
    ({"max_position": None}, "3000", "30000", "1000"),
    ({"risk_per_trade": "0.2"}, "1000", "10000", "9900"),
])  # fmt: skip
def test_the_plan_of_orders_with_a_stop_is_the_worst_of_them(
    changes: dict[str, Any], capital: str, notional: str, loss: str
) -> None:
    """One order, as large as c2 and c3 let it be, that loses what one trade may lose, or nearly all of itself."""
    settings = msgspec.structs.replace(patient(**changes), strategies={"ict": Strategy(max_positions=3, by_stop=True)})
    plan = plans(settings)["ict"]
    report = check_plan(plan, D(100_000))
    (row,) = (row for row in report.capital if row.basis is plan.ladder.sizing_basis)
    assert (row.capital, row.notional, round(row.loss, 9)) == (D(capital), D(notional), D(loss))
    assert round(report.worst_case, 9) == 3 * D(loss)


# the scanner's gate

GATED = {
    "found at this very scan": (0, ""), "sixty minutes ago": (60 * MINUTE_NS, ""),
    "a nanosecond longer": (60 * MINUTE_NS + 1, "NOT_A_CANDIDATE"), "never": (None, "NOT_A_CANDIDATE"),
}  # fmt: skip


@pytest.mark.parametrize("name", GATED)
def test_a_gated_strategy_needs_a_young_scan(name: str) -> None:
    """D-39: at most sixty minutes old, inclusive; a strategy that is not gated is not asked."""
    age_ns, said = GATED[name]
    driver = Driver(shared(surge=Strategy(scan_max_age_minutes=60)), symbols=(SYMBOL, SYMBOLS[0]))
    driver.signal(LONG, "50000", strategy="surge", candidate_age_ns=age_ns)
    assert last(driver)[0] == said
    driver.signal(LONG, "50000", strategy="other", symbol=SYMBOLS[0], candidate_age_ns=age_ns)
    assert last(driver)[0] == ""


# options for risk


def scaled(fields: dict[str, Any], **signal: Any) -> Decimal:
    """The quantity of an entry at 50,000 on 100,000, of which the whole plan is 0.300."""
    driver = Driver(msgspec.structs.replace(patient(), scaling=msgspec.convert(fields, Scaling)))
    if "equity" in signal:
        driver.signal(LONG, "50000", equity=D(100_000), price_time_ns=0)
    driver.signal(LONG, "50000", **signal)
    return driver.of(RecordDecision)[-1].qty


@pytest.mark.requirement("R000-26")
@pytest.mark.parametrize(("volatility", "qty"), [
    (0.0, "0.300"), (50.0, "0.300"), (75.0, "0.225"), (100.0, "0.150"), (None, "0.150"),
])  # fmt: skip
def test_high_volatility_makes_a_plan_smaller(volatility: float | None, qty: str) -> None:
    """In proportion from the 50th percentile to half at the 100th; one that is not known is the highest."""
    assert scaled({"volatility_from_pct": "50"}, volatility=volatility) == D(qty)
    assert scaled({}, volatility=volatility) == D("0.300")


@pytest.mark.requirement("R002-12")
@pytest.mark.parametrize(("equity", "qty"), [
    ("100000", "0.300"), ("96000.01", "0.300"), ("96000", "0.225"), ("91000", "0.225"), ("90000", "0.075"),
])  # fmt: skip
def test_a_fall_of_equity_makes_a_plan_smaller(equity: str, qty: str) -> None:
    """By steps below the peak, each inclusive."""
    steps = {"drawdown_steps": [["0.04", "0.75"], ["0.10", "0.25"]]}
    driver = Driver(msgspec.structs.replace(patient(max_loss_pct="0.5"), scaling=msgspec.convert(steps, Scaling)))
    driver.signal(LONG, "50000", equity=D(equity))
    assert driver.of(RecordDecision)[-1].qty == D(qty)


def test_a_transfer_is_no_gain_and_no_fall() -> None:
    """Money taken out moves the peak along with the wallet."""
    steps = {"drawdown_steps": [["0.04", "0.5"]]}
    driver = Driver(msgspec.structs.replace(patient(), scaling=msgspec.convert(steps, Scaling)))
    driver.wallet = D(50_000)
    driver.account(cause="TRANSFER")
    driver.signal(LONG, "50000")
    assert driver.of(RecordDecision)[-1].qty == D("0.150")


@pytest.mark.requirement("R000-28", "R003-50")
@pytest.mark.parametrize(("rho", "denial"), [
    (1.0, "CORRELATION_CAP"), (0.5, "CORRELATION_CAP"), (0.4, ""), (0.0, ""), (-1.0, ""), (None, "CORRELATION_CAP"),
])  # fmt: skip
def test_what_moves_together_may_not_lose_too_much_together(rho: float | None, denial: str) -> None:
    """Each plan may lose 2.75 %; at most 4 % together: rho = 1 counts two symbols as one, an unknown one as well."""
    settings = msgspec.structs.replace(patient(), scaling=Scaling(max_correlated_loss_pct=D("0.04")))
    driver = Driver(settings, symbols=(SYMBOL, *SYMBOLS))
    driver.signal(LONG, "50000", symbol=SYMBOLS[0])
    known: dict[str, Any] = {} if rho is None else {"correlations": ((SYMBOLS[0], rho),)}
    driver.signal(LONG, "50000", **known)
    assert last(driver)[0] == denial


@pytest.mark.requirement("R000-28")
def test_positions_of_the_other_side_do_not_count() -> None:
    """They gain where these lose."""
    settings = msgspec.structs.replace(
        patient(allow_opposite_side=True), scaling=Scaling(max_correlated_loss_pct=D("0.04"))
    )
    driver = Driver(settings, symbols=(SYMBOL, *SYMBOLS))
    driver.signal(SHORT, "50000", symbol=SYMBOLS[0])
    driver.signal(LONG, "50000", correlations=((SYMBOLS[0], 1.0),))
    assert last(driver)[0] == ""


def test_a_signal_keeps_what_it_carries_in_the_journal() -> None:
    """Every field, floats included, survives being written and read."""
    signal = SignalRaised(
        time_ns=1, symbol=SYMBOL, direction=LONG, strategy="surge", signal_id="s", price=D(1), price_time_ns=1,
        equity=D(1), tag="BOTH", episode=3, candidate_age_ns=0, market_trend="BEARISH", volatility=0.1,
        correlations=(("ETHUSDT", -0.123456789012345),),
    )  # fmt: skip
    assert msgspec.json.decode(msgspec.json.encode(signal), type=SignalRaised) == signal

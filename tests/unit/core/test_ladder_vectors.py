"""Every worked vector of the ladder, tick by tick through a real engine. Source: strategies §5.1 to §5.4, D-30."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from sadari.model.command import RecordDecision
from sadari.model.order import Direction, Purpose
from tests.ladder_driver import Driver, patient, shown

LONG, SHORT = Direction.LONG, Direction.SHORT
D = Decimal


class Row(NamedTuple):
    """One displayed line of a table: the tick after which it holds, and its numbers."""

    tick: str
    qty: str
    total: str
    notional: str
    avg: str
    stop: str
    loss: str
    half: str


TABLES = {
    "LONG 100 000": [
        Row("50000", "0.300", "0.300", "15000.00", "50000", "45000", "1500.00", "55000"),
        Row("48500", "0.412", "0.712", "34982.00", "49132.02247191", "45692.78089888", "2448.74", "54045.22471910"),
        Row("47000", "0.425", "1.137", "54957.00", "48335.09234828", "45918.33773087", "2747.85", "53168.60158311"),
    ],
    "SHORT 100 000": [
        Row("50000", "0.300", "0.300", "15000.00", "50000", "55000", "1500.00", "45000"),
        Row("51500", "0.388", "0.688", "34982.00", "50845.93023256", "54405.14534884", "2448.74", "45761.33720930"),
        Row("53000", "0.377", "1.065", "54963.00", "51608.45070423", "54188.87323944", "2748.15", "46447.60563380"),
    ],
}


@pytest.mark.requirement("R004-35", "R004-37", "R004-62")
@pytest.mark.parametrize("name", TABLES)
def test_the_ladder_has_the_quantities_and_levels_of_its_table(name: str) -> None:
    """Each row of the two tables, digit for digit as displayed."""
    direction = Direction(name.partition(" ")[0])
    driver = Driver(patient())
    for index, row in enumerate(TABLES[name]):
        did = driver.tick(row.tick) if index else driver.signal(direction, row.tick)
        position = driver.position
        held = Fraction(position.qty)
        assert did == [f"{'ADD' if index else 'ENTRY'} {row.qty}"]
        assert position.qty == D(row.total)
        assert position.stop is not None
        figures = (
            held * position.average,
            position.average,
            position.stop,
            held * abs(position.average - position.stop),
            position.half_level,
        )
        displayed = (row.notional, row.avg, row.stop, row.loss, row.half)
        assert [shown(f, like) for f, like in zip(figures, displayed, strict=True)] == [D(text) for text in displayed]


SMALL = {
    "LONG 1 000": ("50000 48500 47000", "0.003 0.004 0.004", "50000 49142.85714286 48363.63636364",
                   "45000 45702.85714286 45945.45454545"),
    "SHORT 1 000": ("50000 51500 53000", "0.003 0.003 0.003", "50000 50750 51500", "55000 54302.5 54075"),
}  # fmt: skip


@pytest.mark.requirement("R000-13")
@pytest.mark.parametrize("name", SMALL)
def test_a_small_plan_is_rounded_down_to_the_step(name: str) -> None:
    """plan_balance 1 000: quantities, averages and stops after each order."""
    ticks, quantities, averages, stops = (cell.split() for cell in SMALL[name])
    driver = Driver(patient(), balance="1000")
    for index, tick in enumerate(ticks):
        did = driver.tick(tick) if index else driver.signal(Direction(name.partition(" ")[0]), tick)
        assert did == [f"{'ADD' if index else 'ENTRY'} {quantities[index]}"]
        assert shown(driver.position.avg, averages[index]) == D(averages[index])
        assert shown(driver.position.stop, stops[index]) == D(stops[index])


class Scenario(NamedTuple):
    """Ticks with what each does (``tick[/fill] > deed, deed``), and where the position is afterwards."""

    direction: Direction
    ticks: str
    state: str
    qty: str
    changes: Mapping[str, Any] = MappingProxyType({})
    stop: str = ""
    avg: str = ""
    pnl: str = ""


BOTH_LONG = "48500 > ADD 0.412; 47000 > ADD 0.425; "
BOTH_SHORT = "51500 > ADD 0.388; 53000 > ADD 0.377; "
BACK_TO_ENTRY = "48500 > DCA2_RECOVERY 0.425, REDUCE 0.425; 50000 > DCA1_RECOVERY 0.412, REDUCE 0.412; "
SCENARIOS = {
    "A": Scenario(
        LONG, BOTH_LONG + BACK_TO_ENTRY + "53168.60 >; 53168.61 > HALF_PROFIT 0.150, REDUCE 0.150", "RUNNER", "0.150",
        pnl="70.08575 685.94195 725.02765",
    ),
    "B": Scenario(
        LONG,
        BOTH_LONG + "45918.34 >; 45918.33 > STOP_LOSS_SECOND_DCA 1.137, EXIT 1.137, CLOSED STOP_LOSS_SECOND_DCA",
        "FLAT", "0",
    ),
    "C": Scenario(
        LONG, "44900 > STOP_LOSS_INITIAL 0.300, EXIT 0.300, CLOSED STOP_LOSS_INITIAL", "FLAT", "0",
    ),
    "D, first tick": Scenario(
        LONG, "46800 > ADD 0.427", "FIRST_DCA", "0.727", stop="45000", avg="48120.49518569",
    ),
    "D, without the ratchet": Scenario(
        LONG, "46800 > ADD 0.427", "FIRST_DCA", "0.727", {"stop_ratchet": False}, "44752.06052270", "48120.49518569",
    ),
    "D, a stop kept by the ratchet is named after the current stage": Scenario(
        LONG,
        "46800 > ADD 0.427; 45000 > STOP_LOSS_FIRST_DCA 0.727, EXIT 0.727, CLOSED STOP_LOSS_FIRST_DCA", "FLAT", "0",
    ),
    "D, second tick": Scenario(
        LONG, "46800 > ADD 0.427; 46800 > ADD 0.427", "SECOND_DCA", "1.154", stop="45250.29462738",
        avg="47631.88908146",
    ),
    "D, D-26": Scenario(
        LONG, "46800 > ADD 0.427; 46800 > ADD 0.427; 46900 >; 48499.99 >; 48500 > DCA2_RECOVERY 0.427, REDUCE 0.427",
        "SECOND_DCA", "0.727",
    ),
    "D-26, a fill better than its trigger": Scenario(
        LONG,
        "48500/48600 > ADD 0.412; 47000 > ADD 0.425; 48599.99 >; 48600 > DCA2_RECOVERY 0.425, REDUCE 0.425",
        "SECOND_DCA", "0.712",
    ),
    "D-26, SHORT": Scenario(
        SHORT, "53200 > ADD 0.375; 53200 > ADD 0.375; 53100 >; 51500.01 >; 51500 > DCA2_RECOVERY 0.375, REDUCE 0.375",
        "SECOND_DCA", "0.675",
    ),
    "E": Scenario(
        LONG, BOTH_LONG + "47500 >; 53200 > DCA2_RECOVERY 0.425, DCA1_RECOVERY 0.412, HALF_PROFIT 0.150, REDUCE 0.987",
        "RUNNER", "0.150", pnl="4801.66385",
    ),
    "F": Scenario(
        SHORT,
        BOTH_SHORT + "54188.87 >; 54188.88 > STOP_LOSS_SECOND_DCA 1.065, EXIT 1.065, CLOSED STOP_LOSS_SECOND_DCA",
        "FLAT", "0",
    ),
    "G": Scenario(
        LONG, BOTH_LONG + BACK_TO_ENTRY + "48500 >; 47000 >; "
        "45918.33 > STOP_LOSS_SECOND_DCA 0.300, EXIT 0.300, CLOSED STOP_LOSS_SECOND_DCA", "FLAT", "0",
    ),
    "H": Scenario(LONG, "48950 >", "INITIAL", "0.300", stop="45000"),
    "I, guard": Scenario(
        LONG, "45406.62 > LIQUIDATION_GUARD 0.300, EXIT 0.300, CLOSED LIQUIDATION_GUARD", "FLAT", "0",
        {"margin_mode": "isolated"},
    ),
    "I, add": Scenario(
        LONG, "45406.63 > ADD 0.440", "FIRST_DCA", "0.740", {"margin_mode": "isolated"}, avg="47268.80702703",
    ),
    "I, then D-32": Scenario(
        LONG, "45406.63 > ADD 0.440; 45406.62 > ADD 0.440", "SECOND_DCA", "1.180", {"margin_mode": "isolated"},
        "45000", "46574.43220339",
    ),
    "J": Scenario(
        SHORT, BOTH_SHORT + "51500 > DCA2_RECOVERY 0.377, REDUCE 0.377; 50000 > DCA1_RECOVERY 0.388, REDUCE 0.388; "
        "46447.61 >; 46447.60 > HALF_PROFIT 0.150, REDUCE 0.150", "RUNNER", "0.150",
        pnl="40.88592 624.07887 774.12761",
    ),
    "K": Scenario(
        LONG, "55000 > HALF_PROFIT 0.150, REDUCE 0.150; 50050.01 >; "
        "50049.99 > BREAKEVEN_STOP 0.150, EXIT 0.150, CLOSED BREAKEVEN_STOP", "FLAT", "0",
    ),
    "K, without break-even": Scenario(
        LONG, "55000 > HALF_PROFIT 0.150, REDUCE 0.150; 50049.99 >; 45000.01 >; "
        "45000 > STOP_LOSS_INITIAL 0.150, EXIT 0.150, CLOSED STOP_LOSS_INITIAL", "FLAT", "0",
        {"breakeven_after_half": False},
    ),
    "NOTIONAL basis": Scenario(LONG, "48500 > ADD 0.041; 47000 > ADD 0.042", "SECOND_DCA", "0.113",
                               {"sizing_basis": "NOTIONAL"}),
    "no ladder": Scenario(
        LONG, "48500 >; 47000 >; 45000 > STOP_LOSS_INITIAL 0.300, EXIT 0.300, CLOSED STOP_LOSS_INITIAL", "FLAT", "0",
        {"dca_trigger": (), "weights": ("0.015",), "stop_by_stage": ("0.1",)},
    ),
    "half of 0.3": Scenario(LONG, "55000 > HALF_PROFIT 0.090, REDUCE 0.090", "RUNNER", "0.210",
                            {"half_close_ratio": "0.3"}),
}  # fmt: skip


@pytest.mark.requirement("R004-11", "R004-12", "R004-13", "R004-22", "R004-23", "R004-56", "R004-7", "R004-52")
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_does_at_each_tick_what_it_says(name: str) -> None:
    """Every tick scenario: each order and each reason at its tick, nothing at the ticks between, and the profits."""
    scenario = SCENARIOS[name]
    driver = Driver(patient(**scenario.changes))
    driver.signal(scenario.direction, "50000")
    for step in scenario.ticks.split(";"):
        tick, _, deeds = (part.strip() for part in step.partition(">"))
        price, _, fill = tick.partition("/")
        expected = [deed.strip() for deed in deeds.split(",")] if deeds else []
        assert driver.tick(price, fill=fill or None) == expected, tick
    position = driver.position
    assert (driver.state, position.qty) == (scenario.state, D(scenario.qty))
    if scenario.stop:
        assert shown(position.stop, scenario.stop) == D(scenario.stop)
    if scenario.avg:
        assert shown(position.avg, scenario.avg) == D(scenario.avg)
    for actual, like in zip(driver.pnl, scenario.pnl.split(), strict=False):
        assert shown(actual, like) == D(like)
    if scenario.pnl:
        assert len(driver.pnl) == len(scenario.pnl.split())


def test_the_estimated_liquidation_price_of_scenario_i_is_45180_7229() -> None:
    """I: LP 45 180.7229 and X 45 406.6265, the guard being the binding term."""
    driver = Driver(patient(margin_mode="isolated"))
    driver.signal(LONG, "50000")
    assert shown(driver.position.known_liquidation(), "45180.7229") == D("45180.7229")
    assert shown(driver.position.stop, "45406.6265") == D("45406.6265")
    assert driver.position.stop_reason == "LIQUIDATION_GUARD"


RESTING = {
    # scenario: direction, margin mode, ticks after the entry, inner stop, wall
    "B at the start": (LONG, "crossed", "", "44910.00", "44550.00"),
    "B at the end": (LONG, "crossed", "48500 47000", "45826.51", "44550.00"),
    "F at the start": (SHORT, "crossed", "", "55110.00", "55550.00"),
    "F at the end": (SHORT, "crossed", "51500 53000", "54297.25", "55550.00"),
    "I at the start": (LONG, "isolated", "", "45315.82", "45293.68"),
}


@pytest.mark.parametrize("name", RESTING)
def test_two_stops_rest_where_d_31_puts_them(name: str) -> None:
    """D-31: the inner stop follows each change of the stop, the wall stays where the first fill put it."""
    direction, mode, ticks, inner, wall = RESTING[name]
    driver = Driver(patient(margin_mode=mode))
    driver.signal(direction, "50000")
    for tick in ticks.split():
        driver.tick(tick)
    assert driver.resting(Purpose.STOP) == [D(inner)]
    assert driver.resting(Purpose.WALL) == [D(wall)]
    quantities = {order.purpose: order.qty for order in driver.stops.values()}
    assert quantities == {Purpose.STOP: driver.position.qty, Purpose.WALL: None}


def test_a_third_rung_keeps_the_stop_that_the_ratchet_holds() -> None:
    """D-30: stops of 10/8/7/5 %; X is 45 000, then 45 201.46067416 after each of the three adds."""
    plan = patient(
        weights=("0.015", "0.02", "0.02", "0.02"),
        dca_trigger=("0.03", "0.06", "0.09"),
        stop_by_stage=("0.10", "0.08", "0.07", "0.05"),
        max_positions=7,
    )
    driver = Driver(plan)
    driver.signal(LONG, "50000")
    stops = [shown(driver.position.stop, "45000")]
    for tick, qty in (("48500", "0.412"), ("47000", "0.425"), ("45500", "0.439")):
        assert driver.tick(tick) == [f"ADD {qty}"]
        stops.append(shown(driver.position.stop, "45201.46067416"))
    assert stops == [D(45_000), *[D("45201.46067416")] * 3]
    assert (driver.state, driver.position.qty) == ("DCA_3", D("1.576"))
    assert shown(driver.position.avg, "47545.36802030") == D("47545.36802030")
    assert driver.tick("45201.46") == ["STOP_LOSS_DCA_3 1.576", "EXIT 1.576", "CLOSED STOP_LOSS_DCA_3"]


def test_the_lots_of_three_rungs_are_closed_from_the_highest() -> None:
    """D-30: recoveries of a longer ladder go back rung by rung, each at the trigger of the rung below it."""
    plan = patient(
        weights=("0.015", "0.02", "0.02", "0.02"),
        dca_trigger=("0.03", "0.06", "0.09"),
        stop_by_stage=("0.10", "0.08", "0.07", "0.05"),
    )
    driver = Driver(plan)
    driver.signal(LONG, "50000")
    for tick in ("48500", "47000", "45500"):
        driver.tick(tick)
    assert driver.tick("46999.99") == []
    assert driver.tick("47000") == ["DCA3_RECOVERY 0.439", "REDUCE 0.439"]
    assert driver.tick("50000") == ["DCA2_RECOVERY 0.425", "DCA1_RECOVERY 0.412", "REDUCE 0.837"]


def test_a_liquidation_price_from_before_an_add_is_not_used() -> None:
    """D-32: scenario I with LP read at INITIAL; after ADD1 the tick 45 406.62 adds instead of leaving by the guard."""
    driver = Driver(patient(margin_mode="isolated"))
    driver.signal(LONG, "50000")
    driver.read_liquidation("45180.7229")
    assert driver.tick("45406.63") == ["ADD 0.440"]
    assert driver.tick("45406.62") == ["ADD 0.440"]
    assert shown(driver.position.avg, "46574.43220339") == D("46574.43220339")
    assert driver.position.stop == 45_000


def test_crossed_margin_has_the_guard_of_a_liquidation_price_only_until_the_next_fill() -> None:
    """D-32: a supplied LP makes the guard, a fill suspends it, the next reading brings it back."""
    driver = Driver(patient())
    driver.signal(LONG, "50000")
    driver.read_liquidation("46000")
    assert (driver.position.stop, driver.position.stop_reason) == (Fraction(46_230), "LIQUIDATION_GUARD")
    driver.tick("48500")
    assert shown(driver.position.stop, "45692.78089888") == D("45692.78089888")
    driver.read_liquidation("46000")
    assert driver.tick("46230") == ["LIQUIDATION_GUARD 0.712", "EXIT 0.712", "CLOSED LIQUIDATION_GUARD"]


def test_a_reduction_suspends_the_guard_too() -> None:
    """D-32: any change of Q, not an add only."""
    driver = Driver(patient())
    driver.signal(LONG, "50000")
    driver.tick("48500")
    driver.read_liquidation("46000")
    driver.tick("50000")
    assert shown(driver.position.stop, "45692.78089888") == D("45692.78089888")
    driver.read_liquidation("46000")
    assert driver.position.stop_reason == "LIQUIDATION_GUARD"


@pytest.mark.parametrize(("mode", "stop"), [("crossed", "55000.00"), ("isolated", "54506.97")])
@pytest.mark.parametrize("price", ["0", None])
def test_a_liquidation_price_of_zero_is_unknown(mode: str, stop: str, price: str | None) -> None:
    """D-32: the venue's 0 is no price: a SHORT keeps its stop, or the guard of the estimate, and is not closed."""
    driver = Driver(patient(margin_mode=mode))
    driver.signal(SHORT, "50000")
    driver.read_liquidation(price)
    assert shown(driver.position.stop, stop) == D(stop)
    assert driver.tick("50001") == []
    assert driver.state == "INITIAL"


def test_the_guard_names_a_stop_that_it_equals() -> None:
    """D-30: on equality the guard comes before the stage stop."""
    driver = Driver(patient(liq_guard_pct="0"))
    driver.signal(LONG, "50000")
    driver.read_liquidation("45000")
    assert (driver.position.stop, driver.position.stop_reason) == (Fraction(45_000), "LIQUIDATION_GUARD")


LEVERAGES = {
    # leverage, plan balance that keeps the plan's notional: denial, trigger, guard
    "10x": (10, "100000", "", "", ""),
    "20x": (20, "50000", "LEVERAGE_PLAN_INCOMPATIBLE", "47000", "47097.19"),
    "50x": (50, "20000", "LEVERAGE_PLAN_INCOMPATIBLE", "48500", "49442.77"),
}


@pytest.mark.parametrize("name", LEVERAGES)
def test_a_leverage_that_would_be_liquidated_before_a_rung_is_denied(name: str) -> None:
    """D-13: isolated 10x passes; 20x fails at the second trigger, 50x at the first; crossed is not asked."""
    leverage, balance, denial, trigger, guard = LEVERAGES[name]
    driver = Driver(patient(margin_mode="isolated", leverage=leverage), balance=balance)
    driver.signal(LONG, "50000")
    decision = driver.of(RecordDecision)[-1]
    assert (decision.accepted, decision.denial) == (not denial, denial)
    if denial:
        assert decision.value == trigger
        assert shown(D(decision.limit), guard) == D(guard)
    crossed = Driver(patient(leverage=leverage), balance=balance)
    crossed.signal(LONG, "50000")
    assert crossed.of(RecordDecision)[-1].accepted

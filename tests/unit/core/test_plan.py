"""What a configuration commits, where it stops and what it can lose, before any order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sadari.core.plan import LevelRow, PlanReport, check_plan
from sadari.model.instrument import Bracket, Instrument
from sadari.model.order import Direction, MarginMode, SizingBasis
from sadari.model.plan import Ladder, Risk, Settings
from sadari.model.reason import PlanFault

D = Decimal
EIGHT = D("1e-8")
CENT = D("0.01")


def decimals(text: str) -> tuple[Decimal, ...]:
    """Numbers out of a table's cell."""
    return tuple(D(word) for word in text.split())


def plan(risk: Risk | None = None, **ladder: Any) -> Settings:
    """Default settings but for these fields of the ladder."""
    return Settings(ladder=Ladder(**ladder), risk=risk or Risk())


def contract(rate: str) -> Instrument:
    """A contract with a step of 0.001 and one leverage bracket."""
    return Instrument(
        symbol="BTCUSDT", tick_size=D("0.01"), step_size=D("0.001"), min_qty=D("0.001"), max_qty=D(1000),
        market_max_qty=D(100), min_notional=D(5),
        brackets=(Bracket(floor=D(0), cap=D(10**9), max_leverage=125, maint_margin_rate=D(rate)),),
    )  # fmt: skip


def faults(report: PlanReport) -> set[PlanFault]:
    """The codes a report finds."""
    return {finding.fault for finding in report.findings if finding.fault is not None}


def levels(report: PlanReport, direction: Direction) -> list[LevelRow]:
    """The ladder of one direction."""
    return [row for row in report.levels if row.direction is direction]


TABLES = [
    # direction, stage, trigger, qty, total, average, stop, loss, half-close: the tables of §5.4
    ("LONG", 0, "50000 0.300 0.300", "50000", "45000", "1500.00", "55000"),
    ("LONG", 1, "48500 0.412 0.712", "49132.02247191", "45692.78089888", "2448.74", "54045.22471910"),
    ("LONG", 2, "47000 0.425 1.137", "48335.09234828", "45918.33773087", "2747.85", "53168.60158311"),
    ("SHORT", 0, "50000 0.300 0.300", "50000", "55000", "1500.00", "45000"),
    ("SHORT", 1, "51500 0.388 0.688", "50845.93023256", "54405.14534884", "2448.74", "45761.33720930"),
    ("SHORT", 2, "53000 0.377 1.065", "51608.45070423", "54188.87323944", "2748.15", "46447.60563380"),
]


@pytest.mark.parametrize(("direction", "stage", "order", "average", "stop", "loss", "half"), TABLES)
def test_the_ladder_of_100_000_has_the_levels_of_its_table(
    direction: str, stage: int, order: str, average: str, stop: str, loss: str, half: str
) -> None:
    """Every row of the two tables of worked levels, crossed margin, step 0.001."""
    settings = plan(margin_mode=MarginMode.CROSSED)
    row = levels(check_plan(settings, D(100_000), contract("0.004"), D(50_000)), Direction(direction))[stage]
    assert (row.trigger, row.qty, row.total_qty) == decimals(order)
    assert row.average.quantize(EIGHT) == D(average)
    assert row.stop.quantize(EIGHT) == D(stop)
    assert row.loss.quantize(CENT) == D(loss)
    assert row.half_close.quantize(EIGHT) == D(half)
    assert row.guard is None


SMALL = [
    ("LONG", "0.003 0.004 0.004", "50000 49142.85714286 48363.63636364", "45000 45702.85714286 45945.45454545"),
    ("SHORT", "0.003 0.003 0.003", "50000 50750 51500", "55000 54302.5 54075"),
]


@pytest.mark.parametrize(("direction", "quantities", "averages", "stops"), SMALL)
def test_the_ladder_of_1_000_rounds_down_to_the_step(
    direction: str, quantities: str, averages: str, stops: str
) -> None:
    """The small plan: its quantities lose much to the step, its levels follow from what is left."""
    settings = plan(margin_mode=MarginMode.CROSSED)
    rows = levels(check_plan(settings, D(1_000), contract("0.004"), D(50_000)), Direction(direction))
    assert tuple(row.qty for row in rows) == decimals(quantities)
    assert tuple(row.average.quantize(EIGHT) for row in rows) == decimals(averages)
    assert tuple(row.stop.quantize(EIGHT) for row in rows) == decimals(stops)


FOUR_STAGES: dict[str, Any] = {"weights": decimals("0.015 0.02 0.02 0.02"), "dca_trigger": decimals("0.03 0.06 0.09")}


def test_a_third_rung_beyond_its_stop_is_unreachable_on_both_sides() -> None:
    """D-30: triggers 3/6/9 % with stops 10/7/5/5 % fail at the third add, LONG and SHORT."""
    settings = plan(Risk(max_positions=7), **FOUR_STAGES, stop_by_stage=decimals("0.10 0.07 0.05 0.05"))
    report = check_plan(settings, D(1_000))
    texts = [f.text for f in report.findings if f.fault is PlanFault.LADDER_RUNG_UNREACHABLE]
    assert [text.partition(" at ")[0] for text in texts] == ["LONG: add 3", "SHORT: add 3"]


@pytest.mark.parametrize(("positions", "found"), [(7, set()), (8, {PlanFault.CONFIG_OVERCOMMITTED})])
def test_a_third_rung_with_wider_stops_is_accepted_up_to_seven_positions(positions: int, found: set[PlanFault]) -> None:
    """D-30: the same triggers with stops 10/8/7/5 % are reachable; eight such plans overcommit the balance."""
    risk = Risk(max_positions=positions, max_portfolio_stop_loss_pct=D("0.5"))
    settings = plan(risk, **FOUR_STAGES, stop_by_stage=decimals("0.10 0.08 0.07 0.05"))
    assert faults(check_plan(settings, D(1_000))) == found


def test_the_ratchet_keeps_the_stop_of_an_earlier_stage() -> None:
    """D-30: with stops 10/8/7/5 % the LONG ladder stops at 45 000 and then three times at the same level."""
    settings = plan(**FOUR_STAGES, stop_by_stage=decimals("0.10 0.08 0.07 0.05"), margin_mode=MarginMode.CROSSED)
    rows = levels(check_plan(settings, D(100_000), contract("0.004"), D(50_000)), Direction.LONG)
    assert [row.stop.quantize(EIGHT) for row in rows] == [D(45_000), *[D("45201.46067416")] * 3]
    assert (rows[3].trigger, rows[3].qty, rows[3].total_qty) == decimals("45500 0.439 1.576")
    assert rows[3].average.quantize(EIGHT) == D("47545.36802030")


INVALID: list[dict[str, Any]] = [
    {"dca_trigger": decimals("0.03")},
    {"weights": decimals("0.015 0.02")},
    {"stop_by_stage": decimals("0.1 0.1 0.1 0.1")},
    {"dca_trigger": decimals("0.06 0.03")},
    {"dca_trigger": decimals("0.03 0.03")},
    {"dca_trigger": decimals("0 0.06")},
    {"dca_trigger": decimals("0.03 1")},
    {"weights": decimals("0.015 0 0.02")},
    {"stop_by_stage": decimals("0.1 0.07 0")},
    {"stop_by_stage": decimals("1 0.07 0.05")},
    {"half_close_ratio": D(0)},
    {"half_close_ratio": D("1.01")},
]


@pytest.mark.parametrize("fields", INVALID, ids=[" ".join(map(str, fields.items())) for fields in INVALID])
def test_a_ladder_that_contradicts_itself_is_invalid(fields: dict[str, Any]) -> None:
    """D-30: lengths, order and ranges; nothing else is worked out for such a ladder."""
    report = check_plan(plan(**fields), D(1_000))
    assert faults(report) == {PlanFault.LADDER_CONFIG_INVALID}
    assert report.levels == ()


def test_no_ladder_at_all_is_a_valid_plan() -> None:
    """D-30: n may be 0."""
    settings = plan(dca_trigger=(), weights=decimals("0.015"), stop_by_stage=decimals("0.05"))
    assert faults(check_plan(settings, D(1_000))) == set()


LEVERAGES = [
    (10, "45406.63 44618.39", set()),
    (20, "47929.22 47097.19", {PlanFault.LEVERAGE_PLAN_INCOMPATIBLE}),
    (50, "49442.77", {PlanFault.LEVERAGE_PLAN_INCOMPATIBLE}),
]


@pytest.mark.parametrize(("leverage", "guards", "found"), LEVERAGES)
def test_a_leverage_that_liquidates_before_an_add_is_incompatible(
    leverage: int, guards: str, found: set[PlanFault]
) -> None:
    """D-13, LONG at 50 000 with a rate of 0.4 %: 10x passes, 20x fails at add 2, 50x fails at add 1."""
    # The weights shrink with the leverage so that each plan has the notional of the 10x one.
    settings = plan(Risk(max_portfolio_stop_loss_pct=D(1)), leverage=leverage)
    balance = D(100_000) * 10 / leverage
    report = check_plan(settings, balance, contract("0.004"), D(50_000))
    rows = levels(report, Direction.LONG)
    guard = [row.guard.quantize(CENT) for row in rows if row.guard is not None]
    assert guard[: len(guards.split())] == list(decimals(guards))
    long = {f.fault for f in report.findings if f.fault and f.text.startswith("LONG")}
    assert long == found


@pytest.mark.parametrize(("rate", "direction", "move"), [
    ("0.004", Direction.LONG, "-9.64"), ("0.01", Direction.LONG, "-9.09"), ("0.004", Direction.SHORT, "9.56"),
])  # fmt: skip
def test_ten_times_isolated_is_liquidated_before_a_stop_of_ten_percent(
    rate: str, direction: Direction, move: str
) -> None:
    """D-13: the estimate of the liquidation price at 10x, as a move from the entry; the report says so."""
    report = check_plan(plan(), D(100_000), contract(rate), D(50_000))
    row = levels(report, direction)[0]
    assert row.liquidation is not None
    assert ((row.liquidation / row.average - 1) * 100).quantize(CENT) == D(move)
    assert row.guarded
    assert any(f.fault is None and f.text.startswith(f"{direction} INITIAL") for f in report.findings)


def test_scenario_i_starts_at_its_guard() -> None:
    """§5.4 I: liquidation 45 180.7229 and a stop at 45 406.6265, which replaces the one at 45 000."""
    row = levels(check_plan(plan(), D(100_000), contract("0.004"), D(50_000)), Direction.LONG)[0]
    assert row.liquidation is not None
    assert (row.liquidation.quantize(D("1e-4")), row.stop.quantize(D("1e-4"))) == decimals("45180.7229 45406.6265")


CAPITAL = [
    # the table of §9.5, balance 1 000: capital, notional, loss at the stop by stage; 10 at SECOND; the mix
    (SizingBasis.MARGIN, "15 35 55", "150 350 550", "15.00 24.50 27.50", "275.00", "241.00"),
    (SizingBasis.NOTIONAL, "1.5 3.5 5.5", "15 35 55", "1.50 2.45 2.75", "27.50", "24.10"),
]


@pytest.mark.requirement("R004-43", "R004-36", "R004-37")
@pytest.mark.parametrize(("basis", "capital", "notional", "losses", "ten", "mix"), CAPITAL)
def test_the_figures_of_the_plan_are_those_of_the_table(
    basis: SizingBasis, capital: str, notional: str, losses: str, ten: str, mix: str
) -> None:
    """Capital, exposure and worst case of both sizing bases, exact."""
    report = check_plan(plan(sizing_basis=basis), D(1_000))
    rows = [row for row in report.capital if row.basis is basis]
    assert tuple(row.capital for row in rows) == decimals(capital)
    assert tuple(row.notional for row in rows) == decimals(notional)
    assert tuple(row.loss for row in rows) == decimals(losses)
    assert report.worst_case == D(ten)
    assert 2 * rows[0].loss + 3 * rows[1].loss + 5 * rows[2].loss == D(mix)


OVERCOMMITTED = [
    (15, "0.025 0.03 0.03", True),
    (10, "0.025 0.03 0.03", True),
    (15, "0.015 0.02 0.02", True),
    (10, "0.015 0.02 0.02", False),
]


@pytest.mark.requirement("R004-38")
@pytest.mark.parametrize(("positions", "weights", "found"), OVERCOMMITTED)
def test_more_positions_than_the_reserve_allows_are_overcommitted(positions: int, weights: str, found: bool) -> None:
    """§9.5: 15·8.5 %, 10·8.5 % and 15·5.5 % break a reserve of 45 %, 10·5.5 % just keeps it."""
    settings = plan(Risk(max_positions=positions), weights=decimals(weights))
    assert (PlanFault.CONFIG_OVERCOMMITTED in faults(check_plan(settings, D(1_000)))) is found


@pytest.mark.requirement("R004-39")
@pytest.mark.parametrize(("basis", "cap", "found"), [
    (SizingBasis.MARGIN, "0.275", False), (SizingBasis.MARGIN, "0.2749", True), (SizingBasis.MARGIN, "0.03", True),
    (SizingBasis.NOTIONAL, "0.03", False),
])  # fmt: skip
def test_a_worst_case_beyond_the_cap_is_refused(basis: SizingBasis, cap: str, found: bool) -> None:
    """D-08: the real 27.5 % passes a cap of 27.5 % and no smaller one; the loss-limited preset keeps below 3 %."""
    settings = plan(Risk(max_portfolio_stop_loss_pct=D(cap)), sizing_basis=basis)
    assert (PlanFault.PORTFOLIO_RISK_CAP in faults(check_plan(settings, D(1_000)))) is found


@pytest.mark.requirement("R004-43", "R004-36")
def test_the_figure_that_leaves_out_the_leverage_is_flagged() -> None:
    """The documents' 2.75 % omits the leverage that their exposure includes; 27.5 % is real."""
    texts = [finding.text for finding in check_plan(plan(), D(1_000)).findings if finding.fault is None]
    assert any("2.75 %" in text and "27.5 %" in text for text in texts)


def test_orders_below_the_smallest_are_named() -> None:
    """A plan too small for a contract says which of its orders it will leave out."""
    report = check_plan(plan(margin_mode=MarginMode.CROSSED), D(100), contract("0.004"), D(50_000))
    assert any("it will be left out" in finding.text for finding in report.findings)


@pytest.mark.requirement("R004-10")
def test_the_first_version_of_the_ladder_is_a_configuration_of_this_one() -> None:
    """2.5, 3 and 3 % at tenfold leverage, adds at -3 and -6 %, the stop at -10 %; not for ten positions."""
    first = {"weights": decimals("0.025 0.03 0.03"), "stop_by_stage": decimals("0.10 0.10 0.10")}
    three = Risk(max_positions=3, strategy_positions=3)
    report = check_plan(plan(three, margin_mode=MarginMode.CROSSED, **first), D(100_000), contract("0.001"), D(50_000))
    rows = [row for row in report.levels if row.direction is Direction.LONG]
    assert [row.trigger for row in rows] == [D(50_000), D(48_500), D(47_000)]
    assert [row.qty for row in rows] == [D("0.500"), D("0.618"), D("0.638")]
    assert [row.stop for row in rows] == [D(45_000)] * 3
    assert [row.loss for row in rows] == [D(2_500), D(4_663), D(5_939)]
    assert report.faults == ()
    ten = faults(check_plan(plan(Risk(), **first), D(100_000)))
    assert {PlanFault.CONFIG_OVERCOMMITTED, PlanFault.PORTFOLIO_RISK_CAP} <= set(ten)

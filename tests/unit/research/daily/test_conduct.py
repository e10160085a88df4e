"""What a day says of orders, incidents, protection, margin, and of what begins on one day and ends on another."""

from __future__ import annotations

import pytest

from sadari.core.engine import Engine
from sadari.model.command import Command, RecordMove, RecordPosition, SendAlert
from sadari.model.event import (
    AccountUpdated,
    ConditionTold,
    EngineTurned,
    Event,
    FundingPaid,
    GateOpened,
    GateShut,
    OrderAccepted,
    OrderFilled,
    OrderRejected,
    OutcomeUnknown,
    PositionRecord,
    PositionsShown,
    StopStuck,
    TransferListed,
)
from sadari.model.order import Direction, Purpose, Side
from sadari.model.reason import RejectReason
from sadari.model.units import DAY_NS, MINUTE_NS, SECOND_NS
from sadari.research.daily.days import Days, Section
from sadari.research.daily.spans import day_of, week_of
from tests.ladder_driver import SYMBOL, Driver, patient
from tests.unit.research.stories import START, D, Scribe

LONG = Direction.LONG
FIRST, SECOND = day_of(START), day_of(START + DAY_NS)
MIDNIGHT = 1440


def both(tale: Scribe) -> tuple[Section, Section]:
    """The two days of a story, all of whose sums hold."""
    days = Days(tale.records)
    told = days.of(FIRST), days.of(SECOND)
    assert not [check for one in told for check in one["checks"] if not check["holds"]]
    return told


def said(driver: Driver) -> list[Event | Command]:
    """What a fresh engine says to the events of a driver."""
    engine, records = Engine(driver.settings, driver.instruments), list[Event | Command]()
    for event in driver.events:
        records += [event, *engine.handle(event)]
    return records


def over_midnight() -> Scribe:
    """A long that is opened and pays funding on the first day, and is closed in two parts, one on each day."""
    tale = Scribe()
    tale.enter(1300, "AUSDT", LONG, D(100), D(4))
    tale.fund(1400, "AUSDT", D("-0.25"))
    tale.reduce(1430, "AUSDT", LONG, D(110), {"HALF_PROFIT": D(2)}, 1)
    tale.fund(1500, "AUSDT", D("0.05"))
    tale.exit(1600, "AUSDT", LONG, D(99), "BREAKEVEN_STOP")
    tale.record("AUSDT", LONG, 1300, 1600, "BREAKEVEN_STOP")
    return tale


def test_a_position_over_midnight_is_opened_on_one_day_and_ended_on_the_next() -> None:
    """Its whole result is told where it ended, and it is held in between."""
    first, second = both(over_midnight())
    assert (first["positions"]["opened"], second["positions"]["opened"]) == (1, 0)
    assert (first["results"]["ended"], second["results"]["ended"]) == (0, 1)
    assert (first["positions"]["held_at_end"], second["positions"]["held_at_start"]) == (1, 1)
    assert (second["positions"]["over"], second["positions"]["held_at_end"]) == (1, 0)
    assert (second["positions"]["at_once"], second["results"]["net"]) == (1, "16.3")


def test_what_is_booked_over_midnight_is_told_on_the_day_of_each_booking() -> None:
    """Of 16.30 in all 18.75 were booked on the first day; both agree with the wallet."""
    first, second = (one["booked"] for one in both(over_midnight()))
    assert (first["price"], first["fees"], first["funding"], first["net"]) == ("20", "-1", "-0.25", "18.75")
    assert (second["price"], second["fees"], second["funding"], second["net"]) == ("-2", "-0.5", "0.05", "-2.45")
    by_reason = {row["name"]: row["net"] for row in first["by_reason"]}
    assert by_reason == {"FUNDING": "-0.25", "HALF_PROFIT": "19.5", "OPENING": "-0.5"}
    assert [(row["name"], row["net"]) for row in second["by_strategy"]] == [("test", "-2.45")]


def test_a_trade_that_is_told_after_midnight_belongs_to_the_day_that_booked_it() -> None:
    """The venue's own time counts, whenever the engine hears of it."""
    tale = Scribe()
    tale.enter(1439, "AUSDT", LONG, D(100), D(1))
    order = tale.place("AUSDT", Purpose.EXIT, Side.SELL, D(1))
    late = OrderFilled(
        time_ns=tale.at(1450), booked_ns=tale.at(1439.5), symbol="AUSDT", client_order_id=order, trade_id=9_000,
        price=D(110), qty=D(1), fee=D("0.5"), realized_pnl=D(10), buyer=False,
    )  # fmt: skip
    tale.write(late)
    first, second = both(tale)
    assert (first["booked"]["net"], second["booked"]["net"]) == ("9", "0")
    assert (first["fills"]["trades"], second["fills"]["trades"]) == (2, 0)
    assert first["positions"]["held_at_end"] == 0
    assert [row["symbol"] for row in first["incidents"]["unsettled"]] == ["AUSDT"]


def test_what_a_reconnect_tells_again_is_counted_once() -> None:
    """The same trade and the same payment of funding."""
    tale = over_midnight()
    again = [record for record in tale.records if isinstance(record, OrderFilled | FundingPaid)]
    plain = both(tale)
    tale.write(*again)
    for before, after in zip(plain, both(tale), strict=True):
        assert (after["booked"]["net"], after["fills"]) == (before["booked"]["net"], before["fills"])


@pytest.mark.requirement("R003-2")
def test_every_order_has_one_fate_and_rates_name_what_they_are_of() -> None:
    """Filled, canceled, refused, working and unanswered; a stop that is canceled is no failure to fill."""
    tale = Scribe()
    tale.enter(0, "AUSDT", LONG, D(100), D(1))
    tale.protect(1, "AUSDT", LONG)
    tale.cancel(2, "AUSDT", tale.protect(1, "AUSDT", LONG))
    refused = tale.place("AUSDT", Purpose.ADD, Side.BUY, D(1))
    tale.write(
        OrderRejected(
            time_ns=tale.at(3), symbol="AUSDT", client_order_id=refused, code=-2019,
            reason=RejectReason.INSUFFICIENT_MARGIN,
        )
    )  # fmt: skip
    tale.place("AUSDT", Purpose.EXIT, Side.SELL, D(1))
    orders = both(tale)[0]["orders"]
    fates = [orders[fate] for fate in ("sent", "filled", "canceled", "refused", "working", "unanswered")]
    assert fates == [5, 1, 1, 1, 1, 1]
    assert orders["success_rate"] == 3 / 4
    assert (orders["trading_sent"], orders["fill_rate"]) == (3, 1 / 3)
    assert orders["refusals"] == [{"code": -2019, "reason": "INSUFFICIENT_MARGIN", "count": 1}]


def test_an_order_without_an_answer_stands_until_it_is_heard_of() -> None:
    """With what it turned out to be; over midnight it is an incident of both days."""
    tale = Scribe()
    tale.enter(0, "AUSDT", LONG, D(100), D(1))
    name = tale.place("AUSDT", Purpose.WALL, Side.SELL, None)
    lost = OutcomeUnknown(time_ns=tale.at(MIDNIGHT) - SECOND_NS, symbol="AUSDT", client_order_id=name)
    found = OrderAccepted(time_ns=tale.at(MIDNIGHT) + 2 * SECOND_NS, symbol="AUSDT", client_order_id=name)
    tale.write(lost, lost, found)
    first, second = (one["incidents"]["unknown_orders"] for one in both(tale))
    assert first == second
    (row,) = first
    assert (row["purpose"], row["lasted_s"], row["resolved_as"]) == ("WALL", 3.0, "accepted")


def test_incidents_are_loud_alerts_shut_gates_and_the_engines_moves() -> None:
    """An alert that only informs is counted; a gate names how long it was shut; a move names what caused it."""
    tale = Scribe()
    tale.write(
        EngineTurned(time_ns=tale.at(0), trigger="reconciled"),
        RecordMove(symbol="", position_id=0, event="reconciled", source="RECONCILING", target="RUNNING"),
        SendAlert(severity="info", code="STARTED"),
        SendAlert(severity="critical", code="UNPROTECTED", symbol="AUSDT", text="no stop"),
        GateShut(time_ns=tale.at(10), cause="multi_assets"),
        GateShut(time_ns=tale.at(11), cause="multi_assets"),
        GateShut(time_ns=tale.at(11), cause="hedge", symbol="AUSDT"),
        GateOpened(time_ns=tale.at(40), cause=""),
        *(
            ConditionTold(
                time_ns=tale.at(50),
                code="portfolio_drawdown",
                edge=edge,
                severity="critical",
                value="-0.11",
                threshold="-0.1",
                text="equity 890",
            )
            for edge in ("raised", "reminded", "recovered")
        ),
        EngineTurned(time_ns=tale.at(60), trigger="data_lost", cause="user_stream"),
        RecordMove(symbol="", position_id=0, event="data_lost", source="RUNNING", target="DEGRADED"),
        GateOpened(time_ns=tale.at(MIDNIGHT + 60), cause="hedge", symbol="AUSDT"),
    )
    first, second = (one["incidents"] for one in both(tale))
    assert [(row["severity"], row["code"], row["text"]) for row in first["alerts"]] == [
        ("critical", "UNPROTECTED", "no stop"),
        ("critical", "portfolio_drawdown", "-0.11 (limit -0.1), equity 890"),
    ]
    assert first["alerts_by_severity"] == {"critical": 2, "info": 1}
    shut = [(row["cause"], row["symbol"], row["lasted_s"]) for row in first["gates_shut"]]
    assert shut == [("multi_assets", "", 1800.0), ("hedge", "AUSDT", 89_340.0)]
    assert [row["cause"] for row in second["gates_shut"]] == ["hedge"]
    assert [(row["to"], row["cause"]) for row in first["engine"]["moves"]] == [
        ("RUNNING", ""),
        ("DEGRADED", "user_stream"),
    ]
    assert first["engine"]["in_state_s"] == {"DEGRADED": 82_800.0, "RUNNING": 3600.0}
    assert second["engine"]["in_state_s"] == {"DEGRADED": 3600.0}


def test_time_without_a_stop_is_cut_at_midnight_and_a_stop_covers_its_quantity() -> None:
    """A stop over a part of what is held covers nothing; one that closes whatever is held covers all of it."""
    tale = Scribe()
    tale.enter(MIDNIGHT - 2, "AUSDT", LONG, D(100), D(4))
    part = tale.place("AUSDT", Purpose.STOP, Side.SELL, D(3))
    tale.write(OrderAccepted(time_ns=tale.at(MIDNIGHT - 1), symbol="AUSDT", client_order_id=part))
    tale.protect(MIDNIGHT + 3, "AUSDT", LONG)
    first, second = (one["unprotected"] for one in both(tale))
    assert (first["spells"], first["total_s"], first["longest_symbol"]) == (1, 120.0, "AUSDT")
    assert (second["spells"], second["total_s"], second["open"]) == (1, 180.0, [])


def test_a_stop_that_triggered_without_an_order_covers_nothing() -> None:
    """From the moment on at which the venue has told it."""
    tale = Scribe()
    tale.enter(0, "AUSDT", LONG, D(100), D(4))
    stop = tale.protect(0, "AUSDT", LONG)
    tale.write(StopStuck(time_ns=tale.at(10), symbol="AUSDT", client_order_id=stop))
    tale.exit(12, "AUSDT", LONG, D(90), "STOP_LOSS_INITIAL")
    assert both(tale)[0]["unprotected"]["total_s"] == 120.0


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_position_that_was_found_is_held_from_then_on_and_ends_with_its_result(sign: str) -> None:
    """The real engine takes it over: nobody's trades opened it, and only what closed it is booked."""
    driver = Driver(patient(auto_adopt=True))
    shown = PositionRecord(SYMBOL, D(f"{sign}0.300"), D(50_000))
    driver.give(PositionsShown(time_ns=driver.now_ns, positions=(shown,), symbol=SYMBOL))
    driver.tick("50010")
    told = Days(said(driver)).of(day_of(driver.now_ns))
    assert (told["positions"]["opened"], told["positions"]["held_at_end"], told["orders"]["working"]) == (1, 1, 2)
    for price in ("45000", "55000", "50000"):
        driver.tick(price)
    told = Days(said(driver)).of(day_of(driver.now_ns))
    assert not [check for check in told["checks"] if not check["holds"]]
    assert (told["positions"]["held_at_end"], told["results"]["ended"]) == (0, 1)
    (row,) = told["results"]["by_direction"]
    assert (row["name"], row["price"]) == ("SHORT" if sign else "LONG", told["booked"]["price"])
    assert told["results"]["by_strategy"][0]["name"] == "adopted"
    assert "OPENING" not in {row["name"] for row in told["booked"]["by_reason"]}
    assert told["unprotected"]["total_s"] == 0


def test_margin_in_use_begins_with_what_the_day_before_has_left() -> None:
    """40 of 10,000 from the evening on, nothing from noon: half the day's mean."""
    tale = Scribe()
    tale.enter(1400, "AUSDT", LONG, D(100), D(4))
    for time_ns, free in ((tale.at(MIDNIGHT + 720), 10_000), (tale.at(2 * MIDNIGHT), 9_000)):
        tale.write(AccountUpdated(time_ns=time_ns, cause="TEST", wallet_balance=D(10_000), available_balance=D(free)))
    margin = both(tale)[1]["margin"]
    used = 40 / 9_999.5
    assert margin["max"] == pytest.approx(used)
    assert margin["mean"] == pytest.approx(used / 2)


def test_a_transfer_is_no_profit_and_leaves_nothing_unexplained() -> None:
    """The wallet rose by 100 that nobody earned."""
    tale = Scribe()
    tale.enter(1400, "AUSDT", LONG, D(100), D(4))
    now = tale.at(MIDNIGHT + 5)
    tale.wallet += 100
    tale.write(
        TransferListed(time_ns=now, asset="USDT", amount=D(100), booked_ns=now),
        AccountUpdated(
            time_ns=now, cause="DEPOSIT", wallet_balance=tale.wallet, available_balance=tale.wallet, change=D(100)
        ),
    )  # fmt: skip
    wallet = both(tale)[1]["booked"]["wallet"]
    assert (wallet["change"], wallet["transfers"], wallet["unexplained"]) == ("100", "100", "0")


def test_rewards_are_multiples_of_what_the_plan_allowed_to_lose() -> None:
    """A loss of 101 and a win of 299 before a planned 200, and one without a plan."""
    tale = Scribe(symbols=("AUSDT", "BUSDT", "CUSDT"))
    for symbol, out, worst in (("AUSDT", "75.25", 200), ("BUSDT", "175", 200), ("CUSDT", "101", 0)):
        tale.enter(0, symbol, LONG, D(100), D(4))
        tale.exit(10, symbol, LONG, D(out), "STOP_LOSS_INITIAL")
        tale.record(symbol, LONG, 0, 10, "STOP_LOSS_INITIAL", worst_case=D(worst))
    rewards = both(tale)[0]["rewards"]
    risk, quote = rewards["in_risk"], rewards["in_quote"]
    assert (risk["positions"], risk["without_plan"], risk["min"], risk["max"]) == (2, 1, -0.5, 1.495)
    counts = {(row["from"], row["to"]): row["count"] for row in risk["bins"] if row["count"]}
    assert counts == {(-0.5, 0.0): 1, (1.0, 2.0): 1}
    assert (quote["positions"], quote["profit"], quote["loss"]) == (3, "302", "-100")


def test_a_position_that_was_written_off_has_ended_and_is_neither_won_nor_lost() -> None:
    """Its result is unknown, and the win rate is of the others."""
    tale = Scribe(symbols=("AUSDT", "BUSDT"))
    tale.trade(0, "AUSDT", LONG, D(100), D(110), "HALF_PROFIT")
    tale.enter(100, "BUSDT", LONG, D(100), D(1))
    tale.write(
        RecordPosition(
            symbol="BUSDT", position_id=2, direction=LONG, strategy="test", signal_id="x", opened_ns=tale.at(100),
            closed_ns=tale.at(200), stage=0, reason="MANUAL_EXTERNAL", entry_qty=D(1), max_qty=D(1),
            entry_price=D(100), exit_price=None, pnl=None, fees=D(0), adds=0, max_notional=D(100),
            plan_balance=D(10_000), worst_case=D(200), unexplained=True,
        )
    )  # fmt: skip
    results = both(tale)[0]["results"]
    assert (results["ended"], results["wins"], results["unknown"], results["win_rate"]) == (2, 1, 1, 1.0)


def test_a_week_is_named_by_the_year_that_most_of_it_lies_in() -> None:
    """2027 begins on a Friday: its first days are of the last week of 2026."""
    new_year = 20_819 * DAY_NS
    assert (day_of(new_year).name, week_of(new_year).name) == ("2027-01-01", "2026-W53")
    assert week_of(new_year + 3 * DAY_NS).name == "2027-W01"
    assert week_of(new_year + 3 * DAY_NS - MINUTE_NS).days()[-1].name == "2027-01-03"

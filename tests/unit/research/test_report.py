"""A report says what the records say: each fill once, each reason where it belongs, nothing made up."""

from __future__ import annotations

import json

import msgspec
import pytest

from sadari.model.command import Audit, PlaceOrder
from sadari.model.event import OrderRejected
from sadari.model.order import Direction, OrderType, Purpose, Side
from sadari.model.reason import RejectReason
from sadari.research.report import Summary, summarize, text
from sadari.research.run_record import InFlightOrder, OpenPosition
from tests.unit.research.stories import START, D, Scribe

LONG, SHORT = Direction.LONG, Direction.SHORT


def ladder_story() -> Scribe:
    """A long that adds once, recovers the lot and half of the rest in one order, and stops out with what is left."""
    tale = Scribe()
    tale.enter(0, "AUSDT", LONG, D(100), D(4))
    wall = tale.protect(1, "AUSDT", LONG)
    tale.add(10, "AUSDT", LONG, D(97), D(4), rung=1)
    tale.fund(480, "AUSDT", D("-0.25"))
    tale.reduce(500, "AUSDT", LONG, D(110), {"DCA1_RECOVERY": D(4), "HALF_PROFIT": D(2)}, 1)
    tale.exit(600, "AUSDT", LONG, D(99), "BREAKEVEN_STOP")
    tale.cancel(600, "AUSDT", wall)
    tale.record("AUSDT", LONG, 0, 600, "BREAKEVEN_STOP", stage=1)
    return tale


def named(rows: list[Summary], key: str, name: object) -> Summary:
    """The row of a section with this name."""
    return next(row for row in rows if row[key] == name)


@pytest.mark.requirement("R003-2", "R000-24")
def test_profit_is_split_into_price_fees_and_funding_that_add_up_to_the_wallet() -> None:
    """The average is 98.50: 6 at 110 bring 69, 2 at 99 bring 1; four fills cost 2; funding costs 0.25."""
    result = summarize(ladder_story().run())["result"]
    assert (result["price"], result["fees"], result["funding"]) == ("70", "-2", "-0.25")
    assert (result["wallet_change"], result["difference"], result["adds_up"]) == ("67.75", "0", True)


def test_one_combined_reduction_is_two_exits_with_their_own_reasons() -> None:
    """Profit and fee of the order are shared by quantity, to the smallest unit."""
    exits = summarize(ladder_story().run())["exits"]
    recovery, half = named(exits, "reason", "DCA1_RECOVERY"), named(exits, "reason", "HALF_PROFIT")
    assert (recovery["qty"], recovery["pnl"], recovery["fees"]) == ({"AUSDT": "4"}, "46", "-0.33333333")
    assert (half["qty"], half["pnl"], half["fees"]) == ({"AUSDT": "2"}, "23", "-0.16666667")
    assert named(exits, "reason", "BREAKEVEN_STOP")["pnl"] == "1"


def test_entries_and_adds_are_counted_by_rung() -> None:
    """The second rung of the plan was never bought."""
    entries = summarize(ladder_story().run())["entries"]
    assert [(row["rung"], row["count"], row["value"]) for row in entries] == [(0, 1, "400"), (1, 1, "388"), (2, 0, "0")]


def test_a_position_tells_its_whole_life() -> None:
    """Times, stage, prices, result and the reason of every part."""
    (life,) = summarize(ladder_story().run())["positions"]
    assert (life["id"], life["symbol"], life["direction"], life["stage"]) == (1, "AUSDT", "LONG", "FIRST_DCA")
    assert (life["opened"], life["closed"]) == ("2023-07-02T00:00:00Z", "2023-07-02T10:00:00Z")
    assert (life["pnl"], life["fees"], life["funding"], life["net"]) == ("70", "-2", "-0.25", "67.75")
    assert [part["reason"] for part in life["parts"]] == ["DCA1_RECOVERY", "HALF_PROFIT", "BREAKEVEN_STOP"]


def test_funding_without_rates_is_not_known_and_never_zero() -> None:
    """The symbol, its group, the whole: none of them shows a number."""
    tale = Scribe(symbols=("AUSDT", "BUSDT"), unknown=("BUSDT",))
    tale.trade(0, "AUSDT", LONG, D(100), D(101), "HALF_PROFIT")
    tale.trade(100, "BUSDT", LONG, D(100), D(101), "HALF_PROFIT")
    summary = summarize(tale.run())
    assert (summary["result"]["funding"], summary["result"]["funding_unknown_for"]) == (None, ["BUSDT"])
    assert [row["funding"] for row in summary["by_symbol"]] == ["0", None]
    assert "    funding                 not known\n" in text(summary)


@pytest.mark.parametrize(("spans", "funding"), [(((0, 10**19),), "0"), (((0, 1),), None)])
def test_funding_is_judged_by_the_time_a_position_was_held(
    spans: tuple[tuple[int, int], ...], funding: str | None
) -> None:
    """Rates that end before the data do are enough for what had ended by then."""
    tale = Scribe(symbols=("AUSDT",), unknown=("AUSDT",))
    tale.trade(0, "AUSDT", LONG, D(100), D(101), "HALF_PROFIT")
    run = tale.run()
    symbols = tuple(msgspec.structs.replace(facts, funding_spans=spans) for facts in run.symbols)
    assert summarize(msgspec.structs.replace(run, symbols=symbols))["result"]["funding"] == funding


def test_a_symbol_without_rates_that_was_never_held_leaves_the_funding_known() -> None:
    """Nothing was missed where nothing was held."""
    tale = Scribe(symbols=("AUSDT", "BUSDT"), unknown=("BUSDT",))
    tale.trade(0, "AUSDT", LONG, D(100), D(101), "HALF_PROFIT")
    assert summarize(tale.run())["result"]["funding"] == "0"


@pytest.mark.requirement("R003-2")
def test_signals_denials_fills_and_wins_are_four_different_counts() -> None:
    """Six signals: four denied in three spells, two filled, one of them a win."""
    tale = Scribe()
    tale.trade(0, "AUSDT", LONG, D(100), D(110), "HALF_PROFIT")
    for minute in (70, 71, 75):
        denial = "REENTRY_LIMIT" if minute == 75 else "COOLDOWN_ACTIVE"
        tale.signal(minute, "AUSDT", SHORT, D(100), accepted=False, denial=denial, value="5", limit="15")
    tale.trade(80, "AUSDT", SHORT, D(100), D(101), "STOP_LOSS_INITIAL")
    tale.signal(200, "AUSDT", LONG, D(100), accepted=False, denial="COOLDOWN_ACTIVE", value="1", limit="60")
    summary = summarize(tale.run())
    signals = summary["signals"]
    assert (signals["raised"], signals["accepted"], signals["denied"], signals["filled"]) == (6, 2, 4, 2)
    assert signals["gates"] == [
        {"gate": "COOLDOWN_ACTIVE", "count": 3, "episodes": 2, "symbols": 1},
        {"gate": "REENTRY_LIMIT", "count": 1, "episodes": 1, "symbols": 1},
    ]
    first = signals["denials"][0]
    assert (first["time"], first["symbol"], first["side"]) == ("2023-07-02T01:10:00Z", "AUSDT", "SELL")
    assert (first["gate"], first["value"], first["limit"]) == ("COOLDOWN_ACTIVE", "5", "15")
    assert (signals["fill_rate"], summary["statistics"]["win_rate"]) == (2 / 6, 0.5)


def test_an_exit_that_no_record_explains_takes_the_reason_of_its_position() -> None:
    """A liquidation comes under the venue's own order id; the record names it afterwards."""
    tale = Scribe()
    tale.enter(0, "AUSDT", LONG, D(100), D(1))
    tale.fill(5, "AUSDT", "autoclose-1", LONG, D(91), D(1), opens=False, cause="LIQUIDATION")
    tale.record("AUSDT", LONG, 0, 5, "EXCHANGE_LIQUIDATION")
    summary = summarize(tale.run())
    assert [(row["reason"], row["pnl"]) for row in summary["exits"]] == [("EXCHANGE_LIQUIDATION", "-9")]
    assert summary["incidents"]["liquidations"] == 1
    assert "LIQUIDATED BY THE VENUE" in text(summary)


def test_the_worst_case_of_the_plan_stands_beside_the_worst_that_happened() -> None:
    """Default ladder: 55 % of a balance at 5 % is 2.75 %; here one position lost more than its own plan."""
    tale = Scribe()
    tale.trade(0, "AUSDT", LONG, D(1000), D(700), "LIQUIDATION_GUARD")
    worst = summarize(tale.run())["worst_case"]
    assert worst["configured"] == {"position": 0.0275, "positions": 1, "account": 0.0275, "limit": 0.3}
    assert (worst["worst_position"]["pnl"], worst["worst_position"]["fraction"]) == ("-300", -0.03)
    (beyond,) = worst["beyond_plan"]
    assert (beyond["id"], beyond["pnl"], beyond["worst_case"], beyond["beyond"]) == (1, "-300", "200", "100")
    assert worst["planned_at_once"] == "200"


def test_a_position_without_a_confirmed_stop_is_seen() -> None:
    """One minute passes between the fill and the stop's confirmation."""
    guard = summarize(ladder_story().run())["protection"]
    assert guard == {"spells": 1, "longest_s": 60.0, "longest_symbol": "AUSDT", "bare_at_end": []}


def test_a_stop_that_ends_while_the_position_is_held_leaves_it_bare() -> None:
    """Covered from minute 1 to 5, bare until the next stop is confirmed at minute 8."""
    tale = Scribe()
    tale.enter(0, "AUSDT", LONG, D(100), D(1))
    first = tale.protect(1, "AUSDT", LONG)
    tale.cancel(5, "AUSDT", first)
    tale.protect(8, "AUSDT", LONG)
    guard = summarize(tale.run())["protection"]
    assert (guard["spells"], guard["longest_s"], guard["bare_at_end"]) == (2, 180.0, [])


@pytest.mark.requirement("R000-24")
def test_order_success_rate_margin_in_use_and_risk_adjusted_return_are_exact() -> None:
    """Two orders taken, one refused; half a day of 1,000 at tenfold leverage; +1 % after a fall of 2 %."""
    tale = Scribe(days=1)
    tale.enter(0, "AUSDT", LONG, D(1000), D(1))
    refused = tale.place("AUSDT", Purpose.ADD, Side.BUY, D(1))
    tale.write(
        OrderRejected(
            time_ns=tale.at(1), symbol="AUSDT", client_order_id=refused, code=-2019,
            reason=RejectReason.INSUFFICIENT_MARGIN,
        )
    )  # fmt: skip
    tale.exit(720, "AUSDT", LONG, D(1101), "TECH_MA_CROSS")
    tale.record("AUSDT", LONG, 0, 720, "TECH_MA_CROSS")
    tale.equity = [(tale.at(10), 9_800.0), (tale.at(720), 10_100.0)]
    summary = summarize(tale.run())
    assert summary["orders"]["success_rate"] == 2 / 3
    assert summary["orders"]["by_purpose"]["ADD"]["rejected"] == 1
    assert summary["incidents"]["rejections"] == [{"code": -2019, "reason": "INSUFFICIENT_MARGIN", "count": 1}]
    assert summary["margin"]["max"] == pytest.approx(100 / 9_999.5)
    assert summary["margin"]["mean"] == pytest.approx(50 / 9_999.5)
    assert summary["statistics"]["max_drawdown"]["fraction"] == pytest.approx(-0.02)
    assert summary["statistics"]["risk_adjusted_return"] == pytest.approx(0.01 / 0.02)
    assert summary["statistics"]["time_in_market"] == 0.5


def test_what_is_still_open_or_on_its_way_is_told_apart() -> None:
    """The end of the data closes nothing."""
    tale = Scribe()
    tale.enter(0, "AUSDT", SHORT, D(100), D(3))
    tale.write(
        PlaceOrder(symbol="AUSDT", client_order_id="late", purpose=Purpose.WALL, side=Side.BUY,
                   order_type=OrderType.STOP_MARKET, close_position=True)
    )  # fmt: skip
    tale.open.append(
        OpenPosition(symbol="AUSDT", direction=SHORT, qty=D(3), entry_price=D(100), mark_price=D("98.5"),
                     unrealized=D("4.5"), stage=0)
    )  # fmt: skip
    late = InFlightOrder(symbol="AUSDT", client_order_id="late", purpose="WALL", due_ns=START)
    summary = summarize(tale.run(in_flight=(late,)))
    assert summary["result"]["unrealized"] == "4.5"
    assert summary["statistics"]["closed"] == 0
    (held,) = summary["open_positions"]
    assert (held["id"], held["direction"], held["mark_price"], held["unrealized"]) == (1, "SHORT", "98.5", "4.5")
    assert summary["positions"][0]["closed"] is None
    assert summary["protection"]["bare_at_end"] == ["AUSDT"]
    page = text(summary)
    assert "Still open" in page
    assert "On their way at the end" in page


def test_books_that_differ_are_an_incident() -> None:
    """The engine's record says another profit than the venue's trades."""
    tale = Scribe()
    tale.enter(0, "AUSDT", LONG, D(100), D(1))
    tale.exit(5, "AUSDT", LONG, D(101), "HALF_PROFIT")
    tale.profit["AUSDT"] += D("0.01")
    tale.record("AUSDT", LONG, 0, 5, "HALF_PROFIT")
    summary = summarize(tale.run())
    assert summary["incidents"]["engine_differs"] == [1]
    assert "BOOKS DIFFER" in text(summary)


def test_money_that_nothing_explains_is_shown_in_full() -> None:
    """A wallet change without a record breaks the identity and the page says so."""
    tale = Scribe()
    tale.trade(0, "AUSDT", LONG, D(100), D(101), "HALF_PROFIT")
    tale.wallet += D("0.00000001")
    summary = summarize(tale.run())
    assert (summary["result"]["difference"], summary["result"]["adds_up"]) == ("0.00000001", False)
    assert "DOES NOT ADD UP" in text(summary)


def test_income_without_a_trade_has_its_own_line() -> None:
    """A transfer belongs neither to price nor to fees nor to funding."""
    tale = Scribe()
    tale.trade(0, "AUSDT", LONG, D(100), D(90), "STOP_LOSS_INITIAL")
    tale.book(tale.at(60), "TRANSFER", "", D("-1.5"))
    summary = summarize(tale.run())
    assert (summary["result"]["other"], summary["result"]["adds_up"]) == ({"TRANSFER": "-1.5"}, True)
    assert "    transfer                -1.50" in text(summary)


def test_an_exit_in_several_orders_is_one_exit() -> None:
    """What is left goes out again under the same reason; only an add in between makes it another exit."""
    tale = Scribe()
    tale.enter(0, "AUSDT", LONG, D(100), D(3))
    for minute, qty in ((5, D(1)), (6, D(2))):
        tale.write(tale.leave("AUSDT", 1, "STOP_LOSS_INITIAL", qty, f"o-{tale.orders + 1}"))
        order = tale.place("AUSDT", Purpose.EXIT, Side.SELL, qty)
        tale.fill(minute, "AUSDT", order, LONG, D(90), qty, opens=False)
    tale.record("AUSDT", LONG, 0, 6, "STOP_LOSS_INITIAL")
    (row,) = summarize(tale.run())["exits"]
    assert (row["count"], row["qty"], row["pnl"], row["fees"]) == (1, {"AUSDT": "3"}, "-30", "-1")


def test_a_rung_that_is_bought_and_recovered_twice_counts_twice() -> None:
    """A ladder that re-arms its rungs recovers a lot again."""
    tale = Scribe()
    tale.enter(0, "AUSDT", LONG, D(100), D(1))
    for minute in (10, 20):
        tale.add(minute, "AUSDT", LONG, D(97), D(1), rung=1)
        tale.reduce(minute + 5, "AUSDT", LONG, D(100), {"DCA1_RECOVERY": D(1)}, 1)
    summary = summarize(tale.run())
    assert named(summary["exits"], "reason", "DCA1_RECOVERY")["count"] == 2
    assert named(summary["entries"], "rung", 1)["value"] == "194"


def test_a_refused_entry_leaves_no_position_behind() -> None:
    """Its order and its audit are counted, the next entry is the first position."""
    tale = Scribe()
    tale.signal(0, "AUSDT", LONG, D(100))
    refused = tale.place("AUSDT", Purpose.ENTRY, Side.BUY, D(1))
    tale.write(
        OrderRejected(
            time_ns=tale.at(0), symbol="AUSDT", client_order_id=refused, code=-4164, reason=RejectReason.MIN_NOTIONAL
        ),
        Audit(code="EXCHANGE_REJECTED", symbol="AUSDT"),
    )
    tale.trade(5, "AUSDT", LONG, D(100), D(101), "HALF_PROFIT")
    summary = summarize(tale.run())
    assert len(summary["positions"]) == 1
    assert (summary["signals"]["accepted"], summary["signals"]["filled"]) == (2, 1)


def test_a_run_in_which_nothing_happened_is_a_page_too() -> None:
    """No trade, no curve, no data: words instead of figures."""
    summary = summarize(Scribe(symbols=()).run())
    assert json.loads(json.dumps(summary)) == summary
    page = text(summary)
    assert "Closed positions          none" in page
    assert "Maximum drawdown          not known" in page

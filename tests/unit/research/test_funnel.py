"""What each gate saved or cost: counts, sums and intervals worked by hand, and a table that says how to read it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.model.order import Direction
from sadari.model.reason import DenialCode
from sadari.research.layout import WIDTH
from sadari.research.report import Summary, summarize, text
from sadari.research.run_record import Funnel, OpenPosition, Shadow, ShadowState
from tests.unit.research.stories import D, Scribe

LONG, SHORT = Direction.LONG, Direction.SHORT
ENDED, OPEN, NOT_FOLLOWED = ShadowState


class Story(Scribe):
    """A scribe that also writes shadows."""

    def __init__(self) -> None:
        super().__init__(symbols=("AUSDT", "BUSDT"))
        self.shadows: list[Shadow] = []

    def deny(
        self, minute: float, symbol: str, gate: str, state: ShadowState = ENDED, booked: str = "0", **fields: Any
    ) -> None:
        """A denied long signal, and what became of it in shadow."""
        self.signal(minute, symbol, LONG, D(100), accepted=False, denial=gate)
        self.shadows.append(
            Shadow(
                symbol=symbol, time_ns=self.at(minute), direction=LONG, strategy="test",
                signal_id=f"test:{symbol}:{self.at(minute)}", gate=gate, state=state, booked=D(booked), **fields,
            )
        )  # fmt: skip

    def told(self) -> Summary:
        """The whole summary."""
        return summarize(self.run(funnel=Funnel(days=7, shadows=self.shadows, followed=len(self.shadows))))

    def funnel(self) -> Summary:
        """The funnel of the summary."""
        found: Summary = self.told()["funnel"]
        return found


def gates_story() -> Story:
    """Three symbols' worth of denials: two episodes of a held position, an accepted signal, a full book."""
    tale = Story()
    tale.deny(1, "AUSDT", "MAX_POSITIONS", booked="-30", reason="STOP_LOSS_INITIAL", closed_ns=tale.at(5))
    tale.enter(10, "AUSDT", LONG, D(100), D(4))
    tale.deny(20, "AUSDT", "POSITION_EXISTS", booked="10", reason="TECH_MA_CROSS", closed_ns=tale.at(50), adds=1)
    tale.deny(21, "AUSDT", "POSITION_EXISTS", booked="20", reason="TECH_MA_CROSS", closed_ns=tale.at(50))
    tale.deny(22, "AUSDT", "POSITION_EXISTS", OPEN, "-1", unrealized=D("8.5"))
    tale.deny(23, "BUSDT", "POSITION_EXISTS", booked="-6", reason="BREAKEVEN_STOP", closed_ns=tale.at(60))
    tale.deny(24, "BUSDT", "BELOW_MIN_NOTIONAL", NOT_FOLLOWED, code="BELOW_MIN_NOTIONAL")
    tale.exit(600, "AUSDT", LONG, D(99), "BREAKEVEN_STOP")
    tale.record("AUSDT", LONG, 10, 600, "BREAKEVEN_STOP")
    return tale


def test_without_a_funnel_there_is_no_section() -> None:
    """Not followed is null in the summary and absent from the page."""
    summary = summarize(Scribe().run())
    assert summary["funnel"] is None
    assert "Denied signals, followed" not in text(summary)


def test_a_run_without_a_denied_signal_says_so() -> None:
    """The section is there, with nothing in it."""
    told = Story().told()
    assert (told["funnel"]["gates"], told["funnel"]["total"]["signals"]) == ([], 0)
    assert "no entry signal was denied" in text(told)


@pytest.mark.requirement("R003-2", "R004-45")
def test_a_gate_has_its_counts_sums_and_intervals() -> None:
    """10 and 20 of one episode and -6 of another: mean 8, residuals 14 and -14, deviation sqrt(2 * 392) / 3 = 28/3."""
    row = gates_story().funnel()["gates"][0]
    assert [row[key] for key in ("gate", "signals", "episodes", "followed", "ended", "open")] == [
        "POSITION_EXISTS", 4, 2, 4, 3, 1,
    ]  # fmt: skip
    assert (row["net"], row["saved"], row["mean"]) == ("24", "-24", 8.0)
    assert row["interval"] == pytest.approx((8 - 12.706205 * 28 / 3, 8 + 12.706205 * 28 / 3), abs=1e-4)
    assert (row["wins"], row["win_rate"]) == (2, 2 / 3)
    assert row["win_interval"] == pytest.approx((0.20765, 0.93851), abs=1e-5)
    assert row["reasons"] == {"BREAKEVEN_STOP": 1, "TECH_MA_CROSS": 2}
    assert row["not_followed"] == {}


def test_open_shadows_are_counted_apart() -> None:
    """What was booked and what the last price gives are neither in the net nor in its mean, but in the marked mean."""
    row = gates_story().funnel()["gates"][0]
    assert (row["open_booked"], row["open_unrealized"]) == ("-1", "8.5")
    assert row["marked_mean"] == (10 + 20 - 6 + 7.5) / 4


def test_gates_stand_in_the_order_in_which_they_are_asked() -> None:
    """Not by count and not by name."""
    tale = Story()
    for minute, code in enumerate(reversed(DenialCode)):
        tale.deny(minute, "AUSDT", code.value)
    assert [row["gate"] for row in tale.funnel()["gates"]] == [code.value for code in DenialCode]


def test_one_episode_has_no_interval() -> None:
    """Two signals of one move say what one says."""
    tale = Story()
    tale.deny(1, "AUSDT", "MAX_POSITIONS", booked="3")
    tale.deny(2, "AUSDT", "MAX_POSITIONS", booked="5")
    row = tale.funnel()["gates"][0]
    assert (row["episodes"], row["mean"], row["interval"]) == (1, 4.0, None)


def test_a_signals_own_episode_goes_before_the_spells_of_a_gate() -> None:
    """A spell at a gate over three episodes of the rule counts three; the last of them over two spells counts one."""
    tale = Story()
    for minute, (gate, episode) in enumerate(
        [
            ("MAX_POSITIONS", 1),
            ("MAX_POSITIONS", 2),
            ("MAX_POSITIONS", 3),
            ("HEDGE_NOT_ALLOWED", 3),
            ("MAX_POSITIONS", 3),
        ]
    ):
        tale.deny(minute, "AUSDT", gate, episode=episode)
    rows = {row["gate"]: row for row in tale.funnel()["gates"]}
    assert (rows["MAX_POSITIONS"]["episodes"], rows["HEDGE_NOT_ALLOWED"]["episodes"]) == (3, 1)


def test_what_could_not_be_followed_is_counted_by_its_code() -> None:
    """It is neither ended nor open, and it has no result."""
    row = gates_story().funnel()["gates"][2]
    assert (row["followed"], row["not_followed"]) == (0, {"BELOW_MIN_NOTIONAL": 1})
    assert (row["net"], row["mean"], row["interval"], row["win_rate"], row["win_interval"]) == (
        "0",
        None,
        None,
        None,
        None,
    )


def test_the_total_has_each_shadow_once() -> None:
    """A signal that two gates denied is in both rows and once in the total; the count of denials is of all."""
    tale = gates_story()
    tale.deny(1, "AUSDT", "HEDGE_NOT_ALLOWED", booked="-30")
    total = tale.funnel()["total"]
    assert (total["signals"], total["ended"], total["open"], total["net"]) == (7, 4, 1, "-6")
    assert total["not_followed"] == {"BELOW_MIN_NOTIONAL": 1}


def test_accepted_signals_stand_beside_the_denied_ones() -> None:
    """One has ended at -1 a piece of 4, less two fees of 0.5; what is open is told apart; one was never filled."""
    tale = gates_story()
    tale.enter(700, "BUSDT", SHORT, D(100), D(1))
    tale.open.append(
        OpenPosition(symbol="BUSDT", direction=SHORT, qty=D(1), entry_price=D(100), mark_price=D(98),
                     unrealized=D(2), stage=0)
    )  # fmt: skip
    tale.signal(701, "AUSDT", LONG, D(100))
    found = tale.funnel()
    row = found["accepted"]
    assert (row["signals"], row["ended"], row["open"], row["not_followed"]) == (3, 1, 1, {"NOT_FILLED": 1})
    assert (row["net"], row["mean"], row["interval"]) == ("-5", -5.0, None)
    assert (row["open_booked"], row["open_unrealized"]) == ("-0.5", "2")
    assert [gate["mean_beside_accepted"] for gate in found["gates"]] == [13.0, -25.0, None]


def test_every_shadow_is_a_row_of_the_json() -> None:
    """With what became of it; what did not happen is null."""
    rows = json.loads(json.dumps(gates_story().funnel()))["shadows"]
    assert len(rows) == 6
    assert rows[1] == {
        "symbol": "AUSDT", "time": "2023-07-02T00:20:00Z", "side": "BUY", "strategy": "test",
        "signal_id": rows[1]["signal_id"], "gate": "POSITION_EXISTS", "signals": 1, "outcome": "ended", "net": "10",
        "unrealized": None, "reason": "TECH_MA_CROSS", "closed": "2023-07-02T00:50:00Z", "adds": 1,
    }  # fmt: skip
    assert [rows[3][key] for key in ("outcome", "net", "unrealized", "reason", "closed")] == [
        "open", "-1", "8.5", None, None,
    ]  # fmt: skip
    assert [rows[5][key] for key in ("outcome", "net", "reason", "adds")] == [
        "not_followed", None, "BELOW_MIN_NOTIONAL", None,
    ]  # fmt: skip


def test_the_page_has_a_row_for_each_gate_and_says_what_it_is_not() -> None:
    """Within the width, with open ones beside the ended."""
    page = text(gates_story().told())
    body = page.split("Denied signals, followed\n")[1].split("\n\n")[0]
    rows = [" ".join(line.split()) for line in body.splitlines()]
    assert "POSITION_EXISTS 4 3 -24.00 8.00 -111 to 127 1 7.50" in rows
    assert "BELOW_MIN_NOTIONAL 1 0 - - - 0 -" in rows
    assert "accepted 1 1 - -5.00 - 0 -" in rows
    for said in ("Read:", "Not:", "do not compete for margin", "1 shadow after 7 days", "BELOW_MIN_NOTIONAL: 1"):
        assert said in " ".join(body.split())
    assert max(map(len, page.splitlines())) <= WIDTH


money = st.decimals(-10_000, 10_000, places=2).map(str)
denials = st.lists(
    st.tuples(st.sampled_from(["AUSDT", "BUSDT"]), st.sampled_from(DenialCode), st.sampled_from(ShadowState), money),
    max_size=25,
)


@given(denials)
def test_the_gates_add_up_to_the_total(rows: list[tuple[str, DenialCode, ShadowState, str]]) -> None:
    """Counts and sums, to the last digit; every signal is ended, open or not followed."""
    tale = Story()
    for minute, (symbol, gate, state, booked) in enumerate(rows):
        tale.deny(minute, symbol, gate.value, state, "0" if state is NOT_FOLLOWED else booked, code="WHY")
    found = tale.funnel()
    gates, total = found["gates"], found["total"]
    for key in ("signals", "followed", "ended", "open", "wins"):
        assert sum(row[key] for row in gates) == total[key]
    for key in ("net", "saved", "open_booked", "open_unrealized"):
        assert sum((Decimal(row[key]) for row in gates), D(0)) == Decimal(total[key])
    for row in [*gates, total]:
        assert row["signals"] == row["ended"] + row["open"] + sum(row["not_followed"].values())

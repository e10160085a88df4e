"""The live view: what a known status says on the screen, and that no screen is ever wider or higher than asked."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from sadari.cli.view import render
from sadari.cli.view_cells import length, money, price
from sadari.run.figures.status import (
    ChannelStatus,
    DecisionStatus,
    LiquidationStatus,
    PerformanceStatus,
    Status,
    StreamStatus,
    SymbolStatus,
    UnprotectedTime,
)
from tests.unit.cli.statuses import NOW_NS, POSITION, STATUS, crowd, level

COLORS = {"red", "green", "magenta", "yellow", "white", "black"}
SIZES = ((80, 24), (100, 30), (116, 24), (140, 40), (220, 60))


def screen(status: Status, width: int = 80, height: int = 24) -> str:
    """The text of a screen."""
    return render(status, width, height).plain


@pytest.mark.parametrize("size", SIZES)
def test_a_known_position_is_shown_with_stage_levels_and_reasons(size: tuple[int, int]) -> None:
    """Every level with its distance, what rests at the venue, and why the last things were done."""
    text = screen(STATUS, *size)
    for expected in (
        "DEMOAUSDT", "LONG", "FIRST_DCA", "0.058 @ 59,948.3", "last 59,920.0", "-1.64",
        "half 60,128.1 +0.35%", "recovery 1 60,000.0 +0.13%", "rung 2 59,790.0 -0.22%", "stop 59,678.5 -0.40%",
        "inner stop 59,618.8 -0.50%", "wall 59,499.5 -0.70%", "STOP_LOSS_FIRST_DCA", "liquidation 54,210.3 -9.53%",
        "LONG 0.025 at 60000.0 on ma_cross", "STOP_LOSS_SECOND_DCA: 36.6", "COOLDOWN_ACTIVE (60, limit 180)",
    ):  # fmt: skip
        assert expected in text


@pytest.mark.parametrize("size", SIZES)
def test_the_engine_is_shown_around_it(size: tuple[int, int]) -> None:
    """State, account with its age, results, unprotected time, streams with their ages, counters."""
    text = screen(STATUS, *size)
    for expected in (
        "RUNNING", "local demo", "wallet 10,012.31", "equity 10,010.67", "free 9,120.10", "margin 1.23%", "0.3s old",
        "closed 4, realized +12.31", "worst case 230.50", "median 0.030s", "max 0.051s of 6", "market 0.1s",
        "user 2.5s", "ticks 12,340", "orders 41", "REST 27", "syncs 3", "1 of 1 symbols prepared",
    ):  # fmt: skip
        assert expected in text


@pytest.mark.parametrize("count", [2, 3, 5, 8, 10, 12])
def test_every_level_is_shown_of_as_many_positions_as_fit(count: int) -> None:
    """Ten positions fit on the smallest usual terminal, each with all its levels; of more, those near their stops."""
    rows = screen(crowd(count)).splitlines()
    shown = [row for row in rows if row.startswith("DEMO") and "USDT" in row]
    assert len(shown) == (count if count <= 10 else 9)
    text = "\n".join(rows)
    for short, name in (("half", "half"), ("r2", "rung 2"), ("rec1", "recovery 1"), ("stop", "stop")):
        assert text.count(f"{short} ") + text.count(f"{name} ") >= len(shown)
    if count > 10:
        assert f"and {count - 9} more, farther from their stops" in text
        assert f"DEMO{count - 1:02}USDT" in text
        assert "DEMO00USDT" not in text


def test_a_line_of_a_ladder_has_its_levels_in_the_order_of_their_prices() -> None:
    """Stop, next rung, price, recovery, half close, from the left to the right."""
    line = next(row for row in screen(STATUS).splitlines() if row.strip().startswith("S."))
    assert line.strip().replace(".", "") == "S+@RH"


def test_where_there_is_room_it_is_said_how_well_the_engine_does() -> None:
    """Nothing before the first order."""
    known = PerformanceStatus(
        order_success_rate=0.98, margin_utilisation=Decimal("0.125"), risk_adjusted_return=-0.2, wins=3, losses=2
    )
    counters = replace(STATUS.counters, stops_triggered=2, profits_triggered=4)
    text = screen(replace(STATUS, performance=known, counters=counters), 140, 40)
    for expected in (
        "won 3 of 5",
        "stops 2",
        "targets 4",
        "orders taken 98%",
        "margin in use 12.50%",
        "deviation -0.20",
    ):
        assert expected in text
    assert "orders taken" not in screen(STATUS, 140, 40)


def test_a_liquidation_is_said_first() -> None:
    """Who, why, and until when it may be canceled; later what is open still."""
    found = LiquidationStatus(
        correlation_id="c1", phase="NOTICE", source="CLI", reason="OPERATOR_REQUEST", actor="anna", cause="x",
        after="PAUSE", deadline_ns=STATUS.time_ns, number=0, symbols=("BTCUSDT",),
    )  # fmt: skip
    assert "OPERATOR_REQUEST by anna: NOTICE until" in screen(replace(STATUS, liquidation=found))
    late = replace(found, phase="VERIFY", open=("TAOUSDT",))
    assert "OPERATOR_REQUEST by anna: VERIFY, open TAOUSDT" in screen(replace(STATUS, liquidation=late))


def test_what_keeps_the_engine_from_trading_is_said() -> None:
    """Each kind of cause with all of its causes."""
    state = replace(
        STATUS, state="DEGRADED", lost=("user stream",), pause_causes=("operator",), gates=("DAILY_LOSS_LIMIT", "sync")
    )
    text = screen(state)
    for expected in (" DEGRADED ", "not seen user stream", "paused by operator", "DAILY_LOSS_LIMIT, sync"):
        assert expected in text


def test_what_is_missing_is_never_shown_as_nothing() -> None:
    """An account that was never read has no balance of 0, and a position without stops says so."""
    bare = replace(POSITION, levels=(), resting_stops=(), avg_price=None, last_price=None, unrealized=None, stop=None)
    unread = Status(
        mode="live", name="a", version="1", pid=1, state="STARTING", time_ns=NOW_NS, started_ns=NOW_NS, uptime_s=0.0,
        positions=(bare,), symbols=(SymbolStatus(symbol="XUSDT", prepared=False, message="-4048"),),
    )  # fmt: skip
    text = screen(unread)
    for expected in (
        "wallet -", "equity -", "margin -", "never read", "realized -", "no stop at the venue", "waits for no price",
        "last -", "none yet", "no streams yet", "nothing has been opened yet", "0 of 1 symbols prepared; XUSDT: -4048",
    ):  # fmt: skip
        assert expected in text
    assert "0.00" not in text


def test_a_stream_that_is_down_and_a_missing_stop_stand_out() -> None:
    """In words first: a color alone says nothing to a program or to some people."""
    down = StreamStatus(name="user", connected=False, streams=1, messages=0, age_s=None)
    exposed = UnprotectedTime(rises=1, open=1, last_s=None)
    text = screen(replace(STATUS, streams=(*STATUS.streams, down), unprotected=exposed))
    assert "streams user DOWN -" in text
    assert "1 UNPROTECTED NOW" in text


def test_alerts_are_shown_and_older_ones_counted() -> None:
    """The newest with its severity."""
    told = tuple(
        DecisionStatus(time_ns=NOW_NS + number, symbol="X", what="critical", reason=f"EXIT_REJECTED: {number}")
        for number in range(5)
    )
    text = screen(replace(STATUS, alerts=told))
    assert "EXIT_REJECTED: 4" in text
    long = replace(told[-1], reason="EXIT_REJECTED: " + "refused again " * 9)
    assert "EXIT_REJECTED: refused again" in screen(replace(STATUS, alerts=(long,)))
    assert "older ones" in text


WORDS = st.text(st.sampled_from("aZ0_ 사다리데모價格🚀\u0301\u200d\x1b[31m\n\t\x00é"), max_size=60)
STATUSES = st.builds(
    lambda name, reason, symbol, stage, causes, streams, positions: replace(
        STATUS,
        name=name,
        gates=tuple(causes),
        streams=tuple(StreamStatus(name=one, connected=False, streams=1, messages=1, age_s=1e6) for one in streams),
        decisions=tuple(DecisionStatus(time_ns=NOW_NS, symbol=symbol, what=stage, reason=reason) for _ in range(3)),
        alerts=tuple(DecisionStatus(time_ns=NOW_NS, symbol=symbol, what="critical", reason=reason) for _ in range(3)),
        positions=tuple(
            replace(POSITION, symbol=symbol, stage=stage, working=reason, levels=(level(reason, "1", "-0.5"),) * 4)
            for _ in range(positions)
        ),
    ),
    WORDS, WORDS, WORDS, WORDS, st.lists(WORDS, max_size=4), st.lists(WORDS, max_size=9), st.integers(0, 12),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(STATUSES, st.integers(0, 200), st.integers(0, 60))
def test_a_screen_is_exactly_as_large_as_the_terminal(status: Status, width: int, height: int) -> None:
    """Whatever the texts are: wide signs, signs without width, controls; and whatever the size."""
    text = screen(status, width, height)
    lines = text.split("\n")
    assert len(lines) == max(height, 1)
    assert {cell_len(line) for line in lines} <= {width if height else 0}
    assert not set(text) & set("\x1b\x00\t\r")


def test_a_color_ends_with_what_it_means() -> None:
    """The ground of a state is under its name alone, a loss is red, and a price is nothing but a price."""
    page = render(STATUS, 80, 24)
    assert page.style == ""
    colored = {
        page.plain[span.start : span.end].strip() for span in page.spans if set(str(span.style).split()) & COLORS
    }
    assert colored >= {"RUNNING", "-1.64", "+12.31", "stop", "half", "0.1s"}
    assert all(len(text) <= 10 for text in colored)


def test_its_own_words_are_as_wide_everywhere() -> None:
    """ASCII alone: other dashes and arrows are two cells wide under an East Asian locale."""
    assert screen(crowd(9), 140, 40).isascii()


@pytest.mark.parametrize(("seconds", "expected"), [
    (None, "-"), (0.04, "0.0s"), (59.9, "59.9s"), (60.0, "1m00s"), (3_599.0, "59m59s"), (7_260.0, "2h01m"),
])  # fmt: skip
def test_a_length_of_time_is_short(seconds: float | None, expected: str) -> None:
    """Tenths below a minute, then minutes, then hours."""
    assert length(seconds) == expected


@pytest.mark.parametrize(("value", "like", "expected"), [
    (None, "1.0", "-"), ("59948.275862068965", "59920.0", "59,948.3"), ("0.00002", "0.00002001", "0.00002000"),
    ("47631.88908146", None, "47,631.889"), ("123456789012", None, "123,456,789,012"), ("7", "100", "7"),
])  # fmt: skip
def test_a_price_has_the_decimals_of_the_last_one(value: str | None, like: str | None, expected: str) -> None:
    """And a few of its own where there is none."""
    shown = price(None if value is None else Decimal(value), None if like is None else Decimal(like))
    assert shown == expected


def test_an_amount_is_shown_to_the_cent() -> None:
    """With its sign where it is a result."""
    assert (money(Decimal("1234.567")), money(Decimal(2), signed=True), money(None)) == ("1,234.57", "+2.00", "-")


@pytest.mark.requirement("R004-21")
@pytest.mark.parametrize("size", SIZES)
def test_a_channel_that_hangs_is_seen(size: tuple[int, int]) -> None:
    """Beside one that takes what it is given; without channels nothing is said of them."""
    well = ChannelStatus(name="file", sent=7, waiting=0, failed=0, dropped=0, stuck_s=0.0)
    ill = ChannelStatus(name="phone", sent=0, waiting=2, failed=1, dropped=3, stuck_s=72.0)
    text = screen(replace(STATUS, channels=(well, ill)), *size)
    assert "file 7 sent" in text
    assert "phone 0 sent, 2 waiting, 4 lost, silent 1m12s" in text
    assert "alerts by" not in screen(STATUS, *size)

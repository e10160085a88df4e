"""A liquidation in a backtest: the same phases, by the simulated exchange's own account. Source: strategies §11."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from sadari.model.command import RecordLiquidated, RecordLiquidation, RecordPosition
from sadari.model.event import Event, LiquidationCancelRequested, LiquidationRequested
from sadari.model.plan import Reentry, Settings
from sadari.model.units import MINUTE_NS, SECOND_NS
from sadari.research.run_record import Run
from sadari.run.history.backtest import backtest
from sadari.run.live.journals import replay
from sadari.run.settings.request import MarketSection, Request, SignalSection
from tests.reference.tapes import INSTRUMENT, made_up

SYMBOLS = ("AAAUSDT", "BBBUSDT", "CCCUSDT")
INSTRUMENTS = {symbol: replace(INSTRUMENT, symbol=symbol) for symbol in SYMBOLS}
ROWS = 600


def run(seed: int, wishes: list[Event], journal: Path | None = None, report_ms: int = 0) -> Run:
    """Three symbols that are entered whenever they are flat, and what an operator asks for meanwhile."""
    candles = {symbol: made_up(seed + number, ROWS) for number, symbol in enumerate(SYMBOLS)}
    return backtest(
        Request(
            settings=Settings(reentry=Reentry(cooldown_after_exit_minutes=5, cooldown_after_stop_minutes=5)),
            balance=Decimal(10_000),
            candles=candles,
            instruments=INSTRUMENTS,
            signals={"always": SignalSection(kind="always", direction="long")},
            market=MarketSection(seed=seed, report_ms=report_ms),
            wishes=wishes,
            journal=journal,
        )
    )


def asked(seed: int, minutes: int) -> LiquidationRequested:
    """Somebody wants everything closed after so many minutes."""
    at_ns = made_up(seed, ROWS).open_time_ns[0] + minutes * MINUTE_NS
    return LiquidationRequested(
        time_ns=at_ns, source="SCHEDULED", reason="SCHEDULED_FLATTEN", correlation_id="b1", after="PAUSE",
        actor="study", cause="a day off", authentic=True,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("report_ms", [0, 250])
def test_everything_is_closed_after_its_notice_and_nothing_is_opened_again(
    seed: int, report_ms: int, tmp_path: Path
) -> None:
    """The account is flat from then on, the total is its income, and the journal says the same again."""
    wish = asked(seed, 300)
    path = tmp_path / "journal"
    done = run(seed, [wish], path, report_ms)
    told = [one for one in done.records if isinstance(one, RecordLiquidation)]
    assert [one.phase for one in told] == ["NOTICE", "CANCEL", "CLOSE", "VERIFY", "SETTLE", "SETTLE"]
    assert told[0].unrealized is not None
    assert told[0].deadline_ns == wish.time_ns + 30 * SECOND_NS
    assert done.open_positions == ()
    assert told[-1].event == "settled"
    assert told[-1].wallet_change == told[-1].booked_change is not None
    closed = [one for one in done.records if isinstance(one, RecordPosition) and one.closed_ns > wish.time_ns]
    assert {one.reason for one in closed} == {"ENGINE_LIQUIDATION:SCHEDULED_FLATTEN"}
    assert all(one.closed_ns >= told[0].deadline_ns for one in closed)
    assert told[-1].realized == sum((one.pnl for one in closed if one.pnl is not None), Decimal(0))
    sent = [one.symbol for one in done.records if isinstance(one, RecordLiquidated) and one.outcome == "CLOSE_SENT"]
    assert sorted(sent) == sorted(one.symbol for one in closed)
    assert replay(path).difference == ""


def test_a_canceled_notice_changes_nothing_but_its_records() -> None:
    """The run goes on, and trades again."""
    wish = asked(1, 300)
    canceled = LiquidationCancelRequested(time_ns=wish.time_ns + 10 * SECOND_NS, actor="study")
    with_it, without = run(1, [wish, canceled]), run(1, [])
    kinds = (RecordPosition,)
    ended = [[one for one in done.records if isinstance(one, kinds)] for done in (with_it, without)]
    assert ended[0] == ended[1]
    assert with_it.wallet_end == without.wallet_end

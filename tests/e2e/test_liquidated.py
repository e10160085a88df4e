"""`sadari liquidate` as its owner meets it, and an engine that is killed in each phase. Source: strategies §11."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sadari.model.command import RecordLiquidated, RecordLiquidation, RecordPosition
from tests.engine_process import SYMBOL, EngineProcess, ExchangeProcess, engine, exchange

pytestmark = pytest.mark.e2e
OTHER = "DEMOBUSDT"
BOTH = {'symbols = ["DEMOAUSDT"]': 'symbols = ["DEMOAUSDT", "DEMOBUSDT"]'}
NOTICE = "\n[liquidation]\nnotice_s = 2\n"
EXIT = 'method = "POST"\npath = "/fapi/v1/order"\ncontains = "reduceOnly=true"'
WORDS = ("liquidate", "--reason", "OPERATOR_REQUEST", "--cause", "a test")


@pytest.fixture(scope="module")
def venue() -> Iterator[ExchangeProcess]:
    """One exchange for the whole file."""
    with exchange() as serving:
        yield serving


@pytest.fixture
def holding(venue: ExchangeProcess, tmp_path: Path) -> Iterator[EngineProcess]:
    """An engine that holds two positions behind their stops."""
    venue.reset()
    with engine(tmp_path, venue.at, more=NOTICE, replaced=BOTH) as made:
        made.start().until(lambda: venue.covered() and venue.covered(OTHER))
        yield made


def phase(made: EngineProcess) -> str:
    """The phase of the liquidation, "" while none is under way or the engine cannot be asked."""
    found = made.status().get("liquidation")
    return "" if found is None else str(found["phase"])


def judge(venue: ExchangeProcess, made: EngineProcess) -> None:
    """Flat, nothing left behind, no id twice, one end each with a record in every phase, one notice that was kept."""
    assert venue.held() == venue.held(OTHER) == 0
    assert (venue.stops(), venue.stops(OTHER)) == ([], [])
    names = [one["client_order_id"] for one in venue.truth()["orders"]]
    assert len(names) == len(set(names))
    told = made.records()
    ended = [one for one in told if isinstance(one, RecordPosition)]
    assert sorted(one.symbol for one in ended) == [SYMBOL, OTHER]
    assert {one.reason for one in ended} == {"ENGINE_LIQUIDATION:OPERATOR_REQUEST"}
    for symbol in (SYMBOL, OTHER):
        phases = {one.phase for one in told if isinstance(one, RecordLiquidated) and one.symbol == symbol}
        assert phases == {"NOTICE", "CANCEL", "CLOSE", "VERIFY", "SETTLE"}
    assert "Traceback" not in made.told()


@pytest.fixture
def patient(venue: ExchangeProcess, tmp_path: Path) -> Iterator[EngineProcess]:
    """The same with the notice of thirty seconds that nobody has configured away."""
    venue.reset()
    with engine(tmp_path, venue.at, replaced=BOTH) as made:
        made.start().until(lambda: venue.covered() and venue.covered(OTHER))
        yield made


@pytest.mark.requirement("R003-28")
def test_the_plan_then_the_notice_a_cancel_and_everything(venue: ExchangeProcess, patient: EngineProcess) -> None:
    """What the plan shows is what happens; a cancel keeps everything; a second confirmation does not wait."""
    planned = patient.ask("liquidate", "--plan")
    assert planned.returncode == 0
    lines = planned.stdout.splitlines()
    assert lines[0].startswith("1. notice: 30 s")
    order = [one.split()[3] for one in lines if one.startswith("   after")]
    assert sorted(order) == [SYMBOL, OTHER]
    told = json.loads(patient.ask("liquidate", "--plan", "--json").stdout)["plan"]
    assert {one["symbol"] for one in told["closes"]} == {SYMBOL, OTHER}
    assert venue.orders("SELL") == []

    asked = patient.ask(*WORDS)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "every position is closed at market" in asked.stdout
    assert "NOTICE until" in patient.ask("status").stdout
    canceled = patient.ask("liquidate", "--cancel", "--cause", "by mistake")
    assert "nothing was closed" in canceled.stdout
    patient.until(lambda: patient.state() == "RUNNING")
    assert venue.orders("SELL") == []

    assert patient.ask(*WORDS, "--after", "stop").returncode == 0
    patient.ask("liquidate", "--confirm")
    assert patient.ended() == 0
    judge(venue, patient)
    sold = [one["symbol"] for one in sorted(venue.orders("SELL"), key=lambda one: one["order_id"])]
    assert sold == [one.symbol for one in closed(patient)]


def closed(made: EngineProcess) -> list[RecordLiquidated]:
    """The records of what was sent to close, in their order."""
    told = made.records()
    return [one for one in told if isinstance(one, RecordLiquidated) and one.outcome == "CLOSE_SENT"]


REFUSED = [
    ((), "LIQUIDATION_REASON_REQUIRED"),
    (("--reason", "BORED"), "LIQUIDATION_REASON_REQUIRED"),
    (
        ("--reason", "OPERATOR_REQUEST", "--source", "cli", "--correlation", "x", "--timestamp", "1", "--token", "00"),
        "LIQUIDATION_AUTH_FAILED",
    ),
    (
        ("--reason", "OPERATOR_REQUEST", "--source", "web", "--correlation", "x", "--timestamp", "1", "--token", "00"),
        "LIQUIDATION_SOURCE_UNKNOWN",
    ),
    (("--cancel",), "NOT_ALLOWED_IN_STATE"),
    (("--confirm",), "NOT_ALLOWED_IN_STATE"),
    (("--abandon",), "NOT_ALLOWED_IN_STATE"),
    (("--token", "00"), "--token stands without --source, --correlation, --timestamp"),
    (("--source", "cli"), "--source without --token"),
]


@pytest.mark.requirement("R003-24", "R003-42")
def test_what_is_refused_is_one_sentence_and_a_line_of_the_audit(
    venue: ExchangeProcess, holding: EngineProcess
) -> None:
    """Exit code 2, and nothing is closed; a secret that others may read is none."""
    for words, why in REFUSED:
        told = holding.ask("liquidate", *words)
        assert (told.returncode, told.stdout) == (2, "")
        assert why in told.stderr
        assert len(told.stderr.splitlines()) == 1
        if not why.startswith("--"):
            assert why in holding.audited()
    secret = holding.folder / "secrets" / "cli"
    assert secret.stat().st_mode & 0o777 == 0o600
    secret.chmod(0o640)
    told = holding.ask(*WORDS)
    assert (told.returncode, "has mode 0640" in told.stderr) == (2, True)
    assert venue.orders("SELL") == []
    assert holding.state() == "RUNNING"


def slow(venue: ExchangeProcess, at: str) -> None:
    """Make a phase long enough to be met by whoever looks from outside."""
    if at == "VERIFY":
        venue.fault(f'name = "slow"\nverb = "code"\n{EXIT}\ncode = -4131')
    elif at == "CLOSE":
        venue.fault(f'name = "slow"\nverb = "late_reply"\n{EXIT}\nseconds = 1')


@pytest.mark.requirement("R003-9")
@pytest.mark.parametrize("at", ["NOTICE", "CLOSE", "VERIFY", "SETTLE"])
def test_a_killed_engine_goes_on_in_its_phase(venue: ExchangeProcess, holding: EngineProcess, at: str) -> None:
    """A power cut, and the next start: it ends as if nothing had happened, and stays paused."""
    slow(venue, at)
    assert holding.ask(*WORDS).returncode == 0
    holding.until(lambda: phase(holding) == at)
    holding.kill()
    if at in ("CLOSE", "VERIFY"):
        venue.control("DELETE /control/faults", name="slow")
    if at == "NOTICE":
        assert venue.orders("SELL") == []
    holding.start().until(lambda: holding.state() == "PAUSED")
    judge(venue, holding)
    resumed = [one for one in holding.records() if isinstance(one, RecordLiquidation) and one.event == "resumed"]
    assert [one.phase for one in resumed] == [at]
    assert holding.status()["pause_causes"] == ["liquidation"]


def test_a_notice_is_given_anew_after_a_kill_and_may_still_be_canceled(
    venue: ExchangeProcess, patient: EngineProcess
) -> None:
    """What was not seen meanwhile is compared before anything is opened again."""
    assert patient.ask(*WORDS).returncode == 0
    patient.kill()
    patient.start().until(lambda: phase(patient) == "NOTICE")
    assert "canceled (RECONCILING)" in patient.ask("liquidate", "--cancel").stdout
    patient.until(lambda: patient.state() == "RUNNING")
    assert venue.orders("SELL") == []
    assert venue.covered()
    assert venue.covered(OTHER)


def test_an_engine_that_is_killed_while_orders_are_canceled(venue: ExchangeProcess, tmp_path: Path) -> None:
    """An entry of which nobody knows anything is waited for; the next start goes on with that."""
    venue.reset()
    lost = 'verb = "lost_request"\nmethod = "POST"\npath = "/fapi/v1/order"\ncontains = "symbol=DEMOBUSDT"'
    venue.fault(f"{lost}\ntimes = 1\nhold_s = 600")
    with engine(tmp_path, venue.at, more=NOTICE, replaced=BOTH) as made:
        made.start().until(lambda: venue.covered() and len(made.status().get("positions", [])) == 2)
        assert made.ask(*WORDS).returncode == 0
        made.until(lambda: phase(made) == "CANCEL")
        made.kill()
        made.start().until(lambda: made.state() == "PAUSED")
        assert venue.held() == venue.held(OTHER) == 0
        assert venue.stops() == []
        told = made.records()
        resumed = [one for one in told if isinstance(one, RecordLiquidation) and one.event == "resumed"]
        assert [one.phase for one in resumed] == ["CANCEL"]
        other = [one for one in told if isinstance(one, RecordLiquidated) and one.symbol == OTHER]
        assert (other[0].outcome, other[-1].outcome) == ("ENTERING", "NEVER_FILLED")


def test_signals_in_the_middle(venue: ExchangeProcess, holding: EngineProcess) -> None:
    """F118: the first lets it go on and then ends the engine; the second ends it now, and the next start goes on."""
    slow(venue, "VERIFY")
    assert holding.ask(*WORDS).returncode == 0
    holding.until(lambda: phase(holding) == "VERIFY")
    holding.signal(signal.SIGTERM)
    holding.until(lambda: "SIGTERM: everything is being closed" in holding.told())
    assert phase(holding) == "VERIFY"
    holding.signal(signal.SIGTERM)
    assert holding.ended() == 1
    assert "a liquidation was under way; what protects positions rests at the exchange" in holding.told()
    assert len(venue.stops()) == len(venue.stops(OTHER)) == 2
    venue.control("DELETE /control/faults", name="slow")
    holding.start()
    assert holding.ended() == 0, "the first signal asked it to stop afterwards"
    judge(venue, holding)


def test_a_paper_account_is_liquidated_the_same_way(venue: ExchangeProcess, tmp_path: Path) -> None:
    """The same command, the same phases, no order at the exchange."""
    venue.reset()
    with engine(tmp_path, venue.at, mode="paper", more=NOTICE) as made:
        made.start().until(lambda: len(made.status().get("positions", [])) == 1)
        assert made.ask(*WORDS).returncode == 0
        made.until(lambda: made.state() == "PAUSED")
        told: list[Any] = made.records()
        (ended,) = [one for one in told if isinstance(one, RecordPosition)]
        assert ended.reason == "ENGINE_LIQUIDATION:OPERATOR_REQUEST"
        assert [one.phase for one in told if isinstance(one, RecordLiquidation)][-1] == "SETTLE"
        assert venue.truth()["orders"] == []

"""Alerts of a live engine over real sockets: who is told what, and that nothing waits for who is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from sadari.core.alerts import Condition, Edge, Notice, Severity
from sadari.model.command import RecordExit, SendAlert
from sadari.model.event import ConditionTold, EquityPeaked, GateShut
from sadari.model.units import SECOND_NS
from sadari.notify.courier import Channel, Courier, Message
from sadari.run.live import alerting
from sadari.run.live.engine import LiveEngine
from sadari.run.operator.main import notifying
from sadari.run.operator.shown import status
from sadari.run.settings.alert_channels import hidden
from sadari.run.settings.keys import Keys, Secret
from sadari.venue.clock import steady_ns
from tests.live_account import NEVER, ONCE, agreed, deaf, entered, fault, happened
from tests.live_engine import CONFIG, SYMBOL, rig

D = Decimal


class Told:
    """Keeps what a person would be told."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def listen(self, live: LiveEngine) -> None:
        """From now on."""
        live.asked = replace(live.asked, notify=self.notices.append)

    def of(self, condition: str) -> list[tuple[Edge, Severity, str]]:
        """What was told of one condition."""
        return [(one.edge, one.severity, one.symbol) for one in self.notices if one.condition == condition]


def courier_of(send: Callable[[Message], None], most: int) -> Courier:
    """A courier with one channel."""
    return Courier(
        [Channel("phone", send, Severity.INFO)], most=most, patience_s=60, steady_ns=steady_ns, say=lambda _: None,
        lost=str,
    )  # fmt: skip


@pytest.mark.requirement("R004-21")
def test_an_exit_goes_out_while_a_channel_hangs_for_ever_and_its_queue_is_full(tmp_path: Path) -> None:
    """The stop's way is that of every other one: the queue has its two messages, the rest is counted, nothing waits."""
    forever, reached = threading.Event(), threading.Event()

    def hang(_: Message) -> None:
        reached.set()
        forever.wait()

    async def story() -> None:
        courier = courier_of(hang, most=2)
        async with rig(tmp_path / "engine") as it, it.running(ONCE) as live:
            notify = notifying(live.asked.config, courier, hidden({}, live.asked.keys))
            live.asked = replace(live.asked, notify=notify, deliveries=courier.deliveries)
            await entered(it)
            live.parts.alerting.told(alert(0))
            await it.until(reached.is_set)
            for number in range(1, 51):
                live.parts.alerting.told(alert(number))
            await it.until(lambda: courier.deliveries()[0].dropped)
            fault(it, f'verb = "price_gap"\nsymbol = "{SYMBOL}"\nfraction = -0.1')
            await it.until(lambda: not it.held() and agreed(it))
            (delivery,) = courier.deliveries()
            assert (delivery.sent, delivery.waiting) == (0, 2)
            assert delivery.dropped >= 48
            (shown,) = status(live).channels
            assert (shown.sent, shown.waiting, shown.dropped) == (0, 2, delivery.dropped)
        forever.set()
        courier.close(5)

    def alert(number: int) -> SendAlert:
        return SendAlert(severity="warning", code="FOREIGN_ORDER", symbol=SYMBOL, text=f"order {number}")

    asyncio.run(story())


def test_what_goes_wrong_in_telling_a_person_stops_nothing(tmp_path: Path) -> None:
    """An engine whose alerts break trades on; its log says so."""

    def broken(_: Notice) -> None:
        raise RuntimeError("broken")

    async def story() -> None:
        async with rig(tmp_path / "engine") as it, it.running() as live:
            live.asked = replace(live.asked, notify=broken)
            live.parts.alerting.told(SendAlert(severity="critical", code="POSITION_FOUND", symbol=SYMBOL))
            await it.until(lambda: [line for line in it.lines if "alerts could not be looked at" in line])
            await entered(it)
            assert live.state == "RUNNING"

    asyncio.run(story())


@pytest.mark.requirement("R003-45")
def test_equity_that_falls_far_pauses_the_engine_and_its_peak_outlives_a_restart(tmp_path: Path) -> None:
    """The peak is in the journal: a start in the middle of the fall measures from where it began."""
    config = CONFIG + "\n[alerts]\nmax_drawdown_pct = 0.001\n"
    told = Told()

    async def story() -> None:
        async with rig(tmp_path / "engine", config=config) as it:
            async with it.running(ONCE) as live:
                told.listen(live)
                await entered(it)
                account = live.opened.engine.account
                live.take(EquityPeaked(time_ns=live.now_ns(), peak=D(10_005)))
                assert live.state == "RUNNING"
                peak = account.day_peak
            async with it.running(ONCE) as live:
                told.listen(live)
                assert live.opened.engine.account.day_peak == peak
                fault(it, f'verb = "price_gap"\nsymbol = "{SYMBOL}"\nfraction = -0.01')
                await it.until(lambda: live.state == "PAUSED")
                assert live.opened.engine.causes == ("portfolio_drawdown",)
                assert it.held(), "nothing is closed"
        assert told.of(Condition.PORTFOLIO_DRAWDOWN) == [(Edge.RAISED, Severity.CRITICAL, "")]
        (notice,) = [one for one in told.notices if one.condition == Condition.PORTFOLIO_DRAWDOWN]
        assert D(notice.value) <= D(notice.threshold) == D("-0.001")

    asyncio.run(story())


def test_money_that_is_taken_out_unseen_is_no_loss(tmp_path: Path) -> None:
    """The account shows half of it gone before the list of transfers says why: nothing pauses, nobody is alarmed."""
    config = CONFIG.replace("sync_s = 2", "sync_s = 600")
    told = Told()

    async def story() -> None:
        async with rig(tmp_path / "engine", config=config) as it, it.running(NEVER) as live:
            told.listen(live)
            await it.until(lambda: live.state == "RUNNING" and live.symbols.prepared)
            deaf(it)
            it.exchange.desk.transfer(D(-5_000), "USDT")
            live.parts.supervision.refresh_soon()
            await it.until(lambda: live.opened.engine.account.wallet_balance == D(5_000))
            live.parts.alerting.look()
            assert (live.state, told.of(Condition.PORTFOLIO_DRAWDOWN)) == ("RUNNING", [])

    asyncio.run(story())


def test_what_fails_in_the_engine_is_not_taken_for_a_failure_of_alerts(tmp_path: Path) -> None:
    """An event that a look leads to may have changed half of something: the engine must not run on as if it had not."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    async def story() -> None:
        async with rig(tmp_path / "engine") as it, it.running(NEVER) as live:
            await it.until(lambda: live.state == "RUNNING" and live.symbols.prepared)
            live.driver.observers.append(broken)
            account = live.opened.engine.account
            account.day_peak = account.life_peak = D(1)
            with pytest.raises(ZeroDivisionError):
                live.parts.alerting.look()
            live.driver.observers.pop()

    asyncio.run(story())


def test_a_condition_that_was_told_stands_in_the_journal(tmp_path: Path) -> None:
    """What a person has heard of can be read in the report of the day and in the audit."""

    async def story() -> None:
        async with rig(tmp_path / "engine") as it, it.running(NEVER) as live:
            await it.until(lambda: live.state == "RUNNING" and live.symbols.prepared)
            told = happened(it, ConditionTold)
            live.parts.alerting.listen_key_lost("it has expired")
            await it.until(lambda: told)
            assert (told[0].code, told[0].edge, told[0].severity) == ("listen_key_lost", "raised", "warning")
        audited = b"".join(path.read_bytes() for path in sorted((tmp_path / "engine").rglob("audit_*.jsonl")))
        assert b'"code":"listen_key_lost"' in audited

    asyncio.run(story())


def test_a_paper_account_has_the_same_conditions(tmp_path: Path) -> None:
    """Equity on live prices, an account of our own: told and paused all the same."""
    config = CONFIG.replace('mode = "local"', 'mode = "paper"') + "\n[alerts]\nmax_drawdown_pct = 0.0005\n"
    told = Told()

    async def story() -> None:
        async with rig(tmp_path / "engine", config=config) as it, it.running(ONCE) as live:
            told.listen(live)
            await it.until(lambda: SYMBOL in live.opened.engine.positions and it.position().qty)
            fault(it, f'verb = "price_gap"\nsymbol = "{SYMBOL}"\nfraction = -0.01')
            await it.until(lambda: live.opened.engine.causes == ("portfolio_drawdown",))
            assert told.of(Condition.PORTFOLIO_DRAWDOWN) == [(Edge.RAISED, Severity.CRITICAL, "")]
            assert it.position().qty

    asyncio.run(story())


def test_a_loss_beyond_every_stop_closes_the_position_for_that_reason(tmp_path: Path) -> None:
    """Here the limit is nearer than the stops: the back-stop acts on the price that is seen."""
    config = CONFIG + "\n[alerts]\nmax_position_loss_pct = 0.004\n"
    told = Told()

    async def story() -> None:
        async with rig(tmp_path / "engine", config=config) as it, it.running(ONCE) as live:
            told.listen(live)
            exits: list[str] = []
            live.driver.observers.append(
                lambda _, __, commands: exits.extend(one.reason for one in commands if isinstance(one, RecordExit))
            )
            await entered(it)
            fault(it, f'verb = "price_gap"\nsymbol = "{SYMBOL}"\nfraction = -0.006')
            await it.until(lambda: not it.held() and agreed(it))
            assert set(exits) == {"SINGLE_POSITION_LOSS_LIMIT"}
            assert told.of(Condition.SINGLE_POSITION_LOSS)[0] == (Edge.RAISED, Severity.CRITICAL, SYMBOL)

    asyncio.run(story())


@pytest.mark.parametrize("key", ["on_position_loss", "on_drawdown"])
def test_what_is_only_to_be_considered_is_told_and_nothing_is_done(tmp_path: Path, key: str) -> None:
    """`consider`: a person decides."""
    limits = {"on_position_loss": "max_position_loss_pct = 0.004", "on_drawdown": "max_drawdown_pct = 0.0001"}
    conditions = {"on_position_loss": "single_position_loss", "on_drawdown": "portfolio_drawdown"}
    config = CONFIG + f'\n[alerts]\n{key} = "consider"\n{limits[key]}\n'
    told = Told()

    async def story() -> None:
        async with rig(tmp_path / "engine", config=config) as it, it.running(ONCE) as live:
            told.listen(live)
            await entered(it)
            fault(it, f'verb = "price_gap"\nsymbol = "{SYMBOL}"\nfraction = -0.006')
            await it.until(lambda: told.of(conditions[key]))
            await asyncio.sleep(0.2)
            assert (live.state, bool(it.held())) == ("RUNNING", True)

    asyncio.run(story())


@pytest.mark.requirement("R003-44", "R004-21")
def test_a_stale_connection_is_told_and_recovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A market stream that says nothing: first the alert, then, when it has been back for a while, that it is over."""
    for name, seconds in (("STALE_NS", 1), ("SILENT_NS", 1)):
        monkeypatch.setattr(f"sadari.core.conditions.{name}", seconds * SECOND_NS)
    monkeypatch.setattr("sadari.core.alerts.RECOVERED_NS", SECOND_NS)
    monkeypatch.setattr(alerting, "LOOK_S", 0.1)
    told = Told()

    async def story() -> None:
        async with rig(tmp_path / "engine") as it, it.running() as live:
            told.listen(live)
            await entered(it)
            name = fault(it, 'verb = "drop_frame"\nstream = "*@*"')
            await it.until(lambda: told.of(Condition.CONNECTION_STALE) and told.of(Condition.MARKET_STREAM_SILENT))
            assert told.of(Condition.MARKET_STREAM_SILENT)[0] == (Edge.RAISED, Severity.WARNING, SYMBOL)
            it.exchange.faults.remove(name)
            await it.until(lambda: told.of(Condition.CONNECTION_STALE)[-1][0] is Edge.RECOVERED)
            await it.until(lambda: told.of(Condition.MARKET_STREAM_SILENT)[-1][0] is Edge.RECOVERED)

    asyncio.run(story())


def test_a_listen_key_that_is_lost_is_told(tmp_path: Path) -> None:
    """-1125 or `listenKeyExpired`: a new one is made, and everything is compared."""
    told = Told()

    async def story() -> None:
        async with rig(tmp_path / "engine") as it, it.running() as live:
            told.listen(live)
            await entered(it)
            compared = live.parts.side.trading.compared
            fault(it, 'verb = "listen_key_death"')
            await it.until(lambda: told.of(Condition.LISTEN_KEY_LOST))
            await it.until(lambda: live.parts.side.trading.compared > compared and live.state == "RUNNING")
            assert told.of(Condition.LISTEN_KEY_LOST) == [(Edge.RAISED, Severity.WARNING, "")]

    asyncio.run(story())


SECRET, TOKEN, PASSWORD = "k" * 10 + "API", "123456789:AAEtelegramTOKENtelegram", "pass-word-4-mail"
ADDRESSES = {
    "phone": Secret(f"tgram://{TOKEN}/987654321"),
    "mail": Secret(f"mailtos://user:{PASSWORD}@mail.example.org?to=me@example.org"),
}


def test_no_message_log_journal_or_file_has_a_secret(tmp_path: Path) -> None:
    """Even where a text that the exchange sent, or an error, has one in it."""
    messages: list[Message] = []
    keys: list[Keys] = []

    async def story() -> None:
        async with rig(tmp_path / "engine") as it, it.running() as live:
            key = live.asked.keys
            assert key is not None
            keys.append(key)
            courier = courier_of(messages.append, most=100)
            secrets = hidden(ADDRESSES, key)
            live.asked = replace(live.asked, notify=notifying(live.asked.config, courier, secrets))
            await entered(it)
            leaks = [TOKEN, PASSWORD, key.key.reveal(), key.secret.reveal(),
                     ADDRESSES["phone"].reveal()]  # fmt: skip
            for leak in leaks:
                told = SendAlert(severity="critical", code="POSITION_FOUND", text=f"error at {leak}/x")
                live.parts.alerting.told(told)
            live.take(GateShut(time_ns=live.now_ns(), cause="TEST"))
            await it.until(lambda: len([one for one in messages if "POSITION_FOUND" in one.title]) == len(leaks))
            courier.close(5)

    asyncio.run(story())
    shown = "\n".join(f"{one}" for one in messages)
    assert "***" in shown
    secrets = [TOKEN, TOKEN.partition(":")[2], PASSWORD, keys[0].key.reveal(), keys[0].secret.reveal()]
    assert not [one for one in secrets if one in shown]
    files = [path for path in (tmp_path / "engine").rglob("*") if path.is_file() and not path.is_socket()]
    assert len(files) > 2
    assert not [path.name for path in files for one in secrets if one.encode() in path.read_bytes()]

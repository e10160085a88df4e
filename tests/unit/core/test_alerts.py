"""The life of an alert: raised once, reminded, recovered. Source: strategies §10."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.core.alerts import (
    ONCE,
    RECOVERED_NS,
    REMIND_NS,
    Alerts,
    Condition,
    Edge,
    Notice,
    Reading,
    Severity,
    happening,
    reading_of,
)
from sadari.model.command import SendAlert
from sadari.model.event import EngineTurned
from sadari.model.units import MINUTE_NS, SECOND_NS

START_NS = 1_700_000_000 * SECOND_NS
WARNS = Reading(Condition.MARGIN_RATIO, Severity.WARNING, value="0.6", threshold="0.5")
CRITICAL = WARNS._replace(severity=Severity.CRITICAL, value="0.8", threshold="0.8")
SHORTS = Reading(Condition.SHORT_POSITION_COUNT, Severity.WARNING, value="4", threshold="3")


def at(seconds: float) -> int:
    """So long after the beginning."""
    return START_NS + int(seconds * SECOND_NS)


def edges(notices: list[Notice]) -> list[str]:
    """What notices tell."""
    return [notice.edge.value for notice in notices]


def lived(alerts: Alerts, reading: Reading, true: list[bool], step_s: int = 5) -> list[tuple[int, str]]:
    """Look so often; when something was told, and what."""
    return [
        (step * step_s, edge)
        for step, holds in enumerate(true)
        for edge in edges(alerts.judge([reading] if holds else [], at(step * step_s)))
    ]


@pytest.mark.requirement("R003-45")
@pytest.mark.parametrize("condition", [one for one in Condition if one not in ONCE])
def test_a_condition_is_told_when_it_becomes_true_every_quarter_of_an_hour_and_when_it_is_over(
    condition: Condition,
) -> None:
    """Once at the edge, reminders at 15 and 30 min, recovered after 60 s of false: every row that lasts."""
    looks = [True] * (31 * 12) + [False] * 13
    told = lived(Alerts(), Reading(condition, Severity.WARNING, "BTCUSDT"), looks)
    assert told == [(0, "raised"), (900, "reminded"), (1800, "reminded"), (31 * 60 + 60, "recovered")]


@pytest.mark.parametrize("condition", sorted(ONCE))
def test_what_happens_once_never_recovers(condition: Condition) -> None:
    """There is nothing to come back from; the next one is an alert of its own."""
    alerts, reading = Alerts(), Reading(condition, Severity.CRITICAL, "BTCUSDT")
    first = alerts.happened(reading, at(0))
    assert first is not None
    assert first.edge is Edge.RAISED
    assert [alerts.judge([], at(seconds)) for seconds in (0, 5, 60, 65)] == [[], [], [], []]
    again = alerts.happened(reading, at(66))
    assert again is not None
    assert again.id != first.id


@pytest.mark.parametrize(("seconds", "told"), [(59, []), (60, ["recovered"])])
def test_recovered_is_a_whole_minute_of_false(seconds: int, told: list[str]) -> None:
    """From the first look at which it is false."""
    alerts = Alerts()
    alerts.judge([WARNS], at(0))
    assert alerts.judge([], at(5)) == []
    assert edges(alerts.judge([], at(5 + seconds))) == told


@pytest.mark.parametrize(("seconds", "told"), [(899, []), (900, ["reminded"]), (901, ["reminded"])])
def test_a_reminder_is_a_quarter_of_an_hour_after_the_last_word(seconds: int, told: list[str]) -> None:
    """Not before."""
    alerts = Alerts()
    alerts.judge([WARNS], at(0))
    assert edges(alerts.judge([WARNS], at(seconds))) == told


def test_what_flutters_is_one_alert() -> None:
    """False for less than a minute between: the same spell, with its id."""
    alerts = Alerts()
    (raised,) = alerts.judge([WARNS], at(0))
    for step in range(1, 100):
        assert alerts.judge([WARNS] if step % 2 else [], at(step * 5)) == []
    alerts.judge([], at(500))
    (over,) = alerts.judge([], at(560))
    assert (over.edge, over.id, over.since_ns) == (Edge.RECOVERED, raised.id, at(0))


def test_what_becomes_worse_is_told_at_once_and_what_becomes_milder_is_not() -> None:
    """Margin ratio: 0.5 warns, 0.8 is critical; fluttering about 0.8 is told once, coming back later again."""
    alerts = Alerts()
    assert [one.severity for one in alerts.judge([WARNS], at(0))] == [Severity.WARNING]
    assert [(one.edge, one.severity) for one in alerts.judge([CRITICAL], at(5))] == [(Edge.RAISED, Severity.CRITICAL)]
    for step in range(2, 10):
        assert alerts.judge([CRITICAL if step % 2 else WARNS], at(step * 5)) == []
    assert alerts.judge([WARNS], at(50)) == []
    assert alerts.judge([WARNS], at(110)) == []
    assert [one.severity for one in alerts.judge([CRITICAL], at(115))] == [Severity.CRITICAL]


def test_each_symbol_has_its_own_alert() -> None:
    """One that recovers says nothing of the other."""
    alerts = Alerts()
    one, other = WARNS._replace(symbol="BTCUSDT"), WARNS._replace(symbol="ETHUSDT")
    assert [notice.symbol for notice in alerts.judge([one, other], at(0))] == ["BTCUSDT", "ETHUSDT"]
    alerts.judge([other], at(5))
    assert [(notice.symbol, notice.edge) for notice in alerts.judge([other], at(65))] == [("BTCUSDT", Edge.RECOVERED)]
    assert alerts.standing == (other,)


def test_a_record_has_everything_that_the_document_lists() -> None:
    """Id, condition, value, threshold, symbol, severity, time, correlation id."""
    reading = Reading(Condition.SINGLE_POSITION_LOSS, Severity.CRITICAL, "BTCUSDT", "-0.16", "-0.15", "", "run/p3")
    (notice,) = Alerts().judge([reading], at(1))
    assert (notice.condition, notice.value, notice.threshold) == ("single_position_loss", "-0.16", "-0.15")
    assert (notice.symbol, notice.severity, notice.time_ns) == ("BTCUSDT", "critical", at(1))
    assert (notice.correlation, notice.id) == ("run/p3", f"single_position_loss-BTCUSDT-{at(1) // 10**6}")


def test_an_alert_of_the_engine_and_the_look_after_it_are_one() -> None:
    """The engine tells of its margin ratio as it is shown, and the look finds the same."""
    alerts = Alerts()
    told = reading_of(SendAlert(severity="warning", code="MARGIN_RATIO", text="0.6"))
    assert alerts.happened(told, at(0)) is not None
    assert alerts.judge([WARNS], at(0)) == []
    assert alerts.judge([WARNS], at(5)) == []
    alerts.judge([], at(10))
    assert edges(alerts.judge([], at(70))) == ["recovered"]


@pytest.mark.parametrize("code", ["LIQUIDATION_AUTH_FAILED", "SETTLEMENT_DRIFT"])
def test_each_refusal_and_each_drift_is_told(code: str) -> None:
    """§11: every refusal is alerted, the guesses of one second and the same guess again; nothing recovers from them."""
    alerts = Alerts()
    for second in range(5):
        reading = reading_of(SendAlert(severity="critical", code=code, symbol="BTCUSDT", text="the token is wrong"))
        notice = alerts.happened(reading, at(second))
        assert notice is not None
        assert notice.edge is Edge.RAISED
    assert alerts.judge([], at(100)) == []


def test_what_the_engine_measured_and_what_it_is_about_stand_in_the_record() -> None:
    """§10: value, threshold and correlation, which the audit's lines of that position have as well."""
    alert = SendAlert(
        severity="critical", code="LIQUIDATION_NEAR", symbol="BTCUSDT", text="x", value="0.008", threshold="0.01",
        position_id=9,
    )  # fmt: skip
    notice = Alerts().happened(reading_of(alert, "demo"), at(0))
    assert notice is not None
    assert (notice.value, notice.threshold, notice.correlation) == ("0.008", "0.01", "demo/p9")
    refusal = SendAlert(severity="critical", code="LIQUIDATION_REPLAYED", matter="c1")
    notice = Alerts().happened(reading_of(refusal), at(0))
    assert notice is not None
    assert notice.correlation == "c1"


def test_an_exit_that_is_refused_for_ever_does_not_flood() -> None:
    """Every five seconds with another text: one alert, then a reminder that says how often."""
    alerts = Alerts()
    told = []
    for tries in range(181):
        alert = SendAlert(severity="critical", code="EXIT_REJECTED", symbol="BTCUSDT", text=f"refused {tries} times")
        notice = alerts.happened(reading_of(alert), at(tries * 5))
        alerts.judge([], at(tries * 5))
        told += [] if notice is None else [(notice.edge, notice.text)]
    assert told == [(Edge.RAISED, "refused 0 times"), (Edge.REMINDED, "refused 180 times")]


def test_two_facts_of_one_kind_are_two_alerts() -> None:
    """A late fill and another one: nothing is swallowed that says something else."""
    alerts = Alerts()
    for text in ("0.1 at 50000", "0.2 at 50001"):
        alert = SendAlert(severity="critical", code="LATE_FILL", symbol="BTCUSDT", text=text)
        assert alerts.happened(reading_of(alert), at(0)) is not None
        assert alerts.happened(reading_of(alert), at(1)) is None


@pytest.mark.parametrize(
    "code",
    [
        "LIQUIDATION_SOURCE_UNKNOWN", "LIQUIDATION_AUTH_FAILED", "LIQUIDATION_REPLAYED", "LIQUIDATION_IN_PROGRESS",
        "LIQUIDATION_REASON_REQUIRED", "LIQUIDATION_NOT_ALLOWED_IN_STATE",
    ],
)  # fmt: skip
def test_every_refusal_of_a_liquidation_is_the_alert_of_an_unauthorised_one(code: str) -> None:
    """Strategies §11: every refusal is alerted."""
    reading = reading_of(SendAlert(severity="critical", code=code, text="source API_AUTH"))
    assert (reading.code, reading.severity) == (Condition.UNAUTHORISED_LIQUIDATION, Severity.CRITICAL)


@pytest.mark.parametrize(
    ("trigger", "guard", "condition"),
    [
        ("recovery_exhausted", "policy PROTECT", Condition.RECOVERY_EXHAUSTED),
        ("reconcile_failed", "tries left", None),
        ("reconcile_failed", "transport error", Condition.RECONCILE_FAILED),
        ("reconcile_failed", "state unusable", Condition.RECONCILE_FAILED),
        ("fatal", "", Condition.ENGINE_FAILED),
        ("drain_timeout", "", Condition.ENGINE_FAILED),
        ("start_failed", "", Condition.ENGINE_FAILED),
        ("start_ok", "", None),
    ],
)
def test_a_turn_of_the_engine_is_told_where_the_lifecycle_says_so(
    trigger: str, guard: str, condition: Condition | None
) -> None:
    """Strategies §6: the rows with an alert."""
    found = happening(EngineTurned(time_ns=START_NS, trigger=trigger, guard=guard, cause="why"))
    assert (None if found is None else (found.code, found.severity, found.text)) == (
        None if condition is None else (condition, Severity.CRITICAL, "why")
    )


@given(st.lists(st.booleans(), max_size=400), st.sampled_from([1, 5, 7, 30]))
def test_the_story_of_a_condition_is_that_of_its_true_and_false_times(true: list[bool], step_s: int) -> None:
    """A slow twin over the whole history: spells apart by a minute of false, reminders a quarter of an hour apart."""
    told = lived(Alerts(), SHORTS, true, step_s)
    expected: list[tuple[int, str]] = []
    last: int | None = None
    false_s: int | None = None
    for step, holds in enumerate(true):
        now_s = step * step_s
        if holds:
            false_s = None
            if last is None:
                expected.append((now_s, "raised"))
                last = now_s
            elif now_s - last >= REMIND_NS // SECOND_NS:
                expected.append((now_s, "reminded"))
                last = now_s
        elif last is not None:
            if false_s is None:
                false_s = now_s
            elif now_s - false_s >= RECOVERED_NS // SECOND_NS:
                expected.append((now_s, "recovered"))
                last = false_s = None
    assert told == expected
    kinds = [edge for _, edge in told if edge != "reminded"]
    assert kinds == [("raised", "recovered")[place % 2] for place in range(len(kinds))]


def test_nothing_is_kept_of_what_is_over() -> None:
    """A run of years with every symbol grows by nothing."""
    alerts = Alerts()
    for number in range(1_000):
        alert = SendAlert(severity="warning", code="FOREIGN_ORDER", symbol=f"S{number}", text=str(number))
        alerts.happened(reading_of(alert), at(number))
        alerts.judge([], at(number))
    alerts.judge([], at(1_000) + 2 * MINUTE_NS)
    assert not alerts._spells

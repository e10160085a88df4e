"""What a person reads, in both languages, for everything that can be told."""

from __future__ import annotations

import ast
import json
import re
from itertools import product
from pathlib import Path
from string import ascii_letters

import pytest

from sadari.core.alerts import CONDITION_OF, Condition, Edge, Notice, Severity
from sadari.model import reason
from sadari.model.units import MINUTE_NS, SECOND_NS
from sadari.notify.in_file import appender
from sadari.notify.texts import SENTENCES, Language, lost, message_of, trial
from tests.tidy.sources import modules

LANGUAGES: tuple[Language, ...] = ("en", "ko")
HANGUL = re.compile(r"[가-힣]")
TIME_NS = 1_700_000_000 * SECOND_NS


def notice(condition: str = Condition.SINGLE_POSITION_LOSS, edge: Edge = Edge.RAISED, **fields: object) -> Notice:
    """One with everything."""
    given: dict[str, object] = {
        "severity": Severity.CRITICAL, "symbol": "BTCUSDT", "value": "-0.16", "threshold": "-0.15",
        "text": "price 42000",
        "correlation": "run/p3", "times": 3, "time_ns": TIME_NS, "since_ns": TIME_NS - 15 * MINUTE_NS,
    }  # fmt: skip
    return Notice(id="x", condition=condition, edge=edge, **(given | fields))  # type: ignore[arg-type]


def named(node: ast.expr) -> set[str]:
    """The codes that an expression names: a text, or a member of one of the enumerations of reasons."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        kind = getattr(reason, node.value.id, None)
        return set() if kind is None else {str(getattr(kind, node.attr))}
    return set()


def told_codes() -> set[str]:
    """Every code that any module tells a person of, read from the sources."""
    codes: set[str] = {"JOURNAL_SLOW", "CLOCK_OFF", *(str(one) for one in Condition)}
    for name, tree in modules("python"):
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr == "alert" and len(node.args) > 1:
                found = named(node.args[1])
                variable = isinstance(node.args[1], ast.Name) or ast.unparse(node.args[1]).endswith(".value")
                assert found or variable, f"{name}:{node.lineno}"
                codes |= found
            elif node.func.attr == "_warn" and node.args:
                codes |= named(node.args[0])
    # `forced_fill` and the venue's own closes name their reason by a variable.
    codes |= {reason.ExitReason.EXCHANGE_LIQUIDATION, reason.ExitReason.ADL, reason.ExitReason.MANUAL_EXTERNAL}
    return {str(CONDITION_OF.get(code, code)) for code in codes}


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_is_told_has_a_sentence(language: Language) -> None:
    """Found in the sources, so that a new alert without one fails here."""
    codes = told_codes()
    assert len(codes) > 35
    assert not codes - SENTENCES[language].keys()


def test_both_languages_say_the_same_things_each_in_its_own_letters() -> None:
    """Korean in Hangul, English without."""
    assert SENTENCES["en"].keys() == SENTENCES["ko"].keys()
    assert all(HANGUL.search(text) for text in SENTENCES["ko"].values())
    assert not any(HANGUL.search(text) for text in SENTENCES["en"].values())
    assert all(text[0] in ascii_letters and text.endswith(".") for text in SENTENCES["en"].values())


@pytest.mark.parametrize(("language", "condition", "edge"), list(product(LANGUAGES, Condition, Edge)))
def test_every_notice_of_every_condition_is_put_into_words(language: Language, condition: str, edge: Edge) -> None:
    """Severity, symbol, condition, figures, time and correlation; as UTF-8."""
    message = message_of(notice(condition, edge), language, "run")
    whole = f"{message.title}\n{message.body}"
    for part in ("[run]", "BTCUSDT", condition, "-0.16", "-0.15", "price 42000", "2023-11-14 22:13:20 UTC", "run/p3"):
        assert part in whole
    assert SENTENCES[language][condition] in message.body
    assert whole.encode("utf-8").decode("utf-8") == whole
    assert bool(HANGUL.search(message.title)) is (language == "ko")


def test_a_message_in_each_language_word_by_word() -> None:
    """As it is read."""
    english = message_of(notice(edge=Edge.REMINDED), "en", "run")
    assert english.title == "[run] CRITICAL still so, BTCUSDT: single_position_loss"
    assert english.body.splitlines()[1:] == [
        "price 42000", "value: -0.16", "limit: -0.15", "3 times", "time: 2023-11-14 22:13:20 UTC (for 15 min)",
        "id: run/p3",
    ]  # fmt: skip
    korean = message_of(notice(edge=Edge.RECOVERED), "ko", "run")
    assert korean.title == "[run] 위험 해소됨, BTCUSDT: single_position_loss"
    assert korean.body.splitlines() == [
        "더 이상 해당하지 않음: 포지션 손실이 모든 손절 한도를 넘었습니다. 손절이 작동하지 않아 강제 청산합니다.",
        "price 42000", "값: -0.16",
        "한도: -0.15", "3회", "시각: 2023-11-14 22:13:20 UTC (15분째)", "식별자: run/p3",
    ]  # fmt: skip


def test_what_nobody_has_a_sentence_for_is_told_by_its_code() -> None:
    """Rather than not at all."""
    assert message_of(notice("NEW_CODE"), "ko", "run").body.startswith("NEW_CODE\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_test_message_says_that_it_is_one(language: Language) -> None:
    """So that nobody closes anything because of it."""
    message = trial(language, "run", TIME_NS)
    assert SENTENCES[language]["TEST"] in message.body
    assert message.severity is Severity.CRITICAL, "the mildest severity of a channel keeps none back"
    assert "7" in lost(language, 7)


def test_the_file_has_a_line_of_json_for_each_notice(tmp_path: Path) -> None:
    """In UTF-8, readable by its owner alone, added to what is there."""
    path = tmp_path / "alerts.jsonl"
    send = appender(path)
    send(message_of(notice(text="가"), "ko", "run"))
    send(message_of(notice(edge=Edge.RECOVERED), "en", "run"))
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(row["edge"], row["condition"], row["text"]) for row in rows] == [
        ("raised", "single_position_loss", "가"), ("recovered", "single_position_loss", "price 42000"),
    ]  # fmt: skip
    assert {"id", "condition", "value", "threshold", "symbol", "severity", "time_ns", "correlation"} <= rows[0].keys()
    assert path.stat().st_mode & 0o777 == 0o600

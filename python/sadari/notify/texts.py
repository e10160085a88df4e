"""What a person reads of an alert, in English and in Korean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

import msgspec

from sadari.core.alerts import Edge, Notice, Severity
from sadari.model.units import MINUTE_NS, SECOND_NS
from sadari.notify.courier import Message
from sadari.notify.sentences import ENGLISH, KOREAN

Language = Literal["en", "ko"]

SENTENCES: Mapping[Language, Mapping[str, str]] = {"en": ENGLISH, "ko": KOREAN}

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        Severity.INFO: "INFO", Severity.WARNING: "WARNING", Severity.CRITICAL: "CRITICAL",
        Edge.RAISED: "{}", Edge.REMINDED: "Still so: {}", Edge.RECOVERED: "No longer so: {}",
        "value": "value", "threshold": "limit", "time": "time", "since": "for {} min", "times": "{} times", "id": "id",
        "lost": "{} messages before this one were lost: this channel was too slow",
    },
    "ko": {
        Severity.INFO: "정보", Severity.WARNING: "경고", Severity.CRITICAL: "위험",
        Edge.RAISED: "{}", Edge.REMINDED: "계속되고 있음: {}", Edge.RECOVERED: "더 이상 해당하지 않음: {}",
        "value": "값", "threshold": "한도", "time": "시각", "since": "{}분째", "times": "{}회", "id": "식별자",
        "lost": "이 채널이 느려 앞선 메시지 {}건이 유실되었습니다",
    },
}  # fmt: skip

# In a title, before what it is about.
_EDGES: Mapping[Language, Mapping[str, str]] = {
    "en": {Edge.RAISED: "", Edge.REMINDED: "still so, ", Edge.RECOVERED: "recovered, "},
    "ko": {Edge.RAISED: "", Edge.REMINDED: "계속됨, ", Edge.RECOVERED: "해소됨, "},
}

_encode = msgspec.json.Encoder().encode


def message_of(notice: Notice, language: Language, engine: str) -> Message:
    """The message of a notice.

    Args:
        notice: What is told.
        language: Of the words around the figures.
        engine: The name of the engine that tells it.
    """
    words = _WORDS[language]
    sentence = SENTENCES[language].get(notice.condition, notice.condition)
    head = f"[{engine}] {words[notice.severity]} "
    title = f"{head}{_EDGES[language][notice.edge]}{notice.symbol or 'sadari'}: {notice.condition}"
    figures = [(words[name], shown) for name in ("value", "threshold") if (shown := getattr(notice, name))]
    lines = [words[notice.edge].format(sentence)]
    if notice.text:
        lines.append(notice.text)
    lines += [f"{name}: {shown}" for name, shown in figures]
    if notice.times > 1:
        lines.append(words["times"].format(notice.times))
    minutes = (notice.time_ns - notice.since_ns) // MINUTE_NS
    span = f" ({words['since'].format(minutes)})" if minutes else ""
    lines.append(f"{words['time']}: {_stamp(notice.time_ns)}{span}")
    lines.append(f"{words['id']}: {notice.correlation}")
    return Message(notice.severity, title, "\n".join(lines), _encode(notice).decode())


def lost(language: Language, number: int) -> str:
    """That messages were lost in front of this one."""
    return _WORDS[language]["lost"].format(number)


def trial(language: Language, engine: str, time_ns: int) -> Message:
    """What `sadari alert test` sends."""
    notice = Notice(
        id="test", condition="TEST", edge=Edge.RAISED, severity=Severity.CRITICAL, time_ns=time_ns, since_ns=time_ns,
        correlation="test",
    )  # fmt: skip
    return message_of(notice, language, engine)


def _stamp(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // SECOND_NS, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

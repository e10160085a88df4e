"""The catalog of faults as this exchange has it: which it can produce and by what, and why not the others."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable

from sadari.localexchange.faults.action_rules import ActionRule
from sadari.localexchange.faults.faults import Actions
from sadari.localexchange.faults.file import load_faults
from sadari.localexchange.faults.rows import FaultRow
from sadari.localexchange.faults.rule import Rule, verb_of
from sadari.localexchange.faults.served import FAULTS

# A reason for each fault that no verb here produces.
_MODEL = "the exchange's own rules do it unasked: no fault is needed"
_CLIENT = "it happens on the client's machine, which the client's own tests have to break"
_SECURITY = "it is about the client's own interfaces and secrets, which no exchange touches"
NOT_SERVED: dict[str, str] = {
    "F10": "the items of a batch stand or fall by the exchange's rules; no verb refuses one of them",
    "F11": _MODEL,
    "F27": "it needs days of market time with the client away: play the tape on meanwhile",
    "F48": "fees are paid in the margin asset only",
    "F49": _MODEL,
    "F51": "the filter sees frames only: pings of the socket are answered and its packets arrive",
    "F60": _CLIENT,
    "F80": _CLIENT,
    "F84": "mark and last price come from one tape, which no verb parts",
    "F87": "no verb delists a symbol or settles its positions",
    "F90": _MODEL,
    "F93": "no verb moves the price of collateral",
    "F94": "orders of one account are not kept from each other",
    "F102": _CLIENT,
    "F103": _CLIENT,
    "F104": _MODEL,
    **{f"F{number}": _CLIENT for number in range(105, 122)},
    "F128": _CLIENT,
    "F129": _CLIENT,
    **{f"F{number}": _SECURITY for number in (*range(130, 136), *range(137, 140))},
    "F140": "the exchange speaks without TLS",
}


def example_rules(row: FaultRow) -> tuple[Rule, ...]:
    """The examples of a row as rules."""
    return load_faults(f"fault = [{', '.join(f'{{ {rule} }}' for rule in row.rules)}]")


def served(actions: Actions) -> tuple[FaultRow, ...]:
    """The rows of the table with those of their examples that can happen where these actions can."""
    rows = []
    for row in FAULTS:
        possible = [
            text
            for text, rule in zip(row.rules, example_rules(row), strict=True)
            if not isinstance(rule, ActionRule) or verb_of(rule) in actions.verbs()
        ]
        if possible:
            rows.append(row._replace(rules=tuple(possible)))
    return tuple(rows)


def not_served(actions: Actions) -> dict[str, str]:
    """By their numbers, the faults that cannot happen and the reason of each."""
    present = {row.fault for row in served(actions)}
    absent = {
        row.fault: f"no callable for {', '.join(sorted({verb_of(rule) for rule in example_rules(row)}))}"
        for row in FAULTS
        if row.fault not in present
    }
    return dict(sorted((NOT_SERVED | absent).items(), key=lambda item: int(item[0][1:])))


def fault_table(actions: Actions) -> str:
    """Both lists as Markdown, with the share of the catalog that is served."""
    rows, absent = served(actions), not_served(actions)
    lines = [
        f"{len(rows)} of {len(rows) + len(absent)} faults of the catalog can be produced.",
        "",
        "| fault | what goes wrong | by the verbs |",
        "|---|---|---|",
        *(f"| {row.fault} | {row.title} | {_verbs(row)} |" for row in rows),
        "",
        "| fault | why it cannot be produced |",
        "|---|---|",
        *(f"| {fault} | {reason} |" for fault, reason in absent.items()),
    ]
    return "\n".join(lines) + "\n"


def fault_examples(rows: Iterable[FaultRow]) -> str:
    """The examples of rows as TOML that can be copied into a file of faults, each under its fault."""
    parts = []
    for row in rows:
        parts.append(f"# {row.fault}: {row.title}\n")
        parts.extend(f"[[fault]]\n{_lines(text)}" for text in row.rules)
    return "\n".join(parts)


def _lines(text: str) -> str:
    """An inline table's text with each of its keys on a line of its own."""
    lines, line = [], ""
    for part in text.split(", "):
        line = f"{line}, {part}" if line else part
        if _is_toml(line):
            lines.append(line)
            line = ""
    return "\n".join(lines) + "\n"


def _is_toml(line: str) -> bool:
    try:
        tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _verbs(row: FaultRow) -> str:
    return ", ".join(dict.fromkeys(verb_of(rule) for rule in example_rules(row)))

"""What a study of entry signals found: versions and filters side by side, and the claims made for them, as measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sadari.research.attribution import scanner_text, surge_text
from sadari.research.layout import count, paragraph, percent, signed, table

Section = dict[str, Any]

MINUTES_OF_A_MONTH = 30 * 1_440
# In the place of a version of the entry: the first scan of each spell in which a symbol was a candidate.
CANDIDATES = "first scan"
# What was claimed of the newer versions. Source: requirements R004-34 and R004-44.
CLAIMED_REDUCTION, CLAIMED_RATE = -0.70, 0.15


class Found(NamedTuple):
    """The signals of one version of the entry behind one filter, judged (strategies §4, D-07)."""

    preset: str
    filter: str
    episodes: int
    quality: Mapping[str, object]


def section(
    *,
    minutes: int,
    candles: Mapping[str, int],
    found: Sequence[Found],
    baseline: Mapping[str, object],
    surge: Mapping[str, Section],
    scanner: Mapping[str, Section | None],
) -> Section:
    """Everything a study found, ready for JSON.

    Args:
        minutes: How many minutes all candles cover.
        candles: Candles by symbol.
        found: Each version behind each filter.
        baseline: The quality of signals raised without any reason, evenly spaced in time.
        surge: What the surge rules saw, by version.
        scanner: What the scanner saw, by filter.
    """
    months = minutes / MINUTES_OF_A_MONTH
    rows = [
        {
            "preset": one.preset,
            "filter": one.filter,
            "episodes": one.episodes,
            "per_symbol_month": float(str(one.quality["signals"])) / months if months else None,
            **one.quality,
        }
        for one in found
    ]
    return {
        "candles": dict(candles),
        "symbol_months": months,
        "versions": rows,
        "baseline": dict(baseline),
        "claims": claims(rows),
        "surge": dict(surge),
        "scanner": dict(scanner),
    }


def claims(rows: Sequence[Section]) -> list[Section]:
    """What was claimed and what was measured; whether that agrees is None where the 95 % intervals do not tell."""
    by_name = {(row["preset"], row["filter"]): row for row in rows}
    return [*_of_versions(by_name), _of_filters(by_name)]


def _of_filters(by_name: Mapping[tuple[str, str], Section]) -> Section:
    option_b, old = by_name[CANDIDATES, "option_b"], by_name[CANDIDATES, "old"]
    return {
        "requirement": "R004-34",
        "claim": "option B raises 70 % fewer false signals than the filter before it",
        "measured": f"false {percent(option_b['false_rate'])} of {option_b['decided']:,} decided candidates against "
        f"{percent(old['false_rate'])} of {old['decided']:,}: "
        f"{signed(_relative(option_b['false_rate'], old['false_rate']))}",
        "holds": _within(_relative_bounds(option_b["interval"], old["interval"]), CLAIMED_REDUCTION),
    }


def _of_versions(by_name: Mapping[tuple[str, str], Section]) -> list[Section]:
    if ("v33", "none") not in by_name:
        return []
    newest, before = by_name["v33", "none"], by_name["v32", "none"]
    oldest, behind = by_name["nine_of_thirteen", "none"], by_name["v33", "option_b"]
    return [
        {
            "requirement": "R004-30",
            "claim": "v3.3 finds more than v3.2 and than the entry before it",
            "measured": f"{newest['signals']:,} signals, {before['signals']:,} with the filter of v3.2, "
            f"{oldest['signals']:,} of the entry before it",
            "holds": newest["signals"] > before["signals"] and newest["signals"] > oldest["signals"],
        },
        {
            "requirement": "R004-44",
            "claim": "fewer than 15 % of the signals are false",
            "measured": f"{percent(behind['false_rate'])} of {behind['decided']:,} behind option B, "
            f"{percent(newest['false_rate'])} of {newest['decided']:,} without a filter",
            "holds": _within(behind["interval"], CLAIMED_RATE),
        },
    ]


def _relative(now: float | None, before: float | None) -> float | None:
    return now / before - 1 if now is not None and before else None


def _relative_bounds(now: list[float] | None, before: list[float] | None) -> list[float] | None:
    """The least and the greatest change that two intervals leave possible; None where one may start at nothing."""
    if now is None or before is None or not before[0]:
        return None
    return [now[0] / before[1] - 1, now[1] / before[0] - 1]


def _within(interval: list[float] | None, limit: float) -> bool | None:
    """Whether a figure is at most a limit: None where its interval does not tell."""
    if interval is None:
        return None
    least, most = interval
    if most <= limit:
        return True
    return False if least > limit else None


def text(study: Section) -> str:
    """A study as a page."""
    symbols = study["candles"]
    amount = f"{count(len(symbols), 'symbol')}, {sum(symbols.values()):,} candles"
    lines = [
        f"Study of {amount}, {study['symbol_months']:,.1f} symbol-months",
        "",
        "Signals, judged: false is 3 % against before 3 % for, within 240 minutes",
        *table(_HEAD, [_version(row) for row in study["versions"]] + [_version(_named(study["baseline"]))]),
    ]
    if study["claims"]:
        lines += ["", "Claims"]
    for row in study["claims"]:
        verdict = {True: "holds", False: "does not hold", None: "cannot be said"}[row["holds"]]
        lines += paragraph(f"{row['requirement']}, {row['claim']}: {verdict}. {row['measured']}.", "* ")
    for preset, found in study["surge"].items():
        lines += ["", f"Surge {preset}", *surge_text(found)]
    for name, found in study["scanner"].items():
        lines += ["", f"Scanner, filter {name}", *scanner_text(found)]
    return "\n".join(lines) + "\n"


_HEAD = ("Entry", "filter", "signals", "episodes", "a month", "decided", "false", "95 % interval", "no data")


def _named(baseline: Section) -> Section:
    return {"preset": "evenly spaced", "filter": "-", "episodes": None, "per_symbol_month": None, **baseline}


def _version(row: Section) -> tuple[str, ...]:
    interval = row["interval"]
    return (
        row["preset"],
        row["filter"],
        f"{row['signals']:,}",
        "-" if row["episodes"] is None else f"{row['episodes']:,}",
        "-" if row["per_symbol_month"] is None else f"{row['per_symbol_month']:.1f}",
        f"{row['decided']:,}",
        percent(row["false_rate"]),
        "-" if interval is None else f"{interval[0] * 100:.0f}-{interval[1] * 100:.0f} %",
        f"{row['no_data']:,}",
    )

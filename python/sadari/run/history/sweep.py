"""A sweep: every combination of varied settings, run before a point in time and, on a fresh account, after it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from sadari.errors import ConfigError
from sadari.model.units import MINUTE_NS
from sadari.research import sweep as results
from sadari.research.report import summarize
from sadari.research.shapes import iso
from sadari.run.feed.inputs import Inputs, Prepared, prepare, refuse_plan
from sadari.run.feed.sensing import signal_rules
from sadari.run.history.backtest import backtest
from sadari.run.history.markets import check_frames
from sadari.run.settings.config import Config, Raw, decode, decode_apart, read
from sadari.run.settings.request import FunnelSection, Request
from sadari.store.candles import CandleColumns

LIMIT = 1_000
FORM = "SECTION.KEY=VALUE,VALUE and so on, such as ladder.leverage=5,10"

Values = dict[str, Any]


class Variation(NamedTuple):
    """A setting and the values that it takes, as a configuration would have them."""

    section: str
    key: str
    values: tuple[Any, ...]

    @property
    def name(self) -> str:
        """The setting with its section."""
        return f"{self.section}.{self.key}"


class Trial(NamedTuple):
    """One combination of the varied settings, and the configuration that it makes."""

    values: Values
    config: Config


class Half(NamedTuple):
    """A part of the period: when it begins and ends, and its candles, with earlier ones to warm up by."""

    start_ns: int
    end_ns: int
    candles: Mapping[str, CandleColumns]


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A sweep that is ready to be run.

    Attributes:
        trials: The combinations that can be run.
        skipped: Those that cannot, each with the sentence that says why.
        prepared: What every run has in common.
        halves: In-sample and out-of-sample.
    """

    trials: Sequence[Trial]
    skipped: Sequence[tuple[Values, str]]
    prepared: Prepared
    halves: tuple[Half, Half]


def variation(text: str) -> Variation:
    """A setting and its values out of ``ladder.leverage=5,10``; a text needs no quotes, a list has its brackets.

    Raises:
        ConfigError: The text has another form, or a value is there twice.
    """
    name, _, listed = text.partition("=")
    section, _, key = name.strip().partition(".")
    values = _listed(listed)
    if not (section and key and values):
        raise ConfigError(f"--vary is {text!r}; allowed: {FORM}")
    for number, value in enumerate(values):
        if value in values[:number]:
            raise ConfigError(f"--vary {section}.{key} has {_shown(value)} twice; allowed: each value once")
    return Variation(section, key, tuple(values))


def _listed(text: str) -> list[Any]:
    """The values of a list with commas; none if one of them is missing."""
    whole = _toml(f"[{text}]")
    if whole is not None:
        return list(whole)
    words = [word.strip() for word in text.split(",")]
    return [word if (value := _toml(word)) is None else value for word in words] if all(words) else []


def _toml(text: str) -> Any:  # noqa: ANN401 - whatever kind of value it is
    """A value as a configuration would read it, None if it is none."""
    try:
        return tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]
    except tomllib.TOMLDecodeError:
        return None


def _shown(value: object) -> str:
    return f"[{', '.join(map(_shown, value))}]" if isinstance(value, list) else str(value)


def combinations(
    raw: Raw, variations: Sequence[Variation], limit: int | None = LIMIT
) -> tuple[list[Trial], list[tuple[Values, str]]]:
    """Every combination of the varied settings over a configuration: those that can be run, and the others with why.

    Raises:
        ConfigError: A setting or one of its values cannot be, whatever it is combined with; there are more
            combinations than allowed; or none of them can be run.
    """
    count = math.prod(len(varied.values) for varied in variations)
    if limit is not None and count > limit:
        raise ConfigError(f"--vary makes {count:,} combinations; allowed: {limit:,}, or as many as you like with --yes")
    for number, varied in enumerate(variations):
        if varied.name in {other.name for other in variations[:number]}:
            raise ConfigError(f"--vary {varied.name} is there twice; allowed: each setting once")
        _refuse_alone(raw, varied)
    trials: list[Trial] = []
    skipped: list[tuple[Values, str]] = []
    for chosen in product(*(varied.values for varied in variations)):
        pairs = list(zip(variations, chosen, strict=True))
        values = {varied.name: value for varied, value in pairs}
        try:
            trials.append(Trial(values, _plannable(_merged(raw, pairs))))
        except ConfigError as error:
            skipped.append((values, str(error)))
    if not trials:
        raise ConfigError(f"none of the {count:,} combinations can be run; of the first: {skipped[0][1]}")
    return trials, skipped


def _refuse_alone(raw: Raw, varied: Variation) -> None:
    if varied.section == "instruments":
        raise ConfigError(f"--vary {varied.name}: a contract is what it is; allowed: settings of other sections")
    for value in varied.values:
        try:
            decode_apart(_merged(raw, [(varied, value)]))
        except ConfigError as error:
            raise ConfigError(f"--vary {varied.name}: {error}") from error


def _merged(raw: Raw, pairs: Sequence[tuple[Variation, Any]]) -> Raw:
    merged = dict(raw)
    for varied, value in pairs:
        merged[varied.section] = {**merged.get(varied.section, {}), varied.key: value}
    return merged


def _plannable(raw: Raw) -> Config:
    """The configuration of values that agree with each other."""
    config = decode(raw)
    signal_rules(config.signals())
    refuse_plan(config.settings(), config.account.balance)
    return config


def halves(prepared: Prepared, split: Decimal) -> tuple[Half, Half]:
    """The period before and after a share of it; a candle that the point between them lies in is in neither.

    Raises:
        ConfigError: One of them has no candle.
    """
    columns, asked_ns = prepared.columns, prepared.request.start_ns
    first_ns, end_ns = min(one.start_ns for one in columns.values()), max(one.end_ns for one in columns.values())
    start_ns = max(first_ns, asked_ns) if asked_ns is not None else first_ns
    split_ns = start_ns + int(split * (end_ns - start_ns))
    split_ns -= split_ns % MINUTE_NS
    cut = {symbol: one.between(None, split_ns - one.interval_ns + 1) for symbol, one in columns.items()}
    parts = (Half(start_ns, split_ns, _traded(cut, start_ns)), Half(split_ns, end_ns, _traded(columns, split_ns)))
    for half, place in zip(parts, ("before", "after"), strict=True):
        if not half.candles:
            raise ConfigError(
                f"--split is {split}; allowed: a share that leaves candles on both sides, and none lies {place} "
                f"{iso(split_ns)}"
            )
    return parts


def _traded(columns: Mapping[str, CandleColumns], start_ns: int) -> dict[str, CandleColumns]:
    """The symbols that have a candle from a time on."""
    return {symbol: one for symbol, one in columns.items() if len(one.between(start_ns, None))}


def prepare_sweep(
    file: Path, variations: Sequence[Variation], inputs: Inputs, split: Decimal, limit: int | None = LIMIT
) -> Sweep:
    """The sweep that a configuration file, varied settings and files of candles ask for.

    Raises:
        ConfigError: Something asked for is not there or cannot be used.
    """
    raw = read(file)
    try:
        decode_apart(raw)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from error
    trials, skipped = combinations(raw, variations, limit)
    prepared = prepare(trials[0].config, inputs)
    parts = halves(prepared, split)
    fitting = list(_fitting(prepared, trials, skipped))
    if not fitting:
        raise ConfigError(f"none of the {len(skipped):,} combinations can be run; of the last: {skipped[-1][1]}")
    return Sweep(trials=fitting, skipped=skipped, prepared=prepared, halves=parts)


def _fitting(prepared: Prepared, trials: Sequence[Trial], skipped: list[tuple[Values, str]]) -> Iterator[Trial]:
    """The trials whose frames the candles can be put together to; the others join those that are skipped."""
    for trial in trials:
        try:
            for symbol, one in prepared.columns.items():
                check_frames(request_of(prepared, trial), symbol, one)
        except ConfigError as error:
            skipped.append((trial.values, str(error)))
        else:
            yield trial


def request_of(prepared: Prepared, trial: Trial) -> Request:
    """The backtest of one combination over the whole period."""
    config = trial.config
    return replace(
        prepared.request,
        settings=config.settings(),
        balance=config.account.balance,
        assets=config.account.assets,
        multi_assets=config.account.multi_assets,
        signals=config.signals(),
        surge=config.surge,
        ict=config.ict,
        scanner=config.scanner,
        market=config.market,
        funnel=FunnelSection(),
    )


def run_sweep(sweep: Sweep, sort: str, progress: Callable[[float], None]) -> results.Section:
    """Run every combination over both halves, each with an account of its own, and compare them.

    Args:
        sweep: What to run.
        sort: The in-sample figure to sort by, one of `sadari.research.sweep.FIGURES`.
        progress: Told the share that is done, from 0 to 1.
    """
    total = len(sweep.trials) * len(sweep.halves)
    rows: list[results.Section] = []
    for trial in sweep.trials:
        found: list[results.Section] = []
        for half in sweep.halves:
            done = len(rows) * len(sweep.halves) + len(found)

            def tell(share: float, before: int = done) -> None:
                progress((before + share) / total)

            asked = replace(
                request_of(sweep.prepared, trial), candles=half.candles, start_ns=half.start_ns, progress=tell
            )
            found.append(summarize(backtest(asked)))
        rows.append(results.row(trial.values, *found))
    within, beyond = ({"start": iso(half.start_ns), "end": iso(half.end_ns)} for half in sweep.halves)
    return results.compare(rows, sweep.skipped, sort, within, beyond)

"""A sweep: what may be varied, what is run of it, and on which part of the data."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sadari.errors import ConfigError
from sadari.model.units import DAY_NS, MINUTE_NS
from sadari.research.report import summarize
from sadari.run.feed.inputs import Inputs, prepare
from sadari.run.feed.synthetic import START_NS, write
from sadari.run.history.backtest import backtest
from sadari.run.history.sweep import Sweep, combinations, prepare_sweep, run_sweep, variation
from sadari.run.settings.config import decode, parse

D = Decimal
HALF = D("0.5")

# A signal and a ladder for hours instead of days.
QUICK = """
[signal]
frame_minutes = 5
fast = 3
slow = 9
[ladder]
dca_trigger = [0.002, 0.004]
stop_by_stage = [0.006, 0.005, 0.004]
half_close_pct = 0.004
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two made-up contracts over four days, and a configuration with a quick signal."""
    folder = tmp_path_factory.mktemp("sweep")
    write(folder / "candles", symbols=2, days=4, seed=3)
    (folder / "ladder.toml").write_text(QUICK, encoding="utf-8")
    return folder


def ready(folder: Path, *varied: str, split: Decimal = HALF, **fields: Any) -> Sweep:
    """A sweep over the made-up candles."""
    inputs = Inputs(data=[folder / "candles"], **fields)
    return prepare_sweep(folder / "ladder.toml", [variation(text) for text in varied], inputs, split)


def nothing(_share: float) -> None:
    """Nobody watches the progress."""


@pytest.mark.parametrize(("text", "values"), [
    ("ladder.leverage=5,10", (5, 10)),
    ("ladder.stop_ratchet=true, false", (True, False)),
    ("signal.kind=ma_cross,always", ("ma_cross", "always")),
    ('signal.direction="long",short', ("long", "short")),
    ("fees.taker=0.0004,0.00050", (D("0.0004"), D("0.00050"))),
    ("ladder.dca_trigger=[0.02, 0.04],[0.03, 0.06]", ([D("0.02"), D("0.04")], [D("0.03"), D("0.06")])),
])  # fmt: skip
def test_values_are_read_as_a_configuration_would_read_them(text: str, values: tuple[object, ...]) -> None:
    """Numbers keep their digits, lists have brackets, and a text needs no quotes."""
    assert variation(text).values == values


@pytest.mark.parametrize(("text", "said"), [
    ("ladder.leverage", "allowed: SECTION.KEY=VALUE,VALUE"),
    ("ladder.leverage=", "allowed: SECTION.KEY=VALUE,VALUE"),
    ("ladder.leverage=5,,10", "allowed: SECTION.KEY=VALUE,VALUE"),
    ("leverage=5", "allowed: SECTION.KEY=VALUE,VALUE"),
    ("ladder.leverage=5,10,5", "ladder.leverage has 5 twice"),
    ("fees.taker=0.1,0.10", "fees.taker has 0.10 twice"),
])  # fmt: skip
def test_what_is_no_variation_is_refused(text: str, said: str) -> None:
    """One sentence with what is allowed."""
    with pytest.raises(ConfigError, match=said):
        variation(text)


@pytest.mark.parametrize(("varied", "said"), [
    (["ladder.levrage=5"], "--vary ladder.levrage: section [ladder] has no key 'levrage'; did you mean 'leverage'?"),
    (["lader.leverage=5"], "--vary lader.leverage: there is no section [lader]; did you mean 'ladder'?"),
    (["ladder.leverage=5,x"], '--vary ladder.leverage: [ladder] leverage is "x"; allowed: a whole number'),
    (["ladder.leverage=5,500"], "[ladder] leverage is 500; allowed: a whole number from 1 to 125"),
    (["ladder.leverage=5", "ladder.leverage=6"], "--vary ladder.leverage is there twice"),
    (["instruments.BTCUSDT.tick_size=1"], "allowed: settings of other sections"),
    (["signal.fast=90,95"], "none of the 2 combinations can be run; of the first: [signal] fast is 90"),
    ([f"market.seed={','.join(map(str, range(1001)))}"], "makes 1,001 combinations; allowed: 1,000, or as many"),
])  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_runs(varied: list[str], said: str) -> None:
    """A value that is wrong whatever it is combined with is a slip, not a combination to leave out."""
    with pytest.raises(ConfigError) as refused:
        combinations({}, [variation(text) for text in varied])
    assert said in str(refused.value)


def test_the_limit_on_combinations_can_be_lifted() -> None:
    """A thousand is allowed without asking, more when asked."""
    seeds = [variation(f"market.seed={','.join(map(str, range(number)))}") for number in (1000, 1001)]
    assert len(combinations({}, [seeds[0]])[0]) == 1000
    assert len(combinations({}, [seeds[1]], None)[0]) == 1001


def test_every_combination_is_there_once_and_what_contradicts_itself_is_named() -> None:
    """Averages the wrong way round, and a leverage that liquidates before the first add; values given stay."""
    varied = [variation("ladder.leverage=5,50"), variation("signal.fast=10,40"), variation("signal.slow=30,80")]
    raw = {"signal": {"cooldown_minutes": 7}}
    trials, skipped = combinations(raw, varied)
    assert [tuple(trial.values.values()) for trial in trials] == [(5, 10, 30), (5, 10, 80), (5, 40, 80)]
    assert {trial.config.signal.cooldown_minutes for trial in trials} == {7}
    assert [(trial.config.signal.fast, trial.config.signal.slow) for trial in trials] == [(10, 30), (10, 80), (40, 80)]
    assert {tuple(values.values()): why.split()[0] for values, why in skipped} == {
        (5, 40, 30): "[signal]",
        (50, 10, 30): "LEVERAGE_PLAN_INCOMPATIBLE:",
        (50, 10, 80): "LEVERAGE_PLAN_INCOMPATIBLE:",
        (50, 40, 30): "[signal]",
        (50, 40, 80): "LEVERAGE_PLAN_INCOMPATIBLE:",
    }
    assert raw == {"signal": {"cooldown_minutes": 7}}


def test_a_preset_can_be_varied_around() -> None:
    """What the configuration's preset fills in is still there beside a varied value."""
    (trial,), _ = combinations({"ladder": {"preset": "loss_limited"}}, [variation("ladder.leverage=5")])
    assert trial.config == decode({"ladder": {"preset": "loss_limited", "leverage": 5}})


@pytest.mark.requirement("R004-45")
def test_the_halves_share_no_candle_and_leave_none_out(made: Path) -> None:
    """In-sample ends where out-of-sample begins; what lies before is there to warm up by."""
    within, beyond = ready(made, "signal.fast=3").halves
    middle = START_NS + 2 * DAY_NS
    assert (within.start_ns, within.end_ns, beyond.start_ns, beyond.end_ns) == (
        START_NS, middle, middle, START_NS + 4 * DAY_NS,
    )  # fmt: skip
    assert {one.end_ns for one in within.candles.values()} == {middle}
    assert {one.start_ns for one in beyond.candles.values()} == {START_NS}


def test_the_period_asked_for_is_what_is_split(made: Path) -> None:
    """From the second day to the end of the third, three quarters in-sample."""
    period = {"from_ns": START_NS + DAY_NS, "until_ns": START_NS + 3 * DAY_NS}
    within, beyond = ready(made, "signal.fast=3", split=D("0.75"), **period).halves
    assert within.start_ns == START_NS + DAY_NS
    assert within.end_ns == beyond.start_ns == START_NS + DAY_NS + 3 * DAY_NS // 2
    assert beyond.end_ns == START_NS + 3 * DAY_NS


def test_a_symbol_is_run_where_it_has_candles(made: Path, tmp_path: Path) -> None:
    """One that was delisted on the first day is not there out-of-sample."""
    folder = Path(shutil.copytree(made, tmp_path / "copy"))
    file = folder / "candles" / "DEMOAUSDT.csv"
    file.write_text("\n".join(file.read_text("utf-8").splitlines()[:1000]) + "\n", "utf-8")
    within, beyond = ready(folder, "signal.fast=3").halves
    assert list(within.candles) == ["DEMOAUSDT", "DEMOBUSDT"]
    assert list(beyond.candles) == ["DEMOBUSDT"]


@pytest.mark.parametrize(("split", "place"), [("0.00001", "before"), ("0.99999", "after")])
def test_a_split_that_leaves_a_side_without_candles_is_refused(made: Path, split: str, place: str) -> None:
    """There is nothing to compare with."""
    until_ns = START_NS + 4 * DAY_NS
    with pytest.raises(ConfigError, match=f"--split is .*{split[2:]}|{place} 2025"):
        ready(made, "signal.fast=3", split=D(split), until_ns=until_ns if place == "before" else START_NS + MINUTE_NS)


def test_frames_that_the_candles_do_not_make_are_left_out(made: Path, tmp_path: Path) -> None:
    """Candles of five minutes make no frame of one."""
    folder = Path(shutil.copytree(made, tmp_path / "copy"))
    for name in ("DEMOAUSDT.csv", "DEMOBUSDT.csv"):
        file = folder / "candles" / name
        head, *rows = file.read_text("utf-8").splitlines()
        file.write_text("\n".join([head, *rows[::5]]) + "\n", "utf-8")
    (folder / "ladder.toml").write_text('[ladder]\ntech_exit = "OFF"\n', encoding="utf-8")
    sweep = ready(folder, "signal.frame_minutes=3,5,15")
    assert [trial.values["signal.frame_minutes"] for trial in sweep.trials] == [5, 15]
    ((values, why),) = sweep.skipped
    assert values == {"signal.frame_minutes": 3}
    assert why.startswith("[signal] frame_minutes is 3 for DEMOAUSDT: ")
    with pytest.raises(ConfigError, match="none of the 2 combinations can be run; of the last: "):
        ready(folder, "signal.frame_minutes=1,3")


@pytest.mark.requirement("R004-45")
def test_each_half_is_the_backtest_of_its_period_alone(made: Path) -> None:
    """With the whole balance, as `--to` and `--from` would run it; the shares done rise to the end."""
    shares: list[float] = []
    compared = run_sweep(ready(made, "signal.fast=3,4", "ladder.leverage=5"), "return", shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(compared["rows"]) == 2
    middle = START_NS + 2 * DAY_NS
    periods = {"in_sample": {"until_ns": middle}, "out_of_sample": {"from_ns": middle}}
    for row in compared["rows"]:
        fast = row["values"]["signal.fast"]
        config = parse(QUICK.replace("fast = 3", f"fast = {fast}") + "leverage = 5\n")
        for half, period in periods.items():
            inputs = Inputs(data=[made / "candles"], **period)  # type: ignore[arg-type]
            alone = summarize(backtest(prepare(config, inputs).request))
            assert alone["statistics"]["closed"] > 0
            assert row[half]["return"] == alone["result"]["return"]
            assert row[half]["closed"] == alone["statistics"]["closed"]
            assert row[half]["risk_adjusted_return"] == alone["statistics"]["risk_adjusted_return"]


def test_what_comes_after_the_split_changes_nothing_before_it(made: Path, tmp_path: Path) -> None:
    """In-sample figures do not know the rest of the data: a market that ends there gives the same."""
    folder = Path(shutil.copytree(made, tmp_path / "copy"))
    first = run_sweep(ready(folder, "signal.fast=3"), "return", nothing)
    for file in (folder / "candles").glob("DEMO?USDT.csv"):
        head, *rows = file.read_text("utf-8").splitlines()
        raised = [",".join(_doubled(row.split(","))) for row in rows[2 * 1440 :]]
        file.write_text("\n".join([head, *rows[: 2 * 1440], *raised]) + "\n", "utf-8")
    other = run_sweep(ready(folder, "signal.fast=3"), "return", nothing)
    assert first["rows"][0]["in_sample"] == other["rows"][0]["in_sample"]
    assert first["rows"][0]["out_of_sample"] != other["rows"][0]["out_of_sample"]


def _doubled(cells: list[str]) -> list[str]:
    """A row of candles at twice the price."""
    return [cells[0], *(str(2 * Decimal(cell)) for cell in cells[1:5]), *cells[5:]]

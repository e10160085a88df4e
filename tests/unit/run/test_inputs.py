"""From files and a configuration to a backtest; the made-up exchange serves the files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sadari.errors import ConfigError
from sadari.model.units import DAY_NS, HOUR_NS
from sadari.run.feed.inputs import Inputs, Prepared, prepare, segment_requests
from sadari.run.feed.synthetic import START_NS, market, write
from sadari.run.settings.config import Config, parse
from sadari.store import candles, funding


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two made-up contracts over two days."""
    folder = tmp_path_factory.mktemp("market") / "candles"
    write(folder, symbols=2, days=2, seed=3)
    return folder


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    """The same files, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "candles"))


def prepared(folder: Path, **fields: object) -> Prepared:
    """A backtest of the default configuration."""
    return prepare(Config(), Inputs(data=[folder], **fields))  # type: ignore[arg-type]


def test_a_folder_may_bring_everything_along(made: Path) -> None:
    """Candles, contracts, brackets and funding of the same folder make a backtest."""
    request, columns, notes = prepared(made)
    assert sorted(request.candles) == sorted(request.instruments) == sorted(request.funding) == sorted(columns)
    assert notes == []
    assert all(request.instruments[symbol].brackets for symbol in columns)


def test_what_is_written_is_what_was_made(made: Path) -> None:
    """The files hold every digit of the market in memory."""
    for instrument, columns, rates in market(2, 2, 3):
        (found,) = candles.load([made / f"{instrument.symbol}.csv"]).values()
        for name in ("open_time_ns", "open", "high", "low", "close", "volume", "quote_volume"):
            assert bytes(getattr(found, name)) == bytes(getattr(columns, name)), name
        paid = funding.load(made / "funding", [instrument.symbol])[instrument.symbol]
        assert bytes(paid.rate) == bytes(rates.rate)
        assert prepared(made).request.instruments[instrument.symbol] == instrument


@pytest.mark.requirement("R004-53")
def test_symbols_are_taken_in_either_spelling(made: Path) -> None:
    """Also in the section names of the configuration."""
    config = parse('[instruments."DEMOA/USDT:USDT"]\ntick_size = 0.5')
    request = prepare(config, Inputs(data=[made], symbols=["DEMOA/USDT:USDT"])).request
    assert list(request.candles) == ["DEMOAUSDT"]
    assert request.instruments["DEMOAUSDT"].tick_size == config.instruments["DEMOA/USDT:USDT"].tick_size


def test_candles_before_the_start_stay_for_the_warm_up(made: Path) -> None:
    """The end cuts, the start is the run's."""
    start, end = START_NS + DAY_NS, START_NS + DAY_NS + HOUR_NS
    request, columns, _ = prepared(made, from_ns=start, until_ns=end)
    assert request.start_ns == start
    assert {(one.start_ns, one.end_ns) for one in columns.values()} == {(START_NS, end)}


def test_a_range_after_the_last_candle_is_empty(made: Path) -> None:
    """A start beyond the data is refused, not run over nothing."""
    with pytest.raises(ConfigError, match="no candle lies in the range"):
        prepared(made, from_ns=START_NS + 2 * DAY_NS)


def test_unknown_symbols_are_refused_or_left_out(copied: Path) -> None:
    """As asked; with none left there is nothing to run."""
    shutil.copy(copied / "DEMOAUSDT.csv", copied / "NEWUSDT.csv")
    with pytest.raises(ConfigError, match="NEWUSDT lacks tick_size"):
        prepared(copied)
    request, _, notes = prepared(copied, skip_unknown=True)
    assert "NEWUSDT" not in request.candles
    assert notes[0].startswith("NEWUSDT is left out: it lacks tick_size")
    with pytest.raises(ConfigError, match="no symbol is left to run"):
        prepared(copied, symbols=["NEWUSDT"], skip_unknown=True)


def test_funding_that_is_not_there_is_not_made_up(copied: Path) -> None:
    """A symbol without a file has no funding; one whose rates end early is noted."""
    (copied / "funding" / "DEMOAUSDT.csv").unlink()
    rates = copied / "funding" / "DEMOBUSDT.csv"
    rates.write_text("\n".join(rates.read_text("utf-8").splitlines()[:4]) + "\n", "utf-8")
    request, _, notes = prepared(copied)
    assert list(request.funding) == ["DEMOBUSDT"]
    assert notes == ["Funding rates do not cover the whole period of DEMOBUSDT."]


def test_each_contiguous_part_can_be_run_alone(copied: Path) -> None:
    """A hole ends one and begins the next."""
    file = copied / "DEMOAUSDT.csv"
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join(lines[:101] + lines[150:]) + "\n", "utf-8")
    requests = segment_requests(prepared(copied))
    lengths = [len(columns) for request in requests for columns in request.candles.values()]  # type: ignore[arg-type]
    assert lengths == [100, 2_880 - 149, 2_880]


PLANS = [
    ("[risk]\nmax_positions = 15", "CONFIG_OVERCOMMITTED"),
    ("[ladder]\nleverage = 50", "LEVERAGE_PLAN_INCOMPATIBLE"),
    ("[ladder]\nweights = [0.1]", "LADDER_CONFIG_INVALID"),
    ("[ladder]\nstop_by_stage = [0.02, 0.02, 0.02]", "LADDER_RUNG_UNREACHABLE"),
    ("[risk]\nmax_portfolio_stop_loss_pct = 0.1", "PORTFOLIO_RISK_CAP"),
]


@pytest.mark.parametrize(("text", "code"), PLANS)
def test_a_plan_that_cannot_be_is_not_run(made: Path, text: str, code: str) -> None:
    """The first fault is named by its code."""
    with pytest.raises(ConfigError, match=f"^{code}: "):
        prepare(parse(text), Inputs(data=[made]))


@pytest.mark.parametrize(("symbols", "days"), [(0, 1), (401, 1), (1, 0), (1, 10_001)])
def test_a_market_of_impossible_size_is_not_made(symbols: int, days: int) -> None:
    """The sentence names the number and what is allowed."""
    with pytest.raises(ConfigError, match="allowed: from 1 to"):
        list(market(symbols, days, 1))


def test_a_market_is_never_written_over_another(made: Path) -> None:
    """A folder that holds something is left as it is."""
    with pytest.raises(ConfigError, match="exists already"):
        write(made, symbols=1, days=1, seed=1)


def test_a_seed_makes_the_same_market_again() -> None:
    """And another seed another one."""
    first, again, other = (next(market(1, 1, seed)).candles for seed in (1, 1, 2))
    assert bytes(first.close) == bytes(again.close)
    assert bytes(first.close) != bytes(other.close)

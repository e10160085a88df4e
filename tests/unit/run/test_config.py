"""The configuration: what a file may say, and what is said to a file that may not."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.errors import ConfigError
from sadari.model.order import SizingBasis
from sadari.run.settings.config import NAMED, Config, load, parse
from sadari.run.settings.explained import KEYS, SECTIONS, commented, plain

D = Decimal


def test_an_empty_file_is_the_defaults() -> None:
    """Every section and every key may be absent."""
    assert parse("") == Config()


def test_numbers_keep_the_digits_they_are_written_with() -> None:
    """A decimal of the file never becomes a double."""
    found = parse("[ladder]\nweights = [0.1, 0.2, 0.30]\n[account]\nbalance = 1000")
    assert [str(weight) for weight in found.ladder.weights] == ["0.1", "0.2", "0.30"]
    assert found.account.balance == D(1000)


@pytest.mark.requirement("R002-1")
def test_the_sections_become_the_settings_of_the_engine() -> None:
    """The run's name is the engine's."""
    config = parse('[engine]\nname = "jul"\n[fees]\ntaker = 0.0004\n[risk]\nmax_positions = 3\n[account]\nbalance = 5')
    settings = config.settings()
    assert config.account.balance == D(5)
    assert (settings.run_id, settings.fees.taker, settings.risk.max_positions) == ("jul", D("0.0004"), 3)


@pytest.mark.parametrize(("text", "basis", "cap"), [
    ("", SizingBasis.NOTIONAL, "0.03"),
    ('\nsizing_basis = "MARGIN"\n[risk]\nmax_portfolio_stop_loss_pct = 0.2', SizingBasis.MARGIN, "0.2"),
])  # fmt: skip
def test_a_preset_fills_in_what_is_not_given(text: str, basis: SizingBasis, cap: str) -> None:
    """D-08: loss_limited is notional sizing with a cap of 3 %; a value beside it wins."""
    found = parse(f'[ladder]\npreset = "loss_limited"{text}')
    assert found.ladder.sizing_basis is basis
    assert found.risk.max_portfolio_stop_loss_pct == D(cap)


REFUSED = [
    ("[surge]\nenable_short = true", "[surge] enable_short is true while [scanner] short is false, so that no short"),
    ("[surge]\nm1_min_true = 8", "surge: m1_min_true is 8; allowed: 0 to 7"),
    ("[surge]\nma = [5, 5, 80, 480]", "surge: ma is (5, 5, 80, 480); allowed: four different lengths up to 100,000"),
    ('[surge]\npreset = "v34"', '[surge] preset is "v34"; allowed: v33, v32, nine_of_thirteen'),
    ("[scanner]\nrise = 1.5", "[scanner] rise is 1.5; allowed: a fraction above 0 and below 1"),
    ("[scanner]\nmax_age_minutes = 0", "[scanner] max_age_minutes is 0; allowed: a whole number of 1 or more"),
    ("[scanner]\ngate = 1", "[scanner] gate is 1; allowed: true or false"),
    ("[signal]\n[strategies.a]", "[signal] stands beside [strategies]; allowed: one signal, or one in each strategy"),
    ("[strategies]\na = 1", "strategies.a is 1 where a section [strategies.a] is wanted"),
    ("[strategies.a]\nmax_position = 1", "section [strategies.a] has no key 'max_position'; did you mean"),
    ("[strategies.a]\nmax_positions = 0", "[strategies.a] max_positions is 0; allowed: a whole number of 1 or more"),
    ("[strategies.a.signal]\nfast = 90", "[strategies.a.signal] fast is 90; allowed: less than slow, which is 80"),
    ("[strategies.a.ladder]\nleverage = 3", "[strategies.a.ladder] leverage is 3; allowed: that of [ladder], w"),
    ("[scaling]\ndrawdown_steps = [[0.1, 0.5], [0.05, 0.2]]", "drawdown_steps is [[0.1, 0.5], [0.05, 0.2]]; allowed"),
    ("[scaling]\nvolatility_from_pct = 100", "volatility_from_pct is 100; allowed: a percentile from 0 to below 100"),
    ("[ladder]\nlevrage = 3", "section [ladder] has no key 'levrage'; did you mean 'leverage'? Allowed: weights, dca_"),
    ("[lader]", "there is no section [lader]; did you mean 'ladder'? Allowed: engine, account, ladder"),
    ("zzz = 1", "there is no section [zzz]. Allowed: engine"),
    ("ladder = 1", "ladder is 1 where a section [ladder] is wanted"),
    ("[ladder\n", "this is not TOML: Expected ']' at the end of a table declaration (at line 1"),
    ('[ladder]\nleverage = "x"', '[ladder] leverage is "x"; allowed: a whole number'),
    ("[ladder]\nleverage = 1.5", "[ladder] leverage is 1.5; allowed: a whole number"),
    ("[ladder]\nleverage = 0", "[ladder] leverage is 0; allowed: a whole number from 1 to 125"),
    ("[ladder]\nleverage = 126", "[ladder] leverage is 126; allowed: a whole number from 1 to 125"),
    ("[ladder]\nleverage = true", "[ladder] leverage is true; allowed: a whole number"),
    ("[ladder]\nweights = 3", "[ladder] weights is 3; allowed: a list, each of its values a number"),
    ('[ladder]\nweights = [1, "a"]', '[ladder] weights is [1, "a"]; allowed: a list, each of its values a number'),
    ("[ladder]\nweights = [nan]", "[ladder] weights is [NaN]; allowed: a list of finite numbers"),
    ('[ladder]\nsizing_basis = "X"', '[ladder] sizing_basis is "X"; allowed: MARGIN, NOTIONAL'),
    ('[ladder]\nmargin_mode = "cross"', '[ladder] margin_mode is "cross"; allowed: isolated, crossed'),
    ('[ladder]\npreset = "safe"', '[ladder] preset is "safe"; allowed: loss_limited'),
    ("[ladder]\npreset = [1]", "[ladder] preset is [1]; allowed: loss_limited"),
    ('[ladder]\nstop_ratchet = "yes"', '[ladder] stop_ratchet is "yes"; allowed: true or false'),
    ("[ladder]\ntech_ma_fast = 20", "[ladder] tech_ma_fast is 20; allowed: less than tech_ma_slow, which is 20"),
    ("[ladder]\nhalf_close_ratio = 0", "[ladder] half_close_ratio is 0; allowed: a fraction above 0, at most 1"),
    ("[account]\nbalance = -5", "[account] balance is -5; allowed: a number above 0"),
    ("[account]\nbalance = inf", "[account] balance is Infinity; allowed: a number above 0"),
    ('[account]\nbalance = "10"', '[account] balance is "10"; allowed: a number'),
    ("[account]\nassets = 3", "[account] assets is 3; allowed: sections such as [account.assets.BTC]"),
    ("[account.assets]\nBTC = 3", "account.assets.BTC is 3 where a section [account.assets.BTC] is wanted"),
    ("[account.assets.BTC]\nprize = 3", "section [account.assets.BTC] has no key 'prize'; did you mean 'price'?"),
    ("[account.assets.BTC]\nprice = 0", "[account.assets.BTC] price is 0; allowed: a number above 0"),
    ("[account.assets.BTC]\nratio = 1.1", "[account.assets.BTC] ratio is 1.1; allowed: a fraction above 0, at most 1"),
    ("[account.assets.BTC]\nbalance = -1", "[account.assets.BTC] balance is -1; allowed: a number of 0 or more"),
    ("[account]\nmulti_assets = 1", "[account] multi_assets is 1; allowed: true or false"),
    ("[fees]\ntaker = nan", "[fees] taker is NaN; allowed: a rate from -0.1 to 0.1"),
    ("[risk]\nmin_reserve_pct = 45", "[risk] min_reserve_pct is 45; allowed: a fraction from 0 to 1"),
    ("[risk]\nmax_positions = 0", "[risk] max_positions is 0; allowed: a whole number of 1 or more"),
    ("[daily]\nmax_loss_pct = 0", "[daily] max_loss_pct is 0; allowed: a fraction above 0, at most 1"),
    ("[reentry]\nmax_per_symbol_per_day = 0", "max_per_symbol_per_day is 0; allowed: a whole number of 1 or more"),
    ('[signal]\nkind = "rsi"', '[signal] kind is "rsi"; allowed: ma_cross, surge, ict, always'),
    ("[signal]\nframe_minutes = 7", "frame_minutes is 7; allowed: a whole number of minutes that divides a day"),
    ("[signal]\nfast = 90", "[signal] fast is 90; allowed: less than slow, which is 80"),
    ('[market]\npath = "best"', '[market] path is "best"; allowed: tape, adverse, favourable'),
    ("[market]\nlatency_ms = -1", "[market] latency_ms is -1; allowed: a whole number of 0 or more"),
    ("[funnel]\ndays = 0", "[funnel] days is 0; allowed: a whole number of 1 or more"),
    ('[engine]\nmode = "demo"', '[engine] mode is "demo"; allowed: backtest, local, paper, testnet, live'),
    ('[engine]\nname = "a b"', "[engine] name is a b; allowed: 1 to 16 of A-Z a-z 0-9 _ -"),
    ("[instruments]\nBTCUSDT = 4", "instruments.BTCUSDT is 4 where a section [instruments.BTCUSDT] is wanted"),
    ("[instruments.BTCUSDT]\ntick = 1", "section [instruments.BTCUSDT] has no key 'tick'; did you mean 'tick_size'?"),
    ("[instruments.X]\ntick_size = 0.000000001", "tick_size is 1E-9; allowed: a multiple of 0.00000001"),
    ("[instruments.X]\nbrackets = 4", "[instruments.X] brackets is 4; allowed: a list of tables of floor, cap"),
    ("[instruments.X]\nbrackets = [{ floor = 0 }]", "[instruments.X.brackets 1] lacks cap, maint_margin_rate, max_lev"),
    ('[instruments.X]\nbrackets = [{ floor = 0, cap = "x", max_leverage = 1, maint_margin_rate = 0.1 }]',
     '[instruments.X.brackets 1] cap is "x"; allowed: a number'),
    ("[instruments.X]\nbrackets = [{ floor = 0, cap = 1, max_leverage = 1, maint_margin_rate = 2 }]",
     "[instruments.X.brackets 1] maint_margin_rate is 2; allowed: a fraction from 0 to below 1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[text for text, _ in REFUSED])
def test_a_fault_is_named_with_what_is_allowed(text: str, said: str) -> None:
    """Section, key, value, and what may stand there."""
    with pytest.raises(ConfigError) as refused:
        parse(text)
    assert said in str(refused.value)


def refusal(text: str) -> str | None:
    """What is said to a text, None if it is taken; any other error than a refusal comes through."""
    try:
        parse(text)
    except ConfigError as error:
        return str(error)
    return None


@given(st.text(max_size=60))
def test_any_text_is_a_configuration_or_a_sentence(text: str) -> None:
    """Nothing but a ConfigError of one line comes out of a bad file."""
    assert refusal(text) != ""


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 200) | st.floats() | st.sampled_from(["tape", "MARGIN", "x", ""]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["floor", "cap", "y"]), inner, max_size=3)
    ),
    max_leaves=4,
)


@given(st.data())
def test_any_value_of_any_key_is_taken_or_refused_with_a_sentence(data: st.DataObject) -> None:
    """Whatever TOML can say for a key, no other error comes out of it."""
    section = data.draw(st.sampled_from(sorted(KEYS)))
    key = data.draw(st.sampled_from(sorted(KEYS[section])))
    value = data.draw(VALUES.filter(lambda drawn: drawn is not None))
    said = refusal(f"[{section}]\n{key} = {toml(value)}\n")
    assert said is None or key in said


def toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(toml(part) for part in value if part is not None)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml(part)}' for key, part in value.items() if part is not None)} }}"
    return f'"{value}"' if isinstance(value, str) else str(value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Absent, or no text; and a fault inside names the file too."""
    with pytest.raises(ConfigError, match=r"absent\.toml: the configuration cannot be read \(No such file"):
        load(tmp_path / "absent.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not a text file in UTF-8"):
        load(tmp_path / "binary.toml")
    (tmp_path / "bad.toml").write_text("x = 1", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.toml: there is no section \[x\]"):
        load(tmp_path / "bad.toml")


def test_every_key_is_explained() -> None:
    """The file that `config init` writes knows every section and key, and no other."""
    fields = {field.name: field.type for field in msgspec.structs.fields(Config) if field.name not in NAMED}
    assert list(SECTIONS) == list(KEYS) == list(fields)
    assert {name: tuple(keys) for name, keys in KEYS.items()} == {
        name: kind.__struct_fields__ for name, kind in fields.items()
    }


def test_the_file_that_init_writes_is_the_defaults() -> None:
    """Also when the keys that are only shown are taken in."""
    assert parse(commented(Config())) == Config()
    uncommented = [line.removeprefix("# ") for line in commented(Config()).splitlines() if " = " in line]
    shown = {line.partition(" = ")[0] for line in uncommented}
    assert {key for keys in KEYS.values() for key in keys} <= shown
    example = commented(Config()).partition("# [instruments.BTCUSDT]")
    instrument = "".join(f"{line.removeprefix('# ')}\n" for line in (example[1] + example[2]).splitlines())
    assert tomllib.loads(instrument)
    assert parse(instrument).instruments["BTCUSDT"].tick_size == D("0.1")


SEVERAL = """
[ladder]
leverage = 5
[strategies.fast]
max_positions = 3
min_reserve_pct = 0.8
[strategies.fast.signal]
fast = 5
[strategies.fast.ladder]
weights = [0.01]
dca_trigger = []
stop_by_stage = [0.05]
[strategies.slow.signal]
kind = "ma_cross"
"""


def test_each_named_strategy_has_its_signal_and_what_it_has_of_its_own() -> None:
    """A ladder of its own is that of the account where it says nothing; the rest is None, which is the account's."""
    config = parse(SEVERAL)
    assert {name: signal.fast for name, signal in config.signals().items()} == {"fast": 5, "slow": 20}
    settings = config.settings()
    fast, slow = settings.strategy("fast"), settings.strategy("slow")
    assert fast.ladder is not None
    assert (fast.ladder.leverage, fast.ladder.rungs, fast.max_positions) == (5, 0, 3)
    assert (fast.min_reserve_pct, slow.ladder, slow.max_positions) == (D("0.8"), None, None)
    assert settings.ladder_of("slow") is config.ladder
    assert parse(plain(config)) == config


def test_the_only_strategy_is_named_by_its_signal() -> None:
    """Without [strategies] the section [signal] is the one there is."""
    assert list(parse('[signal]\nkind = "always"\ndirection = "long"').signals()) == ["always"]


def test_what_show_prints_is_the_configuration() -> None:
    """Assets, instruments and brackets included."""
    config = parse(
        "[account]\nmulti_assets = true\n[account.assets.BTC]\nbalance = 0.5\nprice = 30000\nratio = 0.95\n"
        '[ladder]\nleverage = 7\n[risk]\naccount_max_age_ms = 5000\n[instruments."BTC/USDT:USDT"]\ntick_size = 0.1\n'
        "brackets = [{ floor = 0, cap = 5, max_leverage = 7, maint_margin_rate = 0.01, cum = 0 }]"
    )
    assert parse(plain(config)) == config


def test_the_ict_strategy_holds_three_positions_at_once_unless_told_otherwise() -> None:
    """Strategies §9.2, gate 9: alone or beside others; its own section is checked."""
    alone = '[signal]\nkind = "ict"\n'
    assert parse(alone).settings().at_once("ict") == 3
    for most in (1, 5):
        assert parse(f"{alone}[risk]\nstrategy_positions = {most}").settings().at_once("ict") == most
    several = '[strategies.a]\nsignal = {{ kind = "ict" }}\n{}[strategies.b]\nsignal = {{ kind = "surge" }}\n'
    for own, most in (("", 3), ("max_positions = 5\n", 5)):
        settings = parse(several.format(own)).settings()
        assert (settings.at_once("a"), settings.at_once("b")) == (most, 10)
    with pytest.raises(ConfigError, match="ict: entry_ttl is 0"):
        parse("[ict]\nentry_ttl = 0")


@pytest.mark.parametrize(
    ("more", "sides"),
    [("", "both"), ('direction = "short"\n', "short"), ('[ict]\ndirection = "long"\n', "long"),
     ('direction = "long"\n[ict]\ndirection = "long"\n', "long")],
)  # fmt: skip
def test_a_signal_narrows_the_side_of_ict(more: str, sides: str) -> None:
    """What its section says is for all strategies of that kind; each may name a side of its own."""
    assert parse(f'[signal]\nkind = "ict"\n{more}').icts()["ict"].direction == sides


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'kind = "ict"\ndirection = "short"\n[ict]\ndirection = "long"',
            "allowed: that of [ict], which is long",
        ),
        ('kind = "ict"\nframe_minutes = 5', '[signal] frame_minutes is 5; allowed: nothing with kind "ict"; [ict] has'),
        ('kind = "surge"\ndirection = "short"', '[signal] direction is short; allowed: nothing with kind "surge"'),
        ('kind = "always"\ndirection = "long"\nfast = 3', '[signal] fast is 3; allowed: nothing with kind "always"'),
    ],
)
def test_a_key_of_a_signal_that_would_change_nothing_is_refused(text: str, said: str) -> None:
    """Whoever sets one expects that it counts."""
    with pytest.raises(ConfigError, match=re.escape(said)):
        parse(f"[signal]\n{text}")


def test_a_fraction_in_quotes_is_no_number() -> None:
    """Of a key that is counted in binary too."""
    with pytest.raises(ConfigError, match=r'\[ict\] entry_level is "0.5"; allowed: a number'):
        parse('[ict]\nentry_level = "0.5"')

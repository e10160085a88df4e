"""What each mode asks for before anything is connected."""

from __future__ import annotations

from pathlib import Path

import pytest

from sadari.errors import ConfigError
from sadari.model.order import MarginMode
from sadari.run.live.account import expected_of, load_for_account, wishes_of
from sadari.run.settings.config import Config, parse
from sadari.run.settings.hosts import HOSTS
from sadari.run.settings.modes import check_acknowledged, hosts_of

LOCAL = '[engine]\nmode = "local"\n[venue]\nrest = "http://h:1/"\nstreams = "ws://h:1"\nws_api = "ws://h:1/ws"\n'


def written(folder: Path, text: str) -> Path:
    """A configuration file."""
    path = folder / "c.toml"
    path.write_text(text, encoding="utf-8")
    return path


def of_mode(mode: str, venue: str = "") -> Config:
    """A configuration of a mode."""
    return parse(f'[engine]\nmode = "{mode}"\n[venue]\n{venue}')


def test_each_mode_has_its_own_addresses() -> None:
    """Paper looks at the live market; an address of the configuration replaces its own only."""
    assert hosts_of(of_mode("live")) == HOSTS["live"] == hosts_of(of_mode("paper"))
    assert hosts_of(of_mode("testnet")) == HOSTS["testnet"]
    other = hosts_of(of_mode("testnet", 'rest = "https://mirror.example"'))
    assert other == HOSTS["testnet"]._replace(rest="https://mirror.example")


def test_local_needs_its_addresses() -> None:
    """The sentence names those that are missing."""
    assert hosts_of(parse(LOCAL)).rest == "http://h:1"
    with pytest.raises(ConfigError, match="lacks streams, ws_api"):
        hosts_of(of_mode("local", 'rest = "http://h:1"'))


@pytest.mark.parametrize("name", ["rest", "streams", "ws_api", "wallet"])
def test_an_address_of_the_wrong_kind_is_refused_by_name(name: str) -> None:
    """REST over HTTP, streams over WebSocket."""
    wrong = "http://h" if name in {"streams", "ws_api"} else "ws://h"
    with pytest.raises(ConfigError, match=rf"\[venue\] {name} is"):
        hosts_of(of_mode("testnet", f'{name} = "{wrong}"'))


@pytest.mark.requirement("R002-5")
@pytest.mark.parametrize("mode", ["live", "testnet"])
def test_a_configured_balance_is_an_error_where_the_account_has_its_own(tmp_path: Path, mode: str) -> None:
    """Even the default's own value: it is an invention there."""
    path = written(tmp_path, f'[engine]\nmode = "{mode}"\n[account]\nbalance = 10000\n')
    with pytest.raises(ConfigError, match=r"\[account\] balance is 10000 while \[engine\] mode is"):
        load_for_account(path)
    assert load_for_account(written(tmp_path, f'[engine]\nmode = "{mode}"\n')).engine.mode == mode


@pytest.mark.parametrize("mode", ["backtest", "paper"])
def test_a_mode_without_an_account_at_a_venue_is_refused(tmp_path: Path, mode: str) -> None:
    """There is nothing to examine or to prepare."""
    with pytest.raises(ConfigError, match="allowed here: local, testnet, live"):
        load_for_account(written(tmp_path, f'[engine]\nmode = "{mode}"\n'))


def test_live_wants_a_worst_case_acknowledged_and_the_others_do_not() -> None:
    """Strategies 9.5."""
    with pytest.raises(ConfigError, match="acknowledged_worst_case_pct is not set"):
        check_acknowledged(of_mode("live"))
    check_acknowledged(of_mode("live", "acknowledged_worst_case_pct = 0.3"))
    check_acknowledged(of_mode("testnet"))


@pytest.mark.parametrize("line", ['symbols = ["BTC-USDT"]', 'margin_modes = { "BTC-USDT" = "crossed" }'])
def test_a_symbol_in_no_known_form_is_refused_with_its_place(line: str) -> None:
    """The key of the configuration, the value, and both forms."""
    with pytest.raises(ConfigError, match=r"\[venue\] .*: symbol is 'BTC-USDT'; allowed: the form BTCUSDT or"):
        expected_of(parse(f"{LOCAL}{line}\n"))


@pytest.mark.requirement("R001-21")
def test_the_margin_mode_is_configured_for_the_engine_and_for_each_symbol() -> None:
    """In either form of a symbol's name; what the command line says goes first."""
    config = parse(f'{LOCAL}margin_modes = {{ "ETH/USDT:USDT" = "crossed" }}\n[ladder]\nleverage = 7\n')
    btc, eth = wishes_of(config, ["BTC/USDT:USDT", "ETHUSDT"])
    assert btc == ("BTCUSDT", 7, MarginMode.ISOLATED)
    assert eth == ("ETHUSDT", 7, MarginMode.CROSSED)
    (other,) = wishes_of(config, ["BTCUSDT"], leverage=3, margin_mode=MarginMode.CROSSED)
    assert other == ("BTCUSDT", 3, MarginMode.CROSSED)

"""`sadari run` with channels: what its owner gets, whatever the channels do, and that no token is anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sadari.store.folder import Folder
from tests.engine_process import SYMBOL, engine, exchange, until

pytestmark = pytest.mark.e2e

TOKEN = "AAEtelegramTOKENtelegram"  # noqa: S105 - it opens nothing
# Stands for the library, which the base install lacks: one address takes what it is given, the other never answers.
APPRISE = r"""
import pathlib, time

class Apprise:
    def add(self, address):
        self.address = address
        return True

    def notify(self, title, body, body_format):
        if self.address.startswith("hangs"):
            time.sleep(3600)
        with pathlib.Path(__file__).with_name("sent").open("a", encoding="utf-8") as file:
            file.write(f"{title}\n{body}\n\n")
        return True
"""
ALERTS = """
[reentry]
max_per_symbol_per_day = 1

[alerts]
language = "ko"
max_drawdown_pct = 0.001

[alerts.channels.phone]
[alerts.channels.dead]
least = "info"
"""


@pytest.mark.requirement("R004-21")
def test_an_owner_is_told_on_every_channel_but_the_dead_one_and_nothing_waits_for_that(tmp_path: Path) -> None:
    """A fall of equity: paused, told in Korean, written to the file; the end comes although one channel hangs."""
    (tmp_path / "apprise.py").write_text(APPRISE, encoding="utf-8")
    environment = {
        "PYTHONPATH": str(tmp_path), "SADARI_ALERT_PHONE": f"tgram://1:{TOKEN}/2", "SADARI_ALERT_DEAD": f"hangs://{TOKEN}",
    }  # fmt: skip
    sent = tmp_path / "sent"
    with exchange() as venue, engine(tmp_path, venue.at, more=ALERTS, environment=environment) as made:
        made.start().until(lambda: venue.covered() and made.state() == "RUNNING")
        venue.control(
            "POST /control/faults", toml=f'[[fault]]\nverb = "price_gap"\nsymbol = "{SYMBOL}"\nfraction = -0.01'
        )
        made.until(lambda: made.status()["pause_causes"] == ["portfolio_drawdown"])
        until(lambda: sent.exists() and "portfolio_drawdown" in sent.read_text(encoding="utf-8"), made.told)
        assert made.ask("stop").returncode == 0
        assert made.ended() == 0
        told = made.told()
    text = sent.read_text(encoding="utf-8")
    assert "[test] 위험 sadari: portfolio_drawdown" in text
    assert "자산이 고점에서 한도 이상 하락했습니다." in text
    lines = Folder(made.folder).alerts.read_text(encoding="utf-8").splitlines()
    assert "portfolio_drawdown" in {json.loads(line)["condition"] for line in lines}
    files = [path for path in made.folder.rglob("*") if path.is_file()]
    assert not [path.name for path in files if TOKEN.encode() in path.read_bytes()]
    assert TOKEN not in told + text


def test_a_channel_without_an_address_is_refused_before_anything_starts(tmp_path: Path) -> None:
    """Exit code 2, one sentence, no folder."""
    at = {
        "rest": "http://127.0.0.1:9",
        "ws": "ws://127.0.0.1:9",
        "ws_api": "ws://127.0.0.1:9",
        "key": "k",
        "secret": "s",
    }
    with engine(tmp_path, at, more="\n[alerts.channels.phone]\n") as made:
        assert made.start().ended() == 2
        assert "[alerts.channels.phone] has no address: SADARI_ALERT_PHONE is missing or empty" in made.told()
        assert not made.folder.exists()

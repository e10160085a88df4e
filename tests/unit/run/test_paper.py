"""The paper account that a configuration asks for."""

from __future__ import annotations

import pytest

from sadari.errors import ConfigError
from sadari.model.event import Event
from sadari.run.settings.config import parse
from sadari.run.settings.paper import paper_desk
from tests.reference.tapes import INSTRUMENT


def test_balance_and_mode_are_those_of_the_configuration() -> None:
    """A new account has the balance asked for; several assets are refused in one sentence."""
    told: list[Event] = []
    config = parse('[account]\nbalance = 2_500\n[market]\nlatency_ms = 0\n[ladder]\nmargin_mode = "crossed"\n')
    desk = paper_desk(
        config, {"BTCUSDT": INSTRUMENT}, told.append, now_ns=lambda: 1, later=lambda _delay_s, callback: callback()
    )
    assert desk.exchange.wallet_balance == config.account.balance
    several = parse('[account]\nmulti_assets = true\n[ladder]\nmargin_mode = "crossed"\n')
    with pytest.raises(ConfigError, match="allowed: one wallet in the quote asset"):
        paper_desk(
            several, {"BTCUSDT": INSTRUMENT}, told.append, now_ns=lambda: 1, later=lambda _, callback: callback()
        )

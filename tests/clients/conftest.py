"""The exchanges that other people's clients trade against: one plays a made-up market, one recorded candles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.exchange_process import Address, recorded, running, synthetic


@pytest.fixture(scope="session", params=["synthetic", "recorded"])
def address(request: pytest.FixtureRequest) -> Iterator[Address]:
    """A started exchange, made anew for each market and ended after its tests."""
    arguments = synthetic() if request.param == "synthetic" else recorded()
    if arguments is None:
        pytest.skip("no recorded candles and rules beside this checkout (../shared/data)")
    with running(arguments) as started:
        yield started

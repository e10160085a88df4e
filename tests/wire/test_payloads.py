"""What the local exchange serves has the keys and JSON types of what the exchange was recorded to send."""

from __future__ import annotations

import asyncio

import pytest

from tests.clients.exchange_process import running, synthetic
from tests.wire.reached import Served, everything
from tests.wire.recordings import MEANT, PAYLOADS, RECORDED, WRITTEN, samples, unexplained
from tests.wire.shape import differences

pytestmark = [
    pytest.mark.skipif(
        not PAYLOADS.is_dir(), reason="no recorded payloads beside this checkout (../shared/data/payloads)"
    ),
    pytest.mark.xdist_group("payloads"),
]


@pytest.fixture(scope="module")
def served() -> Served:
    """One of each kind from an exchange that plays a made-up market."""
    with running(synthetic()) as address:
        return asyncio.run(everything(address))


@pytest.mark.parametrize("kind", [*RECORDED, *WRITTEN])
def test_what_is_served_has_the_shape_of_what_was_recorded(kind: str, served: Served) -> None:
    """Every difference in keys and types has a reason in the table."""
    assert kind in served
    assert not (found := unexplained(kind, served[kind])), "\n" + "\n".join(map(str, found))


def test_no_meant_difference_is_gone(served: Served) -> None:
    """An entry of the table that explains nothing any more is taken out, so that it cannot hide a mistake to come."""
    shown = {kind: {(one.path, one.what) for one in differences(samples(kind), served[kind])} for kind in served}
    assert not [one for one in MEANT if (one.path, one.what) not in shown[one.kind]]


def test_every_meant_difference_is_of_a_known_kind_and_has_a_reason() -> None:
    """An entry of the table that explains nothing is a slip of the pen."""
    assert {one.kind for one in MEANT} <= {*RECORDED, *WRITTEN}
    assert all(one.reason for one in MEANT)
    assert len({(one.kind, one.path, one.what) for one in MEANT}) == len(MEANT)

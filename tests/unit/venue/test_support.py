"""Whether a symbol can be traded, and why not."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from sadari.venue.live.account.support import support_of
from tests.exchange_orders import INSTRUMENT

ALCH = msgspec.structs.replace(
    INSTRUMENT, symbol="ALCHUSDT", min_qty=Decimal(1), step_size=Decimal(1), min_notional=Decimal(5)
)


@pytest.mark.requirement("R001-2")
def test_a_supported_symbol_is_told_with_its_filters() -> None:
    """ALCHUSDT of the report: OK, a least quantity and a step of 1, a least notional of 5."""
    support = support_of("ALCHUSDT", {"ALCHUSDT": ALCH})
    assert (support.supported, support.reason) == (True, "OK")
    assert support.filters is not None
    filters = support.filters
    assert (filters.min_qty, filters.step_size, filters.min_notional) == (Decimal(1), Decimal(1), Decimal(5))


@pytest.mark.requirement("R001-2")
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"status": "SETTLING"}, "its status is SETTLING"),
        ({"contract_type": "CURRENT_QUARTER"}, "type CURRENT_QUARTER"),
        ({"quote_asset": "USDC"}, "quoted in USDC"),
    ],
)
def test_a_symbol_that_is_not_supported_has_its_reason(changes: dict[str, str], told: str) -> None:
    """Its filters are told all the same."""
    support = support_of("ALCHUSDT", {"ALCHUSDT": msgspec.structs.replace(ALCH, **changes)})
    assert not support.supported
    assert told in support.reason
    assert support.filters is not None


@pytest.mark.requirement("R001-2")
def test_an_unlisted_symbol_is_told_with_the_nearest_name() -> None:
    """A slip of the finger is seen."""
    support = support_of("ALHCUSDT", {"ALCHUSDT": ALCH})
    assert (support.supported, support.filters) == (False, None)
    assert support.reason == "the exchange does not list it; did you mean ALCHUSDT?"

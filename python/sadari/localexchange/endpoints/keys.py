"""The endpoint that says what an API key may do."""

from __future__ import annotations

from sadari.binance.wire.account import ApiRestrictions
from sadari.localexchange.asking.api_keys import ApiKey, ApiKeys
from sadari.localexchange.asking.endpoint import Endpoint, Security

RESTRICTIONS = "/sapi/v1/account/apiRestrictions"


def endpoints(keys: ApiKeys, created_ms: int) -> list[Endpoint]:
    """The table of it; every key was made at one time."""
    return [
        Endpoint("GET", RESTRICTIONS, lambda asked: restrictions(keys.of(asked.key), created_ms), Security.SIGNED, 1)
    ]


def restrictions(key: ApiKey, created_ms: int) -> ApiRestrictions:
    """What a key may do."""
    may = key.permissions
    return ApiRestrictions(
        ip_restrict=may.ip_list,
        create_time=created_ms,
        enable_reading=may.reading,
        enable_futures=may.futures,
        enable_withdrawals=may.withdrawals,
    )

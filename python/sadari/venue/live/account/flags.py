"""The modes of an account, from wherever the venue tells them."""

from __future__ import annotations

import msgspec

from sadari.binance import account_answers, endpoints
from sadari.binance.values import AccountFlags
from sadari.venue.live.ports import Caller


async def read_flags(caller: Caller) -> AccountFlags:
    """The account's flags; a mode that they leave out is asked for by itself, so that no mode is None.

    Raises:
        As `Caller.call`, and DataError for an answer that cannot be read.
    """
    flags = account_answers.account_flags(await caller.call(endpoints.ACCOUNT_CONFIG))
    if flags.hedge is None:
        hedge = account_answers.hedge_mode(await caller.call(endpoints.POSITION_MODE))
        flags = msgspec.structs.replace(flags, hedge=hedge)
    if flags.multi_assets is None:
        multi_assets = account_answers.multi_assets_mode(await caller.call(endpoints.MULTI_ASSETS))
        flags = msgspec.structs.replace(flags, multi_assets=multi_assets)
    return flags

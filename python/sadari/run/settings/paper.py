"""The paper account that a configuration asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sadari.errors import ConfigError
from sadari.exchange import TickSlippage
from sadari.model.instrument import Instrument
from sadari.model.units import MILLISECOND_NS
from sadari.run.settings.config import Config
from sadari.venue.live.ports import Take
from sadari.venue.paper import Later, PaperDesk
from sadari.venue.port import Latency


def paper_desk(
    config: Config, instruments: Mapping[str, Instrument], take: Take, *, now_ns: Callable[[], int], later: Later
) -> PaperDesk:
    """The desk, with the balance of ``[account]`` and the costs and ways of ``[fees]`` and ``[market]``.

    Raises:
        ConfigError: It asks for an account with several assets.
    """
    if config.account.multi_assets or config.account.assets:
        raise ConfigError("[account] has multi_assets or assets in mode paper; allowed: one wallet in the quote asset")
    market = config.market
    return PaperDesk(
        take,
        instruments,
        config.fees,
        config.account.balance,
        slippage=TickSlippage(market.slippage_ticks),
        latency=Latency(order_ns=market.latency_ms * MILLISECOND_NS, report_ns=market.report_ms * MILLISECOND_NS),
        now_ns=now_ns,
        later=later,
        margin_mode=config.ladder.margin_mode,
    )

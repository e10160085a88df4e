"""The simulated exchange and the venue over history that a request asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sadari.exchange import Exchange, TickSlippage
from sadari.model.event import Event
from sadari.model.instrument import Instrument
from sadari.model.units import MILLISECOND_NS
from sadari.run.settings.request import Request
from sadari.sensors.senses import Senses
from sadari.venue.history import HistoryVenue
from sadari.venue.port import Latency, Market


def exchange_of(request: Request, instruments: Mapping[str, Instrument], balance: Decimal) -> Exchange:
    """An account of its own at the exchange of a request."""
    slippage = TickSlippage(request.market.slippage_ticks)
    return Exchange(
        instruments,
        request.settings.fees,
        balance,
        slippage=slippage,
        assets=request.assets,
        multi_assets=request.multi_assets,
    )


def history_venue(
    request: Request,
    traded: Sequence[Market],
    exchange: Exchange,
    *,
    start_ns: int | None,
    end_ns: int | None = None,
    senses: Senses | None = None,
    wishes: Sequence[Event] = (),
) -> HistoryVenue:
    """The venue of a request over some markets, from one instant to another, with what an operator asks for."""
    market, ladder = request.market, request.settings.ladder
    return HistoryVenue(
        traded,
        exchange,
        latency=Latency(order_ns=market.latency_ms * MILLISECOND_NS, report_ns=market.report_ms * MILLISECOND_NS),
        leverage=ladder.leverage,
        margin_mode=ladder.margin_mode,
        start_ns=start_ns,
        end_ns=end_ns,
        path=market.path,
        senses=senses,
        wishes=wishes,
    )

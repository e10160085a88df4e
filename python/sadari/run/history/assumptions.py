"""What a run took for granted: everything that history does not tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sadari.model.order import MarginMode
from sadari.model.units import MINUTE_NS
from sadari.run.feed.sensing import MARKET
from sadari.run.settings.request import Request
from sadari.sensors.frames import contiguous
from sadari.venue.history import HistoryVenue
from sadari.venue.port import Market

PATHS = {
    "tape": "Inside a candle prices follow a path through open, both extremes and close that seed {seed} fixes.",
    "adverse": "Inside a candle prices go first against the position held at its open, or a long one if there is none.",
    "favourable": "Inside a candle prices go first for the position held at its open, or a long one if there is none.",
}


def assumptions(request: Request, traded: Sequence[Market], venue: HistoryVenue) -> list[str]:
    """One sentence each, those about the data only where they apply."""
    return [*_about_venue(request), *_about_sensors(request), *_about_data(traded, venue), *_about_preparation(venue)]


def _about_venue(request: Request) -> Iterator[str]:
    market, fees = request.market, request.settings.fees
    yield PATHS[market.path].format(seed=market.seed)
    yield f"An order reaches the exchange after {market.latency_ms} ms, its outcome comes {market.report_ms} ms later."
    yield f"Market orders and triggered stops are filled whole, {market.slippage_ticks} tick(s) beyond the last price."
    yield f"Fees are {fees.taker:%} of the notional for taking and {fees.maker:%} for making liquidity."
    yield "Contract filters and leverage brackets are those given now, for the whole period."
    if request.settings.ladder.margin_mode is MarginMode.ISOLATED:
        yield "A position is liquidated by the last price, where the exchange looks at the mark price."
    else:
        yield "Crossed positions are liquidated together by the last prices, where the exchange looks at mark prices."
    if request.multi_assets:
        yield "All assets are one margin at fixed index prices; debts are not exchanged and bear no interest."
    yield "No position is closed at the end of the data."


def _about_sensors(request: Request) -> Iterator[str]:
    settings = request.settings
    if any(strategy.scan_max_age_minutes is not None for strategy in settings.strategies.values()):
        yield f"The scanner ranks among the {len(request.candles)} symbol(s) of the run, not among all of the exchange."
    if MARKET not in request.candles:
        yield f"The trend of the market is not known without {MARKET}, so it allows no short position more."


def _about_data(traded: Sequence[Market], venue: HistoryVenue) -> Iterator[str]:
    unpaid = [market.symbol for market in traded if market.funding is None]
    if unpaid:
        yield f"Funding is not known, and not booked, for {', '.join(unpaid)}."
    if venue.unmarked:
        yield (
            "Funding is paid at the last price, where the mark price is not known, for "
            f"{', '.join(sorted(venue.unmarked))}."
        )
    for market in traded:
        candles = market.candles
        holes = len(contiguous(candles.open_time_ns, candles.interval_ns)) - 1
        if holes:
            start_ns, end_ns = market.span_ns
            missing = (end_ns - start_ns) // candles.interval_ns - len(candles.open_time_ns)
            taken = venue.in_holes.get(market.symbol, 0)
            yield (
                f"{market.symbol} lacks {missing} candle(s) of {candles.interval_ns / MINUTE_NS:g} min in {holes} "
                f"hole(s): nothing trades there and the last price stands, at which {taken} order(s) were taken."
            )


def _about_preparation(venue: HistoryVenue) -> Iterator[str]:
    for symbol, answer in venue.unprepared.items():
        yield f"{symbol} could not be prepared for trading ({answer}), so every signal of it was denied."

"""What the exchange tells everybody: times, contracts, book, trades, candles, funding, tickers.

Source: reference binance-usdm §3.1.
"""

from __future__ import annotations

from collections.abc import Callable

from sadari.binance.numbers import plain
from sadari.binance.served import exchange_info
from sadari.binance.wire import market as wire
from sadari.localexchange.asking.endpoint import Endpoint, Security, by_symbol
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.market.candles import INTERVALS
from sadari.localexchange.market.market import Market, Payment, SymbolMarket
from sadari.localexchange.market.tape import Trade
from sadari.localexchange.market.told import Day, levels, ms, quantity, rate, row, wide
from sadari.model.units import HOUR_NS, MILLISECOND_NS

_DEPTHS = (5, 10, 20, 50, 100, 500, 1000)
_DEPTH_WEIGHTS = ((50, 2), (100, 5), (500, 10), (1000, 20))
_CANDLE_WEIGHTS = ((99, 1), (499, 2), (1000, 5))
# Source: the exchange's usual interest part of a rate.
_INTEREST = "0.00010000"


def endpoints(market: Market, now_ns: Callable[[], int]) -> list[Endpoint]:
    """The public endpoints.

    Args:
        market: What is told.
        now_ns: The gateway's clock, which the server's time is read from.
    """
    public = _Public(market, now_ns)
    table: list[tuple[str, Callable[[Parameters], object], int | Callable[[Parameters], int]]] = [
        ("/fapi/v1/ping", _nothing, 1),
        ("/fapi/v1/time", public.time, 1),
        ("/fapi/v1/exchangeInfo", public.exchange_info, 1),
        ("/fapi/v1/depth", public.depth, _depth_weight),
        ("/fapi/v1/trades", public.trades, 5),
        ("/fapi/v1/aggTrades", public.aggregated, 20),
        ("/fapi/v1/klines", public.candles, _candles_weight),
        ("/fapi/v1/continuousKlines", public.continuous, _candles_weight),
        ("/fapi/v1/markPriceKlines", public.mark_candles, _candles_weight),
        ("/fapi/v1/indexPriceKlines", public.index_candles, _candles_weight),
        ("/fapi/v1/premiumIndex", public.each(public.premium), by_symbol(1, 10)),
        ("/fapi/v1/fundingRate", public.funding, 0),
        ("/fapi/v1/fundingInfo", _none, 0),
        ("/fapi/v1/ticker/24hr", public.each(public.day), by_symbol(1, 40)),
        ("/fapi/v1/ticker/price", public.each(public.price), by_symbol(1, 2)),
        ("/fapi/v2/ticker/price", public.each(public.price), by_symbol(1, 2)),
        ("/fapi/v1/ticker/bookTicker", public.each(public.book), by_symbol(2, 5)),
        ("/fapi/v1/openInterest", public.open_interest, 1),
        ("/api/v3/ping", _nothing, 1),
        ("/api/v3/time", public.time, 1),
    ]
    found = [Endpoint("GET", path, answer, weight=weight) for path, answer, weight in table]
    found.append(Endpoint("GET", "/sapi/v1/capital/config/getall", _none, Security.SIGNED, weight=10))
    return found


class _Public:
    """The answers, out of the market."""

    def __init__(self, market: Market, now_ns: Callable[[], int]) -> None:
        self._market = market
        self._now_ns = now_ns
        self._onboard_ms = {name: ms(one.onboard_ns) for name, one in market.symbols.items()}

    def time(self, parameters: Parameters) -> wire.ServerTime:
        del parameters
        return wire.ServerTime(ms(self._now_ns()))

    def exchange_info(self, parameters: Parameters) -> wire.ServedExchangeInfo:
        del parameters
        listed = [one.instrument for one in self._market.symbols.values()]
        return exchange_info(listed, self._onboard_ms, ms(self._now_ns()))

    def depth(self, parameters: Parameters) -> wire.Depth:
        one = self._symbol(parameters)
        most = _depth_limit(parameters)
        time_ms = ms(one.last.time_ns if one.last is not None else self._market.now_ns)
        bids, asks = (levels(one, one.last, bids=side, most=most) for side in (True, False))
        return wire.Depth(one.update_id, ms(self._market.now_ns), time_ms, bids, asks)

    def trades(self, parameters: Parameters) -> list[wire.RecentTrade]:
        one = self._symbol(parameters)
        return [
            wire.RecentTrade(
                trade.number,
                plain(trade.price),
                plain(trade.qty),
                plain(trade.price * trade.qty),
                ms(trade.time_ns),
                trade.buyer_maker,
            )
            for trade in one.recent(self._market.now_ns, parameters.limit(500, 1000))
        ]

    def aggregated(self, parameters: Parameters) -> list[wire.AggregatedTrade]:
        one, now_ns = self._symbol(parameters), self._market.now_ns
        limit, first = parameters.limit(500, 1000), parameters.integer("fromId")
        start_ns, end_ns = _span(parameters)
        if start_ns is not None and end_ns is not None and end_ns - start_ns > HOUR_NS:
            raise Refused(-4011, "Time interval must not exceed one hour.")
        if first is not None:
            return _aggregated(one.trades_from(first, now_ns, limit))
        if start_ns is not None:
            return _aggregated(one.trades_between(start_ns, now_ns if end_ns is None else end_ns, now_ns, limit))
        return _aggregated(one.recent(now_ns if end_ns is None else min(end_ns, now_ns), limit))

    def candles(self, parameters: Parameters) -> list[list[int | str]]:
        return self._rows(self._symbol(parameters), parameters)

    def continuous(self, parameters: Parameters) -> list[list[int | str]]:
        one = self._symbol(parameters, "pair")
        if parameters.text("contractType") != one.instrument.contract_type:
            raise Refused(-4144, "Invalid pair or contract type.")
        return self._rows(one, parameters)

    def mark_candles(self, parameters: Parameters) -> list[list[int | str]]:
        return self._rows(self._symbol(parameters), parameters, traded=False)

    def index_candles(self, parameters: Parameters) -> list[list[int | str]]:
        return self._rows(self._symbol(parameters, "pair"), parameters, traded=False)

    def premium(self, one: SymbolMarket) -> wire.PremiumIndex:
        mark = wide(one.mark_price)
        following = one.next_funding(self._market.now_ns)
        return wire.PremiumIndex(
            one.symbol,
            mark,
            mark,
            mark,
            rate(following.rate, known=one.has_funding),
            _INTEREST,
            ms(following.time_ns),
            ms(self._market.now_ns),
        )

    def funding(self, parameters: Parameters) -> list[wire.FundingRate]:
        symbol = parameters.maybe("symbol")
        start_ns, end_ns = _span(parameters)
        limit, now_ns = parameters.limit(100, 1000), self._market.now_ns
        until = now_ns if end_ns is None else min(end_ns, now_ns)
        some = self._market.symbols.values() if symbol is None else (self._known(symbol),)
        paid = [(payment, one) for one in some for payment in one.payments(start_ns, until, limit)]
        paid.sort(key=lambda pair: (pair[0].time_ns, pair[1].symbol))
        chosen = paid[:limit] if start_ns is not None else paid[-limit:]
        return [_funding_row(payment, one.symbol) for payment, one in chosen]

    def day(self, one: SymbolMarket) -> wire.DayTicker:
        day = Day(one, self._market.now_ns)
        return wire.DayTicker(
            one.symbol,
            day.change,
            day.percent,
            day.average,
            day.last,
            day.last_qty,
            day.open,
            day.high,
            day.low,
            day.volume,
            day.quote_volume,
            day.open_ms,
            day.close_ms,
            day.first_id,
            day.last_id,
            day.count,
        )

    def price(self, one: SymbolMarket) -> wire.PriceTicker:
        return wire.PriceTicker(one.symbol, plain(one.last_price), ms(self._market.now_ns))

    def book(self, one: SymbolMarket) -> wire.BookTicker:
        bid, ask = one.best_bid(), one.best_ask()
        return wire.BookTicker(
            one.symbol,
            plain(bid.price),
            plain(bid.qty),
            plain(ask.price),
            plain(ask.qty),
            ms(self._market.now_ns),
            one.update_id,
        )

    def open_interest(self, parameters: Parameters) -> wire.OpenInterest:
        one = self._symbol(parameters)
        # Nobody else holds a position here.
        return wire.OpenInterest(quantity(one, 0), one.symbol, ms(self._market.now_ns))

    def each(self, answer: Callable[[SymbolMarket], object]) -> Callable[[Parameters], object]:
        """An object for a symbol, else an array of all."""

        def answered(parameters: Parameters) -> object:
            symbol = parameters.maybe("symbol")
            if symbol is not None:
                return answer(self._known(symbol))
            return [answer(one) for one in self._market.symbols.values()]

        return answered

    def _symbol(self, parameters: Parameters, name: str = "symbol") -> SymbolMarket:
        return self._known(parameters.text(name))

    def _known(self, symbol: str) -> SymbolMarket:
        one = self._market.symbols.get(symbol.upper())
        if one is None:
            raise Refused(-1121, "Invalid symbol.")
        return one

    def _rows(self, one: SymbolMarket, parameters: Parameters, *, traded: bool = True) -> list[list[int | str]]:
        parameters.text("interval")
        interval = parameters.choice("interval", INTERVALS, -1120, "interval")
        start_ns, end_ns = _span(parameters)
        bars = one.candles.bars(
            str(interval),
            self._market.now_ns,
            start_ns=start_ns,
            end_ns=end_ns,
            limit=parameters.limit(500, 1500),
        )
        return [row(one, bar, traded=traded) for bar in bars]


def _nothing(parameters: Parameters) -> dict[str, str]:
    del parameters
    return {}


def _none(parameters: Parameters) -> list[str]:
    del parameters
    return []


def _span(parameters: Parameters) -> tuple[int | None, int | None]:
    """The times asked for, both inclusive."""
    start, end = parameters.integer("startTime"), parameters.integer("endTime")
    if start is not None and end is not None and start > end:
        raise Refused(-1023, "Start time is greater than end time.")
    return (
        None if start is None else start * MILLISECOND_NS,
        None if end is None else end * MILLISECOND_NS + MILLISECOND_NS - 1,
    )


def _depth_limit(parameters: Parameters) -> int:
    asked = parameters.integer("limit")
    if asked is not None and asked not in _DEPTHS:
        raise Refused(-4021, f"{asked} is not valid depth limit.")
    return 500 if asked is None else asked


def _depth_weight(parameters: Parameters) -> int:
    most = parameters.integer("limit") or 500
    return next((weight for limit, weight in _DEPTH_WEIGHTS if most <= limit), 20)


def _candles_weight(parameters: Parameters) -> int:
    most = parameters.integer("limit") or 500
    return next((weight for limit, weight in _CANDLE_WEIGHTS if most <= limit), 10)


def _aggregated(trades: list[Trade]) -> list[wire.AggregatedTrade]:
    return [
        wire.AggregatedTrade(
            trade.number,
            plain(trade.price),
            plain(trade.qty),
            plain(trade.qty),
            trade.number,
            trade.number,
            ms(trade.time_ns),
            trade.buyer_maker,
        )
        for trade in trades
    ]


def _funding_row(payment: Payment, symbol: str) -> wire.FundingRate:
    mark = "" if payment.mark_price is None else wide(payment.mark_price)
    return wire.FundingRate(symbol, ms(payment.time_ns), wide(payment.rate), mark)

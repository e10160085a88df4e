"""The endpoints of conditional orders, which have ids and lists of their own.

Source: reference binance-usdm §3.3.
"""

from __future__ import annotations

from sadari.binance.wire import orders as wire
from sadari.localexchange.account.desk import Desk
from sadari.localexchange.account.records import AlgoOrder
from sadari.localexchange.asking.endpoint import Endpoint, Security, by_symbol
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.periods import period
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.endpoints.order_answers import listed_algo, placed_algo
from sadari.localexchange.endpoints.order_wishes import conditional, known_symbol, some_symbol, working_type
from sadari.model.units import MILLISECOND_NS

ALL_CANCELED = wire.Done(200, "The operation of cancel all open order is done.")


class AlgoEndpoints:
    """Conditional orders of one account."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def endpoints(self) -> list[Endpoint]:
        """The table of them."""
        signed = Security.SIGNED
        return [
            Endpoint("POST", "/fapi/v1/algoOrder", self.place, signed, 0, 1),
            Endpoint("GET", "/fapi/v1/algoOrder", self.query, signed, 1),
            Endpoint("DELETE", "/fapi/v1/algoOrder", self.cancel, signed, 1),
            Endpoint(
                "GET",
                "/fapi/v1/openAlgoOrders",
                self.open_algos,
                signed,
                by_symbol(1, 40),
            ),
            Endpoint("GET", "/fapi/v1/allAlgoOrders", self.all_algos, signed, 5),
            Endpoint("DELETE", "/fapi/v1/algoOpenOrders", self.cancel_all, signed, 1),
        ]

    def place(self, asked: Parameters) -> wire.PlacedAlgoOrder:
        """Place a conditional order."""
        wish = conditional(asked, self._desk.instruments)
        return placed_algo(self._desk.place_algo(wish, working_type(asked)))

    def query(self, asked: Parameters) -> wire.ListedAlgoOrder:
        """A conditional order, whatever has become of it."""
        return listed_algo(self._named(asked, -2013, "Order does not exist."))

    def cancel(self, asked: Parameters) -> wire.CanceledAlgoOrder:
        """Cancel a waiting conditional order."""
        algo = self._desk.cancel_algo(self._named(asked, -2011, "Unknown order sent."))
        return wire.CanceledAlgoOrder(algo.algo_id, algo.client_algo_id)

    def open_algos(self, asked: Parameters) -> list[wire.ListedAlgoOrder]:
        """The conditional orders that wait."""
        symbol, algo_id = some_symbol(asked, self._desk.instruments), asked.integer("algoId")
        waiting = self._desk.open_algos(symbol)
        return [listed_algo(algo) for algo in waiting if algo_id in {None, algo.algo_id}]

    def all_algos(self, asked: Parameters) -> list[wire.ListedAlgoOrder]:
        """All conditional orders of a symbol in a period, oldest first."""
        symbol = known_symbol(asked, self._desk.instruments)
        first, limit = asked.integer("algoId"), asked.limit(500, 1000)
        inside = period(asked, self._desk.market_ns() // MILLISECOND_NS)
        rows = [
            algo
            for algo in self._desk.algos.values()
            if algo.symbol == symbol and inside.holds(algo.created_ns // MILLISECOND_NS)
        ]
        if first is not None:
            return [listed_algo(algo) for algo in rows if algo.algo_id >= first][:limit]
        return [listed_algo(algo) for algo in (rows[:limit] if inside.begins else rows[-limit:])]

    def cancel_all(self, asked: Parameters) -> wire.Done:
        """Cancel every waiting conditional order of a symbol."""
        for algo in list(self._desk.open_algos(known_symbol(asked, self._desk.instruments))):
            self._desk.cancel_algo(algo)
        return ALL_CANCELED

    def _named(self, asked: Parameters, code: int, message: str) -> AlgoOrder:
        algo_id, client_id = asked.integer("algoId"), asked.maybe("clientAlgoId")
        if algo_id is not None:
            algo = self._desk.algos.get(algo_id)
        elif client_id is not None:
            had = (one for one in reversed(self._desk.algos.values()) if one.client_algo_id == client_id)
            algo = next(had, None)
        else:
            raise Refused(-1102, "Either algoId or clientAlgoId must be sent.")
        if algo is None:
            raise Refused(code, message)
        return algo

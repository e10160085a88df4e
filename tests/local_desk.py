"""A desk without a server: prices and time by hand, its endpoints by name, what it tells in a list."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from sadari.exchange import Collateral, Exchange, Refusal
from sadari.localexchange.account.announcements import Announcements
from sadari.localexchange.account.desk import Desk
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.endpoints.account import AccountEndpoints
from sadari.localexchange.endpoints.algo import AlgoEndpoints
from sadari.localexchange.endpoints.orders import OrderEndpoints
from sadari.model.plan import Fees
from sadari.model.units import SECOND_NS
from tests.exchange_orders import BTC, INSTRUMENT, D, T

ETH = "ETHUSDT"
FIRST_PRICE = D(10_000)
BALANCE = D(1_000)


class DeskByHand:
    """An account of two symbols, asked in the protocol's words.

    Attributes:
        told: Every user event so far, decoded, in order.
        prices: The last price of each symbol.
        now_ns: The market's clock.
    """

    def __init__(self, balance: Decimal = BALANCE, assets: dict[str, Collateral] | None = None) -> None:
        instruments = {BTC: INSTRUMENT, ETH: msgspec.structs.replace(INSTRUMENT, symbol=ETH)}
        self.told: list[dict[str, Any]] = []
        self.prices = dict.fromkeys(instruments, FIRST_PRICE)
        self.now_ns = T
        self.exchange = Exchange(instruments, Fees(), balance, assets=assets or {})
        announcements = Announcements(self.exchange, instruments, self._hear, lambda _order, _trade: None)
        self.desk = Desk(self.exchange, instruments, announcements, lambda: self.now_ns, self.prices.__getitem__)
        tables = (OrderEndpoints(self.desk), AlgoEndpoints(self.desk), AccountEndpoints(self.desk, Fees()))
        self._answers = {f"{one.method} {one.path}": one.answer for table in tables for one in table.endpoints()}
        for symbol, price in self.prices.items():
            self.exchange.mark(symbol, price)

    def ask(self, where: str, **values: object) -> Any:
        """The answer of an endpoint, as a client decodes it; raises what refuses it."""
        texts = {name: str(value) for name, value in values.items() if value is not None}
        return msgspec.json.decode(msgspec.json.encode(self._answers[where](Parameters(texts))))

    def code(self, where: str, **values: object) -> int:
        """The code with which an endpoint refuses."""
        try:
            answer = self.ask(where, **values)
        except (Refused, Refusal) as refusal:
            return refusal.code
        raise AssertionError(answer)

    def place(self, **values: object) -> Any:
        """Place a market order to buy 0.01 BTC, or what is said otherwise, and see what has become of it."""
        usual = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.01", "newOrderRespType": "RESULT"}
        return self.ask("POST /fapi/v1/order", **usual | values)

    def place_algo(self, **values: object) -> Any:
        """Place a stop that sells 0.01 BTC at 9,900, or what is said otherwise."""
        usual = {"algoType": "CONDITIONAL", "symbol": BTC, "side": "SELL", "type": "STOP_MARKET", "quantity": "0.01"}
        return self.ask("POST /fapi/v1/algoOrder", **usual | {"triggerPrice": "9900"} | values)

    def move(self, price: Decimal | str, symbol: str = BTC) -> None:
        """A trade of the market, a second later."""
        self.now_ns += SECOND_NS
        self.prices[symbol] = D(price)
        self.desk.meet(symbol, self.now_ns, D(price))

    def kinds(self) -> list[str]:
        """What was told, as the event and the execution or status in it; what was told is forgotten."""
        names = []
        for event in self.told:
            one = event.get("o", {})
            names.append(" ".join(filter(None, (event["e"], one.get("x") or one.get("X")))))
        self.told.clear()
        return names

    def _hear(self, kind: str, payload: bytes) -> None:
        event = msgspec.json.decode(payload)
        assert event["e"] == kind
        self.told.append(event)

"""What everybody is told of liquidations and of contracts listed anew."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from sadari.exchange import Exchange
from sadari.localexchange.account.announcements import Announcements
from sadari.localexchange.account.desk import Desk
from sadari.localexchange.account.notices import Notices
from sadari.localexchange.asking.api_keys import ApiKeys
from sadari.localexchange.faults.action_rules import BracketChange
from sadari.localexchange.serving.happenings import GatewayClock, Happenings
from sadari.localexchange.streams.listen_keys import ListenKeys
from sadari.model.command import PlaceOrder
from sadari.model.instrument import Bracket
from sadari.model.order import OrderType, Purpose, Side
from sadari.model.plan import Fees
from sadari.model.units import MILLISECOND_NS, SECOND_NS
from tests.local_market import OPEN_NS, D, Played, instrument, tapes

BTC, ETH = "BTCUSDT", "ETHUSDT"
BRACKETS = (Bracket(D(0), D(50_000), 20, D("0.01")), Bracket(D(50_000), D(900_000), 10, D("0.02"), D(500)))
ONBOARD_MS = 1_700_000_000_000


class Told:
    """A desk whose notices are kept, at a price and time that the test sets."""

    def __init__(self, *wanted: str) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.now_ns = OPEN_NS
        instruments = {name: msgspec.structs.replace(instrument(name), brackets=BRACKETS) for name in (BTC, ETH)}
        self.exchange = Exchange(instruments, Fees(), Decimal(0))
        self.notices = Notices(wanted.__contains__, self._publish, {BTC: ONBOARD_MS, ETH: ONBOARD_MS})
        announcements = Announcements(self.exchange, instruments, lambda *_: None, self.notices.liquidated)
        self.desk = Desk(self.exchange, instruments, announcements, lambda: self.now_ns, self.exchange.last_price)

    def ruin(self, symbol: str, qty: str) -> None:
        """Buy at 100 with a wallet of 40 for each, and let the price fall to 50."""
        self.exchange.transfer(self.now_ns, D(40) * D(qty))
        self.exchange.mark(symbol, D(100))
        self.desk.place(
            PlaceOrder(
                symbol=symbol, client_order_id="", purpose=Purpose.ENTRY, side=Side.BUY,
                order_type=OrderType.MARKET, qty=D(qty),
            )
        )  # fmt: skip
        self.desk.meet(symbol, self.now_ns, D(50))

    def _publish(self, stream: str, payload: bytes) -> None:
        self.sent.append((stream, msgspec.json.decode(payload)))


def test_a_liquidation_is_told_when_its_second_has_ended() -> None:
    """On the symbol's stream and on that of all, a single object on both, as the exchange's own order."""
    told = Told("btcusdt@forceOrder", "!forceOrder@arr")
    told.ruin(BTC, "20")
    told.notices.on_time(told.now_ns + SECOND_NS)
    told.notices.on_time(told.now_ns + 2 * SECOND_NS)
    assert [stream for stream, _ in told.sent] == ["btcusdt@forceOrder", "!forceOrder@arr"]
    (_, event), (_, other) = told.sent
    assert event == other
    forced = next(one for one in told.desk.orders.values() if one.orig_type == "LIQUIDATION")
    shown = event.pop("o")
    assert event == {
        "e": "forceOrder", "E": (told.now_ns + SECOND_NS) // MILLISECOND_NS, "ps": BTC, "st": 1,
    }  # fmt: skip
    assert (shown["s"], shown["S"], shown["o"], shown["f"], shown["X"]) == (BTC, "SELL", "LIMIT", "IOC", "FILLED")
    assert D(shown["q"]) == D(shown["z"]) == forced.filled_qty == 20
    assert (D(shown["ap"]), shown["T"]) == (forced.avg_price, told.now_ns // MILLISECOND_NS)


def test_of_a_symbol_only_the_largest_of_a_second_is_told() -> None:
    """And each symbol has its own."""
    told = Told("!forceOrder@arr")
    for symbol, qty in ((BTC, "3"), (BTC, "5"), (BTC, "4"), (ETH, "1")):
        told.ruin(symbol, qty)
    told.notices.on_time(told.now_ns + SECOND_NS)
    assert [(event["o"]["s"], event["o"]["q"]) for _, event in told.sent] == [(BTC, "5"), (ETH, "1")]


def test_nothing_is_sent_where_nobody_listens() -> None:
    """Nor later, when somebody does."""
    told = Told()
    told.ruin(BTC, "20")
    told.notices.on_time(told.now_ns + SECOND_NS)
    told.notices.relisted(told.desk.instruments[BTC], told.now_ns)
    assert told.sent == []


def test_a_contract_with_other_brackets_is_told() -> None:
    """With all its brackets in numbers; each one's least leverage is what the next does not allow."""
    told = Told("!contractInfo")
    market = Played(tapes((BTC,))).market
    keys = ListenKeys(lambda: OPEN_NS)
    happenings = Happenings(told.desk, market, keys, GatewayClock(lambda: OPEN_NS), told.notices, ApiKeys())
    happenings.change_brackets(BracketChange(symbol=BTC, maint_factor=D(2)))
    ((stream, event),) = told.sent
    assert stream == "!contractInfo"
    assert event == {
        "e": "contractInfo", "E": market.now_ns // MILLISECOND_NS, "s": BTC, "ps": BTC, "ct": "PERPETUAL",
        "dt": 4_133_404_800_000, "ot": ONBOARD_MS, "cs": "TRADING", "st": 1,
        "bks": [
            {"bs": 1, "bnf": 0, "bnc": 50_000, "mmr": 0.02, "cf": 0, "mi": 11, "ma": 20},
            {"bs": 2, "bnf": 50_000, "bnc": 900_000, "mmr": 0.04, "cf": 1000, "mi": 1, "ma": 10},
        ],
    }  # fmt: skip

"""What the tests of preparation share: accounts in every state, and refusals."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from sadari.model.command import PlaceOrder
from sadari.model.order import MarginMode, OrderType, Purpose, Side, TimeInForce
from sadari.venue.live.account.preparation import Preparation, Prepared
from tests.local_exchange import BTC
from tests.wire.rest_bench import Bench, bench

ISOLATED, CROSSED = MarginMode.ISOLATED, MarginMode.CROSSED
MARGIN, LEVERAGE = "POST /fapi/v1/marginType", "POST /fapi/v1/leverage"
Policy = Literal["crossed", "refuse"]


def hold(one: Bench, symbol: str = BTC) -> None:
    """Buy a little at the market."""
    wish = PlaceOrder(
        symbol=symbol, client_order_id="", purpose=Purpose.ENTRY, side=Side.BUY, order_type=OrderType.MARKET,
        qty=one.exchange.desk.instruments[symbol].step_size * 100,
    )  # fmt: skip
    one.exchange.desk.place(wish)


def rest_a_bid(one: Bench, symbol: str = BTC) -> None:
    """Leave an order open that will not be filled."""
    instrument = one.exchange.desk.instruments[symbol]
    price = one.exchange.market.symbols[symbol].last_price * Decimal("0.97") // instrument.tick_size
    wish = PlaceOrder(
        symbol=symbol, client_order_id="", purpose=Purpose.ENTRY, side=Side.BUY, order_type=OrderType.LIMIT,
        qty=instrument.step_size * 100, price=price * instrument.tick_size, time_in_force=TimeInForce.GTC,
    )  # fmt: skip
    one.exchange.desk.place(wish)


def account(one: Bench, *, multi: bool, current: MarginMode = CROSSED, held: bool = False) -> None:
    """An account in a state."""
    desk = one.exchange.desk
    if multi:
        desk.set_multi_assets(multi_assets=True)
    if current is ISOLATED:
        desk.set_margin_mode(BTC, ISOLATED)
    if held:
        hold(one)


def effective(one: Bench, symbol: str = BTC) -> str:
    """What is in force at the exchange itself."""
    return one.exchange.desk.exchange.margin_mode(symbol).value.upper()


def asked(one: Bench, what: str) -> int:
    """How often something was asked for."""
    return one.rest.calls.get(what, 0)


def refused(code: int, message: str, path: str = "marginType", more: str = "") -> str:
    """A rule that refuses a request."""
    return f'[[fault]]\nverb="code"\npath="*/{path}"\nmethod="POST"\ncode={code}\nmessage="{message}"\n{more}\n'


async def prepared_under(faults: str, policy: Policy = "crossed", leverage: int = 50) -> tuple[Prepared, str, int]:
    """What comes of a wish for isolated margin on a single-asset account, what is in force then, and the requests."""
    async with bench(faults) as one:
        prepared = await Preparation(one.rest, policy).prepare(BTC, leverage)
        assert one.exchange.desk.exchange.leverage(BTC) == prepared.leverage
        return prepared, effective(one), asked(one, MARGIN)


MULTI = "Unable to adjust to isolated-margin mode under the Multi-Assets mode."

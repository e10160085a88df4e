"""The liquidation prices that the doctor tells, against those of the exchange for the same position."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from sadari.binance import account_answers, endpoints
from sadari.model.command import PlaceOrder
from sadari.model.order import Direction, MarginMode, OrderType, Purpose
from sadari.model.plan import Ladder, Settings
from sadari.venue.live.account.outlook import Setting, changes
from sadari.venue.live.account.preparation import Preparation
from tests.local_exchange import BTC
from tests.wire.rest_bench import bench


@pytest.mark.requirement("R001-11", "R001-23")
@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize(("mode", "leverage"), [("isolated", 10), ("isolated", 25), ("crossed", 10)])
def test_the_told_liquidation_price_is_the_exchanges_own(direction: Direction, mode: str, leverage: int) -> None:
    """One rung bought at the price of the plan: the same quantity, margin and balance give the same price.

    The plan is of the balance before the fee and rounds to the step, which is what the tolerance is for.
    """
    margin_mode = MarginMode(mode)
    weight = Decimal("0.2") if margin_mode is MarginMode.ISOLATED else Decimal("0.4")
    ladder = Ladder(weights=(weight,), dca_trigger=(), stop_by_stage=(Decimal("0.02"),), leverage=10)
    settings = Settings(run_id="outlook", ladder=ladder)

    async def run() -> None:
        async with bench() as one:
            desk, instrument = one.exchange.desk, one.exchange.desk.instruments[BTC]
            assert (await Preparation(one.rest).prepare(BTC, leverage, margin_mode)).ready
            balance = Decimal(10_000)
            price = one.exchange.market.symbols[BTC].last_price
            qty = weight * 10 * balance / price // instrument.step_size * instrument.step_size
            wish = PlaceOrder(
                symbol=BTC, client_order_id="", purpose=Purpose.ENTRY, side=direction.entry_side,
                order_type=OrderType.MARKET, qty=qty,
            )  # fmt: skip
            desk.place(wish)
            (held,) = account_answers.positions(await one.rest.call(endpoints.POSITION_RISK, {"symbol": BTC}))
            assert held.entry_price is not None
            setting = Setting(margin_mode, leverage)
            # The first bracket, from which no amount is taken off.
            assert abs(held.qty) * price < instrument.brackets[0].cap
            told = {
                change.what: change.found
                for change in changes(settings, balance, instrument, held.entry_price, setting, setting)
            }
            estimate = told[f"{direction} liquidation price"]
            assert estimate is not None
            assert held.liquidation_price == pytest.approx(estimate, rel=Decimal("0.001"))

    asyncio.run(run())

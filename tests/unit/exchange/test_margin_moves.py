"""Margin that is moved between the wallet and an isolated position."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.exchange import Exchange, Refusal
from sadari.model.event import AccountUpdated
from sadari.model.order import MarginMode
from tests.exchange_orders import BTC, D, T, buy, exchange, sell


def held(mode: MarginMode = MarginMode.ISOLATED) -> Exchange:
    """A LONG of 10 at 100, with 100 of margin."""
    venue = exchange(mode=mode)
    venue.submit(buy("a", "10"), T, D(100))
    return venue


def test_added_margin_moves_the_liquidation_price_away_and_comes_back_whole() -> None:
    """The wallet's balance and its income stay, what is available shrinks by the amount."""
    venue = held()
    position = venue.positions[BTC]
    before = (venue.wallet_balance, venue.available_balance(), len(venue.income), position.liquidation_price)
    (event,) = venue.move_margin(BTC, T, D(50))
    assert isinstance(event, AccountUpdated)
    assert (event.cause, event.positions[0].margin) == ("MARGIN_TRANSFER", D(150))
    assert event.wallet_balance == before[0]
    assert event.available_balance == before[1] - 50
    assert position.liquidation_price is not None
    assert before[3] is not None
    assert position.liquidation_price < before[3]
    venue.move_margin(BTC, T, D(-50))
    after = (venue.wallet_balance, venue.available_balance(), len(venue.income), position.liquidation_price)
    assert after == before


def test_the_new_liquidation_price_is_the_one_that_is_watched() -> None:
    """A trade at the old one leaves the position alone, one at the new one does not."""
    venue = held()
    old = venue.positions[BTC].liquidation_price
    venue.move_margin(BTC, T, D(50))
    new = venue.positions[BTC].liquidation_price
    assert old is not None
    assert new is not None
    assert not venue.touch(BTC, T, old)
    assert venue.touch(BTC, T, new)
    assert not venue.positions


def test_only_what_the_position_does_not_need_can_be_taken_back() -> None:
    """At its entry price all its margin is needed; a profit frees as much of the margin, no more."""
    venue = held()
    with pytest.raises(Refusal, match="-4051"):
        venue.move_margin(BTC, T, D("-0.01"))
    venue.mark(BTC, D(110))  # 100 of profit; 110 of margin are needed.
    with pytest.raises(Refusal, match="-4051"):
        venue.move_margin(BTC, T, D("-90.01"))
    venue.move_margin(BTC, T, D(-90))
    venue.mark(BTC, D(200))
    with pytest.raises(Refusal, match="-4051"):
        venue.move_margin(BTC, T, D("-10.01"))


def test_what_is_not_free_cannot_be_added() -> None:
    """All that is available can."""
    venue = held()
    free = venue.available_balance()
    with pytest.raises(Refusal, match="-4050"):
        venue.move_margin(BTC, T, free + D("0.01"))
    venue.move_margin(BTC, T, free)
    assert venue.available_balance() == 0


def test_without_an_isolated_position_there_is_nothing_to_move() -> None:
    """Flat and crossed are refused with codes of their own."""
    with pytest.raises(Refusal, match="-4054"):
        exchange().move_margin(BTC, T, D(1))
    with pytest.raises(Refusal, match="-4049"):
        held(MarginMode.CROSSED).move_margin(BTC, T, D(1))


@given(st.lists(st.decimals(-200, 200, places=2), max_size=8), st.decimals(95, 120, places=2))
def test_moving_never_makes_money_nor_brings_a_liquidation(amounts: list[Decimal], price: Decimal) -> None:
    """Whatever was moved, closing at a price leaves the wallet that it leaves without."""
    moved, plain = held(), held()
    for venue in (moved, plain):
        venue.touch(BTC, T, price)
    for amount in amounts:
        try:
            moved.move_margin(BTC, T, amount)
        except Refusal:
            continue
        assert not moved.touch(BTC, T, price)
        assert moved.available_balance() >= 0
    for venue in (moved, plain):
        venue.submit(sell("b", "10"), T, price)
    assert moved.wallet_balance == plain.wallet_balance
    assert moved.available_balance() == moved.wallet_balance

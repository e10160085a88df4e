"""Reward, targets and sizing of entries with a stop of their own, whatever the prices (strategies §8, §9.3, §9.6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from sadari.core.exposure import open_short_risk
from sadari.core.reward import break_even, distances, minimum
from sadari.core.targets import split
from sadari.model.command import RecordDecision
from sadari.model.entry import LimitEntry, Target
from sadari.model.order import Direction, MinimumReward, Purpose
from sadari.model.plan import Fees, Reward
from sadari.model.units import exact
from tests.ladder_driver import START_NS, Driver, instrument, patient

D = Decimal
SYMBOLS = ("BTCUSDT", "ETHUSDT", "XRPUSDT")
directions = st.sampled_from(Direction)
prices = st.decimals("1", "90000", places=2)
away = st.decimals("0.001", "0.3", places=3)
shares = st.sampled_from([("1",), ("0.4", "0.6"), ("0.4", "0.3", "0.3"), ("0.1", "0.1", "0.8")])


def entry(direction: Direction, price: Decimal, risk: Decimal, rewards: list[Decimal], parts: tuple[str, ...]) -> Any:
    """An entry by its distances, as shares of the price."""
    sign = direction.sign
    targets = tuple(Target(price * (1 + sign * one), D(part)) for one, part in zip(sorted(rewards), parts, strict=True))
    return LimitEntry(price=price, stop=price * (1 - sign * risk), targets=targets, until_ns=START_NS * 2)


@st.composite
def entries(draw: st.DrawFn) -> tuple[Direction, LimitEntry]:
    """A direction and terms that fit it."""
    direction, price, risk, parts = draw(directions), draw(prices), draw(away), draw(shares)
    rewards = draw(st.lists(away, min_size=len(parts), max_size=len(parts), unique=True))
    return direction, entry(direction, price, risk, rewards, parts)


@given(found=entries(), fee=st.decimals("0", "0.01", places=4))
def test_the_ratio_after_fees_is_never_above_the_raw_one(found: tuple[Direction, LimitEntry], fee: Decimal) -> None:
    """Fees take of the reward and add to the risk; without fees both are one."""
    direction, limit = found
    known = distances(limit, direction, Fees(taker=fee))
    assert known.net <= known.raw
    assert (known.net == known.raw) is (fee == 0)
    assert 0 < break_even(known.raw) < 1


@given(found=entries(), more=away)
def test_reward_is_monotone(found: tuple[Direction, LimitEntry], more: Decimal) -> None:
    """Targets that are further away raise both ratios, a stop that is further away lowers the raw one."""
    direction, limit = found
    move = limit.price * more * direction.sign
    further = tuple(Target(one.price + move, one.share) for one in limit.targets)
    known = distances(limit, direction, Fees())
    rewarding = distances(
        LimitEntry(price=limit.price, stop=limit.stop, until_ns=0, targets=further), direction, Fees()
    )
    risky = distances(
        LimitEntry(price=limit.price, stop=limit.stop - move, until_ns=0, targets=limit.targets), direction, Fees()
    )
    assert rewarding.raw > known.raw
    assert rewarding.net > known.net
    assert risky.raw < known.raw


@given(
    direction=directions,
    volatility=st.one_of(st.none(), st.floats(0, 100)),
    more=st.floats(0, 100),
    bias=st.sampled_from(["NEUTRAL", "BULLISH", "BEARISH"]),
    mode=st.sampled_from(MinimumReward),
)
def test_more_volatility_never_asks_for_more(
    direction: Direction, volatility: float | None, more: float, bias: str, mode: MinimumReward
) -> None:
    """And what is not known asks for the most."""
    reward = Reward(mode=mode)
    least = minimum(reward, direction, volatility, bias)
    assert minimum(reward, direction, min(100.0, (volatility or 0.0) + more), bias) <= least
    assert minimum(reward, direction, None, bias) >= least


@given(qty=st.integers(1, 5_000), least=st.integers(1, 50), parts=shares, step=st.sampled_from(["0.001", "0.5", "1"]))
def test_targets_share_out_the_whole_quantity(qty: int, least: int, parts: tuple[str, ...], step: str) -> None:
    """Every share is one that can be sent, on the grid and in the order of the targets."""
    assume(qty >= least)
    contract = instrument(step_size=D(step), min_qty=least * D(step))
    targets = tuple(Target(D(100 + place), D(part)) for place, part in enumerate(parts))
    goals = split(targets, qty * D(step), contract)
    assert sum(goal.qty for goal in goals) == qty * D(step)
    assert all(goal.qty >= contract.min_qty and goal.qty % contract.step_size == 0 for goal in goals)
    assert [goal.price for goal in goals] == sorted(goal.price for goal in goals)


@given(
    found=st.lists(entries(), min_size=1, max_size=3),
    balance=st.decimals("100", "1000000", places=2),
    free=st.decimals("0.01", "1", places=2),
    leverage=st.sampled_from([1, 5, 20]),
)
def test_an_order_exceeds_no_limit(
    found: list[tuple[Direction, LimitEntry]], balance: Decimal, free: Decimal, leverage: int
) -> None:
    """Strategies §9.6, by the engine: on the step, within every cap and the risk, and all shorts within theirs."""
    available = balance * free
    driver = Driver(
        patient(enabled=False, leverage=leverage, allow_opposite_side=True, max_shorts=9),
        balance=str(balance), symbols=SYMBOLS, step_size=D("0.001"),
    )  # fmt: skip
    driver.account(available=str(available))
    for symbol, (direction, limit) in zip(SYMBOLS, found, strict=False):
        driver.signal(direction, str(limit.price), symbol=symbol, strategy="ict", limit=limit)
    shorts = open_short_risk(driver.engine.positions.values())
    assert shorts <= exact(D("0.015") * balance)
    prices_by = {symbol: limit for symbol, (_, limit) in zip(SYMBOLS, found, strict=False)}
    for order in driver.sent(Purpose.ENTRY):
        limit = prices_by[order.symbol]
        assert order.qty is not None
        assert order.qty % D("0.001") == 0
        distance = abs(limit.price - limit.stop)
        assert order.qty * distance <= min(D("0.10") * available, D("0.01") * balance)
        assert order.qty * limit.price <= D("0.30") * available
        assert order.qty * limit.price <= D("0.10") * balance
        taken = exact(order.qty * limit.price) * (exact(D(1)) / leverage + exact(D("0.0005")))
        assert exact(available) - taken >= max(exact(D(50)), exact(D("0.20") * available))
    accepted = [one for one in driver.of(RecordDecision) if one.accepted]
    assert all(one.binding == min(one.caps, key=lambda name: one.caps[name]) for one in accepted)

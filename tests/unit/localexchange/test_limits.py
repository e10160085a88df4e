"""Request weight, order counts, bans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.localexchange.asking.limits import FIRST_BAN_NS, NO_LIMITS, Limited, Limits, Usage, Window
from sadari.model.units import MINUTE_NS, SECOND_NS

START = 1_700_000_040 * SECOND_NS  # the beginning of a minute


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 100)), max_size=50), st.sampled_from([10, 60]))
def test_a_window_counts_what_fell_into_the_clocks_own_period(steps: list[tuple[int, int]], seconds: int) -> None:
    """For times in order, the count is the sum of what has the same period number."""
    length = seconds * SECOND_NS
    window = Window(length)
    seen: list[tuple[int, int]] = []
    for now, amount in sorted(steps):
        seen.append((now // length, amount))
        assert window.add(amount, now) == sum(more for number, more in seen if number == now // length)
        assert 0 < window.left_ns(now) <= length


def test_weight_up_to_the_limit_passes_and_one_more_is_refused_until_the_minute_is_over() -> None:
    """2400 a minute; then 429, -1003 and the seconds that are left."""
    usage = Usage(Limits())
    usage.charge_weight("a", 2400, START)
    with pytest.raises(Limited) as refused:
        usage.charge_weight("a", 1, START + 18 * SECOND_NS)
    assert (refused.value.status, refused.value.code, refused.value.retry_after_s) == (429, -1003, 42)
    usage.charge_weight("a", 1, START + MINUTE_NS)


def test_the_weight_of_one_address_is_not_anothers() -> None:
    """Limits are by address."""
    usage = Usage(Limits(weight=1))
    usage.charge_weight("a", 1, START)
    usage.charge_weight("b", 1, START)
    with pytest.raises(Limited):
        usage.charge_weight("a", 1, START)


def test_an_address_that_goes_on_is_banned_and_each_ban_is_twice_as_long() -> None:
    """418 for two minutes, then four; everything is refused meanwhile, and then it may ask again."""
    usage = Usage(Limits(weight=0, offences=1))
    now = START
    for ban in range(3):
        with pytest.raises(Limited) as first:
            usage.charge_weight("a", 1, now)
        with pytest.raises(Limited) as second:
            usage.charge_weight("a", 1, now)
        length = FIRST_BAN_NS << ban
        assert (first.value.status, second.value.status, second.value.code) == (429, 418, -1003)
        assert second.value.retry_after_s == length // SECOND_NS
        with pytest.raises(Limited) as last:
            usage.charge_weight("a", 0, now + length - 1)
        assert (last.value.status, last.value.retry_after_s) == (418, 1)
        now += length


@pytest.mark.parametrize(("limits", "wait_s"), [(Limits(orders_ten_seconds=2), 10), (Limits(orders_minute=2), 60)])
def test_orders_over_a_count_are_refused_and_not_counted(limits: Limits, wait_s: int) -> None:
    """-1015 with status 429, and the counts stay at the limit."""
    usage = Usage(limits)
    usage.charge_orders(2, START)
    with pytest.raises(Limited) as refused:
        usage.charge_orders(1, START)
    assert (refused.value.status, refused.value.code, refused.value.retry_after_s) == (429, -1015, wait_s)
    headers = usage.headers("a", 1, START)
    assert headers == {"X-MBX-USED-WEIGHT-1M": "0", "X-MBX-ORDER-COUNT-10S": "2", "X-MBX-ORDER-COUNT-1M": "2"}
    usage.charge_orders(1, START + wait_s * SECOND_NS)


def test_limits_that_are_off_refuse_nothing_and_still_count() -> None:
    """The headers go on; the WebSocket API lists no limit."""
    usage = Usage(NO_LIMITS)
    usage.charge_weight("a", 10**6, START)
    usage.charge_orders(10**6, START)
    assert usage.headers("a", 0, START) == {"X-MBX-USED-WEIGHT-1M": "1000000"}
    assert usage.listed("a", 1, START) == []

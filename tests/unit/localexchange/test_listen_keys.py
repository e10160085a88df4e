"""The life of the listen key."""

from __future__ import annotations

import pytest

from sadari.binance.wire.control import ListenKey
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.streams.listen_keys import LIFE_NS, ListenKeys, endpoints
from sadari.localexchange.streams.subscriptions import is_listen_key


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        """The time it was set to."""
        return self.now_ns


def test_starting_twice_gives_one_key_and_extends_it() -> None:
    """The second start counts 60 minutes from then."""
    clock = Hand()
    keys = ListenKeys(clock)
    key = keys.start()
    clock.now_ns = LIFE_NS - 1
    assert keys.start() == key
    clock.now_ns = 2 * LIFE_NS - 2
    assert keys.active() == key
    assert is_listen_key(key)


def test_a_key_that_ran_out_is_told_once_and_another_takes_its_place() -> None:
    """It is gone for extending, its end is told once, even where a new one was made before anyone asked."""
    clock = Hand()
    keys = ListenKeys(clock)
    key = keys.start()
    clock.now_ns = LIFE_NS
    assert keys.active() is None
    with pytest.raises(Refused) as refused:
        keys.extend()
    assert refused.value.code == -1125
    other = keys.start()
    assert other != key
    assert (keys.expired(), keys.expired()) == ([key], [])


def test_a_closed_key_is_gone_without_a_word() -> None:
    """Closing and extending it again are -1125; nothing expires."""
    keys = ListenKeys(lambda: 0)
    keys.start()
    keys.close()
    for again in (keys.close, keys.extend):
        with pytest.raises(Refused, match="-1125"):
            again()
    assert keys.expired() == []


def test_a_key_that_is_killed_expires_now() -> None:
    """What a fault needs."""
    keys = ListenKeys(lambda: 10**9)
    key = keys.start()
    keys.kill()
    assert keys.expired() == [key]


def test_the_endpoints_answer_with_the_key_and_refuse_another() -> None:
    """POST and PUT give the key, a foreign key in the parameters is -1125, DELETE gives an empty object."""
    table = {endpoint.method: endpoint.answer for endpoint in endpoints(ListenKeys(lambda: 0))}
    made = table["POST"](Parameters({}))
    assert isinstance(made, ListenKey)
    assert table["PUT"](Parameters({"listenKey": made.listen_key})) == made
    with pytest.raises(Refused, match="-1125"):
        table["PUT"](Parameters({"listenKey": "other"}))
    assert table["DELETE"](Parameters({})) == {}

"""What a connection listens to, by URL and by control message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.localexchange.streams.subscriptions import MOST_STREAMS, Subscriptions, opening

KEY = "0123456789abcdef" * 4
BOOK = "btcusdt@bookTicker"
TRADES = "btcusdt@aggTrade"


def route_of(name: str) -> str | None:
    """The route of the streams that these tests know."""
    return {BOOK: "public", TRADES: "market", "!ticker@arr": "market"}.get(name)


def connect(target: str, *, strict: bool = False) -> Subscriptions:
    """A connection by its URL."""
    path, _, query = target.partition("?")
    start = opening(path, query, route_of)
    assert start is not None
    return Subscriptions(start, route_of, strict=strict)


def ask(one: Subscriptions, method: Any, params: Any = None, reply_id: Any = 1) -> Any:
    """The reply to a control message."""
    return json.loads(one.receive(json.dumps({"method": method, "params": params, "id": reply_id})))


@pytest.mark.parametrize(
    ("target", "combined", "delivered"),
    [
        (f"/market/ws/{TRADES}", False, {TRADES}),
        ("/market/ws/3", False, set()),
        ("/market/ws/", False, set()),
        (f"/public/ws/{BOOK}/{TRADES}", False, {BOOK}),
        (f"/market/stream?streams={TRADES}/!ticker%40arr", True, {TRADES, "!ticker@arr"}),
        (f"/market/stream/7?streams={TRADES}", True, {TRADES}),
        (f"/ws/{TRADES}/{BOOK}/{KEY}", False, {TRADES, BOOK, KEY}),
        (f"/stream?streams={TRADES}/{BOOK}", True, {TRADES, BOOK}),
        (f"/private/ws/{KEY}", False, {KEY}),
        (f"/private/ws?listenKey={KEY}", False, {KEY}),
        (f"/ws?listenKey={KEY}", False, {KEY}),
        (f"/market/ws/{KEY}", False, set()),
        (f"/private/stream?streams={TRADES}", True, set()),
    ],
)
def test_a_url_opens_the_streams_of_its_route(target: str, combined: bool, delivered: set[str]) -> None:
    """What stands on the wrong route, or is no stream, is silent."""
    one = connect(target)
    assert (one.combined, one.delivered()) == (combined, delivered)


@pytest.mark.parametrize("path", ["/", "/fapi/v1/ws", "/wss", "/public", "/other/ws", "/public/ws-fapi/v1", ""])
def test_other_paths_are_none_of_the_streams(path: str) -> None:
    """They are for the caller to refuse."""
    assert opening(path, "", route_of) is None


def test_a_strict_server_is_silent_about_all_but_public_streams_without_a_route() -> None:
    """It acknowledges and lists them, as the live host does."""
    one = connect("/ws", strict=True)
    assert ask(one, "SUBSCRIBE", [TRADES, BOOK, KEY]) == {"result": None, "id": 1}
    assert one.delivered() == {BOOK}
    assert ask(one, "LIST_SUBSCRIPTIONS") == {"result": [TRADES, BOOK, KEY], "id": 1}


def test_each_listen_key_has_the_events_that_follow_it() -> None:
    """No list of events is all of them."""
    other = KEY[::-1]
    one = connect(f"/private/stream?listenKey={KEY}&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE&listenKey={other}")
    assert one.delivered() == {KEY, other}
    assert [one.wants(KEY, kind) for kind in ("ACCOUNT_UPDATE", "TRADE_LITE")] == [True, False]
    assert one.wants(other, "TRADE_LITE")


def test_streams_come_and_go() -> None:
    """Whatever is named is acknowledged, and what exists is delivered until it is named again."""
    one = connect("/market/ws")
    assert ask(one, "SUBSCRIBE", [TRADES, "no@such"]) == {"result": None, "id": 1}
    assert one.delivered() == {TRADES}
    assert ask(one, "UNSUBSCRIBE", [TRADES, "never"]) == {"result": None, "id": 1}
    assert one.delivered() == set()
    assert ask(one, "LIST_SUBSCRIPTIONS")["result"] == ["no@such"]


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=5))
def test_an_id_of_any_type_comes_back_verbatim(reply_id: Any) -> None:
    """On a reply and on a refusal."""
    one = connect("/ws")
    assert ask(one, "LIST_SUBSCRIPTIONS", None, reply_id) == {"result": [], "id": reply_id}
    assert ask(one, "NO_SUCH", None, reply_id)["id"] == reply_id


def test_the_combined_property_is_read_and_set() -> None:
    """It begins as the path says."""
    one = connect("/ws")
    assert ask(one, "GET_PROPERTY", ["combined"])["result"] is False
    assert ask(one, "SET_PROPERTY", ["combined", True])["result"] is None
    assert ask(one, "GET_PROPERTY", ["combined"])["result"] is True
    assert one.combined


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", 3),
        (b"\xff", 3),
        ("", 3),
        ("[]", 2),
        ("7", 2),
        ("{}", 2),
        ('{"method":5}', 2),
        ('{"method":"NO_SUCH"}', 2),
        ('{"method":"SUBSCRIBE"}', 2),
        ('{"method":"SUBSCRIBE","params":"x"}', 2),
        ('{"method":"UNSUBSCRIBE","params":[1]}', 2),
        ('{"method":"SET_PROPERTY","params":[1,true]}', 2),
        ('{"method":"SET_PROPERTY","params":["other",true]}', 0),
        ('{"method":"SET_PROPERTY","params":["combined","yes"]}', 1),
        ('{"method":"SET_PROPERTY","params":["combined"]}', 2),
        ('{"method":"GET_PROPERTY","params":["combined",true]}', 2),
    ],
)
def test_what_cannot_be_done_is_refused_by_its_code(message: str | bytes, code: int) -> None:
    """0 unknown property, 1 value type, 2 request, 3 JSON; the connection's state stays."""
    one = connect("/ws")
    assert json.loads(one.receive(message))["error"]["code"] == code
    assert (one.combined, one.delivered()) == (False, set())


@given(st.binary() | st.text())
def test_no_message_breaks_a_connection(message: bytes | str) -> None:
    """There is a JSON reply to anything."""
    assert "id" in json.loads(connect("/ws").receive(message))


def test_a_connection_takes_so_many_streams_and_no_more() -> None:
    """The message that would go over is refused whole."""
    one = connect("/ws")
    assert "result" in ask(one, "SUBSCRIBE", [f"s{number}@x" for number in range(MOST_STREAMS)])
    assert ask(one, "SUBSCRIBE", [BOOK])["error"]["code"] == 2
    assert one.delivered() == set()

"""`sadari exchange` as it is typed: one line of JSON, a clean end, one sentence for what cannot be served."""

from __future__ import annotations

import hashlib
import hmac
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.e2e

PROGRAM = str(Path(sys.executable).with_name("sadari"))


@contextmanager
def started(*arguments: str) -> Iterator[dict[str, str]]:
    """A running exchange; it has to end by itself on SIGINT, without a word on the error output."""
    command = [PROGRAM, "exchange", "--port", "0", "--json", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()


def answer(at: dict[str, str], method: str, path: str, query: str = "", token: str = "") -> tuple[int, object]:
    """Status and body of a request: signed, or with the token of the control API."""
    if token:
        headers = {"Authorization": f"Bearer {token}"}
    else:
        query += f"&timestamp={time.time_ns() // 1_000_000}"
        signature = hmac.new(at["secret"].encode(), query.encode(), hashlib.sha256).hexdigest()
        query, headers = f"{query}&signature={signature}", {"X-MBX-APIKEY": at["key"]}
    where = urlsplit(at["rest"])
    connection = HTTPConnection(str(where.hostname), where.port, timeout=10)
    with closing(connection):
        connection.request(method, f"{path}?{query}", headers=headers)
        response = connection.getresponse()
        return response.status, json.load(response)


def test_an_order_is_in_the_truth_and_a_fault_stands_from_then_on() -> None:
    """A client trades; the control API knows it; a rule that it adds meets the next request."""
    with started("--speed", "60") as at:
        status, order = answer(at, "POST", "/fapi/v1/order", "symbol=DEMOAUSDT&side=BUY&type=MARKET&quantity=0.01")
        assert status == 200
        assert isinstance(order, dict)
        _, truth = answer(at, "GET", "/control/truth", token=at["token"])
        assert isinstance(truth, dict)
        assert [one["order_id"] for one in truth["orders"]] == [order["orderId"]]
        rule = 'toml=[[fault]]%0Averb="code"%0Acode=-1003%0Amessage="Enough."%0Astatus=429'.replace('"', "%22")
        assert answer(at, "POST", "/control/faults", rule, token=at["token"])[0] == 200
        assert answer(at, "GET", "/fapi/v3/balance") == (429, {"code": -1003, "msg": "Enough."})
        assert answer(at, "GET", "/control/truth", token=at["key"])[0] == 401


def test_a_reset_begins_again_on_the_same_port_and_keys() -> None:
    """Nothing of before is left, and the client needs no other address."""
    with started("--lockstep", "--rebase", "none") as at:
        now = json.dumps(answer(at, "GET", "/control/clocks", token=at["token"])[1])
        assert answer(at, "POST", "/control/step", "byMs=60000", token=at["token"])[0] == 200
        assert json.dumps(answer(at, "GET", "/control/clocks", token=at["token"])[1]) != now
        assert answer(at, "POST", "/control/reset", "seed=2", token=at["token"])[0] == 200
        for _ in range(100):
            time.sleep(0.1)
            with suppress(OSError):
                if json.dumps(answer(at, "GET", "/control/clocks", token=at["token"])[1]) == now:
                    break
        else:
            pytest.fail("it does not begin again")


@pytest.mark.requirement("R001-3")
def test_a_refusal_can_be_nested_as_some_clients_show_it() -> None:
    """The code is within a text within the body."""
    with started("--nested-errors") as at:
        query = "symbol=DEMOAUSDT&marginType=CROSSED"
        status, body = answer(at, "POST", "/fapi/v1/marginType", query)
        assert isinstance(body, dict)
        assert (status, json.loads(body["error"])["code"]) == (400, -4046)


def refused(*arguments: str) -> str:
    """The one sentence with which a start is refused."""
    done = subprocess.run(
        [PROGRAM, "exchange", *arguments], capture_output=True, encoding="utf-8", check=False, timeout=60
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    return done.stderr


def test_what_cannot_be_served_is_one_sentence(tmp_path: Path) -> None:
    """No data, a history that leaves nothing to play, a fault that is none, a port that is taken."""
    assert str(tmp_path) in refused("--data", str(tmp_path))
    assert "--history is 60 days" in refused("--history", "60d")
    assert "as 35d" in refused("--history", "long")
    rules = tmp_path / "faults.toml"
    rules.write_text('[[fault]]\nverb = "lost_repyl"\n', encoding="utf-8")
    assert "lost_reply" in refused("--faults", str(rules))
    assert "0-65535" in refused("--port", "99999")
    assert "allowed: DEMOAUSDT" in refused("--symbols", "BTCUSDT")
    assert "--instruments" in refused("--instruments", str(rules))
    assert "not allowed with" in refused("--speed", "2", "--lockstep")
    assert "too fast" in refused("--speed", "1e300")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "cannot be listened on" in refused("--port", str(taken.getsockname()[1]))


def test_its_keys_are_printed_and_may_what_was_asked() -> None:
    """A key that can withdraw, one that only reads, and an Ed25519 pair; a word that is no permission is refused."""
    with started("--permissions", "reading,withdrawals") as at:
        status, shown = answer(at, "GET", "/sapi/v1/account/apiRestrictions")
        assert isinstance(shown, dict)
        wanted = ("enableReading", "enableFutures", "enableWithdrawals", "ipRestrict")
        assert (status, [shown[name] for name in wanted]) == (200, [True, False, True, False])
        reader = at | {"key": at["reader_key"], "secret": at["reader_secret"]}
        assert answer(reader, "DELETE", "/fapi/v1/allOpenOrders", "symbol=DEMOAUSDT")[0] == 401
        assert at["ed25519_private_key"].startswith("-----BEGIN PRIVATE KEY-----")
    refused = subprocess.run(
        [PROGRAM, "exchange", "--permissions", "all"], capture_output=True, encoding="utf-8", check=False
    )
    assert refused.returncode == 2
    assert "--permissions names 'all'; allowed: reading, futures, withdrawals, ip-list" in refused.stderr

"""The way of a request through the gate."""

from __future__ import annotations

from sadari.localexchange.asking.admission import Request, read
from sadari.localexchange.asking.api_keys import ApiKeys
from sadari.localexchange.asking.endpoint import Endpoint, Security
from sadari.localexchange.asking.gate import Gate
from sadari.localexchange.asking.limits import Limits

ASKED = "t"


def test_who_runs_the_exchange_is_not_locked_out_with_its_clients() -> None:
    """They share an address: a ban of the client leaves the control API open, and its calls cost nothing."""
    failures: list[tuple[str, Exception]] = []
    gate = Gate(
        ApiKeys(),
        lambda: 0,
        lambda what, error: failures.append((what, error)),
        Limits(weight=1, offences=0),
        token=ASKED,
    )
    client = Endpoint("GET", "/fapi/v1/ping", lambda _: {})
    control = Endpoint("GET", "/control/truth", lambda _: {"market_ns": 1}, Security.TOKEN)

    def asked(endpoint: Endpoint, token: str | None = None) -> int:
        return gate.answer("127.0.0.1", endpoint.path, lambda: read(Request(b"", token=token)), endpoint).status

    assert [asked(client), asked(client), asked(client)] == [200, 418, 418]
    assert [asked(control, ASKED), asked(control, ASKED), asked(control, "x"), asked(control)] == [200, 200, 401, 401]
    assert not failures

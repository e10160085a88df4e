"""What passes between engine and exchange, seen at the exchange's door: its requests, and that something changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sadari.localexchange.asking.admission import Reading
from sadari.localexchange.asking.endpoint import Endpoint, Security
from sadari.localexchange.asking.gate import Answer, WsMethod
from sadari.localexchange.faults.faults import Fired
from sadari.localexchange.faults.rules import Code, Html, RetryAfter
from sadari.localexchange.serving.ws_api import METHODS
from tests.sim.world import World

ORDER_PATHS = ("/fapi/v1/order", "/fapi/v1/algoOrder")
FORBIDDEN = 403
Answering = Callable[[], Answer]


CLOSING = ("LONG", "SELL"), ("SHORT", "BUY")


class Asked(NamedTuple):
    """A request that has arrived.

    Attributes:
        at_ns: When, on the loop's clock.
        method, path: Of HTTP, or of the call of the WebSocket API that stands for it.
        values: What it says.
        signed: Whether it is about the account.
    """

    at_ns: int
    method: str
    path: str
    values: Mapping[str, str]
    signed: bool

    @property
    def places(self) -> bool:
        """Whether it places an order."""
        return self.method == "POST" and self.path in ORDER_PATHS

    @property
    def client_id(self) -> str:
        """The client id of what it places."""
        return self.values.get("newClientOrderId") or self.values.get("clientAlgoId", "")

    @property
    def capped(self) -> bool:
        """Whether what it places can only close; in hedge mode that is a matter of both sides."""
        sides = self.values.get("positionSide"), self.values.get("side")
        return "true" in (self.values.get("reduceOnly"), self.values.get("closePosition")) or sides in CLOSING


class Door(NamedTuple):
    """A request at the door: how it came, what it says if anybody asked, and the fault that has it."""

    method: str
    path: str
    parameters: str
    over: str
    fired: Fired | None


class Tap:
    """Stands at the door of a world's exchange.

    Attributes:
        requests: How many have arrived.
        version: Grows whenever the account's truth changes.
        on_request: Called with each request before it is answered.
        on_answer: Called with each request and what answers it; makes the answer.
        on_answered: Called with each request and its answer.
        on_door: Called with each request that comes to the door, whatever becomes of it.
    """

    def __init__(self, world: World) -> None:
        self.requests = 0
        self.version = 0
        self.on_request: list[Callable[[Asked], None]] = []
        self.on_answer: Callable[[Asked, Answering], Answer] = lambda _, answer: answer()
        self.on_answered: list[Callable[[Asked, Answer], None]] = []
        self.on_door: list[Callable[[Door], None]] = []
        self._world = world
        exchange = world.exchange
        gate = exchange.server._gate
        self._right = gate.answer
        gate.answer = self._answer  # type: ignore[method-assign]
        desk: Any = exchange.desk
        desk._tell = _Counting(desk._tell, self)
        self._door = exchange.faults.at_request
        exchange.faults.at_request = self._at_request  # type: ignore[method-assign]

    def _answer(self, address: str, what: str, read: Callable[[], Reading], asked: Endpoint | WsMethod) -> Answer:
        known: list[Reading] = []

        def once() -> Reading:
            if not known:
                known.append(read())
            return known[0]

        method, path = METHODS[what] if what in METHODS else tuple(what.split(" ", 1)) if " " in what else ("", what)
        try:
            values = once().values
        except Exception:  # noqa: BLE001 - it is raised again by who answers
            values = {}
        self.requests += 1
        request = Asked(self._world.now_ns, method, path, values, asked.security is Security.SIGNED)
        for told in self.on_request:
            told(request)
        answer = self.on_answer(request, lambda: self._right(address, what, once, asked))
        for hear in self.on_answered:
            hear(request, answer)
        return answer

    def _at_request(self, method: str, path: str, parameters: str, now_ns: int, *, over: str = "http") -> Fired | None:
        fired = self._door(method, path, parameters, now_ns, over=over)  # type: ignore[arg-type]
        for told in self.on_door:
            told(Door(method, path, parameters, over, fired))
        return fired


class _Counting:
    """Hands on what the account is told to tell, and counts it."""

    def __init__(self, inner: object, tap: Tap) -> None:
        self._inner = inner
        self._tap = tap

    def __getattr__(self, name: str) -> Any:
        self._tap.version += 1
        return getattr(self._inner, name)


def refusal(fired: Fired | None) -> tuple[int, int]:
    """The code of a refusal and for how many seconds nothing is to be asked; 0 for none."""
    rule = None if fired is None else fired.rule
    if isinstance(rule, RetryAfter):
        return rule.status, rule.seconds
    if fired is not None and isinstance(rule, Code) and not fired.applied:
        return rule.code, 0
    return 0, 0


def firewalled(fired: Fired | None) -> bool:
    """Whether a request has met a firewall and not the exchange."""
    return fired is not None and isinstance(fired.rule, Html) and fired.rule.status == FORBIDDEN

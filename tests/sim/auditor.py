"""The judge of a simulation: after every step, by the exchange's truth and the disk's, never by what the engine says.

Numbers are those of the list of invariants in `docs/reliability.md`. The engine is asked for nothing but which order
was meant for what, which its ids say as well.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from sadari.localexchange.account.records import AlgoOrder, AlgoStatus, Order
from sadari.localexchange.asking.gate import Answer
from tests.sim.tap import Asked, Door, Tap, firewalled, refusal
from tests.sim.world import Life, World
from tests.sim.written import Written

NS = 1_000_000_000
# What a ban of the address is about.
API = ("requests", "calls", "connections")
SUCCESS, BANNED, LIMITED = 200, 418, 429
# A call of the WebSocket API that is limited is not told for how long: the limits are those of a minute.
UNSAID_S = 60
# How long something may be held without a stop: while nothing is wrong, and beyond the time that something was.
CALM_S, TROUBLED_S = 2.0, 25.0
# A firewall's page says nothing: what it has met is not asked for again so soon.
FIREWALL_S = 60
# Requests that were under way already when the one before was told to wait.
UNDER_WAY_S, WAYS = 0.1, 8
# The same opening or stop may be refused so often in a row: three times, and again when something has changed.
REFUSALS = 12
# The plan of one position, as a share of the balance, with room for prices that move between size and fill.
ROOM = Decimal("1.10")
# As the world configures it.
LEVERAGE = 3
_PURPOSE = re.compile(r"-([A-Z])\d*$")
_SYMBOL = re.compile(r"symbol=([A-Z]+)")
_OPENING = {"E", "A"}


class Bare(NamedTuple):
    """A time in which something was held and no stop covered it.

    Attributes:
        symbol: What.
        from_ns: When it began, on the loop's clock.
        lasted_ns: How long, without the times in which no engine ran.
        kind: ``calm``, ``troubled`` or ``restart``: what went wrong at the same time.
    """

    symbol: str
    from_ns: int
    lasted_ns: int
    kind: str


class Auditor:
    """Watches a world.

    Args:
        world: With its exchange.
        tap: At the exchange's door.

    Attributes:
        found: What was violated, each with the invariant's number and the time.
        bare: Every time without a stop that is over.
        troubles: When something was wrong, from and until, on the loop's clock.
        by_hand: Whether people have traded on the account.
        relisted: Whether the exchange has changed the brackets of a contract.
    """

    def __init__(self, world: World, tap: Tap) -> None:
        self.found: list[str] = []
        self.bare: list[Bare] = []
        self.troubles: list[tuple[int, int]] = []
        self._world = world
        self._tap = tap
        self._seen = -1
        self._orders = self._algos = 0
        self._names: Counter[str] = Counter()
        self._since: dict[str, int] = {}
        self._covers: dict[int, AlgoOrder] = {}
        self._canceled: set[int] = set()
        self._silent_until: dict[str, int] = {}
        self._in_a_row: dict[str, tuple[int, int]] = {}
        self._written: Written | None = None
        self.by_hand = self.relisted = False
        tap.on_request.append(self._asked)
        tap.on_answered.append(self._answered)
        tap.on_door.append(self._at_door)
        world.on_begin.append(self._begins)
        world.loop.after_turn.append(self.look)

    def say(self, invariant: str, what: str) -> None:
        """Something is violated."""
        told = f"{invariant} at {self._world.now_ns / NS:.3f} s: {what}"
        if len(self.found) < 50 and told not in self.found:
            self.found.append(told)

    # after every step

    def look(self) -> None:
        """Look at the truth, if anything of it has changed."""
        if self._seen == self._tap.version:
            return
        self._seen = self._tap.version
        self._new_orders()
        # What is held on the other side in hedge mode is somebody else's.
        held = {key: one.qty for key, one in self._world.legs.items() if not self._world.is_other(key)}
        for key, qty in held.items():
            if self._is_covered(key, qty):
                self._covered(key)
            else:
                self._since.setdefault(key, self._world.now_ns)
        for key in [one for one in self._since if one not in held]:
            self._covered(key)
        self._no_gap_by_our_hand(held)

    def _new_orders(self) -> None:
        """I3 and I10: no order of ours is there twice, and what is no opening can only close."""
        desk = self._world.exchange.desk
        if len(desk.orders) > self._orders:
            new = [*islice(desk.orders.values(), self._orders, None)]
            self._orders = len(desk.orders)
            for order in new:
                self._new(order)
        if len(desk.algos) == self._algos:
            return
        stops = [*islice(desk.algos.values(), self._algos, None)]
        self._algos = len(desk.algos)
        for algo in stops:
            self._covers[algo.algo_id] = algo
            self._name(algo.client_algo_id)
            if self.ours(algo.client_algo_id) and not (algo.wish.reduce_only or algo.wish.close_position):
                self.say("I10", f"{algo.client_algo_id} is not capped")

    def _new(self, order: Order) -> None:
        if order.orig_type not in ("MARKET", "LIMIT") or order.auto_close is not None:
            return
        self._name(order.client_order_id)
        if self.ours(order.client_order_id) and not self.opens(order.client_order_id) and not order.reduce_only:
            self.say("I10", f"{order.client_order_id} is not capped")

    def _name(self, name: str) -> None:
        self._names[name] += 1
        if self.ours(name) and self._names[name] > 1:
            self.say("I3", f"{name} is there {self._names[name]} times")

    def ours(self, name: str) -> bool:
        """Whether an order is the engine's by its id."""
        return name.startswith("sim-")

    def opens(self, name: str) -> bool:
        """Whether an order of ours opens, by its id."""
        found = _PURPOSE.search(name)
        return found is not None and found[1] in _OPENING

    # I1 and I2

    def _is_covered(self, key: str, held: Decimal) -> bool:
        symbol, _, leg = key.partition(" ")
        closing = "SELL" if held > 0 else "BUY", leg or "BOTH"
        reducing = Decimal(0)
        for algo in self._world.exchange.desk.open_algos(symbol):
            if algo.status is not AlgoStatus.NEW or (algo.wish.side.value, algo.wish.position_side.value) != closing:
                continue
            if algo.wish.close_position:
                return True
            reducing += algo.wish.qty or Decimal(0)
        return reducing >= abs(held)

    def _covered(self, symbol: str) -> None:
        since = self._since.pop(symbol, None)
        if since is not None:
            self._judge(symbol, since, self._world.now_ns)

    def over(self) -> None:
        """The end: what is not covered never was."""
        for symbol, since in self._since.items():
            self._judge(symbol, since, self._world.now_ns)

    def _judge(self, symbol: str, since: int, until: int) -> None:
        lives = [(one.began_ns, one.ended_ns) for one in self._world.lives]
        alive = sum(max(0, min(until, b or until) - max(since, a)) for a, b in lives)
        trouble = _length(self.troubles, since, until)
        restarted = any(since <= a <= until or (b is not None and since - NS <= b <= until) for a, b in lives)
        kind = "restart" if restarted else "troubled" if _near(self.troubles, since, until) else "calm"
        self.bare.append(Bare(symbol, since, alive, kind))
        most = CALM_S * NS if kind == "calm" else TROUBLED_S * NS + trouble
        if alive > most:
            self.say("I1", f"{symbol} was held without a stop for {alive / NS:.1f} s ({kind}) until then")

    def _no_gap_by_our_hand(self, held: dict[str, Decimal]) -> None:
        for algo_id, algo in list(self._covers.items()):
            if algo.status is AlgoStatus.NEW:
                continue
            del self._covers[algo_id]
            # What a hand has traded while no stream told of it is not known when a stop of a closed position goes.
            if algo_id not in self._canceled or self.by_hand:
                continue
            key = next((one for one in held if one.partition(" ")[0] == algo.symbol), algo.symbol)
            qty = held.get(key, Decimal(0))
            closes = (algo.wish.side.value == "SELL") == (qty > 0)
            if qty and closes and not self._is_covered(key, qty) and not self._leaving(algo.symbol):
                self.say("I2", f"{algo.client_algo_id} was canceled by us, and nothing else covers {algo.symbol}")

    def _leaving(self, symbol: str) -> bool:
        return any(one.reduce_only for one in self._world.exchange.desk.open_orders(symbol))

    # requests

    def _begins(self, life: Life) -> None:
        self._written = Written(life.folder / "engine.journal")

    def _asked(self, asked: Asked) -> None:
        if not asked.places or self._world.life is None:
            return
        if self._written is not None and not self._written.has(asked.client_id):
            self.say("I4", f"{asked.client_id} has arrived and is not in the journal")
        disk = self._world.disk
        if disk is not None and not disk.holds(f'"client_order_id":"{asked.client_id}"'.encode()):
            self.say("I4", f"{asked.client_id} has arrived and would be lost with the power")
        if not asked.capped:
            self._opening(asked)
        elif not self.ours(asked.client_id):
            self.say("I3", f"{asked.client_id} bears no name of ours")

    def _answered(self, asked: Asked, answer: Answer) -> None:
        """What we have canceled, and nobody else before us."""
        if asked.method != "DELETE" or answer.status != SUCCESS:
            return
        name = asked.values.get("clientAlgoId") or asked.values.get("origClientOrderId", "")
        number = asked.values.get("algoId", "")
        for algo in self._covers.values():
            if algo.client_algo_id == name or str(algo.algo_id) == number:
                self._canceled.add(algo.algo_id)
                if not self.ours(algo.client_algo_id):
                    self.say("I15", f"{algo.client_algo_id} is somebody else's and was canceled")

    def _opening(self, asked: Asked) -> None:
        """I11 and I18: no more than planned, and only as the account was planned to be."""
        world = self._world
        exchange, symbol = world.exchange.desk.exchange, asked.values["symbol"]
        price = world.exchange.market.symbols[symbol].last_price
        side = asked.values.get("positionSide", "BOTH")
        position = world.legs.get(symbol if side == "BOTH" else f"{symbol} {side}")
        open_qty = sum(
            (one.qty - one.filled_qty for one in world.exchange.desk.open_orders(symbol) if not one.reduce_only),
            Decimal(0),
        )
        qty = abs(position.qty if position is not None else Decimal(0)) + open_qty + Decimal(asked.values["quantity"])
        planned = Decimal("0.055") * exchange.wallet_balance * LEVERAGE * ROOM
        if qty * price > planned and not self.by_hand:
            self.say("I11", f"{asked.client_id} makes it {qty * price:.0f} of {planned:.0f} planned")
        # A bracket that shrinks lowers the leverage without a word: what was read back before was as planned.
        if self._troubled_lately(10) or self.relisted:
            return
        # The position mode needs no judge: the exchange takes no order of the other one.
        if exchange.leverage(symbol) != LEVERAGE:
            self.say("I18", f"{asked.client_id} opens at leverage {exchange.leverage(symbol)}")

    def _troubled_lately(self, seconds: float) -> bool:
        now_ns = self._world.now_ns
        return _near(self.troubles, now_ns - int(seconds * NS), now_ns)

    def _at_door(self, door: Door) -> None:
        """I12: nothing is asked while nothing is to be asked, and nothing again and again."""
        method, path, over = door.method, door.path, door.over
        now_ns, family = self._world.now_ns, _family(path, over)
        if now_ns < self._silent_until.get(family, 0):
            self.say("I12", f"{method} {path} over {over} although nothing was to be asked")
        code, wait_s = refusal(door.fired)
        if firewalled(door.fired):
            self.troubles.append((now_ns, now_ns + FIREWALL_S * NS))
        if method == "POST" and "reduceOnly=true" not in door.parameters:
            self._count(code, f"{path} {_symbol(door.parameters)}")
        if code == LIMITED and over == "ws":
            wait_s = UNSAID_S
        if wait_s:
            # Nothing may be done, stops included: what is open in that time is the exchange's doing.
            self.troubles.append((now_ns, now_ns + wait_s * NS))
        if wait_s and family:
            silent = API if code == BANNED and family in API else (family,)
            way = self._world.network.way
            under_way_s = UNDER_WAY_S + WAYS * (way.least_s + way.more_s)
            asked = self._world.life
            self._world.loop.call_later(under_way_s, self._silence, asked, silent, now_ns + wait_s * NS)

    def _count(self, code: int, what: str) -> None:
        """An opening or a stop; exits go on for ever, with other values from the fifth on."""
        last, times = self._in_a_row.get(what, (0, 0))
        times = times + 1 if code == last else 1
        self._in_a_row[what] = code, times
        if code and times > REFUSALS:
            self.say("I12", f"{what} was refused with {code} {times} times in a row")

    def _silence(self, asked: Life | None, families: tuple[str, ...], until_ns: int) -> None:
        """Who was asked for it keeps it, and whoever comes after; nobody knows what a process died before hearing."""
        if asked is None or asked is not self._world.life:
            return
        for family in families:
            self._silent_until[family] = max(until_ns, self._silent_until.get(family, 0))


def _family(path: str, over: str) -> str:
    """What shares a limit: requests, calls of the WebSocket API, its connections; "" for streams, each on its own."""
    if over == "ws":
        return "calls"
    if path.startswith("/ws-fapi"):
        return "connections"
    return "requests" if path.startswith(("/fapi", "/sapi")) else ""


def _symbol(parameters: str) -> str:
    found = _SYMBOL.search(parameters)
    return "" if found is None else found[1]


def _length(troubles: list[tuple[int, int]], since: int, until: int) -> int:
    """How much of a time was troubled."""
    total, reached = 0, since
    for a, b in sorted(troubles):
        start, end = max(a, reached), min(b, until)
        if end > start:
            total += end - start
            reached = end
    return total


def _near(troubles: list[tuple[int, int]], since: int, until: int) -> bool:
    """Whether anything was wrong in a time or in the ten seconds before."""
    return any(a <= until and b >= since - 10 * NS for a, b in troubles)

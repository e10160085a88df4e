"""The control API: what the one who runs the exchange may see and do. Loopback and a token.

What a client may ask, a *human* may ask on the same account without a key: ``/control/human`` before the path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from sadari.binance.wire.account import ApiRestrictions
from sadari.binance.wire.orders import Done
from sadari.errors import ConfigError
from sadari.localexchange.account.desk import Desk
from sadari.localexchange.account.truth import Truth, truth
from sadari.localexchange.asking.api_keys import ApiKeys
from sadari.localexchange.asking.endpoint import Endpoint, Security
from sadari.localexchange.asking.parameters import Parameters
from sadari.localexchange.asking.refused import Refused
from sadari.localexchange.endpoints.keys import restrictions
from sadari.localexchange.faults.faults import Faults, Firing
from sadari.localexchange.faults.file import load_faults
from sadari.localexchange.market.market import Market
from sadari.localexchange.serving.play import Play, until_of
from sadari.model.units import DAY_NS, MILLISECOND_NS, decimals

HUMAN = "/control/human"

# Nothing else is answered while a step is played.
LONGEST_STEP_NS = DAY_NS
# The exchange books eight decimals; so much of an asset is no wallet's.
AMOUNT_DECIMALS = 8
LARGEST_AMOUNT = Decimal(1_000_000_000_000)


class Stepped(msgspec.Struct, frozen=True):
    """Where a step has led, and the number of the last frame sent to each connection."""

    market_ms: int
    ended: bool
    frames: dict[int, int]


class Clocks(msgspec.Struct, frozen=True):
    """Both clocks in milliseconds."""

    market_ms: int
    gateway_ms: int
    lockstep: bool
    ended: bool


class Fired(msgspec.Struct, frozen=True):
    """How often a rule has matched, and fired."""

    matched: int
    fired: int


class Standing(msgspec.Struct, frozen=True):
    """The rules that stand by name, and what has fired."""

    counts: dict[str, Fired]
    firings: list[Firing]


class Control:
    """Sees and moves the exchange.

    Args:
        desk: The account.
        market: For its clock.
        play: What a step moves; only in lockstep.
        gateway_ns: The gateway's clock.
        frames: The last frame number of each connection.
        faults: The rules of faults, which come and go while it runs.
        begin_again: Ends everything and begins again with a seed, or with the one it has.
        tick: Does what is due by the gateway's clock after a step.
        api_keys: The account's keys.
        lockstep: Whether time goes on by steps.
    """

    def __init__(
        self,
        desk: Desk,
        market: Market,
        play: Play,
        gateway_ns: Callable[[], int],
        frames: Callable[[], dict[int, int]],
        faults: Faults,
        begin_again: Callable[[int | None], None],
        tick: Callable[[], None],
        api_keys: ApiKeys,
        *,
        lockstep: bool,
    ) -> None:
        self._desk = desk
        self._market = market
        self._play = play
        self._gateway_ns = gateway_ns
        self._frames = frames
        self._faults = faults
        self._begin_again = begin_again
        self._tick = tick
        self._api_keys = api_keys
        self._lockstep = lockstep

    def endpoints(self, client: Iterable[Endpoint]) -> list[Endpoint]:
        """The table of them, with a human's way to all that moves the account."""
        own = [
            Endpoint("GET", "/control/truth", self.truth, Security.TOKEN, 0),
            Endpoint("GET", "/control/clocks", self.clocks, Security.TOKEN, 0),
            Endpoint("POST", "/control/step", self.step, Security.TOKEN, 0),
            Endpoint("POST", "/control/transfer", self.transfer, Security.TOKEN, 0),
            Endpoint("POST", "/control/key", self.change_key, Security.TOKEN, 0),
            Endpoint("POST", "/control/reset", self.reset, Security.TOKEN, 0),
            Endpoint("GET", "/control/faults", self.standing, Security.TOKEN, 0),
            Endpoint("POST", "/control/faults", self.add_faults, Security.TOKEN, 0),
            Endpoint("DELETE", "/control/faults", self.remove_fault, Security.TOKEN, 0),
        ]
        signed = [one for one in client if one.security is Security.SIGNED]
        return own + [
            one._replace(path=HUMAN + one.path, security=Security.TOKEN, weight=0, orders=0) for one in signed
        ]

    def truth(self, _: Parameters) -> Truth:
        """Everything that is true of the account now."""
        return truth(self._desk)

    def clocks(self, _: Parameters) -> Clocks:
        """The two clocks."""
        market_ms, gateway_ms = self._market.now_ns // MILLISECOND_NS, self._gateway_ns() // MILLISECOND_NS
        return Clocks(market_ms, gateway_ms, self._lockstep, self._play.ended)

    def step(self, asked: Parameters) -> Stepped:
        """Let time go on by ``byMs`` or to ``untilMs``, by a second if neither is said."""
        if not self._lockstep:
            raise Refused(-1020, "This operation is not supported: time goes on by itself; start with --lockstep.")
        by_ms = asked.integer("byMs")
        if by_ms is not None and by_ms < 0:
            raise Refused(-1130, "Data sent for parameter 'byMs' is not valid.")
        until_ns = until_of(self._market, by_ms=by_ms, until_ms=asked.integer("untilMs"))
        if until_ns - self._market.now_ns > LONGEST_STEP_NS:
            raise Refused(-1130, "A step is a day at most: 'byMs' or 'untilMs' asks for more.")
        self._play.advance(until_ns)
        self._tick()
        return Stepped(self._market.now_ns // MILLISECOND_NS, self._play.ended, self._frames())

    def transfer(self, asked: Parameters) -> Done:
        """Bring ``amount`` of ``asset`` into the wallet, or with a negative one take it out."""
        asset, _ = asked.text("asset"), asked.text("amount")
        amount = asked.decimal("amount")
        if asset not in self._desk.exchange.balances or amount is None:
            raise Refused(-1130, "Data sent for parameter 'asset' is not valid.")
        if abs(amount) > LARGEST_AMOUNT:
            raise Refused(-1130, "Data sent for parameter 'amount' is not valid.")
        if decimals(amount.normalize()) > AMOUNT_DECIMALS:
            raise Refused(-1111, "Precision is over the maximum defined for this asset.")
        self._desk.transfer(amount, asset)
        return Done(200, "success")

    def change_key(self, asked: Parameters) -> ApiRestrictions:
        """Change what a ``key``, the account's own if none is named, may do; ``revoked`` makes it unknown or known."""
        key = self._api_keys.change(
            asked.maybe("key"),
            reading=asked.flag("enableReading"),
            futures=asked.flag("enableFutures"),
            withdrawals=asked.flag("enableWithdrawals"),
            ip_list=asked.flag("ipRestrict"),
            revoked=asked.flag("revoked"),
        )
        return restrictions(key, self._gateway_ns() // MILLISECOND_NS)

    def reset(self, asked: Parameters) -> Done:
        """Close every connection and begin again on the same port and keys, with ``seed`` if one is named."""
        seed = asked.integer("seed")
        if seed is not None and seed < 0:
            raise Refused(-1130, "Data sent for parameter 'seed' is not valid.")
        self._begin_again(seed)
        return Done(200, "success")

    def standing(self, _: Parameters) -> Standing:
        """The rules of faults that stand, how often each has fired, and the newest firings."""
        counts = {name: Fired(count.matched, count.fired) for name, count in self._faults.counts().items()}
        return Standing(counts, list(self._faults.firings()))

    def add_faults(self, asked: Parameters) -> Standing:
        """Let the rules of ``toml`` stand from now on, all of them or none."""
        try:
            self._faults.add(load_faults(asked.text("toml")), self._gateway_ns())
        except ConfigError as error:
            raise Refused(-1130, str(error)) from None
        return self.standing(asked)

    def remove_fault(self, asked: Parameters) -> Standing:
        """End the rule ``name``."""
        try:
            self._faults.remove(asked.text("name"))
        except ConfigError as error:
            raise Refused(-1130, str(error)) from None
        return self.standing(asked)

"""The story that a fault is played in: an engine opens, holds, adds and gets out; the fault comes at some of that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from sadari.model.event import ForceExitRequested
from sadari.run.live.resume import rebuilt
from sadari.store.folder import Folder
from tests.faults.rules import rules, table
from tests.faults.watch import BARE_S, Watch
from tests.live_account import ONCE, agreed
from tests.live_engine import CONFIG, SYMBOL, Rig, rig

FORCED = "MANUAL_FORCE_EXIT"
# A stop of ours that the exchange triggers, or the engine that sees its price first.
STOPS = ("STOP_LOSS_INITIAL", "STOP_LOSS_FIRST_DCA", "PROTECTIVE_STOP_ORDER")
OPENING, HOLDING, ADDING, EXITING, STOPPED = PHASES = ("opening", "holding", "adding", "exiting", "stopped")
ACTING = (OPENING, ADDING, EXITING)
# How long the engine has for a part of the story, faults included.
PATIENCE_S = 30.0
# Nothing of the user stream arrives for a while, so that what happened has to be read.
UNHEARD = tuple(
    f'verb = "drop_frame", stream = "{kind}", until_s = 2'
    for kind in ("ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE")
)
# The host that tells what a key may do.
WITH_WALLET = CONFIG.replace("sync_s = 2", 'sync_s = 2\nwallet = "{http}"')
# Enough for a thousand trades by hand.
BALANCE = Decimal(50_000)
# So low that a stop comes before liquidation, however far the price jumps.
LOW = "\n[ladder]\nleverage = 3\n"
_NOWHERE = ("CLOSED", "CLOSED_UNSETTLED", "FLAT")

Want = Callable[[Watch], str]


@dataclass(frozen=True, kw_only=True)
class Play:
    """How an example of a row is played.

    Attributes:
        at: The parts of the story that the fault comes at: each of them anew.
        change: Keys of the example's rule that are other ones here, as a story is short; None for a key that goes, a
            function for a value that only the account knows.
        beside: Rules that stand with it, where the fault needs an occasion.
        stands_s: How long the fault stands after the engine's act; 0: until the engine is done.
        after: A rule that is added when such a part is over, where that ends the fault.
        reasons: Why the position may end: for one of these.
        bare_s: How long exposure may be without a stop.
        wants: What the row asks for beside what all have in common: each says what is missing, or nothing.
        opens: Whether anything is to be opened at all.
        mode: The mode of the configuration.
        adds: Whether the engine is still to add to the position.
        declined: Whether an add that the fault has met is not tried again.
    """

    at: tuple[str, ...] = ACTING
    change: Mapping[str, object] = field(default_factory=lambda: {"times": 1})
    beside: tuple[str, ...] = ()
    stands_s: float = 0.0
    after: str = ""
    reasons: tuple[str, ...] = (FORCED,)
    bare_s: float = BARE_S
    wants: tuple[Want, ...] = ()
    opens: bool = True
    mode: str = "local"
    adds: bool = True
    declined: bool = False


async def played(play: Play, text: str, folder: Path) -> None:
    """Play an example of a row and judge what became of it.

    Raises:
        AssertionError: What is wrong.
    """
    async with rig(folder, config=WITH_WALLET.replace("local", play.mode, 1), balance=BALANCE) as it:
        story = _Story(it, play, text)
        await story.told()
    if play.opens:
        # I17: what the engine has written makes the same engine again.
        rebuilt(Folder(folder).journal)


class _Story:
    def __init__(self, it: Rig, play: Play, text: str) -> None:
        self.it = it
        self.play = play
        self.text = text
        self.watch = Watch(it)

    async def told(self) -> None:
        """From the start of the engine to the judgment."""
        it, play = self.it, self.play
        if OPENING in play.at:
            self.arm(OPENING)
        async with it.running(ONCE + LOW):
            if not play.opens:
                await asyncio.sleep(play.stands_s)
                self.idle()
                return
            looking = self.watch.follow()
            try:
                for phase, act in zip(PHASES, (_open, _hold, _add, _exit, _stop), strict=True):
                    if phase not in self.left_out and not self.over:
                        await self.part(phase, act)
                await self.judged()
            finally:
                looking.cancel()

    async def part(self, phase: str, act: Callable[[Rig], Awaitable[None]]) -> None:
        """Tell one part of it."""
        it, play = self.it, self.play
        if phase in play.at and phase != OPENING:
            self.arm(phase)
        if phase == ADDING and play.declined:
            _gap(it, "-0.05")
            await it.until(self.fired, PATIENCE_S)
        else:
            await act(it)
        if phase in play.at and play.stands_s:
            await asyncio.sleep(play.stands_s)
            self.at_ease(phase)
        await it.until(lambda: self.over or self.held, PATIENCE_S)
        self.at_ease(phase)

    def idle(self) -> None:
        """Nothing was to be opened: nothing was, and the row has what it asks for beside that."""
        found = [said for want in self.play.wants if (said := want(self.watch))]
        desk = self.it.exchange.desk
        assert self.fired(), "the fault never happened"
        assert not [*desk.orders, *desk.algos], "orders were sent"
        assert not found, found

    def fired(self) -> bool:
        """Whether the fault has happened, at whatever part of the story."""
        names = tuple(f"{part}-" for part in self.play.at)
        return any(one.name.startswith(names) for one in self.it.exchange.faults.firings())

    @property
    def left_out(self) -> set[str]:
        """The parts of the story that are not told."""
        position = self.it.live.opened.engine.positions.get(SYMBOL)
        adds = self.play.adds and (position is None or not position.exit_qty)
        return {EXITING if STOPPED in self.play.at else STOPPED, *(() if adds else (ADDING,))}

    def arm(self, phase: str) -> None:
        """Let the fault stand from now on."""
        faults = self.it.exchange.faults
        change: dict[str, object] = {"from_s": None, "until_s": None}
        change |= {key: one(self.it) if callable(one) else one for key, one in self.play.change.items()}
        faults.add(rules(table(self.text), phase, change), self.it.exchange.gateway_ns())
        for number, rule in enumerate(self.play.beside):
            faults.add(rules(table(rule), f"beside-{phase}-{number}"), self.it.exchange.gateway_ns())
        faults.act(self.it.exchange.gateway_ns())

    def at_ease(self, phase: str) -> None:
        """Let everything go as it should again."""
        faults = self.it.exchange.faults
        standing = list(faults.counts())
        for name in standing:
            faults.remove(name)
        if standing and phase in self.play.at and self.play.after:
            faults.add(rules(table(self.play.after), f"after-{phase}"), self.it.exchange.gateway_ns())
            faults.act(self.it.exchange.gateway_ns())

    @property
    def held(self) -> bool:
        """Whether the symbol is held, known and covered, and nothing is under way."""
        it = self.it
        return bool(it.held()) and agreed(it) and it.position().working is None and it.live.state.value == "RUNNING"

    @property
    def over(self) -> bool:
        """Whether the symbol was held and is not any more, here and there."""
        it = self.it
        traded = any(trade.symbol == SYMBOL for trade in it.exchange.desk.trades)
        return traded and not it.held() and agreed(it) and it.position().is_in(*_NOWHERE)

    async def judged(self) -> None:
        """Wait until engine and exchange agree, if they do, and say what is wrong."""
        watch, it = self.watch, self.it

        def wrong() -> list[str]:
            found = watch.common() + [said for want in self.play.wants if (said := want(watch))]
            if len(watch.reasons()) != 1 or watch.reasons()[0] not in self.play.reasons:
                found.append(f"the position ended for {watch.reasons()}, not once for one of {self.play.reasons}")
            if not self.fired():
                found.append("the fault never happened")
            if watch.bare_s > self.play.bare_s:
                found.append(f"nothing covered the position for {watch.bare_s:.1f} s")
            return found

        try:
            await it.until(lambda: not wrong(), PATIENCE_S)
        except AssertionError as error:
            raise AssertionError("\n".join([*wrong(), str(error)])) from None


async def _open(it: Rig) -> None:
    await it.until(lambda: any(trade.symbol == SYMBOL for trade in it.exchange.desk.trades), PATIENCE_S)


async def _hold(_: Rig) -> None:
    """Nothing is asked of the engine."""


async def _add(it: Rig) -> None:
    if it.position().is_in("INITIAL") and not it.position().exit_qty:
        _gap(it, "-0.05")
        await it.until(lambda: it.position().stage or not it.held(), PATIENCE_S)


async def _exit(it: Rig) -> None:
    it.live.take(ForceExitRequested(time_ns=it.live.now_ns(), symbol=SYMBOL, actor="test"))
    await it.until(lambda: not it.held(), PATIENCE_S)


async def _stop(it: Rig) -> None:
    """The price falls below the stops while the engine sees none."""
    rule = table(f'verb = "drop_frame", stream = "{SYMBOL.lower()}@aggTrade"')
    it.exchange.faults.add(rules(rule, "unseen"), it.exchange.gateway_ns())
    _gap(it, "-0.13")
    await it.until(lambda: not it.held(), PATIENCE_S)


def _gap(it: Rig, fraction: str) -> None:
    rule = table(f'verb = "price_gap", symbol = "{SYMBOL}", fraction = {fraction}')
    it.exchange.faults.add(rules(rule, f"gap{fraction}"), it.exchange.gateway_ns())
    it.exchange.faults.act(it.exchange.gateway_ns())

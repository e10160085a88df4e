"""What goes wrong in a simulation, drawn by its seed: rows of the exchange's fault table, the network, deaths."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from sadari.localexchange.asking.gate import Answer, refusal_body
from sadari.localexchange.faults.served import FAULTS
from tests.disk.faulty import Fault
from tests.faults.rows import ROWS, Row
from tests.faults.rules import rules, table
from tests.faults.story import HOLDING, OPENING, Play
from tests.sim.auditor import Auditor
from tests.sim.network import Way
from tests.sim.tap import Answering, Asked, Tap
from tests.sim.world import World

NS = 1_000_000_000
# A fault that no rule of its own ends stands for so long.
STANDS_S = (0.3, 5.0)
# What waits for an occasion waits so long; it is looked at so often.
OCCASION_S, LOOK_S = 25.0, 0.1
# These are for one kind of frame that comes seldom: they stand until it has come.
AWAITED = ("F40-1",)
# A thousand trades by hand take a minute's request weight to read, and the rest waits for the next minute's.
MANY_S = 120
# What the ledger of an engine has to have, once it keeps books.
BOOKED = ("human_trade", "human_transfer")
# A listen key that dies without a word is missed only when an order is not told of.
UNMISSED, UNMISSED_S = ("F65-1",), 60
# These rows are about an account in hedge mode, which only some worlds have.
SIDES = {
    f"{row.fault}-{number}": Row(f"{row.fault}-{number}", row.title, text, Play(at=(HOLDING,), change={}))
    for row in FAULTS
    if row.fault == "F101"
    for number, text in enumerate(row.rules, 1)
}
PLAYED = ROWS | SIDES
# What is no row of the exchange's table.
BEYOND = (
    "kill", "kill at append", "kill at sync", "kill at request", "power", "disk", "cut", "silence", "slow", "clock",
)  # fmt: skip
# How a disk fails: this once, or from then on until somebody has made room or put another one in.
DISK_FAULTS = (Fault.NO_SPACE, Fault.ERROR, Fault.TORN, Fault.SHORT, Fault.UNSYNCED, Fault.FULL, Fault.GONE)
# After the end of a fault its effects are still met.
AFTER_S = 3.0
# What an engine has to live with: frames that come twice, late or out of order.
LASTING = ("F53-1", "F54-1", "F54-2", "F70-1", "F71-1", "F72-1")
# At a request: before it is applied, after that, after its answer has arrived, and long before it is applied.
MOMENTS = ("before", "applied", "replied", "late")


@dataclass(frozen=True)
class Draw:
    """A fault and when it comes; ``chance`` decides everything else about it."""

    kind: str
    at_s: float
    chance: Random


class Faults:
    """Lets a world go wrong.

    Args:
        world, tap: What goes wrong.
        auditor: Is told when something is wrong, to tell calm times from others.
        draws: What, and when.

    Attributes:
        fired: How often each kind has happened.
        reading_s: How long it takes to read what was traded by hand.
    """

    def __init__(self, world: World, tap: Tap, auditor: Auditor, draws: list[Draw]) -> None:
        self.fired: Counter[str] = Counter()
        self.reading_s = 0
        self._kept = False
        self._world = world
        self._tap = tap
        self._auditor = auditor
        self._draws = draws
        self._tasks: list[asyncio.Task[None]] = []
        self._way = world.network.way

    def begin(self) -> None:
        """Let everything come at its time."""
        self._tasks = [asyncio.ensure_future(self._come(number, draw)) for number, draw in enumerate(self._draws)]

    async def end(self, lasting: Sequence[str] = ()) -> None:
        """Let everything go as it should from now on, but for rows that go on for ever."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        world, faults = self._world, self._world.exchange.faults
        for name in list(faults.counts()):
            self._remove(name)
        if world.disk is not None:
            world.disk.arm(None)
        world.network.way = self._way
        world.network.silent = False
        world.clock_off_ns = 0
        self._tap.on_answer = lambda _, answer: answer()
        self.count()
        world.act("as-before", *self._as_before())
        for row in lasting:
            self.fired["lasting"] += 1
            change = {**PLAYED[row].play.change, "from_s": None, "until_s": None, "times": None}
            faults.add(rules(table(PLAYED[row].text), f"{row}#lasting", change), world.exchange.gateway_ns())

    def _as_before(self) -> list[str]:
        """What people and the exchange have changed becomes as it was, or nothing could be opened any more."""
        world, changes = self._world, list[str]()
        hedge = world.setting.hedge
        if world.exchange.desk.exchange.hedge != hedge:
            self._auditor.by_hand = True
            changes += [*ALL_CLOSED, f'verb = "human_mode", hedge_mode = {str(hedge).lower()}']
        for key in world.legs:
            if world.is_other(key):
                symbol, _, side = key.partition(" ")
                changes.append(f'verb = "human_trade", symbol = "{symbol}", position_side = "{side}"')
        shifted_s = round((world.exchange.gateway_ns() - world.wall_ns) / NS)
        if shifted_s:
            # What would have set the exchange's clock right again may have been cut short.
            changes.append(f'verb = "clock_shift", seconds = {-shifted_s}')
        return [*changes, *AS_BEFORE]

    def count(self) -> None:
        """Add what the exchange's own faults have done."""
        for firing in self._world.exchange.faults.firings():
            row = firing.name.split("#")[0]
            if row in PLAYED and firing.refusal is None:
                self.fired[row.split("-")[0]] += 1

    async def _come(self, number: int, draw: Draw) -> None:
        await asyncio.sleep(draw.at_s)
        stands_s = draw.chance.uniform(*STANDS_S)
        if draw.kind in PLAYED:
            await self._row(draw.kind, f"{draw.kind}#{number}", stands_s)
        else:
            await getattr(self, "_" + draw.kind.replace(" ", "_"))(draw.chance, stands_s)

    def _trouble(self, seconds: float) -> None:
        """Something is wrong from a moment ago for so long."""
        now_ns = self._world.now_ns
        self._auditor.troubles.append((now_ns - int(LOOK_S * NS), now_ns + int((seconds + AFTER_S) * NS)))

    async def _row(self, row: str, name: str, stands_s: float) -> None:
        written = (PLAYED[row].text, *PLAYED[row].play.beside)
        if PLAYED[row].play.at != (OPENING,) and any(act in text for text in written for act in BOOKED):
            await self._books()
        play, exchange = PLAYED[row].play, self._world.exchange
        change: dict[str, object] = {"from_s": None, "until_s": None}
        try:
            change |= {key: one(self._world) if callable(one) else one for key, one in play.change.items()}
        except KeyError:
            return  # What it is about is not there now.
        waits = float(str(change.get("seconds") or 0)) if isinstance(change.get("seconds"), int | Decimal) else 0.0
        texts = [(PLAYED[row].text, change), *((one, {}) for one in play.beside)]
        names = [f"{name}#{at}" for at in range(len(texts))]
        self._auditor.by_hand |= any(act in text for text, _ in texts for act in ("human_trade", "human_mode"))
        self._auditor.relisted |= "bracket_change" in PLAYED[row].text
        for one, (text, other) in zip(names, texts, strict=True):
            exchange.faults.add(rules(table(text), one, other), exchange.gateway_ns())
        exchange.faults.act(exchange.gateway_ns())
        if row not in AWAITED and (play.stands_s or not change.get("times")):
            self._trouble(max(stands_s, play.stands_s))
            await asyncio.sleep(max(stands_s, play.stands_s))
        else:
            await self._occasion(f"{names[0]}-0", stands_s)
        many = "trades" in change or "trades = " in PLAYED[row].text
        self.reading_s += many * MANY_S
        self._trouble(MANY_S if many else UNMISSED_S if row in UNMISSED else min(waits, 60))
        for one in names:
            self._remove(f"{one}-0")
        if play.after:
            exchange.faults.add(rules(table(play.after), f"{name}#after"), exchange.gateway_ns())
            exchange.faults.act(exchange.gateway_ns())

    async def _books(self) -> None:
        """Wait until the engine keeps books: what is traded before is none of its business."""
        while not self._kept:
            engine = self._world.engine
            self._kept = engine is not None and engine.parts.side.trading.compared > 0
            if not self._kept:
                await asyncio.sleep(LOOK_S)

    async def _occasion(self, name: str, stands_s: float) -> None:
        """Wait for the occasion of a fault that is about the next few requests or frames, and for its end."""
        faults, waited_s = self._world.exchange.faults, 0.0
        while name in faults.counts() and not faults.counts()[name].fired and waited_s < OCCASION_S:
            waited_s += LOOK_S
            await asyncio.sleep(LOOK_S)
        self._trouble(stands_s)
        await asyncio.sleep(stands_s)

    def _remove(self, name: str) -> None:
        faults = self._world.exchange.faults
        if name in faults.counts():
            faults.remove(name)

    # beyond the exchange

    async def _cut(self, _: Random, __: float) -> None:
        self._trouble(0)
        self.fired["cut"] += self._world.network.cut(lambda wire: wire.host.startswith("engine")) > 0

    async def _silence(self, _: Random, stands_s: float) -> None:
        """Bytes get lost on the way for a while, without a word."""
        self._trouble(stands_s)
        self.fired["silence"] += 1
        self._world.network.silent = True
        await asyncio.sleep(stands_s)
        self._world.network.silent = False
        # What was lost can never be made up for: TCP would have broken as well.
        self._world.network.cut(lambda wire: wire.lost)

    async def _slow(self, chance: Random, stands_s: float) -> None:
        self._trouble(stands_s)
        self.fired["slow"] += 1
        self._world.network.way = Way(chance.uniform(0.05, 0.5), chance.uniform(0.0, 0.5))
        await asyncio.sleep(stands_s)
        self._world.network.way = self._way

    async def _clock(self, chance: Random, stands_s: float) -> None:
        """The engine's machine sets its wall clock."""
        self._trouble(stands_s)
        self.fired["clock"] += 1
        self._world.clock_off_ns = int(chance.uniform(-3_600, 3_600) * NS)

    async def _disk(self, chance: Random, stands_s: float) -> None:
        """The n-th operation from now on fails."""
        disk = self._world.disk
        if disk is None:
            return
        self._trouble(stands_s)
        disk.arm(chance.choice(DISK_FAULTS), chance.randrange(1, 40))
        await asyncio.sleep(stands_s)
        if disk is self._world.disk:
            self.fired["disk"] += disk.fired
            disk.arm(None)

    # deaths

    async def _kill(self, _: Random, __: float) -> None:
        if self._world.life is not None:
            self._dies("kill", "in the middle of nothing")

    async def _power(self, chance: Random, _: float) -> None:
        if self._world.life is not None and self._world.disk is not None:
            self.fired["power"] += 1
            self._trouble(0)
            self._world.kill("power", power=chance.randrange(12))

    async def _kill_at_append(self, chance: Random, _: float) -> None:
        self._at_journal("kill at append", chance, chance.choice(("append", "appended")))

    async def _kill_at_sync(self, chance: Random, _: float) -> None:
        self._at_journal("kill at sync", chance, chance.choice(("sync", "synced")))

    def _at_journal(self, kind: str, chance: Random, moment: str) -> None:
        left = chance.randrange(1, 12)

        def at(reached: str) -> None:
            nonlocal left
            left -= reached == moment
            if left <= 0:
                self._world.at_journal = lambda _: None
                self._dies(kind, moment)

        self._world.at_journal = at

    async def _kill_at_request(self, chance: Random, _: float) -> None:
        left, moment = chance.randrange(1, 10), chance.choice(MOMENTS)

        def at(asked: Asked, answer: Answering) -> Answer:
            nonlocal left
            left -= asked.method != "GET"
            if left > 0 or self._world.life is None:
                return answer()
            self._tap.on_answer = lambda _, answer: answer()
            return killed_at(self._world, moment, answer, lambda: self._dies("kill at request", moment))

        self._tap.on_answer = at

    def _dies(self, kind: str, why: str) -> None:
        self.fired[kind] += 1
        self._trouble(0)
        self._world.kill(f"{kind}: {why}")


def killed_at(world: World, moment: str, answer: Answering, die: object) -> Answer:
    """A request at whose arrival the engine dies: before it is applied, after that, after the reply, or long before."""
    assert callable(die)
    nobody = Answer(503, refusal_body(-1000, ""))
    if moment == "before":
        die()
        return nobody
    if moment == "late":
        die()
        world.loop.call_later(1.5, answer)
        return nobody
    done = answer()
    if moment == "applied":
        die()
    else:
        world.loop.call_later(0.05, lambda: die() if world.life is not None else None)
    return done


# A position mode can be changed where nothing is held and nothing rests.
ALL_CLOSED = ('verb = "human_trade", symbol = "*"', 'verb = "human_cancel", symbol = "*"')
AS_BEFORE = (
    'verb = "key_change", revoked = false, futures = true, reading = true, withdrawals = false, ip_list = true',
    'verb = "human_mode", multi_assets = false',
    'verb = "thin_book", symbol = "BTCUSDT", part = 1',
    'verb = "thin_book", symbol = "ETHUSDT", part = 1',
)

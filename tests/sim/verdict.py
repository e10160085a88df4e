"""The end of a simulation: engine and exchange have to agree to the last digit once nothing goes wrong any more."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sadari.errors import JournalError
from sadari.model.command import RecordPosition
from sadari.model.reason import LiquidationReason, exit_reasons
from sadari.run.live.resume import rebuilt
from tests.live_account import Books, agreed
from tests.live_truth import same_positions, trade_differences, unclear, wrongs
from tests.sim.auditor import Auditor
from tests.sim.world import World
from tests.sim.written import records

NS = 1_000_000_000
AT_EASE = ("RUNNING", "PAUSED")
REASONS = set(exit_reasons(2)) | {f"ENGINE_LIQUIDATION:{one}" for one in LiquidationReason}


def differences(world: World, books: Books) -> list[str]:
    """What engine and exchange do not agree on yet."""
    engine = world.engine
    if engine is None:
        return ["I22 no engine runs"]
    found = [] if engine.state.value in AT_EASE else [f"I22 the engine is {engine.state.value}"]
    held = {key.partition(" ")[0] for key in world.legs}
    symbols = sorted(held | set(engine.opened.engine.positions))
    found += [f"I9 {symbol} is not held as it should be, or not under both stops" for symbol in symbols
              if not agreed(world, symbol)]  # fmt: skip
    if unclear(world):
        found.append(f"I5 {', '.join(unclear(world))} without a last word")
    if not same_positions(world):
        found.append("I9 the engine does not hold what the exchange says")
    found += [f"I6 trade {told}" for told in trade_differences(world)[:3]]
    if not books.agree():
        found.append(f"I8 the ledger has {books.ours()}, the exchange {books.theirs()}")
    return found


def at_the_end(world: World, auditor: Auditor) -> None:
    """What can be said of the whole run when it is over."""
    for told in wrongs(world):
        auditor.say("I3", told)
    life = world.lives[-1]
    ended = [one for one in records(life.folder / "engine.journal") if isinstance(one, RecordPosition)]
    for number, times in Counter(one.position_id for one in ended).items():
        if times > 1:
            auditor.say("I13", f"position {number} has ended {times} times")
    for one in ended:
        if one.reason not in REASONS:
            auditor.say("I13", f"position {one.position_id} ended for {one.reason!r}")
        if one.exit_price is not None and one.exit_price <= 0:
            auditor.say("I7", f"position {one.position_id} has an exit price of {one.exit_price}")
    secrets(world, auditor)


def secrets(world: World, auditor: Auditor) -> None:
    """I20: what must stay secret is in nothing that was written or told."""
    key, secret, _ = world.exchange.credentials
    told = "\n".join([*world.lines, *(one.text for one in world.alerts)]).encode()
    texts = [told, *(path.read_bytes() for path in sorted(world.lives[-1].folder.rglob("*")) if path.is_file())]
    for hidden in (key, secret):
        if any(hidden.encode() in text for text in texts):
            auditor.say("I20", "a secret was written down")


def replayed(journal: Path, auditor: Auditor) -> None:
    """I17: the journal makes the same engine again."""
    try:
        rebuilt(journal)
    except JournalError as error:
        auditor.say("I17", str(error))

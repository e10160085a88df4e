"""What must be true of an account at the end of every story, by the exchange's own truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeVar

from sadari.localexchange.account.records import AlgoOrder
from sadari.localexchange.faults.file import load_faults
from sadari.model.command import Audit, Command, RecordDecision
from sadari.model.event import Event
from tests.live_engine import SYMBOL, Account, Rig

E = TypeVar("E", bound=Event)
ZERO = Decimal(0)
ORDER = "POST /control/human/fapi/v1/order"
# One entry, and whatever happens then is what the story is about.
ONCE = "\n[reentry]\nmax_per_symbol_per_day = 1\n"
NEVER = "\n[risk]\nmargin_buffer_usdt = 1000000\n"
_ACCOUNTS = {"COMMISSION": "fees", "FUNDING_FEE": "funding", "TRANSFER": "transfers", "INSURANCE_CLEAR": "insurance"}


class Books:
    """The ledger beside the exchange's income.

    Args:
        rig: Before its engine is started for the first time.
    """

    def __init__(self, rig: Account) -> None:
        self._rig = rig
        self._before = len(rig.exchange.desk.exchange.income)

    def theirs(self) -> dict[str, Decimal]:
        """What each account received since then, by the exchange's list of income."""
        sums: dict[str, Decimal] = {}
        for row in self._rig.exchange.desk.exchange.income[self._before :]:
            account = _ACCOUNTS.get(row.kind, f"position:{row.symbol}")
            sums[account] = sums.get(account, ZERO) - row.amount
        return {account: amount for account, amount in sums.items() if amount}

    def ours(self) -> dict[str, Decimal]:
        """The same by the ledger."""
        sums: dict[str, Decimal] = {}
        for (_, _, account), amount in self._rig.live.opened.engine.ledger.sums.items():
            if not account.startswith("wallet:"):
                sums[account] = sums.get(account, ZERO) + amount
        return {account: amount for account, amount in sums.items() if amount}

    def agree(self) -> bool:
        """Whether they are the same to the last digit, and the wallet that is shown is the exchange's."""
        shown = self._rig.live.opened.engine.account.wallet_balance
        return self.ours() == self.theirs() and shown == self._rig.exchange.desk.exchange.wallet_balance


def resting(rig: Account, symbol: str = SYMBOL) -> list[AlgoOrder]:
    """The conditional orders that rest at the exchange."""
    return list(rig.exchange.desk.open_algos(symbol))


def stops(rig: Account, symbol: str = SYMBOL) -> tuple[str, str]:
    """The client ids of the inner stop and of the wall."""
    by_kind = {one.wish.close_position: one.client_algo_id for one in resting(rig, symbol)}
    return by_kind[False], by_kind[True]


def agreed(rig: Account, symbol: str = SYMBOL) -> bool:
    """Whether the engine holds what the exchange does, and exactly the two stops of it rest there, or none."""
    held, ours = rig.held(symbol), ZERO
    if symbol in rig.live.opened.engine.positions:
        position = rig.position(symbol)
        ours = position.side.sign * position.qty
    orders = [one.wish for one in resting(rig, symbol)]
    if ours != held or len(orders) != (2 if held else 0):
        return False
    capped = sorted((one.close_position, one.qty or ZERO) for one in orders)
    exits = all((one.side == "SELL") is (held > 0) for one in orders)
    return not held or (exits and capped == [(False, abs(held)), (True, ZERO)])


async def entered(rig: Rig, symbol: str = SYMBOL) -> None:
    """Wait for the first entry and its stops."""
    await rig.until(lambda: rig.held(symbol) and agreed(rig, symbol) and rig.position(symbol).working is None)


async def settled(rig: Rig, books: Books, *symbols: str) -> None:
    """Wait until nothing differs, and see that no difference was ever told."""
    await rig.until(lambda: all(agreed(rig, symbol) for symbol in symbols or (SYMBOL,)))
    await rig.until(lambda: rig.live.state in ("RUNNING", "PAUSED"))
    try:
        await rig.until(books.agree)
    except AssertionError as error:
        raise AssertionError(f"the ledger has {books.ours()}, the exchange {books.theirs()}; {error}") from None
    told = {"LEDGER_DIFFERS", "SETTLEMENT_MISMATCH", "ILLEGAL_EVENT"} & {one.code for one in rig.alerts}
    assert not told, [one.text for one in rig.alerts if one.code in told]


async def quiet(rig: Rig) -> None:
    """Wait until nothing is read or answered any more that an earlier fill has led to."""
    trading = rig.trading
    await rig.until(lambda: trading._reading is None and not len(trading._background) and not trading.in_flight)
    await rig.until(lambda: not rig.live.parts.supervision._asked and not trading.comparison._lock.locked())


async def trades(rig: Rig, side: str, qty: Decimal, symbol: str = SYMBOL, **more: object) -> None:
    """The account's owner trades at the market."""
    answer = await rig.human(ORDER, symbol=symbol, side=side, type="MARKET", quantity=qty, **more)
    assert "orderId" in answer, answer


def audited(rig: Rig) -> Callable[[str], list[str]]:
    """Follow what the engine writes down; asked by code, the details come back."""
    seen: list[tuple[str, str]] = []

    def follow(_number: int, _event: Event, commands: Sequence[Command]) -> None:
        seen.extend((str(one.code), one.detail) for one in commands if isinstance(one, Audit))

    rig.live.driver.observers.append(follow)
    return lambda code: [detail for known, detail in seen if known == code]


def fault(rig: Rig, rule: str) -> str:
    """Let a rule stand from now on, or happen now; its name."""
    name = f"told-{len(rig.exchange.faults.counts())}-{len(rig.exchange.faults.firings())}"
    rig.exchange.faults.add(load_faults(f'[[fault]]\nname = "{name}"\n{rule}'), rig.exchange.gateway_ns())
    rig.exchange.faults.act(rig.exchange.gateway_ns())
    return name


def deaf(rig: Rig) -> None:
    """Let nothing of the user stream arrive any more, while its connection lives."""
    for stream in ("ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ALGO_UPDATE", "ACCOUNT_CONFIG_UPDATE"):
        fault(rig, f'verb = "drop_frame"\nstream = "{stream}"')


def hearing(rig: Rig) -> None:
    """Let everything go as it should again."""
    for name in list(rig.exchange.faults.counts()):
        rig.exchange.faults.remove(name)


def decided(rig: Rig) -> list[RecordDecision]:
    """Follow the decisions on signals and adds."""
    seen: list[RecordDecision] = []

    def follow(_number: int, _event: Event, commands: Sequence[Command]) -> None:
        seen.extend(one for one in commands if isinstance(one, RecordDecision))

    rig.live.driver.observers.append(follow)
    return seen


def happened(rig: Rig, kind: type[E]) -> list[E]:
    """Follow the events of one kind."""
    seen: list[E] = []

    def follow(_number: int, event: Event, _commands: Sequence[Command]) -> None:
        if isinstance(event, kind):
            seen.append(event)

    rig.live.driver.observers.append(follow)
    return seen

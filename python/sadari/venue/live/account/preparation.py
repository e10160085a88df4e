"""A symbol made ready to trade: its margin mode and its leverage, set where they differ and read back.

Source: strategies §9.7; faults F33 to F37.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

import msgspec

from sadari.binance import account_answers, endpoints
from sadari.binance.codes import ALREADY_MARGIN_TYPE, NO_ISOLATED_IN_MULTI_ASSETS
from sadari.binance.decode import leverage_brackets
from sadari.binance.values import AccountFlags, PositionShown, SymbolShown
from sadari.errors import DataError, RefusedError, RetryableError, UnknownOutcomeError
from sadari.model.event import SymbolPrepared, SymbolUnprepared
from sadari.model.instrument import Bracket
from sadari.model.order import MarginMode
from sadari.venue.live.account.flags import read_flags
from sadari.venue.live.ports import Caller

SUCCESS: Literal["success"] = "success"
FAILED: Literal["failed"] = "failed"
ORDERS_OPEN, POSITION_OPEN = -4047, -4048
# It says that orders keep the position mode from being changed, and has been seen where the margin mode was to change.
MODE_LOCKED = -4067
POSITION_SIDE = -4061
LEVERAGE_INVALID = -4028

IN_MULTI_ASSETS = f"the account is in Multi-Assets Mode, which knows no isolated margin ({NO_ISOLATED_IN_MULTI_ASSETS})"
SHARED = "all crossed positions share the account's margin, so that one liquidation takes the margin of all of them"
SINGLE_ASSET = (
    "to have isolated margin, close every position, cancel every order, switch the account to Single-Asset Mode "
    "(Futures, Preferences, Asset Mode) and run sadari prepare again"
)


class Wish(NamedTuple):
    """What a symbol is to be set to."""

    symbol: str
    leverage: int
    margin_mode: MarginMode = MarginMode.ISOLATED


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a preparation; every figure is as the exchange reads it back.

    Attributes:
        symbol: Whose.
        status: success or failed.
        margin_type: The effective one in the exchange's word, "" if it could not be read.
        downgraded: Isolated margin was wanted, the account cannot have it, and crossed is in force.
        leverage: The effective one, None if it could not be read.
        max_notional: The largest notional of a position at it, None if it could not be read.
        message: "ready" and what else a person should know, or why it failed.
    """

    symbol: str
    status: Literal["success", "failed"]
    margin_type: str = ""
    downgraded: bool = False
    leverage: int | None = None
    max_notional: Decimal | None = None
    message: str = ""

    @property
    def ready(self) -> bool:
        """Whether the symbol may be traded."""
        return self.status == SUCCESS

    @property
    def unread(self) -> bool:
        """Whether its settings could not be read: what they are is not known."""
        return not self.ready and self.leverage is None

    @property
    def sentence(self) -> str:
        """All of it on one line."""
        leverage = "unknown leverage" if self.leverage is None else f"{self.leverage}x"
        limit = "unknown" if self.max_notional is None else f"{self.max_notional.normalize():f}"
        margin = self.margin_type or "unknown"
        return f"{self.symbol}: {margin} margin, {leverage}, largest notional {limit}: {self.message}"


class Step(NamedTuple):
    """What came of asking for one change.

    Attributes:
        asked: Whether anything was asked for at all.
        fault: Why it was not done, "" if it was, or was right already.
        fell_back: Crossed margin was set because isolated was refused for the account's mode.
        max_notional: The largest notional that the answer to setting the leverage tells.
    """

    asked: bool = False
    fault: str = ""
    fell_back: bool = False
    max_notional: Decimal | None = None


class Reading(NamedTuple):
    """An account and its symbols as they are."""

    account: AccountFlags
    settings: dict[str, SymbolShown]
    positions: dict[str, list[PositionShown]]


class Preparation:
    """Prepares symbols, one request after another.

    Args:
        caller: Asks the exchange.
        on_multi_assets: What to do where isolated margin is wanted and the account is in multi-assets mode.
    """

    def __init__(self, caller: Caller, on_multi_assets: Literal["crossed", "refuse"] = "crossed") -> None:
        self._caller = caller
        self._fall_back = on_multi_assets == "crossed"
        self._busy = asyncio.Lock()

    async def prepare(self, symbol: str, leverage: int, wanted: MarginMode = MarginMode.ISOLATED) -> Prepared:
        """Set one symbol. Nothing is sent that would change nothing.

        Raises:
            FatalError: The key is not accepted.
        """
        (prepared,) = await self.prepare_all([Wish(symbol, leverage, wanted)])
        return prepared

    async def prepare_all(self, wishes: Sequence[Wish]) -> list[Prepared]:
        """Set several symbols, all read together before and after: at most 30 of weight, and 1 for each change.

        Raises:
            FatalError: The key is not accepted.
        """
        async with self._busy:
            return await self._prepare(wishes, change=True) if wishes else []

    async def confirm(self, wishes: Sequence[Wish]) -> list[Prepared]:
        """The same without a change: whether the symbols still are as they were prepared.

        Raises:
            FatalError: The key is not accepted.
        """
        async with self._busy:
            return await self._prepare(wishes, change=False) if wishes else []

    async def _prepare(self, wishes: Sequence[Wish], *, change: bool) -> list[Prepared]:
        only = wishes[0].symbol if len(wishes) == 1 else ""
        try:
            before = await self._read(only)
        except (RefusedError, RetryableError, DataError) as error:
            return [_failed(wish, f"its settings cannot be read: {error}") for wish in wishes]
        steps = [
            (await self._set_margin_mode(wish, before), await self._set_leverage(wish, before))
            if change and wish.symbol in before.settings
            else (Step(), Step())
            for wish in wishes
        ]
        after = before
        if any(step.asked or step.fault for pair in steps for step in pair):
            try:
                after = await self._read(only)
            except (RefusedError, RetryableError, DataError) as error:
                text = f"it was set, and cannot be read back: {error}"
                return [_failed(wish, text, *pair) for wish, pair in zip(wishes, steps, strict=True)]
        return [
            await self._outcome(wish, margin, leverage, after)
            for wish, (margin, leverage) in zip(wishes, steps, strict=True)
        ]

    async def _read(self, symbol: str) -> Reading:
        asked = {"symbol": symbol} if symbol else {}
        account = await read_flags(self._caller)
        shown = account_answers.symbol_settings(await self._caller.call(endpoints.SYMBOL_CONFIG, asked))
        positions: dict[str, list[PositionShown]] = {}
        for one in account_answers.positions(await self._caller.call(endpoints.POSITION_RISK, asked)):
            if one.qty:
                positions.setdefault(one.symbol, []).append(one)
        return Reading(account, {one.symbol: one for one in shown}, positions)

    async def _set_margin_mode(self, wish: Wish, before: Reading) -> Step:
        """Ask for the margin mode where it differs; what is in force then is for the reading afterwards to say."""
        target, current = wish.margin_mode, before.settings[wish.symbol].margin_mode
        if current is target:
            return Step()
        if target is MarginMode.ISOLATED and before.account.multi_assets:
            if not self._fall_back:
                return Step(fault=_refused_by_policy(IN_MULTI_ASSETS))
            # Isolated is what it is not: it is crossed as it stands.
            return Step()
        error = await self._ask_margin_mode(wish.symbol, target)
        fell_back = False
        if (
            isinstance(error, RefusedError)
            and error.code == NO_ISOLATED_IN_MULTI_ASSETS
            and target is MarginMode.ISOLATED
        ):
            if not self._fall_back:
                return Step(fault=_refused_by_policy(str(error)))
            error = await self._ask_margin_mode(wish.symbol, MarginMode.CROSSED)
            fell_back = not isinstance(error, RefusedError)
        fault = _margin_fault(error, before, wish.symbol) if error is not None else ""
        return Step(asked=True, fault=fault, fell_back=fell_back)

    async def _ask_margin_mode(self, symbol: str, mode: MarginMode) -> Exception | None:
        """What kept the mode from being set; None if it is set, now or before."""
        try:
            await self._caller.call(endpoints.MARGIN_TYPE, {"symbol": symbol, "marginType": margin_type(mode)})
        except RefusedError as error:
            return None if error.code == ALREADY_MARGIN_TYPE else error
        except (RetryableError, UnknownOutcomeError) as error:
            return error
        return None

    async def _set_leverage(self, wish: Wish, before: Reading) -> Step:
        """Ask for the leverage where it differs, whatever became of the margin mode."""
        if before.settings[wish.symbol].leverage == wish.leverage:
            return Step()
        asked = {"symbol": wish.symbol, "leverage": str(wish.leverage)}
        try:
            answer = account_answers.leverage_set(await self._caller.call(endpoints.LEVERAGE, asked))
        except RefusedError as error:
            most = await self._most_leverage(wish.symbol) if error.code == LEVERAGE_INVALID else ""
            return Step(asked=True, fault=f"leverage {wish.leverage} was refused ({error}){most}")
        except (RetryableError, UnknownOutcomeError, DataError) as error:
            return Step(asked=True, fault=f"leverage {wish.leverage} was not confirmed ({error})")
        return Step(asked=True, max_notional=answer.max_notional)

    async def _most_leverage(self, symbol: str) -> str:
        """What the brackets allow, in words; "" if they cannot be read."""
        try:
            found = await self._brackets(symbol)
        except (RefusedError, RetryableError, DataError) as error:
            return f"; its leverage brackets cannot be read: {error}"
        most = max(found, key=lambda bracket: bracket.max_leverage)
        return f"; the brackets of {symbol} allow 1 to {most.max_leverage}, that up to a notional of {most.cap}"

    async def _brackets(self, symbol: str) -> tuple[Bracket, ...]:
        """At least one."""
        body = await self._caller.call(endpoints.LEVERAGE_BRACKET, {"symbol": symbol})
        found = leverage_brackets(body).get(symbol)
        if not found:
            raise DataError(f"leverageBracket: there are none of {symbol}")
        return found

    async def _outcome(self, wish: Wish, margin: Step, leverage: Step, after: Reading) -> Prepared:
        now = after.settings.get(wish.symbol)
        if now is None:
            return _failed(wish, f"the exchange shows no settings of {wish.symbol}: is it listed?", margin, leverage)
        # Only where the account cannot have isolated margin does crossed stand in for it.
        multi = bool(after.account.multi_assets) or margin.fell_back
        instead = wish.margin_mode is MarginMode.ISOLATED and now.margin_mode is MarginMode.CROSSED
        downgraded = instead and self._fall_back and multi
        as_wished = now.margin_mode is wish.margin_mode or downgraded
        faults = []
        if not as_wished:
            faults.append(margin.fault or self._unlike(wish, now, multi=multi))
        if now.leverage != wish.leverage:
            faults.append(leverage.fault or f"leverage reads {now.leverage} where {wish.leverage} is wanted")
        limit = now.max_notional or leverage.max_notional or await self._limit(wish.symbol, now.leverage)
        if limit is None:
            faults.append("the largest notional at its leverage is not known")
        held = _held(after.positions.get(wish.symbol, ()), now)
        return Prepared(
            symbol=wish.symbol,
            status=FAILED if faults else SUCCESS,
            margin_type=margin_type(now.margin_mode),
            downgraded=downgraded,
            leverage=now.leverage,
            max_notional=limit,
            message="; ".join([*(faults or [_ready(now, downgraded=downgraded)]), *held]),
        )

    def _unlike(self, wish: Wish, now: SymbolShown, *, multi: bool) -> str:
        text = f"the margin mode reads {margin_type(now.margin_mode)}"
        if multi and wish.margin_mode is MarginMode.ISOLATED and not self._fall_back:
            return _refused_by_policy(IN_MULTI_ASSETS)
        return f"{text} where {margin_type(wish.margin_mode)} is wanted"

    async def _limit(self, symbol: str, leverage: int) -> Decimal | None:
        """The largest notional at a leverage by the brackets, where the settings do not tell it."""
        try:
            found = await self._brackets(symbol)
        except (RefusedError, RetryableError, DataError):
            return None
        return max((one.cap for one in found if one.max_leverage >= leverage), default=None)


def margin_type(mode: MarginMode) -> str:
    """The exchange's word for a margin mode."""
    return mode.value.upper()


def event_of(prepared: Prepared, time_ns: int) -> SymbolPrepared | SymbolUnprepared:
    """What the engine is told of a preparation."""
    if not prepared.ready or prepared.leverage is None or prepared.max_notional is None:
        return SymbolUnprepared(time_ns=time_ns, symbol=prepared.symbol, cause=prepared.message)
    return SymbolPrepared(
        time_ns=time_ns,
        symbol=prepared.symbol,
        leverage=prepared.leverage,
        max_notional=prepared.max_notional,
        margin_mode=MarginMode(prepared.margin_type.lower()),
        downgraded=prepared.downgraded,
    )


def _failed(wish: Wish, why: str, *steps: Step) -> Prepared:
    texts = [why, *(step.fault for step in steps if step.fault)]
    return Prepared(symbol=wish.symbol, status=FAILED, message="; ".join(texts))


def _ready(now: SymbolShown, *, downgraded: bool) -> str:
    if now.margin_mode is MarginMode.ISOLATED:
        return "ready"
    why = (
        f"the account is in Multi-Assets Mode, which knows no isolated margin ({NO_ISOLATED_IN_MULTI_ASSETS}); "
        if downgraded
        else ""
    )
    how = SINGLE_ASSET if downgraded else 'to have isolated margin, set margin_mode = "isolated" and prepare again'
    return f"ready (CROSSED): {why}{SHARED}; {how}"


def _refused_by_policy(why: str) -> str:
    return (
        f'isolated margin cannot be had: {why}, and on_multi_assets = "refuse" allows no crossed margin; {SINGLE_ASSET}'
    )


def _margin_fault(error: Exception, before: Reading, symbol: str) -> str:
    """Why the margin mode is not what was asked for, in the exchange's words and with what they mean."""
    if not isinstance(error, RefusedError):
        return f"the margin mode was not confirmed ({error})"
    mode = "hedge" if before.account.hedge else "one-way"
    held = "a position is held" if before.positions.get(symbol) else "no position is held"
    meaning = {
        ORDERS_OPEN: f"MARGIN_CHANGE_BLOCKED: open orders of {symbol} keep its margin mode; cancel them",
        POSITION_OPEN: f"MARGIN_CHANGE_BLOCKED: a position of {symbol} keeps its margin mode; close it",
        MODE_LOCKED: (
            f"MARGIN_CHANGE_BLOCKED: the exchange takes something for open, though {held} in {symbol}; look for open "
            "orders and positions on USD-M and COIN-M futures, then prepare again"
        ),
        POSITION_SIDE: f"the position mode, {mode}, is not what the exchange expects",
    }.get(error.code, "the margin mode was refused")
    return f"{meaning} ({error})"


def _held(positions: Sequence[PositionShown], now: SymbolShown) -> list[str]:
    return [f"a position of {one.qty} is held in {margin_type(now.margin_mode)} margin" for one in positions]

"""One live engine with many symbols on a local exchange, so that many faults are met beside each other."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

from sadari.localexchange.faults.file import load_faults
from tests.live_account import agreed
from tests.live_engine import CONFIG, Rig, rig
from tests.live_truth import same_positions, same_trades, unclear, wrongs
from tests.local_exchange import listings

MARKET = listings(symbols=16, days=3)
SYMBOLS = tuple(sorted(MARKET.instruments))
# A second path only: nobody listens where the WebSocket API should be.
BY_REST = CONFIG.replace("{ws}/ws-fapi/v1", "ws://127.0.0.1:9/ws-fapi/v1")
ROOM = """
[risk]
max_positions = 16
strategy_positions = 16
min_reserve_pct = 0.01
max_portfolio_stop_loss_pct = 1
"""
ORDERS = ('method = "POST"\npath = "/fapi/v1/order"', 'method = "POST"\npath = "/fapi/v1/algoOrder"')
OVER = {"socket": "ws", "rest": "http"}


class Stage:
    """A rig with its engine, and what tests do to them.

    Args:
        rig: The engine and its exchange.
        path: ``socket`` or ``rest``: the way that orders take.
        symbols: What is traded.
    """

    def __init__(self, rig: Rig, path: str, symbols: tuple[str, ...]) -> None:
        self.rig = rig
        self.symbols = symbols
        self._regular, self._conditional = (f'over = "{OVER[path]}"\n{one}' for one in ORDERS)
        self._faults = 0

    def fault(self, rule: str) -> None:
        """Let a rule stand from now on."""
        self._faults += 1
        text = f'[[fault]]\nname = "told-{self._faults}"\n{rule}'
        self.rig.exchange.faults.add(load_faults(text), self.rig.exchange.gateway_ns())

    def break_order(self, symbol: str, rule: str, *, conditional: bool = False, when: str = "times = 1") -> None:
        """Let something go wrong with the next order of a symbol."""
        where = self._conditional if conditional else self._regular
        self.fault(f'{where}\ncontains = "symbol={symbol}"\n{when}\n{rule}')

    def gap(self, fraction: str, symbols: Iterable[str] = ()) -> None:
        """Let prices jump."""
        for symbol in symbols or self.symbols:
            self.fault(f'verb = "price_gap"\nsymbol = "{symbol}"\nfraction = {fraction}')

    def no_more_faults(self) -> None:
        """Let everything go as it should again."""
        for name in list(self.rig.exchange.faults.counts()):
            self.rig.exchange.faults.remove(name)

    async def each(self, reached: Callable[[str], object]) -> None:
        """Wait until something is so for every symbol."""

        def missing() -> list[str]:
            return [symbol for symbol in self.symbols if not reached(symbol)]

        try:
            await self.rig.until(lambda: not missing())
        except AssertionError as error:
            told = [f"{one}: held {self.rig.held(one)}, {self._orders_of(one)}" for one in missing()]
            raise AssertionError("\n".join([*told, str(error)])) from None

    def _orders_of(self, symbol: str) -> str:
        orders = self.rig.live.opened.engine.orders.items()
        return ", ".join(f"{name} {one.state.value}" for name, one in orders if one.symbol == symbol)

    def is_over(self, symbol: str) -> bool:
        """Whether a symbol was held and is not any more, here and there."""
        position = self.rig.live.opened.engine.positions.get(symbol)
        return position is not None and position.is_in("CLOSED", "CLOSED_UNSETTLED") and not self.rig.held(symbol)

    async def entered(self) -> None:
        """Wait until every symbol is held, its two stops rest and no other, and nothing is unclear."""
        await self.each(lambda symbol: self.rig.held(symbol) and agreed(self.rig, symbol))
        await self.settled()

    async def settled(self) -> None:
        """Wait until engine and exchange agree, then judge by the exchange alone."""
        rig = self.rig
        try:
            await rig.until(lambda: not unclear(rig) and same_positions(rig) and same_trades(rig))
        except AssertionError as error:
            why = f"unclear: {unclear(rig)}, positions: {same_positions(rig)}, trades: {same_trades(rig)}"
            raise AssertionError(f"{why}\n{error}") from None
        found = wrongs(rig)
        assert not found, found


@contextlib.asynccontextmanager
async def stage(
    folder: Path, path: str = "socket", *, symbols: int = len(SYMBOLS), more: str = "", rest_price_s: int = 3
) -> AsyncIterator[Stage]:
    """An engine that is about to enter as many symbols; faults may be added before it runs."""
    chosen = SYMBOLS[:symbols]
    config = (CONFIG if path == "socket" else BY_REST).replace(
        "sync_s = 2", f"sync_s = 4\nrest_price_s = {rest_price_s}"
    )
    config += ROOM + more
    async with rig(folder, config=config, symbols=chosen, market=MARKET) as made:
        yield Stage(made, path, chosen)

"""Alerts of a live engine: conditions looked at every five seconds and after what may change them, and what is done.

Whatever happens here happens after the commands of an event have gone out, in a turn of the loop of its own; who is
told is told by other threads (strategies §10: a failing channel never blocks trading).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from sadari.binance.stream_names import symbol_of
from sadari.core.alerts import Alerts, Condition, Edge, Notice, Reading, Severity, happening, reading_of
from sadari.core.conditions import Conditions, Sights
from sadari.model.command import Command, SendAlert
from sadari.model.event import (
    AccountUpdated,
    ConditionTold,
    EngineTurned,
    EquityCrossed,
    EquityPeaked,
    Event,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    PositionLossCrossed,
    PositionsShown,
)
from sadari.model.units import SECOND_NS
from sadari.run.figures.decisions import alert_of
from sadari.run.live.ending import AT_END
from sadari.venue.live.background import Background

if TYPE_CHECKING:
    from sadari.run.live.engine import LiveEngine

LOOK_S = 5.0
# How long after an event that may change a condition: when many positions are left at once, one look is for all.
SOON_S = 0.25
# A peak is told the engine, which keeps it in the journal, when it is higher by this share: not at every look.
HIGHER = Decimal("0.0001")
RELEVANT = (AccountUpdated, EngineTurned, OrderCanceled, OrderFilled, OrderRejected, PositionsShown)


class Alerting:
    """Watches the conditions of one engine and tells of them.

    Args:
        live: The engine's life.
    """

    def __init__(self, live: LiveEngine) -> None:
        self._live = live
        section = live.asked.config.alerts
        settings = live.opened.settings
        self._pauses = section.on_drawdown == "pause"
        self._exits = section.on_position_loss == "exit"
        self._alerts = Alerts()
        self._conditions = Conditions(
            live.opened.engine, section.limits(settings.risk, settings.daily), settings.run_id
        )
        # What has happened, and whether it stands in the log and among the recent alerts already.
        self._happened: list[tuple[Reading, bool]] = []
        self._alive_ns: dict[str, int] = {}
        # What the engine is to be told.
        self._wishes: list[Event] = []
        self._telling: asyncio.Handle | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._background = Background()

    @property
    def standing(self) -> tuple[Reading, ...]:
        """What is true now by the last look."""
        return self._alerts.standing

    def start(self) -> None:
        """Begin to look."""
        self._background.begin(self._repeat())

    async def close(self) -> None:
        """Tell what has just happened, and look no more."""
        for handle in (self._telling, self._looking):
            if handle is not None:
                handle.cancel()
        self._guarded(self.tell)
        await self._background.close()

    def told(self, alert: SendAlert) -> None:
        """The engine, or what watches its surroundings, tells a person."""
        self._live.asked.alert(alert)
        self._happen(reading_of(alert, self._live.opened.settings.run_id), known=True)

    def listen_key_lost(self, why: str) -> None:
        """The listen key is gone; it is so until the user stream is seen again."""
        self._conditions.key_lost = True
        self._happen(Reading(Condition.LISTEN_KEY_LOST, Severity.WARNING, text=why))

    def seen(self, _: int, event: Event, __: Sequence[Command]) -> None:
        """Follow an event that was worked on."""
        if isinstance(event, RELEVANT):
            reading = happening(event)
            if reading is not None:
                self._happen(reading)
            if self._looking is None:
                self._looking = asyncio.get_running_loop().call_later(SOON_S, self._look_now)

    def _happen(self, reading: Reading, *, known: bool = False) -> None:
        self._happened.append((reading, known))
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_soon(self._tell_now)

    def _tell_now(self) -> None:
        self._telling = None
        self._guarded(self.tell)
        if self._live.begun:
            self._act()

    def _look_now(self) -> None:
        self._looking = None
        self.look()

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with alerts, the engine trades on
            self._live.asked.log(f"critical: alerts could not be looked at: {error!r}")

    # looking

    def tell(self) -> None:
        """Tell what has happened."""
        now_ns = self._live.connections.server.ns()
        happened, self._happened = self._happened, []
        for reading, known in happened:
            notice = self._alerts.happened(reading, now_ns)
            if notice is not None:
                self._deliver(notice, known=known)

    def look(self) -> None:
        """Tell what has happened, then what is so now, and do what belongs to it."""
        self._guarded(self._measure)
        self._act()

    def _act(self) -> None:
        """Let the engine have what follows: that is no matter of alerts, and fails as anything else of it."""
        wishes, self._wishes = self._wishes, []
        for event in wishes:
            if self._live.state not in AT_END:
                self._live.take(event)

    def _measure(self) -> None:
        self.tell()
        live = self._live
        now_ns = live.connections.server.ns()
        if not live.begun or live.state in AT_END:
            return
        sights = self._sights(now_ns)
        if sights.equity is not None:
            self._keep_peak(sights.equity)
        readings = self._conditions.readings(sights)
        for notice in self._alerts.judge(readings, now_ns):
            self._deliver(notice)
            if notice.edge is Edge.RAISED and notice.condition == Condition.PORTFOLIO_DRAWDOWN and self._pauses:
                self._pause(sights.equity)
        if self._exits:
            for reading in readings:
                if reading.code == Condition.SINGLE_POSITION_LOSS:
                    self._leave(reading.symbol)

    def _deliver(self, notice: Notice, *, known: bool = False) -> None:
        live = self._live
        if not known or notice.edge is not Edge.RAISED:
            severity = Severity.INFO if notice.edge is Edge.RECOVERED else notice.severity
            told = SendAlert(severity=severity, code=notice.condition, symbol=notice.symbol, text=figures(notice))
            live.recent.alerts.appendleft(alert_of(told, live.now_ns()))
            what = f"{told.code}: {told.text}" if told.text else told.code
            live.asked.log(" ".join(filter(None, (f"{severity}:", told.symbol, what))))
            self._wishes.append(
                ConditionTold(
                    time_ns=live.now_ns(), code=notice.condition, edge=notice.edge, severity=severity,
                    symbol=notice.symbol, value=notice.value, threshold=notice.threshold, text=notice.text,
                )
            )  # fmt: skip
        live.asked.notify(notice)

    def _sights(self, now_ns: int) -> Sights:
        live, parts = self._live, self._live.parts
        known = parts.balances.read_ns is not None
        return Sights(
            now_ns=now_ns,
            equity=self._net(parts.balances.equity()) if known else None,
            price=live.price,
            unseen_ns=self._unseen(live.asked.clocks.measure_ns()),
            silent_ns=self._silent(live.asked.clocks.measure_ns()),
        )

    def _net(self, equity: Decimal) -> Decimal:
        """Equity with what the wallet lacks against the ledger: a transfer that is still to be told is no loss."""
        return equity - min(self._live.opened.engine.untold, Decimal(0))

    def _unseen(self, steady_ns: int) -> dict[str, int]:
        """How long ago each connection last proved that it lives.

        A market connection does so by any message. Silence is normal on the user stream: its pings and its listen key
        are looked after where it is kept, and as long as neither has failed it lives.
        """
        parts, alive = self._live.parts, self._alive_ns
        names = set()
        for one in parts.streams.health():
            if one.streams:
                names.add(one.name)
                heard = None if one.age_s is None else steady_ns - int(one.age_s * SECOND_NS)
                alive[one.name] = alive.get(one.name, steady_ns) if heard is None else heard
        lost = parts.supervision.lost
        for name in ("user", "rest"):
            names.add(name)
            if name not in lost:
                alive[name] = steady_ns
                self._conditions.key_lost = self._conditions.key_lost and name != "user"
        self._alive_ns = {name: alive.get(name, steady_ns) for name in names}
        return {name: steady_ns - alive_ns for name, alive_ns in self._alive_ns.items()}

    def _silent(self, steady_ns: int) -> dict[str, int]:
        """How long ago anything was heard of each symbol; nothing of those that were never heard of."""
        streams, last = self._live.parts.streams, dict[str, int]()
        for name in streams.streams:
            heard_ns = streams.heard_ns(name)
            if heard_ns is not None:
                symbol = symbol_of(name)
                last[symbol] = max(last.get(symbol, 0), heard_ns)
        return {symbol: steady_ns - heard_ns for symbol, heard_ns in last.items()}

    # what is done

    def _keep_peak(self, equity: Decimal) -> None:
        engine = self._live.opened.engine
        account, agreed = engine.account, not engine.untold
        peak = min(account.day_peak, account.life_peak)
        if agreed and account.updated_ns is not None and equity > 0 and equity > peak * (1 + HIGHER):
            self._wishes.append(EquityPeaked(time_ns=self._live.now_ns(), peak=equity))

    def _pause(self, equity: Decimal | None) -> None:
        live, section = self._live, self._live.asked.config.alerts
        account = live.opened.engine.account
        peak = account.life_peak if section.drawdown_window == "all" else account.day_peak
        if equity is not None:
            limit = section.max_drawdown_pct
            self._wishes.append(EquityCrossed(time_ns=live.now_ns(), equity=equity, peak=peak, limit=limit))

    def _leave(self, symbol: str) -> None:
        """As long as it is so, not only when it becomes so: the engine may not have been able to act then."""
        live, limit = self._live, self._live.asked.config.alerts.max_position_loss_pct
        position, price = live.opened.engine.positions[symbol], live.price(symbol)
        if price is not None and not position.is_in("EXITING"):
            crossed = PositionLossCrossed(time_ns=live.now_ns(), symbol=symbol, price=price, limit=limit)
            self._wishes.append(crossed)


def figures(notice: Notice) -> str:
    """What a notice tells beside its condition, in a few words."""
    measured = f"{notice.value} (limit {notice.threshold})" if notice.value else ""
    return ", ".join(filter(None, (notice.edge if notice.edge is not Edge.RAISED else "", measured, notice.text)))

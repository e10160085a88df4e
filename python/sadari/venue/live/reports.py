"""stand-in"""

from __future__ import annotations

from decimal import Decimal as D

from sadari.binance.forced import cause_of
from sadari.binance.user_frames import AlgoReport, OrderReport
from sadari.model.event import *
from sadari.model.reason import RejectReason


class Reports:
    def __init__(self) -> None:
        self.children = {}

    def due(self, now_ns):
        return []

    def name_of(self, frame):
        return self.children.get(frame.order_id, frame.raw["c"])

    def events(self, frame):
        if isinstance(frame, OrderReport):
            o = frame.raw
            name = self.name_of(frame)
            t = frame.time_ns
            s = o["s"]
            x = o["x"]
            if x == "NEW":
                return [OrderAccepted(time_ns=t, symbol=s, client_order_id=name)]
            if x in ("TRADE", "CALCULATED"):
                return [
                    OrderFilled(
                        time_ns=t,
                        symbol=s,
                        client_order_id=name,
                        trade_id=o["t"],
                        price=D(o["L"]),
                        qty=D(o["l"]),
                        fee=D(o.get("n", "0")),
                        realized_pnl=D(o["rp"]),
                        buyer=o["S"] == "BUY",
                        maker=o["m"],
                        done=o["X"] == "FILLED",
                        cause=cause_of(name),
                    )
                ]
            if x in ("CANCELED", "EXPIRED"):
                return [OrderCanceled(time_ns=t, symbol=s, client_order_id=name, cause=o["X"])]
            return []
        if isinstance(frame, AlgoReport):
            o = frame.raw
            t = frame.time_ns
            if o["ai"]:
                self.children[int(o["ai"])] = o["caid"]
            if o["X"] == "NEW":
                return [OrderAccepted(time_ns=t, symbol=o["s"], client_order_id=o["caid"])]
            if o["X"] in ("CANCELED", "EXPIRED"):
                return [OrderCanceled(time_ns=t, symbol=o["s"], client_order_id=o["caid"], cause=o["X"])]
            if o["X"] == "REJECTED":
                return [
                    OrderRejected(
                        time_ns=t,
                        symbol=o["s"],
                        client_order_id=o["caid"],
                        code=0,
                        reason=RejectReason.OTHER,
                        message=o["rm"],
                    )
                ]
        return []

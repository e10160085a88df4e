"""stand-in"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

D = Decimal
MS = 1_000_000


class Balance(NamedTuple):
    asset: str
    wallet_balance: Decimal
    cross_wallet_balance: Decimal


class Pos(NamedTuple):
    symbol: str
    qty: Decimal
    entry_price: Decimal
    crossed: bool


class BalanceReport(NamedTuple):
    time_ns: int
    cause: str
    balances: list[Balance]
    positions: list[Pos]


class ConfigReport(NamedTuple):
    symbol: str


class OrderReport(NamedTuple):
    symbol: str
    order_id: int
    raw: dict[str, Any]
    time_ns: int


class AlgoReport(NamedTuple):
    raw: dict[str, Any]
    time_ns: int


UserFrame = BalanceReport | ConfigReport | OrderReport | AlgoReport | None


def decoded(frame: bytes) -> UserFrame:
    m = msgspec.json.decode(frame)
    e = m.get("e")
    t = m.get("T", m.get("E", 0)) * MS
    if e == "ORDER_TRADE_UPDATE":
        o = m["o"]
        return OrderReport(o["s"], o["i"], o, t)
    if e == "ALGO_UPDATE":
        return AlgoReport(m["o"], t)
    if e == "ACCOUNT_UPDATE":
        a = m["a"]
        return BalanceReport(
            t,
            a["m"],
            [Balance(b["a"], D(b["wb"]), D(b["cw"])) for b in a["B"]],
            [Pos(p["s"], D(p["pa"]), D(p["ep"]), p["mt"] == "cross") for p in a["P"]],
        )
    if e == "ACCOUNT_CONFIG_UPDATE":
        return ConfigReport(m.get("ac", {}).get("s", ""))
    return None

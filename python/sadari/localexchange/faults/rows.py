"""A row of the table of faults, and the words that its examples are made of."""

from __future__ import annotations

from typing import NamedTuple


class FaultRow(NamedTuple):
    """One fault of the catalog.

    Attributes:
        fault: Its number there.
        title: What goes wrong.
        rules: Examples, each an inline table of TOML without its braces; any one of them produces the fault.
    """

    fault: str
    title: str
    rules: tuple[str, ...]


ORDER = 'method = "POST", path = "/fapi/v1/order"'
STOP = 'method = "POST", path = "/fapi/v1/algoOrder"'
CANCEL = 'method = "DELETE", path = "/fapi/v1/order"'
SIGNED = 'contains = "signature="'
BTC = 'symbol = "BTCUSDT"'
FILLS = 'stream = "ORDER_TRADE_UPDATE"'
POSITIONS = 'path = "/fapi/v*/positionRisk"'


def row(fault: str, title: str, *rules: str) -> FaultRow:
    """A fault with its examples."""
    return FaultRow(fault, title, rules)


def refused(code: int, message: str, where: str = ORDER, more: str = "") -> str:
    """An answer with a code, by default to an order."""
    return f'verb = "code", {where}, code = {code}, message = "{message}"{more}'


def verb(verb: str, *more: str) -> str:
    """An example that begins with a verb."""
    return ", ".join((f'verb = "{verb}"', *more))

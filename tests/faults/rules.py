"""Rules of faults out of the examples of the table, with the symbols of the tests and other values of some keys."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from sadari.localexchange.faults.file import decode_fault
from sadari.localexchange.faults.rule import Rule
from tests.live_engine import MARKET, SYMBOL

OTHER = max(MARKET.instruments)
NOTHING: Mapping[str, object] = MappingProxyType({})


def table(rule: str) -> str:
    """An example as a file would have it, of our symbols."""
    text = rule.replace("BTCUSDT", SYMBOL).replace("btcusdt", SYMBOL.lower()).replace("ETHUSDT", OTHER)
    return f"fault = [{{ {text} }}]"


def rules(text: str, name: str, change: Mapping[str, object] = NOTHING) -> list[Rule]:
    """Rules of TOML with other values of some keys; None for a key that goes."""
    tables = tomllib.loads(text, parse_float=Decimal)["fault"]
    changed = [{**table, **change, "name": f"{name}-{number}"} for number, table in enumerate(tables)]
    return [
        decode_fault({key: value for key, value in table.items() if value is not None}, number)
        for number, table in enumerate(changed, 1)
    ]

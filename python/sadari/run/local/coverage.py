"""`sadari exchange coverage`: what of the protocol the local exchange serves, read off its own tables and code."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from importlib.resources import files

from sadari.binance.wire import control, user
from sadari.localexchange.endpoints.order_wishes import CONDITIONAL, REGULAR
from sadari.localexchange.faults.table import fault_examples, fault_table, not_served, served
from sadari.localexchange.serving import known
from sadari.localexchange.serving.ws_methods import SESSION_METHODS
from sadari.localexchange.streams.names import KINDS
from sadari.run.feed.synthetic import market
from sadari.run.local.exchange import LocalExchange
from sadari.run.local.listings import Listings, LocalSettings

# The smallest market there is: coverage asks the tables of an exchange and none of its answers.
_DAYS = 2
_CODED = ("sadari.localexchange", "sadari.exchange")


def text() -> str:
    """The tables as Markdown."""
    local = _smallest()
    answered = {(one.method, one.path) for one in local.endpoints}
    wanted = [(method, path) for path, methods in known.ENDPOINTS.items() for method in methods.split()]
    own = sorted(
        f"{method} {path}" for method, path in answered if path.startswith("/control/") and "human" not in path
    )
    codes = set(_codes())
    types = {one.value for one in (*REGULAR, *CONDITIONAL)}
    events = set(_events())
    methods = {*local.methods, *SESSION_METHODS}
    parts = [
        _table("Endpoint", ((f"{method} {path}", (method, path) in answered) for method, path in wanted)),
        _table("WebSocket API method", ((name, name in methods) for name in known.METHODS)),
        _table("Stream", ((kind.form, kind.served) for kind in KINDS)),
        _table("User event", ((name, name in events) for name in known.USER_EVENTS)),
        _table("Order type", ((name, name in types) for name in known.ORDER_TYPES)),
        _table("Fault", _fault_rows(local)),
        _table("Code", ((str(code), code in codes) for code in known.CODES)),
        "Control API: " + ", ".join(own) + ", and any signed endpoint behind `/control/human`.",
    ]
    return "\n\n".join(parts)


def faults() -> str:
    """The table of faults: each with the rules that produce it, or the reason why none does."""
    return fault_table(_smallest().actions)


def examples() -> str:
    """The rules that produce each of them, as TOML for a file of faults."""
    return fault_examples(served(_smallest().actions))


def _fault_rows(local: LocalExchange) -> list[tuple[str, bool]]:
    produced = {row.fault for row in served(local.actions)}
    known_faults = sorted(produced | set(not_served(local.actions)), key=lambda fault: int(fault[1:]))
    return [(fault, fault in produced) for fault in known_faults]


def _smallest() -> LocalExchange:
    (one,) = market(1, _DAYS, 1)
    symbol = one.instrument.symbol
    listings = Listings({symbol: one.instrument}, {symbol: one.candles}, {symbol: one.funding})
    return LocalExchange(listings, LocalSettings(history_ns=0, lockstep=True, rebase=False), _no_time)


def _no_time() -> int:
    return 0


def _table(what: str, rows: Iterable[tuple[str, bool]]) -> str:
    listed = list(rows)
    count = sum(served for _, served in listed)
    lines = [f"| {what} ({count} of {len(listed)}) | served |", "|---|---|"]
    lines += [f"| `{name}` | {'yes' if served else 'no'} |" for name, served in listed]
    return "\n".join(lines)


def _events() -> Iterator[str]:
    """The names of the user events that have a message."""
    for value in vars(user).values():
        config = getattr(value, "__struct_config__", None)
        if config is not None and isinstance(config.tag, str):
            yield config.tag
    yield control.ListenKeyExpired(0, "").event


def _codes() -> Iterator[int]:
    """Every code that the exchange model or its server can answer with: the negative numbers of their sources."""
    for package in _CODED:
        for module in sorted(files(package).iterdir(), key=lambda one: one.name):
            if module.name.endswith(".py") and module.name != "known.py":
                yield from _negatives(module.read_text(encoding="utf-8"))


def _negatives(source: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
                yield -value

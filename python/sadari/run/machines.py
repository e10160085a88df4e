"""The lifecycles as the program runs on them, drawn."""

from __future__ import annotations

from sadari.core.engine_table import ENGINE
from sadari.core.liquidation.table import LIQUIDATION
from sadari.core.position_table import position_lifecycle
from sadari.lifecycle import Lifecycle


def drawn(rungs: int, *, engine: bool = True, position: bool = True) -> str:
    """The lifecycles of the engine, of its liquidation and of a position with some rungs, as Mermaid blocks."""
    chosen = ([ENGINE, LIQUIDATION] if engine else []) + ([position_lifecycle(rungs)] if position else [])
    return "\n\n".join(f"## {_title(lifecycle)}\n\n```mermaid\n{lifecycle.mermaid()}\n```" for lifecycle in chosen)


def _title(lifecycle: Lifecycle) -> str:
    return lifecycle.name[0].upper() + lifecycle.name[1:]

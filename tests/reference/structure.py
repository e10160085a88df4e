"""Swings and breaks as strategies §7.1 and §7.2 tell them: each candle looks at all swings confirmed before it."""

from __future__ import annotations

from collections.abc import Sequence

Swing = tuple[int, int, bool, float]
Break = tuple[int, bool, bool, int, float]


def swings(high: Sequence[float], low: Sequence[float], left: int, right: int) -> list[Swing]:
    """Raw confirmed swings: (row at whose close it is confirmed, its row, high, level)."""
    found: list[Swing] = []
    for row in range(left, len(high) - right):
        near = slice(row - left, row + right + 1)
        if high[row] == max(high[near]):
            found.append((row + right, row, True, high[row]))
        elif low[row] == min(low[near]):
            found.append((row + right, row, False, low[row]))
    return found


def breaks(high: Sequence[float], low: Sequence[float], close: Sequence[float], left: int, right: int) -> list[Break]:
    """Breaks: (row, up, turned, row of the swing, level)."""
    every = swings(high, low, left, right)
    found: list[Break] = []
    for row, price in enumerate(close):
        known = [swing for swing in every if swing[0] < row]
        spent = {(up, swing) for _, up, _, swing, _ in found}
        for up in (True, False):
            latest = next((swing for swing in reversed(known) if swing[2] is up), None)
            if latest is None or (up, latest[1]) in spent:
                continue
            if price > latest[3] if up else price < latest[3]:
                turned = bool(found) and found[-1][1] is not up
                found.append((row, up, turned, latest[1], latest[3]))
                break
    return found

"""The live view: a screen out of one `Status`, for any size of terminal. `render` is a function of what it is given."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from sadari.cli.view_cells import STRONG, WEAK, fit, mark
from sadari.cli.view_positions import blocks
from sadari.cli.view_sections import (
    alerts,
    channels,
    counters,
    decisions,
    head,
    performance,
    streams,
    symbols,
    unprotected,
)
from sadari.run.figures.status import Status

# From this width on positions stand on the left and the rest on the right.
WIDE = 116
GUTTER = " | "
LEFT_SHARE = 0.55
# What decisions and alerts get before positions take the rest.
LEAST_DECISIONS = 4
LEAST_ALERTS = 2


def render(status: Status, width: int, height: int) -> Text:
    """The screen: exactly ``height`` lines of exactly ``width`` cells."""
    lines = head(status, width)
    room = height - len(lines)
    lines += _columns(status, width, room) if width >= WIDE else _stacked(status, width, room)
    blank = [Text()] * max(height - len(lines), 0)
    page = Text("\n").join([fit(line, width) for line in [*lines, *blank][: max(height, 0)]])
    page.no_wrap, page.overflow = True, "crop"
    return page


def _stacked(status: Status, width: int, room: int) -> list[Text]:
    """Positions above, then what happened, then how it runs."""
    foot = [
        *symbols(status),
        *unprotected(status, width),
        *streams(status, width, 1),
        *channels(status, width),
        *counters(status, width),
    ]
    told = alerts(status, LEAST_ALERTS)
    free = room - len(foot) - len(told) - 2
    wanted = blocks(status.positions, width, max(free - 1 - LEAST_DECISIONS, 1))
    shown = decisions(status, width, max(free - len(wanted), 0))
    return [
        _title(f"POSITIONS {len(status.positions)}", "distance to each level in % of the last price", width),
        *wanted,
        _title("DECISIONS", "the last ones, the newest first", width),
        *_filled(shown, free - len(wanted)),
        *told,
        *foot,
    ]


def _columns(status: Status, width: int, room: int) -> list[Text]:
    """Positions on the left, what happened and how it runs on the right."""
    left_width = int((width - len(GUTTER)) * LEFT_SHARE)
    right_width = width - len(GUTTER) - left_width
    left = [
        _title(f"POSITIONS {len(status.positions)}", "each level: price, distance in % of the last one", left_width),
        *blocks(status.positions, left_width, max(room - 1, 1)),
    ]
    told = alerts(status, 2 * LEAST_ALERTS)
    foot = [
        *told,
        _title("STREAMS", "age of the last message", right_width),
        *streams(status, right_width, max(room // 4, 1)),
        _title("ENGINE", "", right_width),
        *symbols(status),
        *unprotected(status, right_width),
        *channels(status, right_width),
        *counters(status, right_width),
        *performance(status, right_width),
    ]
    free = max(room - len(foot) - 1, 1)
    right = [
        _title("DECISIONS", "the newest first", right_width),
        *_filled(decisions(status, right_width, free), free),
        *foot,
    ]
    return _beside(left, left_width, right, right_width, room)


def _beside(left: Sequence[Text], left_width: int, right: Sequence[Text], right_width: int, room: int) -> list[Text]:
    gutter = mark(GUTTER, WEAK)
    return [
        fit(left[row] if row < len(left) else Text(), left_width)
        + gutter
        + fit(right[row] if row < len(right) else Text(), right_width)
        for row in range(max(room, 0))
    ]


def _filled(lines: Sequence[Text], height: int) -> list[Text]:
    """Lines with empty ones behind them, so that what follows stays where it is."""
    return [*lines, *[Text()] * max(height - len(lines), 0)]


def _title(name: str, about: str, width: int) -> Text:
    title = mark(name, STRONG)
    if about and len(name) + len(about) + 2 <= width:
        title.append(f"  {about}", WEAK)
    return title

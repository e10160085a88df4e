"""The positions of the live view: each with every level it waits for, in three, two or one lines as there is room."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from rich.text import Text

from sadari.cli.view_cells import BAD, GOOD, ODD, STRONG, WEAK, fit, gain, joined, mark, percent, price, wrapped
from sadari.run.figures.status import LevelStatus, PositionStatus

INDENT = "  "
# The widest that names get; a longer one is cut.
SYMBOL = 11
STAGE = 10
SHORT = (("recovery", "rec"), ("rung", "r"), (" ", ""))
# What levels are on the line that is drawn of a ladder; a rung is a place to add.
SIGNS = {"stop": "S", "rung": "+", "recovery": "R", "half": "H", "trail": "T", "target": "G"}
PRICE = "@"
STOP = "stop"
PROFIT = ("recovery", "half", "target")


def blocks(positions: Sequence[PositionStatus], width: int, height: int) -> list[Text]:
    """The positions in at most so many lines, as much of each as fits of all.

    Where not even a line of each fits, those nearest to their stops are shown.
    """
    if not positions:
        return [mark("none", WEAK)][:height]
    for shape in (_drawn, _full, _middle):
        lines = [line for position in positions for line in shape(position, width)]
        if len(lines) <= height:
            return lines
    if len(positions) <= height:
        return [_short(position, width) for position in positions]
    shown = sorted(positions, key=to_stop)[: max(height - 1, 0)]
    more = mark(f"and {len(positions) - len(shown)} more, farther from their stops", WEAK)
    return [*(_short(position, width) for position in shown), more][:height]


def to_stop(position: PositionStatus) -> Decimal:
    """How far a position is from its stop, as a share of the price; without a stop it is nearer than any."""
    if position.stop is None or not position.last_price:
        return Decimal(-1)
    return abs(position.stop - position.last_price) / position.last_price


def _drawn(position: PositionStatus, width: int) -> list[Text]:
    """All of it, and the ladder as a line."""
    return [*_head(position, width), *_line(position, width), *_standing(position, width)]


def _line(position: PositionStatus, width: int) -> list[Text]:
    """The levels and the price where they lie between the lowest and the highest of them."""
    last = position.last_price
    if last is None or not position.levels:
        return []
    marks = [
        (level.price, SIGNS.get(level.name.rstrip("0123456789 "), "?"), _style(level.name)) for level in position.levels
    ]
    marks.append((last, PRICE, STRONG))
    low, high = min(at for at, _, _ in marks), max(at for at, _, _ in marks)
    if low == high:
        return []
    cells = width - 2 * len(INDENT)
    line = mark("." * cells, WEAK)
    for at, sign, style in marks:
        cell = int((at - low) / (high - low) * (cells - 1))
        line = line[:cell] + mark(sign, style) + line[cell + 1 :]
    return [Text(INDENT) + line]


def _style(name: str) -> str:
    return BAD if name.startswith(STOP) else GOOD if name.startswith(PROFIT) else ""


def _full(position: PositionStatus, width: int) -> list[Text]:
    """What it is, its levels with their prices, and what stands at the venue."""
    return [*_head(position, width), *_standing(position, width)]


def _standing(position: PositionStatus, width: int) -> list[Text]:
    return [*_rows(_levels(position, priced=True), width), *_rows(_venue(position), width)]


def _middle(position: PositionStatus, width: int) -> list[Text]:
    """What it is, and the distance to each level."""
    return [*_head(position, width), *_rows(_levels(position, priced=False), width)]


def _short(position: PositionStatus, width: int) -> Text:
    """One line: the result, and the distance to each level; the stop first, which is not to be cut off."""
    stop_first = sorted(position.levels, key=lambda level: not level.name.startswith(STOP))
    levels = [_level(level, None, short=True, priced=False) for level in stop_first]
    name = _name(position, SYMBOL) + Text(f"{position.direction:5} {position.stage:{STAGE}.{STAGE}} ")
    return fit(name + joined([gain(position.unrealized), joined(levels, " ")], "  "), width)


def _rows(parts: Sequence[Text], width: int) -> list[Text]:
    return [Text(INDENT) + row for row in wrapped(parts, width - len(INDENT))]


def _name(position: PositionStatus, width: int) -> Text:
    return fit(mark(position.symbol, STRONG), width - 1) + Text(" ")


def _head(position: PositionStatus, width: int) -> list[Text]:
    last, paid = position.last_price, position.avg_price
    stage = position.stage if position.state in {position.stage, ""} else f"{position.stage} {position.state}"
    share = None
    if paid and position.qty and position.unrealized is not None:
        share = position.unrealized / (paid * abs(position.qty))
    parts = [
        _name(position, SYMBOL) + Text(f"{position.direction:5} {stage}"),
        Text(f"{abs(position.qty):,f} @ {price(paid, last)}"),
        Text(f"last {price(last, last)}"),
        gain(position.unrealized) + Text(f" {percent(share)}" if share is not None else ""),
    ]
    first, *others = wrapped(parts, width, "  ")
    return [first, *(Text(INDENT) + row for row in others)]


def _levels(position: PositionStatus, *, priced: bool) -> list[Text]:
    if not position.levels:
        return [mark("waits for no price", WEAK)]
    return [_level(level, position.last_price, short=False, priced=priced) for level in position.levels]


def _level(level: LevelStatus, last: Decimal | None, *, short: bool, priced: bool) -> Text:
    name = level.name
    style = _style(name)
    for long, brief in SHORT if short else ():
        name = name.replace(long, brief)
    shown = [price(level.price, last)] if priced else []
    # One line has no room for the sign of the percent; the heading says what the numbers are.
    far = percent(level.distance)
    shown.append(far.removesuffix("%") if short else far)
    return mark(name, style) + Text(f" {' '.join(shown)}")


def _venue(position: PositionStatus) -> list[Text]:
    parts = [_level(stop, position.last_price, short=False, priced=True) for stop in position.resting_stops]
    resting = [mark("at the venue ", WEAK) + parts[0], *parts[1:]] if parts else [mark("no stop at the venue", BAD)]
    about: list[tuple[bool, Callable[[], Text]]] = [
        (bool(position.stop_reason), lambda: Text(f"stop is {position.stop_reason}")),
        (bool(position.liquidation_price), lambda: Text(_liquidation(position))),
        (bool(position.margin_mode), lambda: mark(position.margin_mode, WEAK)),
        (bool(position.working), lambda: mark(f"working: {position.working}", ODD)),
    ]
    return resting + [make() for wanted, make in about if wanted]


def _liquidation(position: PositionStatus) -> str:
    last, at = position.last_price, position.liquidation_price
    far = (at - last) / last if at is not None and last else None
    return f"liquidation {price(at, last)} {percent(far)}"

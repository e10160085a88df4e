"""The worked vectors of the lines, and what is refused."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from typing import Any

import pytest

from sadari import kernel
from sadari.kernel import Column, LineSet

ONE_TO_TEN = array("d", range(1, 11))
ZIGZAG = array("d", [10, 11, 12, 11, 10, 9, 10, 12, 13, 12])
HIGH = array("d", [10, 11, 12, 11.5, 12.5, 13])
LOW = array("d", [9, 9.8, 10.9, 10.4, 11, 12.1])
CLOSE = array("d", [9.5, 10.8, 11.2, 10.6, 12.2, 12.9])

VECTORS: dict[str, tuple[Callable[[], Column], dict[int, float]]] = {
    "MA5[9]=8": (lambda: kernel.sma(ONE_TO_TEN, 5), {9: 8.0}),
    "BBU(5,2)=10.8284271247": (lambda: kernel.bollinger(ONE_TO_TEN, 5, 2.0)[1], {9: 10.8284271247}),
    "BBL(5,2)=5.1715728753": (lambda: kernel.bollinger(ONE_TO_TEN, 5, 2.0)[2], {9: 5.1715728753}),
    "BBU(5,1)=MA+SD5=8+1.4142135624": (lambda: kernel.bollinger(ONE_TO_TEN, 5, 1.0)[1], {9: 9.4142135624}),
    "ATR(3)=1.2666666667,1.4777777778,1.2851851852": (
        lambda: kernel.atr(HIGH, LOW, CLOSE, 3),
        {3: 1.2666666667, 4: 1.4777777778, 5: 1.2851851852},
    ),
    "MA2[4..9]": (lambda: kernel.sma(ZIGZAG, 2), dict(enumerate([10.5, 9.5, 9.5, 11, 12.5, 12.5], 4))),
    "MA4[4..9]": (lambda: kernel.sma(ZIGZAG, 4), dict(enumerate([11, 10.5, 10, 10.25, 11, 11.75], 4))),
}


@pytest.mark.parametrize(("line", "rows"), VECTORS.values(), ids=VECTORS)
def test_a_line_has_its_worked_values(line: Callable[[], Column], rows: dict[int, float]) -> None:
    """Each vector of the definitions holds to its ten digits."""
    column = line()
    assert {row: column[row] for row in rows} == pytest.approx(rows, rel=1e-10)


@pytest.mark.parametrize(("current", "share"), [(10, 100), (8, 80), (6, 60), (5, 50)])
def test_a_percentile_counts_what_is_not_above_it(current: int, share: int) -> None:
    """PCTL over 1..10: current 10 -> 100, 8 -> 80, 6 -> 60, 5 -> 50."""
    window = [x for x in range(1, 11) if x != current]
    assert kernel.percentile(array("d", [*window, current]), 10)[9] == share


def test_the_zigzag_crosses_golden_at_7_only() -> None:
    """GC(MA2, MA4) fires at t=7 only; DC at t=4 is the first row where both lines were valid before."""
    golden, dead = kernel.crosses(kernel.sma(ZIGZAG, 2), kernel.sma(ZIGZAG, 4))
    assert (golden.tolist(), dead.tolist()) == ([7], [4])


@pytest.mark.parametrize(
    ("a", "golden", "dead"),
    [
        pytest.param([0, 1, 2], [2], [], id="above after touching"),
        pytest.param([2, 1, 2], [2], [], id="touching and back above: not above at the touch"),
        pytest.param([0, 1, 0], [], [2], id="touching and back below"),
        pytest.param([0, 1 + 9e-10, 0], [], [2], id="within the tolerance is touching"),
        pytest.param([0, 1 + 2e-9, 0], [1], [2], id="beyond the tolerance is a cross"),
        pytest.param([math.nan, 2, 2], [], [], id="nothing valid before"),
        pytest.param([0, math.nan, 2], [], [], id="nothing valid between"),
    ],
)
def test_a_cross_needs_a_change_of_side(a: list[float], golden: list[int], dead: list[int]) -> None:
    """Golden: not above, then above. Dead: not below, then below. Equal means within 1e-9."""
    found = kernel.crosses(array("d", a), array("d", [1.0] * 3))
    assert [rows.tolist() for rows in found] == [golden, dead]


def test_a_flat_series_of_700_at_one_tenth_crosses_nothing() -> None:
    """Averages of a constant that no binary fraction equals are equal to each other, never above or below."""
    close = array("d", [0.1]) * 700
    lines = [kernel.sma(close, n) for n in (5, 20, 80, 480)]
    lines += [*kernel.bollinger(close, 200, 2.0), *kernel.bollinger(close, 480, 1.5)]
    for a in lines:
        assert not kernel.falling(a, 1).tolist()
        assert not kernel.rising(a, 1).tolist()
        for b in lines:
            assert [rows.tolist() for rows in kernel.crosses(a, b)] == [[], []]
            assert not any(
                kernel.above(p, q) or kernel.below(p, q) for p, q in zip(a.tolist(), b.tolist(), strict=True)
            )


def test_a_fall_needs_every_step() -> None:
    """FALL(x, 2) holds where two declines in a row end; a standstill begins anew."""
    x = array("d", [5, 4, 3, 3, 2, 1, 0, 1])
    assert kernel.falling(x, 2).tolist() == [2, 5, 6]
    assert kernel.rising(array("d", [-value for value in x]), 2).tolist() == [2, 5, 6]


def test_a_series_that_never_moves_has_strength_50() -> None:
    """Neither gains nor losses: the index is in the middle."""
    assert kernel.rsi(array("d", [3.0] * 20), 14).tolist()[14:] == [50.0] * 6


def test_a_line_of_a_line_starts_at_its_first_number() -> None:
    """The leading NaNs of a line are skipped by the recursive lines over it."""
    inner = kernel.sma(ONE_TO_TEN, 3)
    outer = kernel.ema(inner, 2).tolist()
    assert [math.isnan(value) for value in outer] == [True] * 3 + [False] * 7
    assert outer[3:] == kernel.ema(array("d", inner.tolist()[2:]), 2).tolist()[1:]


def test_a_column_is_read_only_memory_without_a_copy() -> None:
    """Two views of a column show the same memory; none of them may be written."""
    column = kernel.sma(ONE_TO_TEN, 2)
    view = memoryview(column)
    assert (view.format, view.shape, view.readonly, view.c_contiguous) == ("d", (10,), True, True)
    assert view[9] == column[9] == column[-1] == 9.5
    assert memoryview(kernel.falling(ONE_TO_TEN, 1)).format == "q"
    with pytest.raises(IndexError, match="row 10 of a column of 10 rows"):
        column[10]
    del column
    assert view[1] == 1.5


BAD: dict[str, tuple[Callable[[], Any], str]] = {
    "window 0": (lambda: kernel.sma(ONE_TO_TEN, 0), "n is 0, but must be from 1 to 1000000"),
    "k": (lambda: kernel.bollinger(ONE_TO_TEN, 2, math.nan), "k is NaN, but must be finite and not negative"),
    "a list": (lambda: kernel.sma([1.0], 1), "is of type list, but must be a contiguous one-dimensional buffer of f64"),  # type: ignore[arg-type]
    "floats of 4 bytes": (lambda: kernel.sma(array("f", [1.0]), 1), "buffer of f64"),
    "every second value": (lambda: kernel.sma(memoryview(ONE_TO_TEN)[::2], 1), "contiguous"),
    "lengths": (lambda: kernel.atr(HIGH, LOW, ONE_TO_TEN, 1), "the length of high is 6, but must be that of close, 10"),
    "line": (lambda: LineSet([("hull", 9)]), "a line is .'hull', 9., but must be"),
    "line without width": (lambda: LineSet([("bollinger", 9)]), "a line is .'bollinger', 9., but must be"),
    "line of 0": (lambda: LineSet([("sma", 0)]), "n is 0"),
}


@pytest.mark.parametrize(("call", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_argument_is_one_sentence(call: Callable[[], Any], sentence: str) -> None:
    """The message names the argument, its value and what is allowed."""
    with pytest.raises(ValueError, match=sentence):
        call()


def test_a_line_set_names_its_values_in_order() -> None:
    """Bands take three places; a place that does not exist is an IndexError."""
    lines = LineSet([("sma", 5), ("bollinger", 200, 2.0), ("atr", 14)])
    bands = ["bollinger(200,2).middle", "bollinger(200,2).upper", "bollinger(200,2).lower"]
    assert lines.names == ["sma(5)", *bands, "atr(14)"]
    assert all(map(math.isnan, lines.tolist()))
    with pytest.raises(IndexError, match="value 5 of 5"):
        lines[5]

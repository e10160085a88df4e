"""How volatile a symbol is beside its past."""

from __future__ import annotations

from array import array
from dataclasses import replace

import pytest

from sadari.kernel import natr, percentile
from sadari.model.units import MINUTE_NS
from sadari.sensors.frames import closed_frames
from sadari.sensors.volatility import Volatility
from tests.reference.tapes import START_NS, made_up

FRAME_NS = 3 * MINUTE_NS
ROWS = 3 * 900


def test_it_is_the_percentile_of_the_range_at_the_last_closed_frame() -> None:
    """As the kernel's lines over all frames say, from the 651st frame on and inside the next frame too."""
    candles = made_up(4, ROWS)
    frames = closed_frames(candles, FRAME_NS)
    line = percentile(natr(frames.high, frames.low, frames.close, 14), 500)
    volatility = Volatility(candles)
    for row in range(650, 900, 7):
        close_ns = START_NS + (row + 1) * FRAME_NS
        assert volatility.at(close_ns) == volatility.at(close_ns + FRAME_NS - 1) == line[row]


def test_it_is_unknown_until_the_series_is_warm() -> None:
    """650 frames must lie before the one that is asked for (D-28), and after a hole again."""
    candles = made_up(4, ROWS)
    volatility = Volatility(candles)
    warm_ns = START_NS + 651 * FRAME_NS
    assert volatility.at(warm_ns - 1) is None
    assert volatility.at(warm_ns) is not None
    assert volatility.at(START_NS - 1) is None
    holed = Volatility(candles.without([400 * 3]))
    assert holed.at(START_NS + 900 * FRAME_NS) is None


def test_it_is_unknown_where_the_last_frame_is_missing_or_nobody_traded() -> None:
    """A stale frame and a quiet market say nothing."""
    candles = made_up(4, ROWS)
    end_ns = START_NS + 900 * FRAME_NS
    volatility = Volatility(candles)
    assert volatility.at(end_ns + FRAME_NS - 1) is not None
    assert volatility.at(end_ns + FRAME_NS) is None
    for minutes, known in ((15, True), (18, False)):
        traded = array("d", candles.volume.tolist()[:-minutes] + [0] * minutes)
        assert (Volatility(replace(candles, volume=memoryview(traded))).at(end_ns) is not None) is known


@pytest.mark.parametrize("extra", [0, 5, 700])
def test_it_does_not_depend_on_how_much_history_was_loaded(extra: int) -> None:
    """The series starts a fixed number of frames before the run."""
    whole = made_up(9, 3 * 1_500)
    start_ns = START_NS + 1_400 * FRAME_NS
    first = (1_400 - 651) * 3
    least = Volatility(whole.rows(slice(first, None)), start_ns)
    more = Volatility(whole.rows(slice(first - extra, None)), start_ns)
    times = [start_ns + minute * MINUTE_NS for minute in range(300)]
    assert [least.at(time) for time in times] == [more.at(time) for time in times]
    assert least.at(start_ns) is not None


def test_nothing_later_changes_it() -> None:
    """Prefix invariance."""
    candles = made_up(6, ROWS)
    whole = Volatility(candles)
    for cut in range(3 * 651, ROWS, 101):
        time_ns = START_NS + cut * MINUTE_NS
        assert Volatility(candles.rows(slice(cut))).at(time_ns) == whole.at(time_ns)


def test_frame_length_and_window_are_settings() -> None:
    """Five-minute frames among 20: warm after 170 of them."""
    volatility = Volatility(made_up(2, 1_000), frame_ns=5 * MINUTE_NS, window=20)
    assert volatility.at(START_NS + 171 * 5 * MINUTE_NS - 1) is None
    assert volatility.at(START_NS + 171 * 5 * MINUTE_NS) in {5.0 * n for n in range(1, 21)}

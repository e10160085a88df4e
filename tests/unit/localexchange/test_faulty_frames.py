"""What becomes of outgoing frames under each fault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.localexchange.faults.faults import Faults
from sadari.localexchange.faults.file import load_faults
from sadari.localexchange.faults.frames import CloseConnection, FrameFaults, Outgoing
from sadari.model.units import SECOND_NS


def filtered(text: str, frames: list[bytes], stream: str = "btcusdt@aggTrade", connection: int = 1) -> list[Outgoing]:
    """What a filter makes of frames, one after the other at one time."""
    frame_faults = FrameFaults(Faults(load_faults(text), 1, 0), lambda: 0)
    return [frame_faults(connection, stream, frame) for frame in frames]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('verb = "drop_frame"', [[], [(0.0, b"[2]")]]),
        ('verb = "duplicate_frame"\ncopies = 2', [[(0.0, b"[1]")] * 3, [(0.0, b"[2]")]]),
        ('verb = "duplicate_frame"\nafter_s = 3', [[(0.0, b"[1]"), (3.0, b"[1]")], [(0.0, b"[2]")]]),
        ('verb = "delay_frame"\nseconds = 1.5', [[(1.5, b"[1]")], [(0.0, b"[2]")]]),
        ('verb = "reorder_frame"', [[], [(0.0, b"[2]"), (0.0, b"[1]")]]),
        ('verb = "malformed_frame"', [[(0.0, b"[")], [(0.0, b"[2]")]]),
        ('verb = "malformed_frame"\ntext = "NaN"', [[(0.0, b"NaN")], [(0.0, b"[2]")]]),
        ('verb = "alter_frame"\nfind = "1"\nput = "0"', [[(0.0, b"[0]")], [(0.0, b"[2]")]]),
        ('verb = "huge_frame"\nsize = 5', [[(0.0, b"[1]  ")], [(0.0, b"[2]")]]),
        ('verb = "drop_frame"\ncontains = "2"', [[(0.0, b"[1]")], []]),
        ('verb = "drop_frame"\nstream = "*@trade"', [[(0.0, b"[1]")], [(0.0, b"[2]")]]),
        ('verb = "lost_reply"', [[(0.0, b"[1]")], [(0.0, b"[2]")]]),
    ],
)
def test_each_verb_does_to_the_frame_what_it_says(rule: str, expected: list[Outgoing]) -> None:
    """Two frames, of which the first that matches is hit."""
    assert filtered(f"[[fault]]\n{rule}\ntimes = 1\n", [b"[1]", b"[2]"]) == expected


def test_without_a_rule_on_frames_the_clock_is_not_even_read() -> None:
    """The way of twenty thousand frames a second is short."""
    frame_faults = FrameFaults(Faults([], 1, 0), lambda: 1 // 0)
    assert frame_faults(1, "btcusdt@trade", b"x") == [(0.0, b"x")]


def test_a_stall_silences_one_connection_until_its_time() -> None:
    """What would have been sent meanwhile is lost; another connection goes on."""
    now_ns = [0]
    faults = Faults(load_faults('[[fault]]\nverb = "stall"\nseconds = 10\nnth = 2\n'), 1, 0)
    frame_faults = FrameFaults(faults, lambda: now_ns[0])
    assert frame_faults(1, "a", b"1") == [(0.0, b"1")]
    assert frame_faults(1, "a", b"2") == []
    now_ns[0] = 10 * SECOND_NS - 1
    assert frame_faults(1, "b", b"3") == []
    assert frame_faults(2, "a", b"4") == [(0.0, b"4")]
    now_ns[0] = 10 * SECOND_NS
    assert frame_faults(1, "a", b"5") == [(0.0, b"5")]


def test_a_close_asks_the_server_to_close() -> None:
    """The code is the rule's."""
    with pytest.raises(CloseConnection) as asked:
        filtered('[[fault]]\nverb = "close"\ncode = 1008\n', [b"1"])
    assert asked.value.code == 1008


def test_a_held_frame_goes_out_behind_its_own_connection_only() -> None:
    """Frames to others do not let it go, and a connection that has ended takes it along."""
    faults = Faults(load_faults('[[fault]]\nverb = "reorder_frame"\nbehind = 2\ntimes = 2\n'), 1, 0)
    frame_faults = FrameFaults(faults, lambda: 0)
    assert frame_faults(1, "a", b"1") == []
    assert frame_faults(2, "a", b"2") == []
    frame_faults.forget(2)
    assert frame_faults(1, "a", b"3") == [(0.0, b"3")]
    assert frame_faults(1, "a", b"4") == [(0.0, b"4"), (0.0, b"1")]
    assert frame_faults(2, "a", b"5") == [(0.0, b"5")]
    assert frame_faults(2, "a", b"6") == [(0.0, b"6")]


@given(st.lists(st.integers(1, 3), max_size=30), st.integers(0, 99))
def test_reordering_loses_and_invents_nothing(connections: list[int], seed: int) -> None:
    """Once enough frames have followed, each has gone out exactly once on its own connection."""
    text = '[[fault]]\nverb = "reorder_frame"\nprobability = 0.5\nbehind = 3\nuntil_s = 1\n'
    now_ns = [0]
    frame_faults = FrameFaults(Faults(load_faults(text), seed, 0), lambda: now_ns[0])
    sent: dict[int, list[bytes]] = {1: [], 2: [], 3: []}
    put: dict[int, list[bytes]] = {1: [], 2: [], 3: []}
    frames = [(connection, b"%d" % number) for number, connection in enumerate(connections)]
    for connection, frame in [*frames, *((connection, b"end") for connection in (1, 2, 3) for _ in range(3))]:
        now_ns[0] = 2 * SECOND_NS if frame == b"end" else 0
        put[connection].append(frame)
        sent[connection] += [out for _, out in frame_faults(connection, "a", frame)]
    assert {key: sorted(value) for key, value in sent.items()} == {key: sorted(value) for key, value in put.items()}

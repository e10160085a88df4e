"""Starting an engine: begun or gone on with by one call, under ids of its own, and awake from every state."""

from __future__ import annotations

from pathlib import Path

import pytest

from sadari.core.engine_table import OPERATOR_EVENTS, EngineState
from sadari.errors import ConfigError
from sadari.model.command import PlaceOrder
from sadari.model.event import AlarmRang, EngineTurned, Event, OperatorRequested
from sadari.run.live.opening import Opened
from sadari.run.live.resume import begin_or_resume
from sadari.store.backup import begin_anew
from sadari.store.folder import Folder
from tests.live_folder import CLOCK, header, kept, story
from tests.unit.run.test_resume import again, driven_on


def test_what_is_not_there_is_begun_and_what_is_there_goes_on(tmp_path: Path) -> None:
    """The same call at every start."""
    folder = Folder(tmp_path / "deep" / "state")
    folder.make()
    for events in (0, 1, 2):
        started = begin_or_resume(folder.journal, header(), CLOCK)
        assert started.events == events
        driven_on(started, [AlarmRang(time_ns=events, name="retry:BTCUSDT:1")])
        started.journal.close()


def test_ids_of_another_generation_are_other_ids(tmp_path: Path) -> None:
    """They begin with the engine's name all the same."""
    folder = Folder(tmp_path)
    begin_or_resume(folder.journal, header(), CLOCK).journal.close()
    begin_anew(folder, 0)
    started = begin_or_resume(folder.journal, header(), CLOCK)
    assert started.header.settings.run_id == "run-g1"
    _, done = driven_on(started, story().events)
    ids = {one.client_order_id for one in done if isinstance(one, PlaceOrder)}
    assert ids
    assert all(client_order_id.startswith("run-g1-") for client_order_id in ids)
    started.journal.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file is in its place."""
    (tmp_path / "state").touch()
    with pytest.raises(ConfigError, match="the folder cannot be made"):
        Folder(tmp_path / "state").make()


PATHS: dict[EngineState, tuple[str, ...]] = {
    EngineState.IDLE: (),
    EngineState.STARTING: ("start",),
    EngineState.RECONCILING: ("start", "start_ok"),
    EngineState.RUNNING: ("start", "start_ok", "reconciled"),
    EngineState.PAUSED: ("start", "start_ok", "reconciled", "pause"),
    EngineState.DEGRADED: ("start", "start_ok", "data_lost"),
    EngineState.STOPPING: ("start", "start_ok", "stop_keep"),
    EngineState.STOPPED: ("start", "start_ok", "stop_keep", "drained"),
    EngineState.FAILED: ("start", "fatal"),
    EngineState.LIQUIDATING: ("start", "start_ok", "liquidation_authorised"),
}


def turned(name: str) -> Event:
    """An operator's wish or a fact about the engine's life, by its name."""
    if name in OPERATOR_EVENTS:
        return OperatorRequested(time_ns=1, command=name, actor="anna")
    return EngineTurned(time_ns=1, trigger=name)


@pytest.mark.parametrize("state", EngineState)
def test_a_rebuilt_engine_wakes_from_every_state(tmp_path: Path, state: EngineState) -> None:
    """To RECONCILING by moves that its table lists; what it was paused for stays."""
    resumed = again(kept(tmp_path, [turned(name) for name in PATHS[state]]))
    assert resumed.engine.state is state
    own = resumed.header.settings
    opened = Opened(resumed.engine, resumed.journal, own, {}, resumed.remembered, resumed.header.instruments)
    driven_on(resumed, [*opened.first_events(own, 2), turned("start_ok")])
    assert resumed.engine.state == EngineState.RECONCILING.value
    driven_on(resumed, [turned("reconciled")])
    goes_on = EngineState.PAUSED if state is EngineState.PAUSED else EngineState.RUNNING
    assert resumed.engine.state == goes_on.value
    resumed.journal.close()

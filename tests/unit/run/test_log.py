"""The log of a live engine, a line for each thing that is told."""

from __future__ import annotations

import pytest

from sadari.run.operator import main
from sadari.run.settings.alert_channels import Hidden
from sadari.run.settings.keys import Secret


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("paused by anna: 뉴스", "paused by anna: 뉴스"),
        ("by anna: a\n12:00:00 critical: all is closed", r"by anna: a\n12:00:00 critical: all is closed"),
        ("by anna: \x1b[31mred\r", r"by anna: \x1b[31mred\r"),
        ("the key is secret-word", "the key is ***"),
    ],
)
def test_a_text_of_somebody_else_forges_no_line_and_commands_no_terminal(
    told: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cause comes from whoever asks; what cannot be printed is written out, and secrets are masked."""
    main._log(Hidden([Secret("secret-word")]), quiet=False)(told)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" ")[2] for line in lines] == [shown]

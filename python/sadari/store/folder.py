"""What is where in the folder of an engine."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sadari.errors import ConfigError

# What a refusal tells a person to do.
MEND = "see sadari repair"
CARE = "see that its disk is well and has room, then start again"


class Folder(NamedTuple):
    """The folder of one engine; nothing of another may be in it."""

    path: Path

    def make(self) -> None:
        """Make it if it is not there.

        Raises:
            ConfigError: It cannot be made.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{self.path}: the folder cannot be made ({error.strerror}); {CARE}") from error

    @property
    def journal(self) -> Path:
        """The journal; its reserve and SQLite's own files stand beside it."""
        return self.path / "engine.journal"

    @property
    def socket(self) -> Path:
        """The control socket, while an engine runs."""
        return self.path / "control.sock"

    @property
    def audit(self) -> Path:
        """One file of audit lines for each day."""
        return self.path / "audit"

    @property
    def alerts(self) -> Path:
        """A line of JSON for each notice of an alert."""
        return self.path / "alerts.jsonl"

    @property
    def backups(self) -> Path:
        """One folder for each backup, named by its time."""
        return self.path / "backups"

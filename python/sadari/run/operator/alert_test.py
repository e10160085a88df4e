"""A test message through the configured channels."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from sadari.errors import ConfigError
from sadari.notify.texts import trial
from sadari.run.settings.alert_channels import FILE, Tried, addresses, channels, try_each
from sadari.run.settings.config import load
from sadari.store.folder import Folder
from sadari.venue.clock import wall_ns


def tried(path: Path, only: str | None = None) -> list[Tried]:
    """What became of a test message on each channel of a configuration, or on one of them.

    Raises:
        ConfigError: The configuration cannot be used, there is no channel, or none of that name.
    """
    config = load(path)
    section, folder = config.alerts, Folder(Path(config.venue.folder))
    known = [*section.channels, *([FILE] if section.file else [])]
    if only is not None and only not in known:
        raise ConfigError(f"there is no channel {only!r}; allowed: {', '.join(known) or 'none is configured'}")
    if not known:
        raise ConfigError(f"{path}: no channel is configured; allowed: sections such as [alerts.channels.phone]")
    if only is not None:
        wanted = {name: one for name, one in section.channels.items() if name == only}
        section = msgspec.structs.replace(section, channels=wanted, file=only == FILE)
    if section.file:
        folder.make()
    made = channels(section, addresses(section, os.environ), folder)
    message = trial(section.language, config.engine.name, wall_ns())
    return try_each(made, message, section.timeout_s)

"""How long the venue has asked for silence, kept for the next process: a ban grows with every request (F17)."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from sadari.errors import ConfigError
from sadari.store.reserve import sync_folder

NAME = "silence.json"


class Silence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long it lasts, in ns, from a moment by this machine's two clocks: the wall's, and one that is never set."""

    lasts_ns: int
    wall_ns: int
    steady_ns: int

    def left_ns(self, wall_ns: int, steady_ns: int) -> int:
        """How much of it is left, by whichever clock says more: one was set meanwhile, or the other began anew."""
        gone = [max(0, wall_ns - self.wall_ns)]
        if steady_ns >= self.steady_ns:
            gone.append(steady_ns - self.steady_ns)
        return max(0, self.lasts_ns - min(gone))


def keep_silence(folder: Path, silence: Silence) -> None:
    """Write it down.

    Raises:
        ConfigError: It cannot be written.
    """
    fresh = folder / f"{NAME}.new"
    try:
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(silence))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / NAME)
        sync_folder(folder)
    except OSError as error:
        raise ConfigError(f"{folder / NAME}: cannot be written ({error.strerror})") from error


def silence_left_ns(folder: Path, wall_ns: int, steady_ns: int) -> int:
    """How long nothing is to be asked, 0 if nothing is known of that.

    Raises:
        ConfigError: What was written cannot be read.
    """
    path = folder / NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Silence).left_ns(wall_ns, steady_ns)
    except FileNotFoundError:
        return 0
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({error}); it says how long the venue has asked for silence: look there, then "
            "delete the file"
        ) from error

"""The configured channels, with their addresses out of the environment or out of files that nobody else may read.

An address holds a token. It is shown nowhere, and whatever is sent or written has it masked.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from sadari.core.alerts import Severity
from sadari.errors import ConfigError
from sadari.notify.by_apprise import sender
from sadari.notify.courier import Channel, Courier, Message
from sadari.notify.in_file import appender
from sadari.notify.texts import lost
from sadari.run.settings.alert_sections import AlertsSection, ChannelSection
from sadari.run.settings.keys import MASK, Keys, Secret, read_private
from sadari.store.folder import Folder

PREFIX = "SADARI_ALERT_"
FILE = "file"
# A part of an address that is shorter says nothing.
_LEAST = 6
_PARTS = re.compile(r"[/:@?&=,]+")


class Hidden:
    """Masks secrets in texts.

    Args:
        secrets: Keys, and addresses with all their parts.
    """

    def __init__(self, secrets: Iterable[Secret]) -> None:
        found = {part for secret in secrets for part in _parts(secret.reveal())}
        longest = sorted(found, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest))) if longest else None

    def mask(self, text: str) -> str:
        """The text without any of them."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def message(self, message: Message) -> Message:
        """The message without any of them."""
        return message._replace(
            title=self.mask(message.title), body=self.mask(message.body), record=self.mask(message.record)
        )


def _parts(text: str) -> Iterable[str]:
    yield text
    if "://" in text:
        # Behind the kind of channel, which is no secret.
        yield from (part for part in _PARTS.split(text.partition("://")[2]) if len(part) >= _LEAST)


def addresses(section: AlertsSection, environment: Mapping[str, str]) -> dict[str, Secret]:
    """The address of each channel.

    Raises:
        ConfigError: One is missing, stands in two places, or its file may be read by others.
    """
    return {name: _address(name, channel, environment) for name, channel in section.channels.items()}


def _address(name: str, channel: ChannelSection, environment: Mapping[str, str]) -> Secret:
    place = f"[alerts.channels.{name}]"
    if channel.env and channel.key_file:
        raise ConfigError(f"{place} has both env and key_file; allowed: one of them")
    if channel.key_file:
        try:
            address = read_private(Path(channel.key_file)).strip()
        except ConfigError as error:
            raise ConfigError(f"{place} key_file: {error}") from error
        where = channel.key_file
    else:
        where = channel.env or PREFIX + re.sub(r"\W", "_", name).upper()
        address = environment.get(where, "").strip()
    if not address:
        raise ConfigError(
            f"{place} has no address: {where} is missing or empty; allowed: an address of Apprise in the environment "
            "variable that env names, or in a file of mode 0600 that key_file names"
        )
    return Secret(address)


def hidden(addresses: Mapping[str, Secret], keys: Keys | None) -> Hidden:
    """What masks every secret of an engine."""
    return Hidden([*addresses.values(), *(() if keys is None else keys)])


def channels(section: AlertsSection, addresses: Mapping[str, Secret], folder: Folder | None) -> list[Channel]:
    """Every channel; the file is one of them.

    Raises:
        ConfigError: Apprise is missing, or an address is none of its.
    """
    found = [
        Channel(name, sender(name, addresses[name].reveal()), channel.least)
        for name, channel in section.channels.items()
    ]
    if section.file and folder is not None:
        found.append(Channel(FILE, appender(folder.alerts), Severity.INFO))
    return found


def courier_of(
    section: AlertsSection, channels: list[Channel], say: Callable[[str], None], steady_ns: Callable[[], int]
) -> Courier:
    """What takes messages to the channels."""
    return Courier(
        channels, most=section.queue, patience_s=section.timeout_s, steady_ns=steady_ns, say=say,
        lost=lambda number: lost(section.language, number),
    )  # fmt: skip


class Tried(NamedTuple):
    """What became of a test message; ``fault`` is empty where it was taken."""

    channel: str
    fault: str


def try_each(channels: Iterable[Channel], message: Message, within_s: float) -> list[Tried]:
    """Send a message through each channel at once, and wait for each, but not for ever."""
    faults: dict[str, str] = {}

    def send(channel: Channel) -> None:
        try:
            channel.send(message)
        except Exception as error:  # noqa: BLE001 - whatever a channel raises is what became of the message
            # Only its kind: the text of an error may hold the address.
            faults[channel.name] = f"not taken ({type(error).__name__})"
        else:
            faults[channel.name] = ""

    threads = {
        channel.name: threading.Thread(target=send, args=(channel,), daemon=True, name=f"test of {channel.name}")
        for channel in channels
    }
    for thread in threads.values():
        thread.start()
    for thread in threads.values():
        thread.join(within_s)
    return [Tried(name, faults.get(name, f"no answer within {within_s:.0f} s")) for name in threads]

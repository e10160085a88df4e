"""Channels through Apprise: Telegram, Slack, e-mail, SMS, webhooks, the desktop, and whatever else it knows.

Apprise is the `alerts` extra: the engine runs without it as long as no channel is configured.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol

from sadari.errors import ConfigError, RetryableError

INSTALL = "pip install 'sadari[alerts]'"


class Words(Protocol):
    """What is read of a message."""

    @property
    def title(self) -> str:
        """One line."""

    @property
    def body(self) -> str:
        """The rest."""


def sender(name: str, address: str) -> Callable[[Words], None]:
    """What sends messages to one address.

    Args:
        name: Of the channel, for what is said about it.
        address: A URL of Apprise; it holds the token and is shown nowhere.

    Raises:
        ConfigError: Apprise is not installed, or this is none of its addresses.
    """
    try:
        import apprise
    except ImportError as error:
        raise ConfigError(f"[alerts.channels.{name}] needs Apprise, which is not installed: {INSTALL}") from error
    _hush()
    # Whatever Apprise would open beside the one address of the configuration stays closed.
    target: Any = apprise.Apprise()
    if not target.add(address):
        raise ConfigError(
            f"[alerts.channels.{name}] its address is none that Apprise knows; allowed: as tgram://TOKEN/CHAT, "
            "slack://A/B/C, mailtos://USER:PASSWORD@HOST, json://HOST"
        )

    def send(message: Words) -> None:
        if not target.notify(title=message.title, body=message.body, body_format="text"):
            raise RetryableError("not taken")

    return send


def _hush() -> None:
    """Its own log may hold addresses: nothing of it is written anywhere."""
    logger = logging.getLogger("apprise")
    logger.handlers = [logging.NullHandler()]
    logger.propagate = False
    logger.setLevel(logging.CRITICAL + 1)

"""What is configured of alerts."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from sadari.core.alerts import Severity
from sadari.core.conditions import Limits
from sadari.model.plan import Daily, Risk


class ChannelSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel: where its address is found, never the address itself, which holds a token.

    Attributes:
        env: The environment variable that has the address; without either it is SADARI_ALERT_ and the channel's name.
        key_file: A file of mode 0600 that has nothing but the address.
        least: The mildest severity that it is for.
    """

    env: str = ""
    key_file: str = ""
    least: Severity = Severity.WARNING


class AlertsSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Alerts: thresholds that are no limits of the account, what is done beyond them, and who is told how.

    Attributes:
        language: Of what a person reads.
        max_drawdown_pct: How far equity may fall from its peak.
        drawdown_window: Which peak: of the UTC day, or of the engine's whole life.
        on_drawdown: Whether entries and adds pause then until an operator resumes.
        max_position_loss_pct: How far the price may move against an average price.
        on_position_loss: Whether the position is closed then.
        file: Whether every notice is written to alerts.jsonl in the engine's folder.
        queue: How many messages may wait for one channel.
        timeout_s: After how many seconds a channel that does not answer is told of in the log.
        channels: By name.
    """

    language: Literal["en", "ko"] = "en"
    max_drawdown_pct: Decimal = Decimal("0.10")
    drawdown_window: Literal["day", "all"] = "day"
    on_drawdown: Literal["pause", "consider"] = "pause"
    max_position_loss_pct: Decimal = Decimal("0.15")
    on_position_loss: Literal["exit", "consider"] = "exit"
    file: bool = True
    queue: int = 100
    timeout_s: int = 10
    channels: dict[str, ChannelSection] = {}

    def limits(self, risk: Risk, daily: Daily) -> Limits:
        """The thresholds of the conditions; what limits admission as well is set where that is.

        There are too many shorts when there are more than admission could ever have let in, trend included.
        """
        return Limits(
            drawdown=self.max_drawdown_pct,
            position_loss=self.max_position_loss_pct,
            shorts=risk.max_shorts + risk.bearish_shorts,
            short_risk=risk.max_short_risk_pct,
            day_loss=daily.max_loss_pct,
            whole_life=self.drawdown_window == "all",
        )

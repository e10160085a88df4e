"""An account examined before anything is traded on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sadari.errors import FatalError
from sadari.venue.live.account.account_findings import account_findings
from sadari.venue.live.account.findings import Expected, Finding, Readings, Severity
from sadari.venue.live.account.readings import read_all
from sadari.venue.live.account.symbol_findings import symbol_findings
from sadari.venue.live.ports import Caller

_ORDER = list(Severity)


async def examine(
    caller: Caller,
    now_ns: Callable[[], int],
    expected: Expected,
    *,
    wallet_host: bool,
    weight_used: Callable[[], int] | None = None,
) -> list[Finding]:
    """Read an account and say what is found, the gravest first.

    Args:
        caller: Asks the exchange.
        now_ns: This machine's clock.
        expected: What will be traded.
        wallet_host: Whether there is a host that tells what the key may do.
        weight_used: What the address has used of the request weight in this minute, where that is known.
    """
    readings = await read_all(caller, now_ns, expected, wallet_host=wallet_host)
    readings.weight_used = None if weight_used is None else weight_used()
    return found(readings, expected)


def found(readings: Readings, expected: Expected) -> list[Finding]:
    """What readings show, the gravest first."""
    findings = [*account_findings(readings, expected), *symbol_findings(readings, expected)]
    return sorted(findings, key=lambda finding: _ORDER.index(finding.severity))


def forbidding(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that forbid a start."""
    return [finding for finding in findings if finding.severity is Severity.FORBIDS]


def refuse(findings: Sequence[Finding]) -> None:
    """Refuse a start for what forbids it.

    Raises:
        FatalError: Something does; each with its remedy.
    """
    forbids = forbidding(findings)
    if forbids:
        told = "; ".join(f"{one.subject}: {one.found} (remedy: {one.remedy})" for one in forbids)
        raise FatalError(f"the account is not fit to trade on: {told}")

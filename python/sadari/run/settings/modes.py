"""What each mode of a live engine asks for before it may start, and where it connects to."""

from __future__ import annotations

from sadari.errors import ConfigError
from sadari.run.settings.config import Config, Raw
from sadari.run.settings.hosts import HOSTS, Hosts

# In these the balance is the account's own; a configured one would be an invention (requirement R002-5).
OWN_BALANCE = ("live", "testnet")
WITH_ACCOUNT = ("local", "testnet", "live")


def hosts_of(config: Config) -> Hosts:
    """The addresses of the configured mode; each that the configuration names replaces the mode's.

    Raises:
        ConfigError: The mode has no venue, or local lacks an address.
    """
    mode, venue = config.engine.mode, config.venue
    if mode == "backtest":
        raise ConfigError("[engine] mode is backtest; allowed here: local, paper, testnet, live")
    # Paper sees the live market.
    base = HOSTS.get("live" if mode == "paper" else mode, Hosts("", "", "", ""))
    hosts = Hosts(*(getattr(venue, name) or getattr(base, name) for name in Hosts._fields))
    missing = [name for name in ("rest", "streams", "ws_api") if not getattr(hosts, name)]
    if missing:
        raise ConfigError(
            f"[venue] lacks {', '.join(missing)}: mode {mode} needs the addresses that sadari exchange prints"
        )
    for name in Hosts._fields:
        address = getattr(hosts, name)
        allowed = ("http://", "https://") if name in {"rest", "wallet"} else ("ws://", "wss://")
        if address and not address.startswith(allowed):
            raise ConfigError(
                f'[venue] {name} is "{address}"; allowed: an address that begins with {allowed[0]} or {allowed[1]}'
            )
    return Hosts(*(address.rstrip("/") for address in hosts))


def check_account_mode(config: Config) -> None:
    """Refuse a mode without an account at a venue.

    Raises:
        ConfigError: It is backtest or paper.
    """
    if config.engine.mode not in WITH_ACCOUNT:
        raise ConfigError(f"[engine] mode is {config.engine.mode}; allowed here: {', '.join(WITH_ACCOUNT)}")


def check_balance(raw: Raw, config: Config) -> None:
    """Refuse a balance that is configured where the account has its own.

    Args:
        raw: The configuration as it stands in its file.
        config: The same, decoded.

    Raises:
        ConfigError: There is one.
    """
    mode = config.engine.mode
    if mode in OWN_BALANCE and "balance" in raw.get("account", {}):
        raise ConfigError(
            f"[account] balance is {raw['account']['balance']} while [engine] mode is {mode}; allowed: none, "
            "the balance is the account's own"
        )


def check_acknowledged(config: Config) -> None:
    """Refuse to trade live before the worst case was looked at; whether it is enough is for the examination to say.

    Raises:
        ConfigError: Nothing is acknowledged in mode live.
    """
    if config.engine.mode == "live" and config.venue.acknowledged_worst_case_pct is None:
        raise ConfigError(
            "[venue] acknowledged_worst_case_pct is not set while [engine] mode is live; allowed: at least the worst "
            "case that sadari doctor computes, as a fraction of the balance"
        )

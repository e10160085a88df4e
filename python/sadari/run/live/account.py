"""An account at a venue without an engine on it: connected, examined, its symbols prepared."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from sadari.binance.budget import Budget
from sadari.binance.decode import symbol_of
from sadari.binance.sign import signer
from sadari.errors import ConfigError
from sadari.model.order import MarginMode
from sadari.run.settings.config import Config, decode, read
from sadari.run.settings.hosts import Hosts
from sadari.run.settings.keys import Binding, Keys, bind, check_binding
from sadari.run.settings.modes import check_account_mode, check_balance, hosts_of
from sadari.venue.clock import wall_ns
from sadari.venue.live.account.examination import examine
from sadari.venue.live.account.findings import Expected, Finding
from sadari.venue.live.account.preparation import Preparation, Prepared, Wish
from sadari.venue.live.wire.rest import Rest
from sadari.venue.live.wire.server_clock import ServerClock

ENGINE_S = 5.0


def load_for_account(path: Path) -> Config:
    """A configuration for an account at a venue.

    Raises:
        ConfigError: See `config.load`; or its mode has no account, or it names a balance that the account has itself.
    """
    raw = read(path)
    try:
        config = decode(raw)
        check_account_mode(config)
        check_balance(raw, config)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return config


def engine_answers(path: Path) -> bool:
    """Whether an engine listens on a control socket; one that was left behind by a dead engine does not."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ENGINE_S)
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


def binding_of(config: Config, keys: Keys) -> Binding:
    """What an engine's folder is bound to; a local exchange may have another address each time."""
    mode = config.engine.mode
    return Binding(mode, "" if mode == "local" else hosts_of(config).rest, keys.fingerprint)


def expected_of(config: Config) -> Expected:
    """What the engine is to do on the account.

    Raises:
        ConfigError: A symbol is in neither of the two forms.
    """
    venue = config.venue
    return Expected(
        mode=config.engine.mode,
        settings=config.settings(),
        symbols=tuple(dict.fromkeys(_symbol(text, "symbols") for text in venue.symbols)),
        margin_modes={_symbol(text, "margin_modes"): mode for text, mode in venue.margin_modes.items()},
        on_multi_assets=venue.on_multi_assets,
        acknowledged=venue.acknowledged_worst_case_pct,
        sync_s=venue.sync_s,
    )


def _symbol(text: str, key: str) -> str:
    try:
        return symbol_of(text)
    except ConfigError as error:
        raise ConfigError(f"[venue] {key}: {error}") from error


def wishes_of(
    config: Config, symbols: Sequence[str], *, leverage: int | None = None, margin_mode: MarginMode | None = None
) -> list[Wish]:
    """What symbols are to be set to: by the configuration, but for what is given here.

    Raises:
        ConfigError: A symbol is in neither of the two forms.
    """
    expected = expected_of(config)
    return [
        Wish(
            symbol,
            config.ladder.leverage if leverage is None else leverage,
            margin_mode or expected.margin_mode(symbol),
        )
        for symbol in map(symbol_of, symbols)
    ]


async def examine_account(config: Config, keys: Keys, now_ns: Callable[[], int] = wall_ns) -> list[Finding]:
    """What an examination finds, the gravest first. Nothing is changed, at the venue or here.

    Raises:
        ConfigError: The configuration or the keys cannot be used, or the engine's folder belongs to others.
        RetryableError: The venue does not answer.
    """
    check_binding(Path(config.venue.folder), binding_of(config, keys))
    expected, hosts = expected_of(config), hosts_of(config)
    async with _rest(hosts, keys, now_ns) as rest:
        await rest.measure_clock()
        return await examine(
            rest,
            now_ns,
            expected,
            wallet_host=bool(hosts.wallet),
            weight_used=lambda: rest.budget.used_weight(rest.clock.ns()),
        )


async def prepare_directly(
    config: Config, keys: Keys, wishes: Sequence[Wish], now_ns: Callable[[], int] = wall_ns
) -> list[Prepared]:
    """Prepare symbols where no engine runs.

    Raises:
        ConfigError: The configuration or the keys cannot be used, or the engine's folder belongs to others.
        RetryableError: The venue does not answer.
        FatalError: The key is not accepted.
    """
    bind(Path(config.venue.folder), binding_of(config, keys))
    async with _rest(hosts_of(config), keys, now_ns) as rest:
        await rest.measure_clock()
        return await Preparation(rest, config.venue.on_multi_assets).prepare_all(wishes)


def _rest(hosts: Hosts, keys: Keys, now_ns: Callable[[], int]) -> Rest:
    signs = signer(keys.key.reveal(), keys.secret.reveal())
    return Rest(hosts.rest, signs, ServerClock(now_ns), Budget(), spot_url=hosts.wallet)

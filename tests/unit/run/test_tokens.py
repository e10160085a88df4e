"""Tokens of liquidation requests: who has the secret of a source is that source, for a minute. Source: §11, R003-24."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from sadari.errors import ConfigError
from sadari.model.reason import LiquidationSource
from sadari.model.units import MILLISECOND_NS, SECOND_NS
from sadari.run.settings.keys import Secret
from sadari.run.settings.tokens import Signed, doubt, make_secrets, secret_file, secret_of, token
from sadari.store.folder import Folder

NOW_NS = 1_700_000_000 * SECOND_NS
SIGNED = Signed("API_AUTH", "OPERATOR_REQUEST", "c-1", "PAUSE", NOW_NS // MILLISECOND_NS)
API = LiquidationSource.API_AUTH


def made(folder: Path) -> tuple[Folder, str]:
    """A folder with its secrets, and the token of the request."""
    place = Folder(folder)
    make_secrets(place)
    return place, token(secret_of(place, API), SIGNED)


@pytest.mark.requirement("R003-24")
def test_a_token_is_that_of_another_implementation() -> None:
    """By `openssl dgst -sha256 -hmac`, over API_AUTH|OPERATOR_REQUEST|c-1|PAUSE|1700000000000; aliases are replaced."""
    wanted = "df6b4c153eb1d9f1cab3dd9cb4eabf4967f4dc7417ef73000dbd36b9e3e2e22b"
    secret = Secret("a-secret-of-thirty-two-characters")
    for source in ("API_AUTH", "api_auth", "api_key"):
        assert token(secret, SIGNED._replace(source=source)) == wanted


@pytest.mark.requirement("R003-24", "R003-42")
def test_whatever_a_token_does_not_sign_is_doubted(tmp_path: Path) -> None:
    """Each part counts, and so does whose secret it was; there is no token for a source that is none."""
    folder, given = made(tmp_path)
    assert doubt(folder, SIGNED, given, NOW_NS) == ""
    changed = [
        SIGNED._replace(source="CLI"), SIGNED._replace(reason="MARGIN_CRITICAL"),
        SIGNED._replace(correlation_id="c-2"), SIGNED._replace(after="STOP"),
        SIGNED._replace(timestamp_ms=SIGNED.timestamp_ms + 1),
    ]  # fmt: skip
    for other in changed:
        assert "is not that of the source's secret" in doubt(folder, other, given, NOW_NS)
    for wrong in ("", given[:-1], given.upper(), f" {given}", "é" * 64, "\ud800"):
        assert "is not that of the source's secret" in doubt(folder, SIGNED, wrong, NOW_NS)
    assert doubt(folder, SIGNED._replace(source="web"), given, NOW_NS) == "there is no such source"


@pytest.mark.parametrize(("off_s", "good"), [(0, True), (60, True), (-60, True), (61, False), (-61, False)])
def test_a_token_is_good_for_a_minute(tmp_path: Path, off_s: int, good: bool) -> None:
    """Neither older nor from further ahead."""
    folder, given = made(tmp_path)
    why = doubt(folder, SIGNED, given, NOW_NS + off_s * SECOND_NS)
    assert (why == "") is good
    assert good or "allowed: within 60 s" in why


def test_secrets_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    """One for each source, of 32 bytes of chance; a start keeps what is there."""
    folder, _ = made(tmp_path)
    before = {source: secret_of(folder, source).reveal() for source in LiquidationSource}
    assert len(set(before.values())) == len(LiquidationSource)
    assert all(len(text) == 64 for text in before.values())
    for source in LiquidationSource:
        assert stat.S_IMODE(secret_file(folder, source).stat().st_mode) == 0o600
    make_secrets(folder)
    assert {source: secret_of(folder, source).reveal() for source in LiquidationSource} == before


def test_a_secret_that_others_may_read_or_that_is_none_proves_nothing(tmp_path: Path) -> None:
    """The sentence says how to mend it, and does not have the secret."""
    folder, given = made(tmp_path)
    text = secret_of(folder, API).reveal()
    file = secret_file(folder, API)
    file.chmod(0o644)
    why = doubt(folder, SIGNED, given, NOW_NS)
    assert "has mode 0644; allowed: 0600" in why
    assert text not in why
    file.chmod(0o600)
    file.write_text("short", "utf-8")
    assert "too short" in doubt(folder, SIGNED, given, NOW_NS)
    file.unlink()
    assert "cannot be read" in doubt(folder, SIGNED, given, NOW_NS)


def test_a_folder_in_which_no_secret_can_be_made_is_named(tmp_path: Path) -> None:
    """One sentence, before anything runs."""
    (tmp_path / "secrets").write_text("in the way", "utf-8")
    with pytest.raises(ConfigError, match="the secret cannot be made"):
        make_secrets(Folder(tmp_path))

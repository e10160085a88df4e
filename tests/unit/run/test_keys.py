"""Where the API key comes from, that it is never shown, and that a folder keeps to one key and environment."""

from __future__ import annotations

import copy
import logging
import pickle
from pathlib import Path

import msgspec
import pytest

from sadari.errors import ConfigError
from sadari.run.settings.keys import Binding, Keys, Secret, bind, check_binding, load_keys

CANARY = "canary-5f1c"
BOTH = {"SADARI_API_KEY": "the-key", "SADARI_API_SECRET": CANARY}


def key_file(folder: Path, text: str = f'key = "the-key"\nsecret = "{CANARY}"\n', mode: int = 0o600) -> Path:
    """A key file."""
    path = folder / "key.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def refusal(environment: dict[str, str], path: Path | None = None) -> str:
    """The sentence that refuses it; the secret is not in it."""
    with pytest.raises(ConfigError) as caught:
        load_keys(environment, path)
    assert CANARY not in str(caught.value)
    return str(caught.value)


def test_a_secret_shows_as_a_mask_in_every_way_of_showing_it(caplog: pytest.LogCaptureFixture) -> None:
    """By str, repr, format, percent, in a container and in a log; it cannot be pickled, copied or encoded at all."""
    secret = load_keys(BOTH).secret
    shown = [str(secret), repr(secret), f"{secret}", f"{secret:>20}", "%s %r" % (secret, secret), repr([secret])]  # noqa: UP031
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("sadari").warning("keys are %s", load_keys(BOTH))
    assert not [text for text in [*shown, caplog.text] if CANARY in text]
    for write in (pickle.dumps, copy.deepcopy, msgspec.json.encode):
        with pytest.raises(TypeError) as caught:
            write(secret)
        assert CANARY not in str(caught.value)
    assert secret.reveal() == CANARY


def test_the_environment_gives_key_and_secret() -> None:
    """Blanks around them, as a shell leaves them, are not part of them."""
    keys = load_keys({"SADARI_API_KEY": " the-key ", "SADARI_API_SECRET": f"{CANARY}\n"})
    assert keys == Keys(Secret("the-key"), Secret(CANARY))


@pytest.mark.parametrize("missing", ["SADARI_API_KEY", "SADARI_API_SECRET"])
def test_one_without_the_other_is_refused_by_name(missing: str) -> None:
    """The sentence says what is missing and which ways there are."""
    text = refusal({**BOTH, missing: ""})
    assert f"{missing} is not in the environment" in text
    assert "--key-file" in text


def test_a_key_file_is_read_wherever_it_is_named(tmp_path: Path) -> None:
    """By the environment or by the command line, which goes first."""
    path = key_file(tmp_path)
    assert load_keys({"SADARI_KEY_FILE": str(path)}) == load_keys(BOTH)
    assert load_keys({"SADARI_API_KEY": "other", "SADARI_API_SECRET": "other"}, path) == load_keys(BOTH)


def test_two_sources_in_the_environment_are_refused(tmp_path: Path) -> None:
    """Which one is meant cannot be known."""
    assert "both SADARI_KEY_FILE and" in refusal({**BOTH, "SADARI_KEY_FILE": str(key_file(tmp_path))})


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_key_file_that_others_may_touch_is_refused_with_how_to_mend_it(tmp_path: Path, mode: int) -> None:
    """The sentence is the command."""
    path = key_file(tmp_path, mode=mode)
    text = refusal({}, path)
    assert f"{mode:04o}" in text
    assert f"chmod 600 {path}" in text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f'key = "a"\nsecret = "{CANARY}', "is not TOML"),
        (f'key = "a"\nsecret = {CANARY}', "is not TOML"),
        (f'key = "a"\nsecret = "{CANARY}"\npassphrase = "b"', "'passphrase'"),
        ('key = "a"', "one of secret"),
        (f'secret = "{CANARY}"', "allowed: key, and one of"),
        (f'key = "a"\nsecret = "{CANARY}"\nprivate_key = "x.pem"', "one of secret"),
        ('key = ""\nsecret = "b"', "key is empty"),
        ('key = 5\nsecret = "b"', "key is empty or no text"),
        ('key = "a"\nprivate_key = "absent.pem"', "private key cannot be read"),
    ],
)
def test_a_wrong_key_file_is_refused_without_quoting_it(tmp_path: Path, content: str, told: str) -> None:
    """A parser's message could have the secret in it."""
    assert told in refusal({}, key_file(tmp_path, content))


def test_an_absent_key_file_is_refused(tmp_path: Path) -> None:
    """By name."""
    assert "cannot be read" in refusal({}, tmp_path / "none.toml")


def test_a_private_key_stands_beside_its_key_file_and_is_as_private(tmp_path: Path) -> None:
    """The PEM is what signs; others may not read it either."""
    pem = tmp_path / "trade.pem"
    pem.write_text("-----BEGIN PRIVATE KEY-----\n", encoding="utf-8")
    pem.chmod(0o600)
    path = key_file(tmp_path, 'key = "a"\nprivate_key = "trade.pem"\n')
    assert load_keys({}, path).secret.reveal().startswith("-----BEGIN")
    pem.chmod(0o644)
    assert f"chmod 600 {pem}" in refusal({}, path)


def test_a_fingerprint_tells_keys_apart_and_does_not_show_them() -> None:
    """It is the same for the same key, whatever the secret."""
    one, same, other = (Keys(Secret(key), Secret(secret)) for key, secret in (("a", "x"), ("a", "y"), ("b", "x")))
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert len(one.fingerprint) == 16


LIVE = Binding("live", "https://fapi.binance.com", "0123456789abcdef")


def test_a_folder_keeps_to_the_key_and_environment_of_its_first_use(tmp_path: Path) -> None:
    """The same again is fine, and looking leaves nothing behind."""
    folder = tmp_path / "state"
    check_binding(folder, LIVE)
    assert not folder.exists()
    bind(folder, LIVE)
    bind(folder, LIVE)
    check_binding(folder, LIVE)
    assert (folder / "environment.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (Binding("testnet", "https://demo-fapi.binance.com", LIVE.fingerprint), "the same key in another environment"),
        (Binding("live", "https://other.example", LIVE.fingerprint), "the same key in another environment"),
        (Binding("live", LIVE.rest, "fedcba9876543210"), "another key"),
    ],
)
def test_another_key_or_environment_is_refused_and_nothing_is_overwritten(
    tmp_path: Path, other: Binding, told: str
) -> None:
    """A live key at a test address and the reverse (faults F129)."""
    bind(tmp_path, LIVE)
    with pytest.raises(ConfigError, match=told):
        bind(tmp_path, other)
    check_binding(tmp_path, LIVE)


@pytest.mark.parametrize("content", [b"", b"{", b'{"mode":"live"}', b"\xff\xfe"])
def test_a_binding_that_cannot_be_read_is_not_taken_for_none(tmp_path: Path, content: bytes) -> None:
    """An empty file is no first use."""
    (tmp_path / "environment.json").write_bytes(content)
    with pytest.raises(ConfigError, match="cannot be read"):
        bind(tmp_path, LIVE)

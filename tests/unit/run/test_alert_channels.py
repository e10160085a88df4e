"""Channels out of configuration and environment, and `sadari alert test`."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sadari.cli.main import main
from sadari.core.alerts import Severity
from sadari.errors import ConfigError
from sadari.notify.courier import Channel, Message
from sadari.run.settings.alert_channels import FILE, Hidden, addresses, channels, hidden, try_each
from sadari.run.settings.config import Config, load, parse
from sadari.run.settings.explained import plain
from sadari.run.settings.keys import Keys, Secret
from sadari.store.folder import Folder

ADDRESS = "tgram://123456789:AAEtelegramTOKENtelegram/987654321"
TOKEN = "AAEtelegramTOKENtelegram"  # noqa: S105 - it opens nothing
PHONE = "[alerts.channels.phone]\n"

# Stands for the library, which the base install lacks: it writes down what it is given and takes it or not.
APPRISE = r"""
import pathlib, time

class Apprise:
    def __init__(self):
        self.address = ""

    def add(self, address):
        self.address = address
        return address.split("://")[0] != "pigeon"

    def notify(self, title, body, body_format):
        kind = self.address.split("://")[0]
        if kind == "raises":
            raise OSError(f"no way to {self.address}")
        if kind == "hangs":
            time.sleep(3600)
        with pathlib.Path(__file__).with_name("sent").open("a", encoding="utf-8") as file:
            file.write(f"{kind} {title} | {body}\n")
        return kind != "fails"
"""


def section(text: str) -> Config:
    """A configuration."""
    return parse(text)


@pytest.mark.parametrize(
    ("text", "environment", "name"),
    [
        (PHONE, {"SADARI_ALERT_PHONE": ADDRESS}, "phone"),
        (PHONE + 'env = "TELEGRAM"\n', {"TELEGRAM": f" {ADDRESS}\n"}, "phone"),
        ("[alerts.channels.on-call]\n", {"SADARI_ALERT_ON_CALL": ADDRESS}, "on-call"),
    ],
)
def test_an_address_comes_from_the_environment(text: str, environment: dict[str, str], name: str) -> None:
    """By the variable that is named, or by the channel's own name."""
    found = addresses(section(text).alerts, environment)
    assert {key: one.reveal() for key, one in found.items()} == {name: ADDRESS}
    assert TOKEN not in repr(found)


def test_an_address_comes_from_a_file_that_nobody_else_may_read(tmp_path: Path) -> None:
    """Mode 0600, as a key file."""
    path = tmp_path / "phone"
    path.write_text(f"{ADDRESS}\n", encoding="utf-8")
    path.chmod(0o600)
    alerts = section(PHONE + f'key_file = "{path}"\n').alerts
    assert addresses(alerts, {})["phone"].reveal() == ADDRESS
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="has mode 0644; allowed: 0600"):
        addresses(alerts, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PHONE, r"\[alerts.channels.phone\] has no address: SADARI_ALERT_PHONE is missing or empty"),
        (PHONE + 'env = "A"\nkey_file = "B"\n', "has both env and key_file; allowed: one of them"),
    ],
)
def test_an_address_that_is_not_there_is_named_by_where_it_should_be(text: str, said: str) -> None:
    """One sentence."""
    with pytest.raises(ConfigError, match=said):
        addresses(section(text).alerts, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PHONE + f'url = "{ADDRESS}"\n', "section [alerts.channels.phone] has no key 'url'"),
        ("[alerts]\nchannels = 3\n", "allowed: sections such as [alerts.channels.phone]"),
        (PHONE + 'least = "loud"\n', '[alerts.channels.phone] least is "loud"; allowed: info, warning, critical'),
        ('[alerts]\nlanguage = "de"\n', '[alerts] language is "de"; allowed: en, ko'),
        ("[alerts]\nmax_drawdown_pct = 0\n", "[alerts] max_drawdown_pct is 0; allowed: a fraction above 0, at most 1"),
        ("[alerts]\nmax_position_loss_pct = 15\n", "[alerts] max_position_loss_pct is 15; allowed: a fraction"),
        ("[alerts]\nqueue = 0\n", "[alerts] queue is 0; allowed: a whole number of 1 or more"),
        ("[alerts]\ntimeout_s = 0\n", "[alerts] timeout_s is 0; allowed: a whole number of 1 or more"),
        ('[alerts]\non_drawdown = "sell"\n', '[alerts] on_drawdown is "sell"; allowed: pause, consider'),
    ],
)
def test_a_wrong_configuration_of_alerts_is_named_and_its_secret_is_not(text: str, said: str) -> None:
    """A token that was written into the file by mistake is not repeated."""
    with pytest.raises(ConfigError) as refused:
        parse(text)
    assert said in str(refused.value)
    assert TOKEN not in str(refused.value)


def test_a_channel_without_the_extra_is_refused_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything starts; without a channel nothing needs it."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    alerts = section(PHONE).alerts
    with pytest.raises(ConfigError, match=r"\[alerts.channels.phone\] needs Apprise.*pip install 'sadari\[alerts\]'"):
        channels(alerts, {"phone": Secret(ADDRESS)}, None)
    assert [one.name for one in channels(section("").alerts, {}, Folder(Path("state")))] == [FILE]


def test_every_part_of_a_secret_is_masked() -> None:
    """The address, its token, its password; the kind of a channel and short parts are none."""
    secrets = hidden({"phone": Secret(ADDRESS)}, Keys(Secret("key-of-the-api"), Secret("secret-of-the-api")))
    leaks = (
        ADDRESS,
        TOKEN,
        "123456789",
        "key-of-the-api",
        "secret-of-the-api",
        f"https://x.org/bot123456789:{TOKEN}/y",
    )
    for leak in leaks:
        masked = secrets.message(Message(Severity.INFO, f"a {leak}", f"b {leak}", f"c {leak}"))
        assert not [one for one in leaks if one in "".join(map(str, masked))]
    assert secrets.mask("tgram BTCUSDT 42000") == "tgram BTCUSDT 42000"
    assert Hidden([]).mask("as it is") == "as it is"


def test_what_is_shown_of_a_configuration_has_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is found, and no more; and what is shown can be read again."""
    monkeypatch.setenv("SADARI_ALERT_PHONE", ADDRESS)
    config = section(PHONE + 'least = "critical"\n')
    assert TOKEN not in plain(config)
    path = tmp_path / "shown.toml"
    path.write_text(plain(config), encoding="utf-8")
    assert load(path).alerts == config.alerts


def test_a_test_message_waits_for_each_channel_at_once_and_for_none_for_ever() -> None:
    """One hangs, one breaks, one takes it."""
    taken: list[Message] = []
    forever = threading.Event()

    def hangs(_: Message) -> None:
        forever.wait()

    def breaks(_: Message) -> None:
        raise OSError(ADDRESS)

    made = [Channel("hangs", hangs), Channel("breaks", breaks),
            Channel("takes", taken.append)]  # fmt: skip
    found = try_each(made, Message(Severity.CRITICAL, "t", "b"), 0.2)
    assert [tuple(one) for one in found] == [
        ("hangs", "no answer within 0 s"), ("breaks", "not taken (OSError)"), ("takes", ""),
    ]  # fmt: skip
    assert len(taken) == 1
    forever.set()


def tested(tmp_path: Path, kinds: dict[str, str], more: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`sadari alert test` in a process of its own, with what stands for Apprise."""
    (tmp_path / "apprise.py").write_text(APPRISE, encoding="utf-8")
    config = tmp_path / "sadari.toml"
    sections = "".join(f"[alerts.channels.{name}]\n" for name in kinds)
    config.write_text(f'[venue]\nfolder = "{tmp_path / "state"}"\n[alerts]\n{more}\n{sections}', encoding="utf-8")
    environment = {f"SADARI_ALERT_{name.upper()}": f"{kind}://{TOKEN}/x" for name, kind in kinds.items()}
    command = [str(Path(sys.executable).with_name("sadari")), "alert", "test", "--config", str(config), *arguments]
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", check=False, timeout=60,
        env={"PYTHONPATH": str(tmp_path), "PATH": "", **environment},
    )  # fmt: skip


@pytest.mark.requirement("R004-21")
@pytest.mark.parametrize(("language", "words"), [("en", "This is a test."), ("ko", "시험 메시지입니다.")])
def test_every_channel_gets_the_test_message_and_the_command_says_so(tmp_path: Path, language: str, words: str) -> None:
    """Telegram, Slack, e-mail, SMS, webhook, desktop and the file; exit code 0, no token anywhere."""
    kinds = {"phone": "tgram", "team": "slack", "mail": "mailtos", "sms": "twilio", "hook": "json", "desk": "dbus"}
    run = tested(tmp_path, kinds, f'language = "{language}"')
    assert (run.returncode, run.stderr) == (0, "")
    assert [line.split() for line in run.stdout.splitlines()] == [[name, "taken"] for name in (*kinds, FILE)]
    sent = (tmp_path / "sent").read_text(encoding="utf-8")
    assert sent.count(words) == len(kinds)
    lines = (tmp_path / "state" / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["condition"] for line in lines] == ["TEST"]
    assert TOKEN not in run.stdout + sent + "".join(lines)


def test_a_channel_that_fails_is_named_and_the_exit_code_says_so(tmp_path: Path) -> None:
    """Not taken, an error whose text holds the token, no answer: the others are told all the same."""
    kinds = {"phone": "tgram", "one": "fails", "two": "raises", "three": "hangs"}
    run = tested(tmp_path, kinds, "timeout_s = 1\nfile = false", "--json")
    assert (run.returncode, run.stderr) == (1, "")
    assert {row["channel"]: row["fault"] for row in json.loads(run.stdout)} == {
        "phone": "", "one": "not taken (RetryableError)", "two": "not taken (OSError)", "three": "no answer within 1 s",
    }  # fmt: skip
    assert TOKEN not in run.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--channel", "fax"), "there is no channel 'fax'; allowed: phone, file"),
        ((), "its address is none that Apprise knows"),
    ],
)
def test_a_test_that_cannot_be_is_refused(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2, and nothing is sent."""
    run = tested(tmp_path, {"phone": "pigeon"}, "", *arguments)
    assert run.returncode == 2
    assert said in run.stderr
    assert TOKEN not in run.stderr + run.stdout
    assert not (tmp_path / "sent").exists()


def test_one_channel_alone_can_be_tested(tmp_path: Path) -> None:
    """The others need not even have an address."""
    run = tested(tmp_path, {"phone": "tgram", "team": "slack"}, "", "--channel", "team")
    assert (run.returncode, run.stdout.split()) == (0, ["team", "taken"])


def test_without_any_channel_there_is_nothing_to_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence."""
    config = tmp_path / "none.toml"
    config.write_text("[alerts]\nfile = false\n", encoding="utf-8")
    assert main(["alert", "test", "--config", str(config)]) == 2
    assert "no channel is configured" in capsys.readouterr().err

"""`sadari report` as a user types it: over a backtest, an engine's folder, what is damaged or being written."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sadari.cli.main import main
from sadari.model.command import PlaceOrder, RecordPosition
from sadari.run.live.journals import records
from sadari.store.folder import Folder
from sadari.store.journal import Journal
from tests.ladder_driver import held
from tests.live_folder import created, driven, header, kept, story
from tests.unit.research.stories import two_days

DAY, OTHER = "2025-01-05", "2025-01-04"
# When the stories of the live folder happen.
STORY = "2023-11-14"


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """What a command prints, and that it ends with this code."""
    assert main(["report", *arguments]) == code
    return capsys.readouterr().out


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """The JSON that the report prints."""
    return json.loads(said(capsys, *arguments, "--json", "-"))


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of a backtest over a made-up market of twenty days."""
    folder = tmp_path_factory.mktemp("market")
    main(["data", "synth", "--out", str(folder / "candles"), "--symbols", "2", "--days", "20", "--seed", "3"])
    (folder / "plain.toml").write_text("[signal]\nframe_minutes = 5\n", encoding="utf-8")
    file = folder / "run.journal"
    data, config = str(folder / "candles"), str(folder / "plain.toml")
    assert main(["backtest", "--config", config, "--data", data, "--journal", str(file), "--quiet"]) == 0
    return file


@pytest.mark.requirement("R003-39")
def test_a_time_means_the_utc_day_it_lies_in(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Any hour of a day tells the whole of it, and the other day likewise."""
    whole = told(capsys, str(journal), "--day", DAY, "--compare", OTHER)
    assert told(capsys, str(journal), "--day", f"{DAY}T13:00", "--compare", f"{OTHER}T23:59") == whole
    assert whole["report"]["span"]["start"] == "2025-01-05T00:00:00Z"
    assert whole["report"]["signals"]["raised"] > 0
    assert {row["figure"] for row in whole["changes"]} >= {"signals", "filled", "net"}
    page = said(capsys, str(journal), "--day", DAY, "--compare", OTHER)
    assert page.startswith("Day 2025-01-05 UTC beside 2025-01-04")


def test_the_days_of_a_backtest_add_up_to_its_own_report(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was booked day by day is what the wallet gained in the whole run, with every record of a position."""
    found = records(journal)
    days = [told(capsys, str(journal), "--day", f"2025-01-{day:02}")["report"] for day in range(1, 21)]
    ended = [record for record in found if isinstance(record, RecordPosition)]
    assert sum(day["results"]["ended"] for day in days) == len(ended) > 0
    assert sum(day["orders"]["sent"] for day in days) == sum(isinstance(record, PlaceOrder) for record in found)
    wallets = [day["booked"]["wallet"] for day in days]
    booked = sum(Decimal(day["booked"]["net"]) for day in days)
    assert Decimal(wallets[-1]["end"]) - Decimal(wallets[0]["start"]) == booked != 0
    assert {wallet["unexplained"] for wallet in wallets} == {"0"}
    assert all(before["end"] == after["start"] for before, after in pairwise(wallets))


@pytest.mark.requirement("R003-53")
def test_a_week_can_be_named_or_be_that_of_a_day(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same week beside another, and the same bytes again."""
    named = said(capsys, str(journal), "--week", "2025-W03", "--compare", "2025-W02", "--funnel")
    assert said(capsys, str(journal), "--week", "2025-01-16", "--compare", "2025-01-06", "--funnel") == named
    assert named.startswith("Week 2025-W03 UTC beside 2025-W02")
    assert "2025-01-19" in named
    assert "Funnel of 2025-W02" in named


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--day", DAY, "--compare", "yesterday"], "--compare 'yesterday' is no time; allowed: 2025-05-01"),
        (["--day", DAY, "--compare", "2025-W01"], "--compare '2025-W01' is no time; allowed: 2025-05-01"),
        (["--week", DAY, "--compare", "2025-W99"], "--compare '2025-W99' is no week; allowed: 2025-W18"),
        (["--week", "2025-W02", "--compare", "2025-01-07"], "is the week itself; allowed: another week"),
        (["--day", DAY, "--html", "no/such/folder/a.html"], "no/such/folder/a.html: cannot be written"),
        (["--day", DAY, "--html", "a.html", "--json", "a.html"], "a.html: is another output"),
        (["--day", DAY, "--folder", "state"], "and the folder of an engine are both named"),
    ],
)
def test_what_cannot_be_told_is_one_sentence(
    journal: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    """With what was given and what is allowed."""
    assert main(["report", str(journal), *arguments]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("end", ["", "-wal"])
@pytest.mark.parametrize("kind", ["--json", "--html"])
def test_a_report_is_never_written_over_the_journal(
    journal: Path, capsys: pytest.CaptureFixture[str], kind: str, end: str
) -> None:
    """Nor over what belongs to it; by whatever name."""
    before = journal.read_bytes()
    named = journal.parent / "." / f"{journal.name}{end}"
    assert main(["report", str(journal), "--day", DAY, kind, str(named)]) == 2
    assert "is read, so that it cannot be written; allowed: another file" in capsys.readouterr().err
    assert journal.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--day", "9999-12-31"], "'9999-12-31' is no time; allowed"),
        (["--week", "9999-W52"], "'9999-W52' is no week; allowed"),
        (["--week", "1969-W01"], "'1969-W01' is no week; allowed"),
    ],
)
def test_a_day_that_no_report_can_be_of_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    """With what is allowed."""
    with pytest.raises(SystemExit, match="2"):
        main(["report", *arguments])
    assert sentence in capsys.readouterr().err


@pytest.mark.requirement("R003-39")
def test_the_two_days_of_the_requirement_come_out_of_a_journal_as_they_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through the file and the command, on the page: each count and change of R003-39, and the sums of both days."""
    with Journal(tmp_path / "two.journal", header()) as journal:
        for record in two_days().records:
            journal.append(record)
    page = said(capsys, str(tmp_path / "two.journal"), "--day", "2023-07-03", "--compare", "2023-07-02")
    lines = {" ".join(line.split()) for line in page.splitlines()}
    assert lines >= {
        "signals 410 555 145 +35.37 %",
        "denied 393 545 152 +38.68 %",
        "denied, of signals 95.85 % 98.20 % +2.34 points +2.45 %",
        "positions opened 17 10 -7 -41.18 %",
        "opened, of signals 4.15 % 1.80 % -2.34 points -56.54 %",
        "mean reward to risk denied 0.26 0.35 0.09 +34.62 %",
        "positions at once 5 3 -2 -40.00 %",
        "signals LONG 410 0 -410 -100.00 %",
        "signals SHORT 0 555 555 -",
    }
    assert "sums are those of their parts." in page


def test_a_damaged_journal_is_refused_with_the_record(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One changed digit, and a file that is no journal; no figure is told of either."""
    damaged = tmp_path / "damaged.journal"
    damaged.write_bytes(journal.read_bytes())
    with closing(sqlite3.connect(damaged)) as database:
        first, lines = database.execute("SELECT first, lines FROM rows ORDER BY first LIMIT 1 OFFSET 3").fetchone()
        at = lines.rindex(b"5")
        database.execute("UPDATE rows SET lines = ? WHERE first = ?", (lines[:at] + b"6" + lines[at + 1 :], first))
        database.commit()
    (tmp_path / "none.journal").write_bytes(b"nothing that could be read" * 100)
    for name, sentence in (
        ("damaged", f"records {first} to"),
        ("none", "is not a journal"),
        ("gone", "no such journal"),
    ):
        assert main(["report", str(tmp_path / f"{name}.journal"), "--day", DAY]) == 1
        shown = capsys.readouterr()
        assert sentence in shown.err
        assert shown.err.count("\n") == 1
        assert shown.out == ""


def test_the_journal_of_an_engines_folder_is_told_without_naming_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The real engine over the venue of the vectors, as it leaves its folder when it is killed."""
    driver = held("49000", "48500", "53000")
    folder = kept(tmp_path, driver.events)
    whole = told(capsys, "--folder", str(folder.path), "--day", STORY)
    assert whole["checks"]["failed"] == []
    assert not whole["journal"]["closed"]
    assert whole["report"]["orders"]["sent"] == len(driver.of(PlaceOrder)) > 0
    assert whole["report"]["fills"]["trades"] == driver.trades > 0
    assert whole["report"]["incidents"]["engine"]["state_at_end"] == "RUNNING"


def test_a_journal_that_is_being_written_is_told_as_far_as_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Read beside its writer, which goes on; the next report has what came since, and nothing was changed."""
    events = story("49000", "48500").events
    journal = created(tmp_path)
    driver, _ = driven(journal, events[:-4])
    first = told(capsys, "--folder", str(Folder(tmp_path).path), "--day", STORY)
    for event in events[-4:]:
        driver.take(event)
    second = told(capsys, "--folder", str(Folder(tmp_path).path), "--day", STORY)
    page = said(capsys, "--folder", str(Folder(tmp_path).path), "--day", STORY)
    assert first["journal"]["records"] < second["journal"]["records"] == journal.written
    assert f"told up to record {journal.written}" in " ".join(page.split())
    assert first["checks"]["failed"] == second["checks"]["failed"] == []
    journal.close()
    assert told(capsys, "--folder", str(Folder(tmp_path).path), "--day", STORY)["journal"]["closed"]


def test_the_page_for_a_browser_is_written_whole(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the JSON; nothing else is left in the folder."""
    html, document = tmp_path / "a.html", tmp_path / "a.json"
    page = said(capsys, str(journal), "--day", DAY, "--html", str(html), "--json", str(document))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "a.json"]
    assert html.read_text("utf-8").startswith("<!doctype html>")
    assert json.loads(document.read_text("utf-8"))["version"] == 1
    assert page.startswith("Day 2025-01-05 UTC")

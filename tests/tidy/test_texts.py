"""What any text file of the project must, and must not, contain."""

from __future__ import annotations

import ast
import re

import pytest

from tests.tidy.sources import ROOT, modules, shown, text_files

# Each is written so that this file does not contain what it forbids.
LEFTOVERS = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.~])/(work|home|root|Users)/\w")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)")
VAGUE = {"utils", "helpers", "common", "misc", "base", "manager", "handler", "processor", "service", "data", "info"}
WIRE = "python/sadari/binance/wire/"
VAGUE_ENDING = re.compile(r"(Utils?|Helpers?|Manager|Handler|Processor|Service|Data|Info)$")


def test_text_files_are_utf8_and_end_in_one_newline() -> None:
    """Every text file decodes as UTF-8 and, when not empty, ends in exactly one newline."""
    offenders = []
    for path in text_files():
        text = path.read_bytes().decode("utf-8")
        if text and (not text.endswith("\n") or text.endswith("\n\n") or "\r" in text):
            offenders.append(shown(path))
    assert not offenders


@pytest.mark.parametrize("pattern", [LEFTOVERS, MACHINE_PATHS], ids=["unfinished work", "machine paths"])
def test_no_text_file_contains(pattern: re.Pattern[str]) -> None:
    """Unfinished work has an issue and no mark in the code; a path of one machine means nothing on another."""
    offenders = [
        f"{shown(path)}:{number}: {line.strip()}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not offenders


def test_modules_and_classes_are_named_for_what_they_are() -> None:
    """No module, folder or class has a name that could hold anything; the wire's classes keep the venue's words."""
    offenders = [
        shown(path)
        for folder in ("python", "rust", "tests", "benches")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {"", ".py", ".rs"} and path.stem.lower() in VAGUE
    ]
    offenders += [
        f"{name}: {node.name}"
        for name, tree in modules("python", "benches")
        for node in ast.walk(tree)
        if not name.startswith(WIRE) and isinstance(node, ast.ClassDef) and VAGUE_ENDING.search(node.name)
    ]
    assert not offenders


def test_links_between_pages_lead_somewhere() -> None:
    """Each relative link of a Markdown page names a file that exists."""
    offenders = [
        f"{shown(path)}: {target}"
        for path in text_files()
        if path.suffix == ".md"
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
    assert not offenders


def test_every_make_target_has_its_sentence() -> None:
    """`make help` lists every target that a person would call."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split()
    assert sorted(named) == sorted(re.findall(r"^([a-z-]+):.*## \w", text, re.MULTILINE))

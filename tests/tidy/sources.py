"""The project's own files, read once for the house rules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "sadari"
FOLDERS = (".ci", "benches", "docs", "python", "rust", "tests")
SUFFIXES = {".css", ".html", ".js", ".json", ".md", ".py", ".pyi", ".rs", ".toml", ".typed"}
NAMES = {"LICENSE", "Makefile", "run", ".gitignore"}

RUST_NOISE = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'', re.DOTALL)
RUST_FUNCTION = re.compile(r"\bfn\s+(\w+)")


def text_files() -> list[Path]:
    """Every text file that belongs to the project, in the top level and in the folders of the map."""
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        found += (ROOT / folder).rglob("*")
    return sorted(path for path in found if path.is_file() and (path.suffix in SUFFIXES or path.name in NAMES))


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Each Python file under the folders as (path from the root, syntax tree)."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield shown(path), ast.parse(path.read_text(encoding="utf-8"))


def shown(path: Path) -> str:
    """The path from the root, as the rules name it."""
    return path.relative_to(ROOT).as_posix()


def python_functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each function as (name, lines of code); its docstring is not counted, a long one is welcome."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, lines_between(node) - docstring_lines(node)


def docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The number of lines that a function's docstring takes."""
    return lines_between(node.body[0]) if ast.get_docstring(node, clean=False) is not None else 0


def lines_between(node: ast.stmt) -> int:
    """The number of lines from a statement's first to its last."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def rust_functions(text: str) -> Iterator[tuple[str, int]]:
    """Each function with a body as (name, lines), found by matching braces outside strings and comments."""
    code = RUST_NOISE.sub(lambda noise: "\n" * noise.group().count("\n"), text)
    for found in RUST_FUNCTION.finditer(code):
        depth = 0
        for at in range(found.end(), len(code)):
            if code[at] == ";" and depth == 0:
                break
            depth += {"{": 1, "[": 1, "(": 1, "}": -1, "]": -1, ")": -1}.get(code[at], 0)
            if code[at] == "}" and depth == 0:
                yield found.group(1), code.count("\n", found.start(), at) + 1
                break

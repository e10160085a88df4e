"""Small on purpose: one person should be able to hold any module in mind."""

from __future__ import annotations

from tests.tidy.sources import ROOT, modules, python_functions, rust_functions, shown, text_files

MODULE_LINES = 400
FUNCTION_LINES = 60


def test_no_module_outgrows_one_idea() -> None:
    """A source file stays under 400 lines."""
    sources = [path for path in text_files() if path.suffix in {".py", ".pyi", ".rs"}]
    lengths = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    assert not {name: lines for name, lines in lengths.items() if lines >= MODULE_LINES}


def test_no_python_function_outgrows_one_idea() -> None:
    """A Python function, docstring aside, stays under 60 lines."""
    offenders = [
        f"{name}: {function} has {lines} lines"
        for name, tree in modules("python", "tests", "benches")
        for function, lines in python_functions(tree)
        if lines >= FUNCTION_LINES
    ]
    assert not offenders


def test_no_rust_function_outgrows_one_idea() -> None:
    """A Rust function stays under 60 lines."""
    offenders = [
        f"{shown(path)}: {function} has {lines} lines"
        for path in sorted((ROOT / "rust").rglob("*.rs"))
        for function, lines in rust_functions(path.read_text(encoding="utf-8"))
        if lines >= FUNCTION_LINES
    ]
    assert not offenders


def test_rust_functions_are_measured_through_strings_types_and_nested_braces() -> None:
    """The ruler itself is right about declarations, array types, string braces and nesting."""
    text = 'trait T { fn declared(&self) -> [u8; 2]; }\nfn one() -> [u8; 2] { // }\n  if x { "}" }\n}\nfn two() {}\n'
    assert list(rust_functions(text)) == [("one", 3), ("two", 1)]

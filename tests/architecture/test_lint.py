"""Our own rules find what they are for: each has a small bad example, and a good one beside it."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "lint"
LONG = "\n".join(f"    x = {number}" for number in range(60))

# Rule: where, a bad file, what is said of it, and a good file.
EXAMPLES: dict[str, tuple[str, str, str, str]] = {
    "long_functions": (
        "http/a.py",
        f'"""A."""\n\ndef f():\n{LONG}\n',
        "function f has 61 lines",
        f'"""A."""\n\ndef f():\n{LONG[:-11]}\n',
    ),
    "long_files": ("http/a.py", '"""A."""\n' + "x = 1\n" * 400, "file has 401 lines", '"""A."""\n' + "x = 1\n" * 399),
    "unexplained_modules": ("http/a.py", "x = 1\n", "module has no docstring", '"""A."""\nx = 1\n'),
    "scattered_sql": (
        "families/a/routes.py",
        '"""A."""\nQ = "SELECT 1 FROM a WHERE project_id = $1"\n',
        "SQL belongs into a store",
        '"""A."""\nQ = "Please select a seat"\n',
    ),
    "statements_without_project": (
        "families/a/store.py",
        '"""A."""\nQ = "DELETE FROM vouchers WHERE id = $1"\n',
        "statement on vouchers without project_id",
        '"""A."""\nQ = "DELETE FROM vouchers WHERE project_id = $1 AND id = $2"\n',
    ),
    "impure_engine": (
        "engine/a.py",
        '"""A."""\nimport time\n\n\ndef f():\n    return time.monotonic()\n',
        "the engine must not call monotonic()",
        '"""A."""\n\n\ndef f(now):\n    return now\n',
    ),
}


@pytest.fixture(scope="module")
def lint() -> ModuleType:
    spec = importlib.util.spec_from_file_location("own_lint", TOOL / "__main__.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def findings(lint: ModuleType, folder: Path, place: str, source: str) -> list[str]:
    file = folder / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source)
    return [finding.text for finding in lint.check(folder)]


def test_every_rule_has_an_example(lint: ModuleType) -> None:
    assert {rule.__name__ for rule in lint.RULES} == EXAMPLES.keys()


@pytest.mark.parametrize("rule", EXAMPLES)
def test_a_rule_finds_what_it_is_for_and_nothing_else(lint: ModuleType, tmp_path: Path, rule: str) -> None:
    place, bad, said, good = EXAMPLES[rule]
    assert said in findings(lint, tmp_path, place, bad)
    assert findings(lint, tmp_path, place, good) == []


@pytest.mark.parametrize(
    "source",
    [
        'TABLE = "vouchers"\nQ = f"DELETE FROM {TABLE} WHERE id = $1"\n',
        'Q = f"WITH gone AS (DELETE FROM vouchers RETURNING id) SELECT id FROM gone"\n',
        'def f(db):\n    return db.rows("  update vouchers set a = 1")\n',
    ],
)
def test_statements_are_seen_through_their_parts(lint: ModuleType, tmp_path: Path, source: str) -> None:
    found = findings(lint, tmp_path, "families/a/store.py", f'"""A."""\n\n{source}')
    assert any("without project_id" in text for text in found)


def test_a_package_must_do_nothing_when_it_is_imported(lint: ModuleType, tmp_path: Path) -> None:
    assert findings(lint, tmp_path, "families/__init__.py", "from x import y\n") == ["__init__.py must be empty"]


def test_the_command_fails_with_a_line_for_each_finding(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    answer = subprocess.run([sys.executable, TOOL, tmp_path], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (1, f"{tmp_path / 'a.py'}:1: module has no docstring\n")

"""Our own rules, for what no general linter knows. `python tools/lint [folder]` prints each finding and exits with 1.

A rule is a function from a parsed module to findings; its docstring says what it prevents. To pass a size limit with a
reason, split the code: there is no escape comment.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

MOST_LINES_PER_FUNCTION = 60
MOST_LINES_PER_FILE = 400
SQL = re.compile(r"^\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|TRUNCATE|CREATE|ALTER|DROP)\s", re.IGNORECASE)
# A part of a statement that is named in it, and was narrowed where it was made.
PART = re.compile(r"(\w+) AS MATERIALIZED \(")
TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+([a-z_]+)\b", re.IGNORECASE)
SQL_FOLDERS = ("db",)
SQL_FILES = (
    "store.py",
    "vouchers/ledger.py",
    "events/outbox.py",
    "events/relay.py",
    "events/doorbell.py",
    "jobs/queue.py",
)
# Tables of the installation, and names that a statement gives to its own parts.
WITHOUT_PROJECT = {
    "projects",
    "api_keys",
    "installation",
    "schema_migrations",
    "unnest",
    "lateral",
    "select",
    "generate_series",
    "weeks_before",
}
IMPURE = {
    "now",
    "utcnow",
    "today",
    "time",
    "time_ns",
    "monotonic",
    "perf_counter",
    "urandom",
    "getrandbits",
    "token_bytes",
}


class Finding(NamedTuple):
    """A place that breaks a rule."""

    path: Path
    line: int
    text: str


class Module(NamedTuple):
    """A parsed file and its path within the package."""

    path: Path
    inside: str
    source: str
    tree: ast.Module


def long_functions(module: Module) -> Iterator[Finding]:
    """Functions that a reader cannot hold in mind at once, usually because they mix IO, decision and consequence."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MOST_LINES_PER_FUNCTION:
                yield Finding(module.path, node.lineno, f"function {node.name} has {lines} lines")


def long_files(module: Module) -> Iterator[Finding]:
    """Files that have become a place to put things."""
    lines = module.source.count("\n")
    if lines > MOST_LINES_PER_FILE:
        yield Finding(module.path, 1, f"file has {lines} lines")


def unexplained_modules(module: Module) -> Iterator[Finding]:
    """Modules that do not say what they are for, and packages whose __init__ does something."""
    if module.path.name == "__init__.py":
        if module.source.strip():
            yield Finding(module.path, 1, "__init__.py must be empty")
    elif not ast.get_docstring(module.tree):
        yield Finding(module.path, 1, "module has no docstring")


def scattered_sql(module: Module) -> Iterator[Finding]:
    """SQL outside the stores, where nobody looks for it when a table changes."""
    folder = module.inside.partition("/")[0]
    if folder in SQL_FOLDERS or module.inside.endswith(SQL_FILES):
        return
    for line, text in _strings(module.tree):
        if SQL.match(text):
            yield Finding(module.path, line, "SQL belongs into a store")


def statements_without_project(module: Module) -> Iterator[Finding]:
    """Statements that could read or change rows of somebody else's project."""
    own = WITHOUT_PROJECT | {name.lower() for name in PART.findall(module.source)}
    for line, text in _strings(module.tree):
        tables = {name.lower() for name in TABLE.findall(text)} - own
        if SQL.match(text) and tables and "project_id" not in text:
            yield Finding(module.path, line, f"statement on {', '.join(sorted(tables))} without project_id")


def impure_engine(module: Module) -> Iterator[Finding]:
    """Time and randomness inside the pure core, where they must come in as arguments."""
    if not module.inside.startswith("engine/"):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in IMPURE:
            yield Finding(module.path, node.lineno, f"the engine must not call {node.func.attr}()")


RULES: tuple[Callable[[Module], Iterator[Finding]], ...] = (
    long_functions,
    long_files,
    unexplained_modules,
    scattered_sql,
    statements_without_project,
    impure_engine,
)


def _strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every string; an f-string as one, with the module's own constants and a table's statements put in."""
    constants: dict[str, str] = {}
    inside_f_strings: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside_f_strings.update(node.values)
            yield node.lineno, "".join(_part(part, constants) for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside_f_strings:
            yield node.lineno, node.value
        elif isinstance(node, ast.Module):
            for statement in node.body:
                if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                    constants[statement.targets[0].id] = _part(statement.value, constants)


def _part(node: ast.AST, constants: dict[str, str]) -> str:
    """The text of a piece of a string, as far as it is known here."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_part(part, constants) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _part(node.value, constants)
    if isinstance(node, ast.Name):
        return constants.get(node.id, "")
    if isinstance(node, ast.Attribute) and node.attr in {"select", "insert_sql", "update_sql"}:
        return "project_id"
    return ""


def check(root: Path) -> list[Finding]:
    """All findings in the package below root, in order of place."""
    findings: list[Finding] = []
    for path in sorted(root.rglob("*.py")):
        source = path.read_text()
        module = Module(path, path.relative_to(root).as_posix(), source, ast.parse(source))
        for rule in RULES:
            findings.extend(rule(module))
    return findings


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "src" / "guerdon"
    findings = check(root)
    for finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.text}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

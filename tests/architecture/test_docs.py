"""The reference pages say what the code does."""

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import make
from guerdon.engine.backoff import RETRIES, retry_offset
from guerdon.engine.refusals import TIER_NOT_NOW, TIMES, VIOLATED
from guerdon.events.catalogue import EVENTS, Scope
from guerdon.http.wire import MAX_BODY_BYTES, MAX_LEVELS
from guerdon.webhooks.send import TIMEOUT_S
from installation import Project

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "guerdon"
REFERENCE = ROOT / "docs" / "reference"


def test_the_pages_that_are_made_from_the_code_are_current() -> None:
    spec = importlib.util.spec_from_file_location("own_docs", ROOT / "tools" / "docs" / "__main__.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert len(module.PAGES) == 2
    for name, make_page in module.PAGES.items():
        assert (REFERENCE / name).read_text() == make_page(), "run: make docs"


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in PACKAGE.rglob("*.py"):
        yield path, ast.parse(path.read_text())


def constants(tree: ast.Module) -> dict[str, object]:
    return {
        statement.targets[0].id: statement.value.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and isinstance(statement.value, ast.Constant)
    }


def refusals(tree: ast.Module) -> Iterator[tuple[int, str | None]]:
    """Status and key of every refusal that is made."""
    known = constants(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        values = [
            one.value if isinstance(one, ast.Constant) else known.get(getattr(one, "id", "")) for one in node.args
        ]
        if name == "refused" and not isinstance(node.args[0], ast.Starred):
            yield 400, str(values[0])
        elif name == "Refusal":
            key = next(one.value for one in node.keywords if one.arg == "key")
            code = next((404 for one in node.keywords if one.arg == "code"), 400)
            if isinstance(key, ast.Constant):
                yield code, str(key.value)
        elif (
            name in {"ApiError", "__init__"}
            and values
            and isinstance(values[0], int)
            and _is_key(values[1], node.args[1])
        ):
            yield values[0], values[1] if values[1] is None else str(values[1])


def _is_key(value: object, node: ast.expr) -> bool:
    return isinstance(value, str) or (isinstance(node, ast.Constant) and node.value is None)


def test_the_page_of_errors_has_every_key_that_is_given_and_no_other() -> None:
    given = {found for _, tree in trees() for found in refusals(tree)} | {
        (400, key) for key, _ in (*TIMES.values(), *VIOLATED.values(), TIER_NOT_NOW)
    }
    rows = re.findall(r"^\| (\d{3}) \| (?:`(\w+)`|none) \| .+ \|$", (REFERENCE / "errors.md").read_text(), re.MULTILINE)
    assert {(int(status), key or None) for status, key in rows} == given
    assert len(given) > 20


def test_the_page_of_errors_has_the_limits() -> None:
    text = (REFERENCE / "errors.md").read_text()
    assert f"{MAX_BODY_BYTES // 2**20} MiB; {MAX_LEVELS} levels" in text


def test_the_page_of_events_has_every_event_that_is_recorded_and_no_other() -> None:
    recorded = {
        node.value
        for path, tree in trees()
        if path.is_relative_to(PACKAGE / "families")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in EVENTS
    }
    rows = re.findall(r"^\| `([a-z_.]+)`( \(D\))? \| .+ \|$", (REFERENCE / "events.md").read_text(), re.MULTILINE)
    assert {name for name, _ in rows} == recorded
    for name, distribution in rows:
        assert bool(distribution) is (EVENTS[name].scope is Scope.DISTRIBUTION), name


def test_the_page_of_events_has_the_schedule() -> None:
    text = " ".join((REFERENCE / "events.md").read_text().split())
    minutes = [int(retry_offset(number).total_seconds() // 60) for number in range(1, RETRIES + 1)]
    written = (
        ", ".join(str(number) for number in minutes[:-2]) + f" and {minutes[-2]} minutes and {minutes[-1] // 60} hours"
    )
    assert written in text
    assert f"{RETRIES + 1} attempts in all" in text
    assert f"within {TIMEOUT_S:.0f} seconds" in text


def test_the_example_of_verification_works(project: Project) -> None:
    path = project.webhook("customer.created")
    make.customer(project)
    (sent,) = project.receiver.wait(path)
    (code,) = re.findall(r"```python\n(.*?)```", (REFERENCE / "events.md").read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    is_genuine = names["is_genuine"]
    assert callable(is_genuine)
    assert is_genuine(project.secret, sent.body, sent.headers["x-voucherify-signature"])
    assert not is_genuine(project.secret, sent.body + b" ", sent.headers["x-voucherify-signature"])
    assert not is_genuine("other", sent.body, sent.headers["x-voucherify-signature"])


def test_links_between_pages_lead_somewhere() -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), (page, target)


def test_files_that_pages_name_are_there() -> None:
    for page in (ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md"):
        for name in re.findall(r"`((?:\w+/)+\w+\.py)`", page.read_text()):
            assert (PACKAGE / name).exists() or (PACKAGE / "families" / name).exists() or (ROOT / name).exists(), name

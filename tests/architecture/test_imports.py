"""The import contracts: they cover every package, and they fail when an arrow is turned round."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from guerdon.db.migrate import migrations

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "guerdon"
CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}


def named(contract: str) -> set[str]:
    return {name for line in CONTRACTS[contract]["layers"] for name in re.findall(r"\w+", line)}


def test_every_family_has_a_tier() -> None:
    families = {path.name for path in (PACKAGE / "families").iterdir() if (path / "__init__.py").exists()}
    assert families <= named("tiers")
    assert CONTRACTS["tiers"]["exhaustive"]


def test_every_package_has_a_layer() -> None:
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert parts - {"__init__"} == named("layers")
    assert CONTRACTS["layers"]["exhaustive"]


def test_only_places_that_exist_are_contracted() -> None:
    for contract in CONTRACTS.values():
        for name in contract.get("source_modules", []):
            assert (ROOT / "src" / name.replace(".", "/")).exists(), name


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, to be spoilt."""
    folder = tmp_path_factory.mktemp("spoilt")
    shutil.copytree(PACKAGE, folder / "guerdon", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(
    ("place", "line", "broken"),
    [
        ("engine/money.py", "import guerdon.db.pool", "The engine is pure"),
        ("engine/money.py", "import random", "The engine is pure"),
        ("db/table.py", "import guerdon.families.customers.store", "Layers"),
        ("families/customers/store.py", "import guerdon.families.campaigns.store", "Families"),
        ("families/customers/store.py", "import guerdon.families.products.store", "Families"),
        ("families/customers/store.py", "import starlette", "web framework"),
        ("webhooks/send.py", "import guerdon.settings", "settings"),
    ],
)
def test_an_arrow_that_is_turned_round_is_found(copy: Path, place: str, line: str, broken: str) -> None:
    file = copy / "guerdon" / place
    good = file.read_text()
    file.write_text(f"{good}\n{line}\n")
    try:
        answer = subprocess.run(
            [Path(sys.executable).parent / "lint-imports", "--no-cache"],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        file.write_text(good)
    assert answer.returncode == 1
    assert re.search(rf"{broken}(?:(?!KEPT).)* BROKEN", " ".join(answer.stdout.split())), answer.stdout


def test_migrations_have_numbers_of_their_own() -> None:
    numbers = [step.number for step in migrations()]
    assert numbers == sorted(set(numbers))
    files = list((PACKAGE / "db" / "migrations").glob("*.sql"))
    assert len(files) == len(numbers)

"""Writes docs/reference/settings.md from the settings themselves. `python tools/docs`; a test says when it is due."""

from pathlib import Path

import msgspec
from msgspec import inspect

from guerdon.settings import DEFAULT_FILE, PREFIX, Settings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
HEAD = f"""# Settings

This page is written by `make docs` from `src/guerdon/settings.py`.

A setting is given as an environment variable, or under the name without `{PREFIX}`, in lower case, in a TOML file:
the one that `{PREFIX}CONFIG` names, or `{DEFAULT_FILE}` in the working folder if there is one. The environment wins
over the file, and an option of the command line over both. An empty variable counts as not set. A value of the wrong
kind, a name in the file that is none of these, or a file that cannot be read ends the command with status 2 and says
so in one line. Unknown variables are not looked at.

| variable | kind | default | meaning |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    info = inspect.type_info(Settings)
    assert isinstance(info, inspect.StructType)
    return HEAD + "".join(_row(field) for field in info.fields)


def _row(field: inspect.Field) -> str:
    description, kind = "", field.type
    if isinstance(kind, inspect.Metadata):
        description = str((kind.extra_json_schema or {}).get("description", ""))
        kind = kind.type
    default = "not set" if field.default is None else f"`{msgspec.json.encode(field.default).decode()}`"
    return f"| `{PREFIX}{field.name.upper()}` | {_kind(kind)} | {default} | {description} |\n"


def _kind(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.UnionType):
        return next(_kind(one) for one in kind.types if not isinstance(one, inspect.NoneType))
    if isinstance(kind, inspect.LiteralType):
        return ", ".join(f"`{value}`" for value in kind.values)
    if isinstance(kind, inspect.IntType):
        return f"whole number, {kind.ge} to {kind.le}"
    return "`true` or `false`" if isinstance(kind, inspect.BoolType) else "text"


if __name__ == "__main__":
    PAGE.write_text(page())

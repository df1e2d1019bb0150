"""Writes the reference pages that are made from the code. `python tools/docs`; a test says when it is due."""

from pathlib import Path

import msgspec
from msgspec import inspect

from guerdon.events.catalogue import ADDED_KEYS, EVENTS, EventType, Purpose
from guerdon.events.data_keys import Key
from guerdon.settings import DEFAULT_FILE, PREFIX, Settings

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
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


DATA_HEAD = """# What the data of events holds

This page is written by `make docs` from `src/guerdon/events/`.

`?` marks what may be null, `*` what may be left out. Ids of events begin as the second column says, those of what they
are about as the third. What begins with a capital is a shape that the reference has under this name, too.

| event | id | about | data |
|---|---|---|---|
"""
TRIGGERS_HEAD = """
## What starts distributions

| event | actions | narrowed by |
|---|---|---|
"""


def data_page() -> str:
    """The page of what events hold."""
    rows = "".join(_event(event) for event in EVENTS.values())
    triggers = "".join(_trigger(event) for event in EVENTS.values() if event.purposes)
    return DATA_HEAD + rows + TRIGGERS_HEAD + triggers + "\n" + added()


def _event(event: EventType) -> str:
    told = ", ".join(_key(key) for key in event.keys)
    return f"| `{event.name}` | `{event.id_prefix}` | `{event.entity}` | {told} |\n"


def _key(key: Key) -> str:
    return f"{key.name}{'?' * key.nullable}{'*' * key.optional}: {key.kind}"


def _trigger(event: EventType) -> str:
    named = ", ".join(f"`{name}`{' (required)' * (name in event.required)}" for name in sorted(event.narrowed_by))
    return f"| `{event.name}` | {', '.join(sorted(event.purposes))} | {named} |\n"


def added() -> str:
    """What each action adds to the data."""
    pairs = ((purpose, ADDED_KEYS[purpose]) for purpose in Purpose)
    return "".join(f"- `{purpose}` adds {', '.join(_key(key) for key in keys)}.\n" for purpose, keys in pairs if keys)


PAGES = {"settings.md": page, "event-data.md": data_page}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make())

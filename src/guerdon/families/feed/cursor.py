"""Cursors of the feed: the number of an event and a mark of its project, so that nothing else passes for one. Pure."""

import hashlib
import re

_CURSOR = re.compile(r"(0|[1-9]\d{0,17})-([0-9a-f]{8})", re.ASCII)


def write(project_id: str, number: int) -> str:
    return f"{number}-{_mark(project_id, number)}"


def read(project_id: str, cursor: str) -> int | None:
    """The number that a cursor of this project stands for; None for anything else."""
    match = _CURSOR.fullmatch(cursor)
    number = int(match[1]) if match else -1
    return number if match and match[2] == _mark(project_id, number) else None


def _mark(project_id: str, number: int) -> str:
    return hashlib.sha256(f"{project_id}:{number}".encode()).hexdigest()[:8]

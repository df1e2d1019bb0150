"""Migrations: numbered SQL files, each applied once, in order, in a transaction, under an advisory lock."""

import re
from datetime import timedelta
from importlib import resources
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import msgspec

from guerdon.db.pool import Connection, connect
from guerdon.db.transaction import Transaction

_LOCK = 0x6775_6572_646F_6E  # "guerdon"
_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")


class Migration(msgspec.Struct, frozen=True):
    """One numbered step and its SQL."""

    number: int
    name: str
    sql: str


def migrations() -> list[Migration]:
    """Every step that this version knows, in order."""
    found: list[Migration] = []
    for entry in resources.files("guerdon.db").joinpath("migrations").iterdir():
        match = _NAME.match(entry.name)
        if match:
            found.append(Migration(int(match[1]), entry.name, entry.read_text()))
    return sorted(found, key=lambda step: step.number)


async def migrate(url: str) -> list[str]:
    """Creates the database if it is missing and applies what it lacks; returns the names applied."""
    await _create_database(url)
    connection = await connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1::bigint)", _LOCK)
        applied = await _applied(connection)
        done: list[str] = []
        for step in migrations():
            if step.number not in applied:
                async with connection.transaction():
                    await connection.execute(step.sql)
                    await connection.execute(
                        "INSERT INTO schema_migrations (number, name) VALUES ($1, $2)", step.number, step.name
                    )
                done.append(step.name)
        return done
    finally:
        await connection.close()


async def pending(db: Transaction) -> list[str]:
    """The names of the steps that the database lacks; empty when it is current."""
    known = migrations()
    if await db.value("SELECT to_regclass('schema_migrations')") is None:
        return [step.name for step in known]
    applied = {row["number"] for row in await db.rows("SELECT number FROM schema_migrations")}
    return [step.name for step in known if step.number not in applied]


async def next_node(connection: Connection) -> int:
    """A number that no other process on this database has, for its identifiers."""
    return await connection.fetchval("SELECT nextval('node_numbers')")


async def asset_secret(connection: Connection) -> str:
    """The installation's secret for links that need no key."""
    return await connection.fetchval("SELECT value FROM installation WHERE key = 'asset_secret'")


async def make_partitions(connection: Connection, ahead: timedelta) -> None:
    """Makes the partitions of the coming weeks that do not exist yet."""
    await connection.execute("SELECT make_partitions($1)", ahead)


async def _applied(connection: Connection) -> set[int]:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations"
        " (number int PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    return {row["number"] for row in await connection.fetch("SELECT number FROM schema_migrations")}


async def _create_database(url: str) -> None:
    try:
        await (await connect(url)).close()
    except asyncpg.InvalidCatalogNameError:
        parts = urlsplit(url)
        name = parts.path.lstrip("/")
        maintenance = await connect(urlunsplit(parts._replace(path="/postgres")))
        try:
            await maintenance.execute(f'CREATE DATABASE "{name}" ENCODING UTF8 TEMPLATE template0')
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            pass  # another process was quicker
        finally:
            await maintenance.close()

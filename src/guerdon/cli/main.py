"""The command line. Every command reads the same settings; options stand for those that are set most."""

import asyncio
import contextlib
import importlib.util
import os
import signal
import socket
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
import uvloop

from guerdon.asgi import Api, runtime
from guerdon.cli import operators
from guerdon.cli.audit import report, run as run_audit
from guerdon.cli.serve import serve as run_serve, serve_api
from guerdon.clock import real_now
from guerdon.db.migrate import migrate as run_migrations
from guerdon.db.pool import UNUSABLE
from guerdon.db.server import url_of_running
from guerdon.db.transaction import Transaction
from guerdon.families.api_keys import store as api_keys
from guerdon.http.protocol import JoiningProtocol
from guerdon.http.routing import Scope
from guerdon.settings import Settings, SettingsError, load
from guerdon.telemetry import configure_logging
from guerdon.worker import work

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Promotion and loyalty engine on PostgreSQL.",
)

DatabaseUrl = Annotated[str | None, typer.Option(help="A PostgreSQL of your own; without it `serve` starts one.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on.")]
SharePort = Annotated[bool | None, typer.Option("--share-port", help="Let further processes listen there too.")]
DataDir = Annotated[str | None, typer.Option(help="Folder of the embedded PostgreSQL.")]


@app.command()
def serve(database_url: DatabaseUrl = None, host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Serves the API and runs the worker; starts PostgreSQL itself where none is given."""
    with _explained():
        run_serve(_settings(database_url=database_url, host=host, port=port, data_dir=data_dir))


@app.command()
def api(
    database_url: DatabaseUrl = None,
    host: Host = None,
    port: Port = None,
    share_port: SharePort = None,
) -> None:
    """Serves the API alone, on a migrated database."""
    settings = _settings(database_url=database_url, host=host, port=port)
    if settings.api_processes > 1 and not share_port:
        with _explained():
            serve_api(settings, _url(settings))
        return
    uvicorn.run(
        Api(settings, _url(settings)),
        host=settings.host,
        port=settings.port,
        fd=_shared_port(settings) if share_port else None,
        loop="uvloop",
        http=JoiningProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,  # longer than clients and proxies keep theirs, so that none sends into a closing one
        timeout_graceful_shutdown=10,
        backlog=2048,
    )


@app.command()
def worker(database_url: DatabaseUrl = None) -> None:
    """Runs the worker alone: relays events, delivers webhooks, runs jobs."""
    settings = _settings(database_url=database_url)
    with _explained():
        uvloop.run(_until_terminated(settings, _url(settings)))


@app.command()
def migrate(database_url: DatabaseUrl = None) -> None:
    """Brings a database to this version's schema."""
    settings = _settings(database_url=database_url)
    with _explained():
        done = asyncio.run(run_migrations(_url(settings)))
    typer.echo("\n".join(done) if done else "The database is current.")


@app.command()
def keys(database_url: DatabaseUrl = None, name: str = "Management") -> None:
    """Makes a management key and prints it; for when the first one is lost."""
    settings = _settings(database_url=database_url)
    with _explained():
        key = asyncio.run(_make_key(settings, name))
    typer.echo(f"management_id     {key.app_id}\nmanagement_token  {key.app_token}")


@app.command()
def audit(
    database_url: DatabaseUrl = None,
    project: Annotated[str | None, typer.Option(help="Only this project; without it all of them.")] = None,
) -> None:
    """Checks that every balance, ledger and counter adds up. Ends with status 1 if something does not."""
    settings = _settings(database_url=database_url)
    with _explained():
        findings = asyncio.run(run_audit(settings, _url(settings), project))
    if not report(findings):
        raise typer.Exit(1)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def demo(context: typer.Context) -> None:
    """Plays a shop's day and shows the five reference events as they arrive. Needs the extra `demo`."""
    if importlib.util.find_spec("voucherify") is None:
        typer.echo("guerdon: the demo needs the extra `guerdon[demo]`", err=True)
        raise typer.Exit(2)
    # A program of its own: it uses the public client, which a server neither needs nor should have to import. It takes
    # this one's place, so that Ctrl-C is for it alone and it has the time to clean up.
    typer.echo("The shop gets ready ...")  # to import the client takes a few seconds
    os.execv(sys.executable, [sys.executable, "-m", "guerdon.cli.demo", *context.args])  # noqa: S606


@contextlib.contextmanager
def _explained() -> Generator[None]:
    """Says in one line what is wrong outside of us, instead of showing where it was noticed."""
    try:
        yield
    except UNUSABLE as error:
        typer.echo(f"guerdon: {error}", err=True)
        raise typer.Exit(1) from None


app.command()(operators.listen)
app.add_typer(operators.deliveries, name="deliveries")
app.add_typer(operators.events, name="events")
app.add_typer(operators.webhooks, name="webhooks")


def _shared_port(settings: Settings) -> int:
    """A socket among others on the same port; the kernel spreads connections over them."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    return socket.create_server((settings.host, settings.port), family=family, reuse_port=True).detach()


async def _until_terminated(settings: Settings, url: str) -> None:
    task = asyncio.ensure_future(work(settings, url))
    for received in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(received, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _make_key(settings: Settings, name: str) -> api_keys.NewKey:
    async with runtime(settings, _url(settings)) as made, Transaction(made.pool) as db:
        return await api_keys.create(db, Scope.MANAGEMENT, name=name, now=real_now())


def _settings(**options: Any) -> Settings:  # noqa: ANN401 - the values of options
    try:
        settings = load(os.environ, **options)
    except SettingsError as error:
        typer.echo(f"guerdon: {error}", err=True)
        raise typer.Exit(2) from None
    configure_logging(settings.log_level)
    return settings


def _url(settings: Settings) -> str:
    """The database that is named, or else the embedded one while `serve` runs it."""
    url = settings.database_url or url_of_running(Path(settings.data_dir))
    if url is None:
        where = f"none runs in {settings.data_dir}; give --database-url or set GUERDON_DATABASE_URL"
        typer.echo(f"guerdon: no database; {where}", err=True)
        raise typer.Exit(2)
    return url

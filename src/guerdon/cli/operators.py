"""The operators' commands: deliveries, the feed, and listening to it on a developer's own machine."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
import typer

from guerdon.cli import follow
from guerdon.cli.remote import (
    AWAY,
    Access,
    KeysFile,
    ManagementId,
    ManagementToken,
    ProjectId,
    RefusedError,
    Remote,
    Url,
    access,
)
from guerdon.webhooks.guard import parse_target

deliveries = typer.Typer(no_args_is_help=True, help="Shows what was sent to webhooks, and sends it again.")
events = typer.Typer(no_args_is_help=True, help="Shows events as they happen.")

Types = Annotated[str | None, typer.Option(help="Only these, such as voucher.published,customer.created.")]
Status = Literal["PENDING", "RETRYING", "SENT", "FAILED"]


class _Event(msgspec.Struct):
    type: str


class _Source(msgspec.Struct):
    target_url: str


class _Delivery(msgspec.Struct):
    id: str
    status: str
    created_at: str
    attempts_count: int
    event: _Event
    source: _Source


class _Deliveries(msgspec.Struct):
    data: list[_Delivery]
    has_more: bool


@deliveries.callback()
@events.callback()
def let_in(
    context: typer.Context,
    url: Url = None,
    management_id: ManagementId = None,
    management_token: ManagementToken = None,
    project: ProjectId = None,
    keys: KeysFile = None,
) -> None:
    context.obj = access(url, management_id, management_token, project, keys)


@deliveries.command("list")
def list_deliveries(
    context: typer.Context,
    status: Annotated[Status | None, typer.Option(help="Only those in this state.")] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="Only those of this event.")] = None,
    source: Annotated[str | None, typer.Option(help="Only those of this webhook or distribution.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
) -> None:
    """Lists deliveries, newest first."""

    async def run(remote: Remote) -> None:
        content = await remote.get("/deliveries", status=status, event_type=event_type, source_id=source, limit=limit)
        page = msgspec.json.decode(content, type=_Deliveries)
        for delivery in page.data:
            typer.echo(_line(delivery))
        if page.has_more:
            typer.echo("There are more; narrow the list, or raise --limit.", err=True)

    _run(context.obj, run)


@deliveries.command()
def show(context: typer.Context, delivery_id: str) -> None:
    """Shows a delivery with its body and every attempt, as JSON."""

    async def run(remote: Remote) -> None:
        typer.echo(msgspec.json.format(await remote.get(f"/deliveries/{quote(delivery_id, safe='')}")))

    _run(context.obj, run)


@deliveries.command()
def retry(context: typer.Context, delivery_id: str) -> None:
    """Sends a delivery again now."""

    async def run(remote: Remote) -> None:
        content = await remote.post(f"/deliveries/{quote(delivery_id, safe='')}/retry")
        typer.echo(_line(msgspec.json.decode(content, type=_Delivery)))

    _run(context.obj, run)


@events.command()
def tail(
    context: typer.Context,
    types: Types = None,
    *,
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with the project's first event.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Whole events, one JSON object a line.")] = False,
) -> None:
    """Prints events as they happen, until Ctrl-C."""
    _run(context.obj, lambda remote: follow.tail(remote, types, from_start=from_start, as_json=as_json))


def listen(
    forward: Annotated[str, typer.Option(help="Where each event is posted, such as http://localhost:3000/hook.")],
    types: Types = None,
    url: Url = None,
    management_id: ManagementId = None,
    management_token: ManagementToken = None,
    project: ProjectId = None,
    keys: KeysFile = None,
) -> None:
    """Posts each event, signed, to your own machine and shows the answers, until Ctrl-C. No webhook is needed."""
    if parse_target(forward) is None:
        typer.echo(f"guerdon: --forward must be an http or https URL without credentials, not {forward}", err=True)
        raise typer.Exit(2)
    given = access(url, management_id, management_token, project, keys)
    _run(given, lambda remote: follow.forward(remote, forward, types))


def _line(delivery: _Delivery) -> str:
    return (
        f"{delivery.id}  {delivery.created_at}  {delivery.status:<8} {delivery.attempts_count:>2}  "
        f"{delivery.event.type:<45} {delivery.source.target_url}"
    )


def _run(given: Access, work: Callable[[Remote], Awaitable[None]]) -> None:
    """Until it is done or Ctrl-C. Errors: typer.Exit, after saying why."""

    async def run() -> None:
        async with Remote(given) as remote:
            await work(remote)

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        return
    except (RefusedError, *AWAY) as error:
        typer.echo(f"guerdon: {error or 'no answer'}", err=True)
        raise typer.Exit(1) from None

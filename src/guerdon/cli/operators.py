"""The operators' commands: deliveries, the feed, and listening to it on a developer's own machine."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
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
webhooks = typer.Typer(
    no_args_is_help=True, help="Tries webhooks out, and replaces the secret that they are signed with."
)
events = typer.Typer(no_args_is_help=True, help="Shows events as they happen.")

Types = Annotated[str | None, typer.Option(help="Only these, such as voucher.published,customer.created.")]
Status = Literal["PENDING", "RETRYING", "SENT", "FAILED"]
Finished = Literal["FAILED", "SENT", "RETRYING"]


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


class _Replay(msgspec.Struct):
    async_action_id: str


class _Tried(msgspec.Struct):
    delivery_id: str
    status_code: int | None
    error: str | None


class _Secret(msgspec.Struct):
    secret: str
    overlap_until: str | None


@deliveries.callback()
@events.callback()
@webhooks.callback()
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


@deliveries.command()
def replay(
    context: typer.Context,
    after: Annotated[str, typer.Option(help="Made after this moment, such as 2026-11-21T00:00:00Z.")],
    before: Annotated[str, typer.Option(help="Made before this moment.")],
    status: Annotated[Finished, typer.Option(help="Those that ended so.")] = "FAILED",
    source: Annotated[str | None, typer.Option(help="Only those of this webhook or distribution.")] = None,
    types: Types = None,
) -> None:
    """Sends a range of deliveries again; prints the id of the asynchronous action that does it."""
    wanted = types.split(",") if types else None

    async def run(remote: Remote) -> None:
        window = {"created_after": after, "created_before": before}
        content = await remote.post("/deliveries/replay", **window, status=status, source_id=source, event_types=wanted)
        typer.echo(msgspec.json.decode(content, type=_Replay).async_action_id)

    _run(context.obj, run)


@webhooks.command("test")
def try_out(context: typer.Context, webhook_id: str) -> None:
    """Sends a signed sample to a webhook now and says how it was answered. Ends with 1 unless that was a 2xx."""

    async def run(remote: Remote) -> None:
        content = await remote.post(f"/webhooks/{quote(webhook_id, safe='')}/test")
        tried = msgspec.json.decode(content, type=_Tried)
        typer.echo(f"{tried.delivery_id}  {tried.error or tried.status_code}")
        if tried.status_code is None or tried.status_code // 100 != HTTPStatus.OK // 100:
            raise typer.Exit(1)

    _run(context.obj, run)


@webhooks.command()
def rotate(
    context: typer.Context,
    overlap_hours: Annotated[int, typer.Option(min=0, max=720, help="How long the old secret signs as well.")] = 24,
) -> None:
    """Replaces the secret of all webhooks; prints the new one, which is shown this once."""

    async def run(remote: Remote) -> None:
        content = await remote.post("/webhooks/secret/rotate", overlap_hours=overlap_hours)
        made = msgspec.json.decode(content, type=_Secret)
        typer.echo(made.secret)
        if made.overlap_until is not None:
            typer.echo(f"The old one signs as well until {made.overlap_until}.", err=True)

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

"""Following the feed of events: printing it, and forwarding it to a developer's own machine, signed."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime

import msgspec
import typer

from guerdon.cli.remote import AWAY, Remote
from guerdon.clock import real_now
from guerdon.webhooks import prepare, sample
from guerdon.webhooks.prepare import Message, Signing
from guerdon.webhooks.send import Sender

LATEST = "latest"
_WAIT_S = 20
_PAUSE_S = 1.0


class FedEvent(msgspec.Struct, frozen=True):
    """An event of the feed; what is raw is JSON as it was recorded, so that it can be signed like a delivery."""

    cursor: str
    id: str
    type: str
    created_at: datetime
    entity_id: str
    group_id: str
    event_source: msgspec.Raw
    data: msgspec.Raw


class _Page(msgspec.Struct, frozen=True):
    data: list[FedEvent]
    next_cursor: str


class _Project(msgspec.Struct, frozen=True):
    webhook_token: str
    standard_webhooks: bool


async def feed(remote: Remote, after: str, types: str | None) -> AsyncGenerator[FedEvent]:
    """Events as they come, until the caller stops. An installation that is away is waited for. Errors: RefusedError."""
    while True:
        try:
            content = await remote.get("/events", after=after, types=types, wait_s=_WAIT_S)
        except AWAY as error:
            typer.echo(f"guerdon: {error or 'no answer'}; trying again", err=True)
            await asyncio.sleep(_PAUSE_S)
            continue
        page = msgspec.json.decode(content, type=_Page)
        for event in page.data:
            yield event
        after = page.next_cursor


async def start(remote: Remote) -> str:
    """The cursor of this moment: fixed before anything is waited for, so that nothing after it is missed."""
    return msgspec.json.decode(await remote.get("/events", after=LATEST), type=_Page).next_cursor


async def tail(remote: Remote, types: str | None, *, from_start: bool, as_json: bool) -> None:
    """Prints a line for each event."""
    async for event in feed(remote, "" if from_start else await start(remote), types):
        if as_json:
            typer.echo(msgspec.json.encode(event))
        else:
            typer.echo(f"{event.created_at:%H:%M:%S}  {event.type:<45} {event.entity_id}  {event.id}")


async def forward(remote: Remote, target_url: str, types: str | None) -> None:
    """Posts each event as a webhook would be sent it, once, and prints how it was answered."""
    after = await start(remote)
    project = msgspec.json.decode(await remote.get(""), type=_Project)
    signing = Signing(project.webhook_token, None, project.standard_webhooks)
    typer.echo(f"Events go to {target_url}, signed with the project's webhook secret. Ctrl-C ends it.", err=True)
    async with Sender(allow_private=True, connections=1) as sender:
        async for event in feed(remote, after, types):
            message = _message(event, target_url)
            content = prepare.body(remote.project_id, message)
            headers = prepare.headers({}, signing, message.id, content, real_now())
            attempt = await sender.post(target_url, content, headers)
            answer = attempt.error or f"{attempt.status_code}"
            typer.echo(f"{event.type:<45} {event.entity_id}  {answer}  {attempt.duration_ms} ms")
            if not attempt.ok and attempt.response_excerpt:
                typer.echo(f"    {attempt.response_excerpt}")


def _message(event: FedEvent, target_url: str) -> Message:
    """The envelope of a webhook that does not exist; its id is the event's, so that it stays the same."""
    return Message(
        id=f"whs_{event.id.rpartition('_')[2]}",
        source_id=sample.zero("wh_"),
        target_url=target_url,
        type=event.type,
        created_at=event.created_at,
        event_id=event.id,
        event_type=event.type,
        entity_id=event.entity_id,
        group_id=event.group_id,
        event_source=bytes(event.event_source).decode(),
        data=bytes(event.data).decode(),
        body=None,
    )

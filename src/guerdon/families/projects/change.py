"""Changing a project: what is sent replaces what was, the rest stays."""

import msgspec
from msgspec import UNSET

from guerdon.errors import not_found
from guerdon.events.doorbell import Bell
from guerdon.events.work import Work
from guerdon.families.projects import store
from guerdon.families.projects.create import require_timezone
from guerdon.families.projects.schemas import ClientAbilities, ProjectPatch
from guerdon.families.projects.store import ProjectRow
from guerdon.webhooks import store as webhooks

_NOTIFICATIONS = ("api_usage_notifications", "webhooks_callout_notifications")


async def change(work: Work, patch: ProjectPatch) -> ProjectRow:
    """The project after the change. Errors: invalid_payload."""
    if isinstance(patch.timezone, str):
        require_timezone(patch.timezone)
    held = await store.hold(work.db, work.project.id)
    if held is None:
        raise not_found("project", work.project.id)
    sent = {name: value for name in patch.__struct_fields__ if (value := getattr(patch, name)) is not UNSET}
    abilities = {name: sent.pop(name) for name in ClientAbilities.__struct_fields__ if name in sent}
    notifications = {name: sent.pop(name) for name in _NOTIFICATIONS if name in sent}
    changed = msgspec.structs.replace(
        held,
        **sent,
        client_abilities=held.client_abilities | abilities,
        notifications=held.notifications | msgspec.to_builtins(notifications),
    )
    await store.update(work.db, changed)
    await webhooks.set_standard_webhooks(work.db, work.project.id, on=changed.standard_webhooks)
    work.ring(Bell.PROJECTS)  # keys remember what their project is
    return changed

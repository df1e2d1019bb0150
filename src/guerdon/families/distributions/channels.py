"""A live distribution's channels as endpoints.

Where a message needs more than the event (a look at what narrows it, a promotion, a fresh code, a designed payload),
only the first channel subscribes: its one job per event prepares the deliveries of all, so that they share the code.
"""

import msgspec

from guerdon.events.catalogue import MANUAL, Purpose
from guerdon.events.work import Work
from guerdon.families.distributions.narrow import is_narrowed
from guerdon.families.distributions.prepare import PREPARE
from guerdon.families.distributions.schemas import BY_HAND, Action, Channel, Trigger
from guerdon.families.distributions.store import DistributionRow
from guerdon.webhooks.store import Endpoint


def endpoints(work: Work, row: DistributionRow) -> list[Endpoint]:
    """The endpoints, for events from now on."""
    channels = msgspec.convert(row.channels, list[Channel])
    trigger = msgspec.convert(row.trigger, Trigger)
    adds = msgspec.convert(row.action, Action).type is not Purpose.MESSAGE
    events = _events(trigger)
    together = (
        adds or is_narrowed(trigger) or MANUAL in events or any(channel.payload is not None for channel in channels)
    )
    mark = work.runtime.ids.mark()
    return [
        Endpoint(
            id=row.id if place == 0 else f"{row.id}.{place}",
            source_id=row.id,
            target_url=channel.target_url,
            events=[] if together and place > 0 else events,
            active_since=mark,
            campaign_id=trigger.campaign_id,
            event_name=channel.event_name,
            headers=channel.headers,
            template=channel.payload,
            raw=channel.raw,
            prepared_by=PREPARE if together and place == 0 else None,
            created_at=work.now,
        )
        for place, channel in enumerate(channels)
    ]


def _events(trigger: Trigger) -> list[str]:
    """What starts it: its event, or that it goes to somebody without one."""
    if trigger.type == BY_HAND:
        return [MANUAL]
    return [trigger.type, MANUAL] if trigger.include_present_members else [trigger.type]


def changed(work: Work, row: DistributionRow, present: list[Endpoint], *, same_trigger: bool) -> list[Endpoint]:
    """The endpoints after a change: none if there were none, and off if they were off.

    With the same trigger, channels that there were also get what happened before the change and is still on its way.
    """
    if not present:
        return []
    known = {endpoint.id: endpoint for endpoint in present}
    first = present[0]
    made = [
        msgspec.structs.replace(
            endpoint,
            active=first.active,
            disabled_reason=first.disabled_reason,
            disabled_at=first.disabled_at,
            updated_at=work.now,
        )
        for endpoint in endpoints(work, row)
    ]
    if not same_trigger:
        return made
    return [
        msgspec.structs.replace(endpoint, active_since=known[endpoint.id].active_since)
        if endpoint.id in known
        else endpoint
        for endpoint in made
    ]

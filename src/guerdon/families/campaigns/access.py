"""To which areas and stores campaigns are assigned. Areas and stores are not kept here, so any id is taken."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.clock import iso
from guerdon.db.table import Where
from guerdon.errors import refused
from guerdon.events.work import Work
from guerdon.families.campaigns import store
from guerdon.families.campaigns.store import AccessRow
from guerdon.http.paging import CreatedQuery

MOST = 100
ASSIGNMENTS = "access_settings_assignments"
_Ids = Annotated[list[Annotated[str, Meta(min_length=1, max_length=255)]], Meta(max_length=MOST)] | None
_Wanted = list[str] | str | None


class Access(msgspec.Struct, kw_only=True):
    """Areas, single stores, and areas with all stores that they have and will have."""

    areas_ids: _Ids = None
    area_stores_ids: _Ids = None
    area_all_stores_ids: _Ids = None

    def targets(self) -> Iterator[tuple[str, str]]:
        yield from (("AREA", target_id) for target_id in self.areas_ids or ())
        yield from (("STORE", target_id) for target_id in self.area_stores_ids or ())
        yield from (("ALL_STORES", target_id) for target_id in self.area_all_stores_ids or ())


class AccessSettings(msgspec.Struct, kw_only=True):
    """What a campaign is to be assigned to, and no longer; who is both is assigned afterwards."""

    assign: Access | None = None
    unassign: Access | None = None


class AccessAssignment(msgspec.Struct, kw_only=True):
    """A campaign in an area, or in a store."""

    id: str
    area_id: str | UnsetType = UNSET
    all_stores: bool
    area_store_id: str | UnsetType = UNSET
    created_at: str
    object: str = "area_store_campaign_assignment"


class AccessAssignments(msgspec.Struct):
    """Everything that a campaign is assigned to."""

    data: list[AccessAssignment]
    total: int
    object: str = "list"
    data_ref: str = "data"


class AccessQuery(CreatedQuery, kw_only=True):
    """Lists of campaigns: those that are assigned to one of these, and whether their assignments are shown."""

    expand: Literal["category", "access_settings_assignments"] | None = None
    areas_ids: _Wanted = msgspec.field(default=None, name="access_settings[filter][areas_ids]")
    area_stores_ids: _Wanted = msgspec.field(default=None, name="access_settings[filter][area_stores_ids]")
    area_all_stores_ids: _Wanted = msgspec.field(default=None, name="access_settings[filter][area_all_stores_ids]")

    def where(self) -> Where:
        given = {"AREA": self.areas_ids, "STORE": self.area_stores_ids, "ALL_STORES": self.area_all_stores_ids}
        wanted = [
            f"{scope} {target_id}"
            for scope, ids in given.items()
            for target_id in ([ids] if isinstance(ids, str) else ids or ())
        ]
        return super().where().add(store.HAS_ACCESS, wanted or None)


async def change(work: Work, campaign_id: str, settings: AccessSettings | None) -> bool:
    """Assigns the campaign, which the caller holds; whether that changed anything.

    Errors: invalid_campaign where it would be assigned to too many.
    """
    if settings is None:
        return False
    removed = list(settings.unassign.targets()) if settings.unassign else []
    added = list(dict.fromkeys(settings.assign.targets())) if settings.assign else []
    if not removed and not added:
        return False
    before = await store.access_of(work.db, work.project.id, [campaign_id])
    await store.unassign(work.db, work.project.id, campaign_id, [one for one in removed if one not in added])
    rows = [AccessRow(work.new_id("arsca_"), campaign_id, scope, target, work.now) for scope, target in added]
    await store.assign(work.db, work.project.id, rows)
    after = await store.access_of(work.db, work.project.id, [campaign_id])
    if len(after) > MOST:
        details = f"A campaign cannot be assigned to more than {MOST} areas and stores"
        raise refused("invalid_campaign", "Invalid Campaign", details)
    return before != after


def shown(rows: Sequence[AccessRow]) -> AccessAssignments:
    data = [
        AccessAssignment(
            id=row.id,
            area_id=UNSET if row.scope == "STORE" else row.target_id,
            all_stores=row.scope == "ALL_STORES",
            area_store_id=row.target_id if row.scope == "STORE" else UNSET,
            created_at=iso(row.created_at),
        )
        for row in rows
    ]
    return AccessAssignments(data, len(data))

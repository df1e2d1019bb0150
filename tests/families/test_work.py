"""A guarded change and its event: what a lost race drops, and what it keeps."""

import asyncio

import msgspec

import make
from guerdon.families.customers import save, store, views
from guerdon.families.customers.schemas import CustomerEvent, NewCustomer
from installation import Project


def test_a_lost_race_drops_its_own_event_and_no_other(project: Project) -> None:
    ann, bob = (make.customer(project, name) for name in ("ann", "bob"))

    async def change() -> None:
        async with make.work_on(project) as work:
            row = await store.find(work.db, project.id, "ann")
            assert row is not None
            await work.db.begin()
            data = CustomerEvent(views.customer(row))
            work.record("customer.updated", ann["id"], data)
            stale = msgspec.structs.replace(row, version=row.version + 1)
            lost = work.event("customer.updated", ann["id"], data)
            assert not await store.save_profile(work, stale, lost)
            await save.upsert(work, NewCustomer(source_id="bob", name="Robert"))

    asyncio.run(change())
    told = project.recorded("customer.updated", count=2)
    assert [event["entity_id"] for event in told] == [ann["id"], bob["id"]]


def test_what_was_recorded_before_is_committed_with_one_guarded_change(project: Project) -> None:
    ann = make.customer(project, "ann")

    async def change() -> None:
        async with make.work_on(project) as work:
            row = await store.find(work.db, project.id, "ann")
            assert row is not None
            work.record("customer.deleted", ann["id"], CustomerEvent(views.customer(row)))
            await save.upsert(work, NewCustomer(source_id="ann", name="Anna"))
            assert not work.db.begun

    asyncio.run(change())
    types = ("customer.deleted", "customer.updated")
    assert [event["type"] for event in project.recorded(*types, count=2)] == list(types)

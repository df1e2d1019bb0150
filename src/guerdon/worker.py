"""Composition root of the worker: the relay, the deliverer, the jobs, and which job reacts to which event."""

import asyncio
from datetime import timedelta

import asyncpg

from guerdon.asgi import runtime, spare_the_collector
from guerdon.clock import real_now
from guerdon.db.answers import forget_old
from guerdon.db.definitions import forget_old_changes
from guerdon.db.migrate import make_partitions
from guerdon.db.pool import UNREACHABLE, acquired
from guerdon.db.retention import Retention, drop_old
from guerdon.events.catalogue import EVENTS
from guerdon.events.doorbell import Bell, listen
from guerdon.events.relay import Relay
from guerdon.events.work import Runtime
from guerdon.families.campaigns import jobs as campaigns
from guerdon.families.codes import jobs as codes
from guerdon.families.customers import jobs as customers
from guerdon.families.deliveries import replay as deliveries
from guerdon.families.distributions import (
    jobs as distributions,
    start as distributions_start,
    store as distributions_store,
)
from guerdon.families.erasures import erase, store as erasures_store
from guerdon.families.grants import owe as grants, store as grants_store
from guerdon.families.loyalties import (
    activation,
    day,
    earn,
    earn_together,
    expire,
    jobs as loyalties,
    pending,
    pending_store,
    standing,
    store as loyalties_store,
    tier_store,
    tiers,
    triggers,
)
from guerdon.families.loyalties.assignments import SETTLE
from guerdon.families.orders import jobs as orders
from guerdon.families.products import jobs as products
from guerdon.families.projects import store as projects
from guerdon.families.redeemables import automatic, settle
from guerdon.families.referrals import jobs as referrals
from guerdon.families.segments import jobs as segments, store as segments_store
from guerdon.families.trash_bin import routes as trash_bin
from guerdon.families.vouchers import reactions as vouchers
from guerdon.jobs.schedule import FindDue, Schedule
from guerdon.jobs.worker import Handler, JobWorker, Reactions, Together
from guerdon.settings import Settings
from guerdon.telemetry import logger
from guerdon.webhooks.deliver import Deliverer
from guerdon.webhooks.fanout import FanOut
from guerdon.webhooks.send import Sender

# What a day begins with, in this order: rewards and tiers see points that have just become usable, points end last.
DAY_STEPS = (
    day.Step(activation.activate_due, pending_store.projects_with_due_points, pending_store.first_day),
    day.Step(automatic.redeem_again, grants_store.projects_with_blocked, grants_store.first_day),
    day.Step(standing.review_ended, tier_store.projects_with_ended_tiers, tier_store.first_day_after_end),
    day.Step(standing.review_period, tier_store.projects_with_new_periods, tier_store.first_day_of_period),
    day.Step(expire.expire_due, loyalties_store.projects_with_expiring_points, loyalties_store.first_day),
)
JOBS: dict[str, Handler] = {
    **customers.JOBS,
    **segments.JOBS,
    **trash_bin.JOBS,
    **products.JOBS,
    **orders.JOBS,
    **campaigns.JOBS,
    **codes.JOBS,
    **vouchers.JOBS,
    **loyalties.JOBS,
    **tiers.JOBS,
    **grants.JOBS,
    **settle.JOBS,
    **referrals.JOBS,
    day.DAY: day.through(DAY_STEPS),
    **distributions.JOBS,
    **deliveries.JOBS,
    **erase.JOBS,
}
REACTIONS: dict[str, tuple[str, ...]] = {
    "customer.deleted": (vouchers.RELEASE,),
    **dict.fromkeys(triggers.TYPES, (earn.HAPPENED,)),
    "customer.order.canceled": (pending.CANCEL_OF_ORDER,),
    "campaign.deleted": (loyalties.FORGET_RULES, loyalties.FORGET_OFFERS, tiers.FORGET, referrals.FORGET),
    "campaign.updated": (tiers.PLAN,),
}
# What happens to a customer is an event of the customer; only its end and these moves themselves move nobody.
_UNMOVED = {"customer.deleted", "customer.segment.entered", "customer.segment.left"}
TOGETHER: dict[str, Together] = {earn.HAPPENED: earn_together.happened}
FOLLOWED: dict[str, frozenset[str]] = {
    customers.FOLLOW: frozenset(name for name in EVENTS if name.startswith("customer.")) - _UNMOVED,
    SETTLE: settle.MOVED,
}
SCHEDULED: dict[str, FindDue] = {
    day.DAY: day.due(DAY_STEPS),
    segments.NEW_DAY: segments_store.projects_with_due_segments,
    erase.SWEEP: erasures_store.projects_with_erasures,
    distributions_start.START: distributions_store.projects_with_due,
}
_PARTITIONS_AHEAD = timedelta(days=28)
_HOUSEKEEPING_S = 3_600

log = logger("worker")


async def work(settings: Settings, database_url: str) -> None:
    """Relays, delivers and runs jobs until cancelled."""
    async with (
        runtime(settings, database_url) as made,
        Sender(
            allow_private=settings.allow_private_targets,
            connections=settings.deliveries_in_flight,
            ports=settings.ports,
        ) as sender,
        asyncio.TaskGroup() as tasks,
    ):
        relay = Relay(made, (FanOut(made.ids), Reactions(made.ids, REACTIONS, FOLLOWED)))
        deliverer = Deliverer(
            made.pool,
            sender,
            in_flight=settings.deliveries_in_flight,
            per_endpoint=settings.deliveries_per_endpoint,
            failing_after=settings.endpoint_failing_after,
            lease=timedelta(seconds=settings.delivery_lease_s),
        )
        jobs = JobWorker(made, JOBS, projects.find, TOGETHER)
        schedule = Schedule(made, SCHEDULED)
        bells = {
            Bell.PROJECTS: schedule.wakeup.ring,
            Bell.OUTBOX: relay.wakeup.ring,
            Bell.DELIVERIES: deliverer.wakeup.ring,
            Bell.JOBS: jobs.wakeup.ring,
        }
        for running in (
            listen(database_url, bells),
            relay.run(),
            deliverer.run(),
            jobs.run(),
            schedule.run(),
            _keep_house(made, _retention(settings)),
        ):
            tasks.create_task(running)
        spare_the_collector()
        log.info("worker_started")


async def _keep_house(made: Runtime, keep: Retention) -> None:
    """Makes the partitions of the coming weeks and drops what is old enough, now and every hour."""
    while True:
        try:
            async with acquired(made.pool) as connection:
                await make_partitions(connection, _PARTITIONS_AHEAD)
                dropped = await drop_old(connection, real_now(), keep)
                await forget_old(connection)
                await forget_old_changes(connection)
            if dropped:
                log.info("partitions_dropped", partitions=dropped)
        except UNREACHABLE as error:
            log.warning("database_unreachable", error=str(error))
        except asyncpg.PostgresError:
            log.exception("housekeeping_failed")
        await asyncio.sleep(_HOUSEKEEPING_S)


def _retention(settings: Settings) -> Retention:
    return Retention(
        timedelta(days=settings.retention_days_events),
        timedelta(days=settings.retention_days_deliveries),
        timedelta(days=settings.retention_days_attempts),
    )

"""Composition root of the API: which operations there are, and what one process needs to answer them."""

import asyncio
import gc
import os
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.types import Receive, Scope, Send

from guerdon.db.definitions import Definitions
from guerdon.db.migrate import asset_secret, next_node
from guerdon.db.pool import UNREACHABLE, Pool, acquired
from guerdon.db.tally import Tally
from guerdon.events.aside import Aside
from guerdon.events.doorbell import Bell, Doorbell, listen
from guerdon.events.work import Runtime
from guerdon.families.activity import routes as activity
from guerdon.families.api_keys import store as api_keys
from guerdon.families.async_actions import routes as async_actions
from guerdon.families.campaigns import routes as campaigns
from guerdon.families.categories import routes as categories
from guerdon.families.clocks import routes as clocks
from guerdon.families.codes import routes as codes
from guerdon.families.custom_events import routes as custom_events
from guerdon.families.customers import routes as customers
from guerdon.families.deliveries import routes as deliveries
from guerdon.families.distributions import routes as distributions
from guerdon.families.erasures import routes as erasures
from guerdon.families.feed import routes as feed
from guerdon.families.gifts import routes as gifts
from guerdon.families.liabilities import routes as liabilities
from guerdon.families.loyalties import offers, pending_routes, routes as loyalties, tier_routes
from guerdon.families.metadata_schemas import routes as metadata_schemas
from guerdon.families.orders import routes as orders
from guerdon.families.product_collections import routes as product_collections
from guerdon.families.products import routes as products
from guerdon.families.projects import routes as projects, store as projects_store
from guerdon.families.promotions import routes as promotions
from guerdon.families.publications import routes as publications
from guerdon.families.redeemables import older, routes as redeemables
from guerdon.families.referrals import routes as referrals
from guerdon.families.rewards import routes as rewards
from guerdon.families.rule_assignments import routes as rule_assignments
from guerdon.families.segments import routes as segments
from guerdon.families.sessions import routes as sessions
from guerdon.families.stacking_rules import routes as stacking_rules
from guerdon.families.summaries import routes as summaries
from guerdon.families.trash_bin import routes as trash_bin
from guerdon.families.validation_rules import routes as validation_rules
from guerdon.families.vouchers import routes as vouchers
from guerdon.families.webhook_endpoints import routes as webhook_endpoints
from guerdon.http.app import App
from guerdon.http.auth import KeyRing
from guerdon.http.operations import operations
from guerdon.http.routing import Route
from guerdon.ids import Ids
from guerdon.settings import Settings, load
from guerdon.telemetry import configure_logging, logger

ROUTES: tuple[Route, ...] = (
    *projects.ROUTES,
    *clocks.ROUTES,
    *webhook_endpoints.ROUTES,
    *deliveries.ROUTES,
    *feed.ROUTES,
    *async_actions.ROUTES,
    *metadata_schemas.ROUTES,
    *customers.ROUTES,
    *custom_events.ROUTES,
    *segments.ROUTES,
    *products.ROUTES,
    *product_collections.ROUTES,
    *categories.ROUTES,
    *stacking_rules.ROUTES,
    *validation_rules.ROUTES,
    *orders.ROUTES,
    *trash_bin.ROUTES,
    *vouchers.ROUTES,
    *codes.ROUTES,
    *campaigns.ROUTES,
    *summaries.ROUTES,
    *promotions.ROUTES,
    *publications.ROUTES,
    *rewards.ROUTES,
    *loyalties.ROUTES,
    *offers.ROUTES,
    *tier_routes.ROUTES,
    *pending_routes.ROUTES,
    *gifts.ROUTES,
    *liabilities.ROUTES,
    *activity.ROUTES,
    *erasures.ROUTES,
    *redeemables.ROUTES,
    *referrals.ROUTES,
    *older.ROUTES,
    *sessions.ROUTES,
    *rule_assignments.ROUTES,
    *distributions.ROUTES,
)
_GC_THRESHOLDS = (50_000, 50, 50)
_DATABASE_TIMEOUT_S = 60.0
_LOOK_AGAIN_S = 0.25

log = logger("asgi")


@asynccontextmanager
async def runtime(settings: Settings, database_url: str) -> AsyncGenerator[Runtime]:
    """Connections and identifiers of one process, for as long as the block lasts."""
    pool = Pool(database_url, settings.database_connections)
    doorbell, tally = Doorbell(pool), Tally(pool)
    aside = Aside(pool, doorbell)
    try:
        node, secret = await _identity(pool)
        yield Runtime(
            pool=pool,
            ids=Ids(node),
            definitions=Definitions(pool),
            doorbell=doorbell,
            tally=tally,
            aside=aside,
            base_url=settings.base_url,
            asset_secret=secret,
            allow_private_targets=settings.allow_private_targets,
            log_validations=settings.log_validations,
        )
    finally:
        await aside.close()
        await doorbell.silence()
        await tally.close()
        await pool.close()


async def _identity(pool: Pool) -> tuple[int, str]:
    """The process's number and the installation's secret. A database that is away is waited for, within limits."""
    deadline = time.monotonic() + _DATABASE_TIMEOUT_S
    while True:
        try:
            async with acquired(pool) as connection:
                return await next_node(connection), await asset_secret(connection)
        except UNREACHABLE as error:
            if time.monotonic() > deadline or isinstance(error, ValueError):  # an address that is none
                raise
            log.warning("database_unreachable", error=str(error))
        await asyncio.sleep(_LOOK_AGAIN_S)


def spare_the_collector() -> None:
    """What exists now lives as long as the process: looking through it for garbage would only cost time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


class Api:
    """The ASGI application: starts with the server and then dispatches."""

    def __init__(self, settings: Settings, database_url: str) -> None:
        self._settings = settings
        self._database_url = database_url
        self._stack = AsyncExitStack()
        self._app: App | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and self._app is not None:
            await self._app(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except Exception as error:  # noqa: BLE001 - whatever it is, the server must be told
            await send({"type": "lifespan.startup.failed", "message": repr(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._stack.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def start(self) -> None:
        """Opens what the process needs."""
        made = await self._stack.enter_async_context(runtime(self._settings, self._database_url))
        keys = KeyRing(api_keys.find)
        listening = asyncio.create_task(listen(self._database_url, {Bell.PROJECTS: keys.forget}))
        self._stack.callback(listening.cancel)
        self._app = App((*ROUTES, *operations(ROUTES)), made, keys, projects_store.find)
        spare_the_collector()


def create() -> Api:
    """For a server that imports the application: settings from the environment, with a database URL."""
    settings = load(os.environ)
    configure_logging(settings.log_level)
    if settings.database_url is None:
        raise SystemExit("GUERDON_DATABASE_URL must name the database; `guerdon serve` starts one by itself")
    return Api(settings, settings.database_url)

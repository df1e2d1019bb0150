"""Operations on categories, but for deleting them, which depends on the stacking rules."""

from guerdon.errors import not_found
from guerdon.families.categories import store, views
from guerdon.families.categories.schemas import CategoriesList, Category, NewCategory
from guerdon.families.categories.store import CATEGORIES, CategoryRow
from guerdon.http.call import Call
from guerdon.http.routing import Param, Route


async def create_category(call: Call[NewCategory]) -> Category:
    row = CategoryRow(
        id=call.work.new_id("cat_"), name=call.body.name, hierarchy=call.body.hierarchy, created_at=call.work.now
    )
    await CATEGORIES.insert(call.db, call.project_id, row)
    return views.category(row)


async def list_categories(call: Call[None]) -> CategoriesList:
    rows = await store.all_categories(call.db, call.project_id)
    return CategoriesList([views.category(row) for row in rows], len(rows))


async def get_category(_call: Call[None], row: CategoryRow) -> Category:
    return views.category(row)


async def update_category(call: Call[NewCategory], row: CategoryRow) -> Category:
    """Errors: not_found if it was deleted meanwhile."""
    body = call.body
    changed = await store.change(call.db, call.project_id, row.id, body.name, body.hierarchy, call.work.now)
    if changed is None:
        raise not_found("category", row.id)
    return views.category(changed)


async def load(call: Call[object], category_id: str) -> CategoryRow | None:
    return await CATEGORIES.get(call.db, call.project_id, id=category_id)


ONE = (Param("category", load),)
ROUTES = (
    Route("POST", "/v1/categories", create_category, body=NewCategory, answer=Category),
    Route("GET", "/v1/categories", list_categories, answer=CategoriesList),
    Route("GET", "/v1/categories/{categoryId}", get_category, ONE, answer=Category),
    Route("PUT", "/v1/categories/{categoryId}", update_category, ONE, NewCategory, answer=Category),
)

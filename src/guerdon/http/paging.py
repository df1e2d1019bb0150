"""Lists: how many, which page, sorted how, and the windows of time that most of them can be narrowed to."""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from guerdon.clock import Moment
from guerdon.db.table import Order, Where
from guerdon.errors import ApiError, invalid_query_params

# A query that has this as `filters` can be filtered by any field of the list (`http/filters.py`).
Filters = dict[str, Any] | None
DEFAULT_LIMIT = 10
MAX_LIMIT = 100


class PageQuery(msgspec.Struct, kw_only=True):
    """Query of a list with pages. Subclasses say which columns it can be sorted by and how far its pages go."""

    max_page: ClassVar[int] = 100
    sortable: ClassVar[tuple[str, ...]] = ("created_at", "updated_at")
    default_order: ClassVar[str] = "-created_at"

    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    page: Annotated[int, Meta(ge=1)] = 1
    order: str | None = None

    def where(self) -> Where:
        """What the list is narrowed to; subclasses add their own conditions."""
        return Where()

    @property
    def offset(self) -> int:
        """Rows before the page. Errors: page_over_limit."""
        if self.page > self.max_page:
            raise ApiError(
                400,
                "page_over_limit",
                f"Listing resource above {self.max_page} page is not supported",
                f"Property .page cannot be higher than {self.max_page}",
            )
        return (self.page - 1) * self.limit

    @property
    def sorting(self) -> Order:
        """Errors: invalid_query_params for a column that the list cannot be sorted by."""
        wanted = self.order or self.default_order
        if wanted.removeprefix("-") not in self.sortable:
            allowed = ", ".join(f"{column}, -{column}" for column in self.sortable)
            raise invalid_query_params(f"Property .order must be equal to one of the allowed values [{allowed}]")
        return Order(wanted.removeprefix("-"), descending=wanted.startswith("-"))


class CreatedQuery(PageQuery, kw_only=True):
    """A list that can be narrowed by when its entries were made or changed; `changed_at` is the latter's column."""

    changed_at: ClassVar[str] = "updated_at"

    created_before: Moment | None = msgspec.field(default=None, name="[created_at][before]")
    created_after: Moment | None = msgspec.field(default=None, name="[created_at][after]")
    updated_before: Moment | None = msgspec.field(default=None, name="[updated_at][before]")
    updated_after: Moment | None = msgspec.field(default=None, name="[updated_at][after]")
    created_before_: Moment | None = msgspec.field(default=None, name="created_at[before]")
    created_after_: Moment | None = msgspec.field(default=None, name="created_at[after]")
    updated_before_: Moment | None = msgspec.field(default=None, name="updated_at[before]")
    updated_after_: Moment | None = msgspec.field(default=None, name="updated_at[after]")

    def where(self) -> Where:
        """The window in both spellings of the reference, with and without brackets around the field."""
        return (
            super()
            .where()
            .add("created_at < {}", self.created_before or self.created_before_)
            .add("created_at > {}", self.created_after or self.created_after_)
            .add(f"{self.changed_at} < {{}}", self.updated_before or self.updated_before_)
            .add(f"{self.changed_at} > {{}}", self.updated_after or self.updated_after_)
        )


class CursorQuery(msgspec.Struct, kw_only=True):
    """Query of a list that goes on from an id."""

    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    starting_after_id: str | None = None

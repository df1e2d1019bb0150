"""Categories on the wire."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from guerdon.http.wire import Amount


class NewCategory(msgspec.Struct, kw_only=True):
    """A category to be made, or as it is to be; a lower hierarchy goes first."""

    name: Annotated[str, Meta(min_length=1, max_length=500)]
    hierarchy: Amount


class Category(msgspec.Struct, kw_only=True):
    """A category."""

    id: str
    name: str
    hierarchy: int
    created_at: str
    updated_at: str | UnsetType = UNSET
    object: str = "category"


class CategoriesList(msgspec.Struct):
    """All categories."""

    data: list[Category]
    total: int
    object: str = "list"
    data_ref: str = "data"

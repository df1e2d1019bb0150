"""Product and SKU rows as answers show them."""

from collections.abc import Sequence

from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.families.products import schemas
from guerdon.families.products.store import ProductRow, SkuRow


def product(row: ProductRow, skus: Sequence[SkuRow] | None = None) -> schemas.Product:
    """The variants are shown if they are given."""
    return schemas.Product(
        id=row.id,
        source_id=row.source_id,
        name=row.name,
        price=row.price,
        attributes=row.attributes,
        metadata=row.metadata,
        image_url=row.image_url,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at),
        skus=UNSET if skus is None else schemas.SkusOfProduct([sku(row) for row in skus], len(skus)),
    )


def sku(row: SkuRow) -> schemas.Sku:
    return schemas.Sku(
        id=row.id,
        source_id=row.source_id,
        product_id=row.product_id,
        sku=row.sku,
        price=row.price,
        currency=row.currency,
        attributes=row.attributes,
        image_url=row.image_url,
        metadata=row.metadata,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at),
    )

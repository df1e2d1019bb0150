"""Collections and their goods as answers show them."""

import msgspec
from msgspec import UNSET

from guerdon.clock import iso, iso_or_none
from guerdon.families.product_collections import schemas
from guerdon.families.product_collections.store import CollectionRow
from guerdon.families.products import views as products
from guerdon.families.products.store import ProductRow, SkuRow


def collection(row: CollectionRow) -> schemas.Collection:
    return schemas.Collection(
        id=row.id,
        name=row.name,
        type=row.type,
        filter=row.filter if row.filter is not None else UNSET,
        products=row.products if row.type == "STATIC" else UNSET,
        created_at=iso(row.created_at),
        updated_at=iso_or_none(row.updated_at) or UNSET,
    )


def sku(row: SkuRow, product: ProductRow) -> schemas.SkuWithProduct:
    parent = schemas.ParentProduct(
        id=product.id,
        source_id=product.source_id,
        name=product.name,
        price=product.price,
        attributes=product.attributes,
        metadata=product.metadata,
        image_url=product.image_url,
    )
    return schemas.SkuWithProduct(**msgspec.structs.asdict(products.sku(row)), product=parent)

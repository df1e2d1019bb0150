"""The lines of a request: their goods looked up in the catalogue, which learns from those that ask it to."""

from collections.abc import Sequence
from typing import TypeVar

from msgspec import UNSET, UnsetType

from guerdon.engine import order as engine
from guerdon.engine.money import GREATEST
from guerdon.engine.order import Item, SentItem
from guerdon.errors import invalid_payload
from guerdon.events.work import Work
from guerdon.families.products import save, store
from guerdon.families.products.schemas import NewProduct, NewSku
from guerdon.families.products.store import Catalogue, ProductRow, SkuRow

T = TypeVar("T")


async def look_up(work: Work, items: Sequence[SentItem]) -> Catalogue:
    """What the catalogue knows of the goods that the lines name."""
    products = [item.product_name for item in items if item.product_name]
    skus = [item.sku_name for item in items if item.sku_name]
    return await store.catalogue(work.db, work.project.id, products, skus, work.now)


async def learn(work: Work, items: Sequence[SentItem], known: Catalogue) -> None:
    """Creates or changes the goods of lines with `override`, in the catalogue and in `known`.

    In the order of names, so that two orders for the same goods cannot block each other. A variant without a known
    product cannot be kept. Errors: those of saving products and variants.
    """
    for item in sorted(items, key=lambda item: item.product_name or ""):
        if item.product and item.product.override and item.product_name:
            known.add_products([await _learn_product(work, item.product, item.product_name, known)])
    for item in sorted(items, key=lambda item: item.sku_name or ""):
        if item.sku and item.sku.override and item.sku_name:
            row = await _learn_sku(work, item.sku, item.sku_name, known, known.product(item.product_name))
            known.add_skus([row] if row else [])


def read(items: Sequence[SentItem], known: Catalogue) -> tuple[Item, ...]:
    """The lines with prices and amounts. Errors: invalid_payload for an amount that cannot be."""
    lines = tuple([_line(item, known) for item in items])
    for place, line in enumerate(lines):
        if line.amount is not None and line.amount > GREATEST:
            raise invalid_payload(f"Property .items[{place}].amount must be <= {GREATEST}")
        if line.subtotal_amount is not None and line.subtotal_amount < 0:
            raise invalid_payload(f"Property .items[{place}].discount_amount must be <= {line.amount}")
    return lines


def _line(item: SentItem, known: Catalogue) -> Item:
    sku = known.sku(item.sku_name)
    product = known.product(sku.product_id if sku else item.product_name)
    return engine.line(
        item,
        engine.Product(id=product.id, source_id=product.source_id, name=product.name, price=product.price)
        if product
        else None,
        engine.Sku(id=sku.id, source_id=sku.source_id, sku=sku.sku, price=sku.price) if sku else None,
    )


async def _learn_product(work: Work, sent: engine.SentProduct, name: str, known: Catalogue) -> ProductRow:
    new = NewProduct(
        source_id=name, name=_said(sent.name), price=_said(engine.whole(sent.price)), metadata=_said(sent.metadata)
    )
    row = known.product(name)
    return await (save.update_product(work, row, new) if row else save.upsert_product(work, new))


async def _learn_sku(
    work: Work, sent: engine.SentSku, name: str, known: Catalogue, product: ProductRow | None
) -> SkuRow | None:
    new = NewSku(
        source_id=name, sku=_said(sent.sku), price=_said(engine.whole(sent.price)), metadata=_said(sent.metadata)
    )
    row = known.sku(name)
    if row:
        return await save.update_sku(work, row, new)
    return await save.upsert_sku(work, product, new) if product else None


def _said(value: T | None) -> T | UnsetType:
    return UNSET if value is None else value

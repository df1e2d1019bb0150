"""What a process knows of goods, by every name they were looked up by (see `db.definitions`)."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from guerdon.db.definitions import Known
from guerdon.families.products.store import PRODUCTS, SKUS, ProductRow, SkuRow

R = TypeVar("R", ProductRow, SkuRow)


def knows(known: Known, products: Sequence[str], skus: Sequence[str]) -> bool:
    """Whether all of these names are known, also as names of nothing."""
    of_products, of_skus = known.rows(PRODUCTS), known.rows(SKUS)
    return all(name in of_products for name in products) and all(name in of_skus for name in skus)


def goods(known: Known, products: Sequence[str], skus: Sequence[str]) -> tuple[list[ProductRow], list[SkuRow]]:
    """The rows of the names, with the products of the variants. Errors: KeyError for what is not known."""
    variants = known.present(SKUS, skus)
    return known.present(PRODUCTS, _with_products(products, variants)), variants


def learn(
    known: Known, products: Sequence[str], skus: Sequence[str], found: tuple[Sequence[ProductRow], Sequence[SkuRow]]
) -> None:
    """Notes what was found by these names, by id or else by source id, and what was not."""
    rows, variants = found
    _note(known.rows(SKUS), skus, variants)
    _note(known.rows(PRODUCTS), _with_products(products, variants), rows)


def _with_products(names: Sequence[str], variants: Iterable[SkuRow]) -> set[str]:
    return {*names, *(row.product_id for row in variants)}


def _note(known: dict[str, R | None], names: Iterable[str], found: Iterable[R]) -> None:
    by_name = {row.source_id: row for row in found} | {row.id: row for row in found}
    known.update((name, by_name.get(name)) for name in names)

"""Making, changing and deleting rules, and the collections that they may name."""

from typing import Any

import msgspec
from msgspec import UNSET

from guerdon.clock import iso
from guerdon.errors import in_use, invalid_payload, not_found
from guerdon.events.work import Work
from guerdon.families.product_collections import save as collections, store as collections_store
from guerdon.families.product_collections.store import COLLECTIONS, CollectionRow
from guerdon.families.products import store as products
from guerdon.families.validation_rules import define, store, views
from guerdon.families.validation_rules.schemas import (
    GLOBAL,
    Definition,
    Entry,
    NewApplicableTo,
    NewRule,
    RuleCreated,
    RuleDeleted,
    RulePatch,
    RuleUpdated,
)
from guerdon.families.validation_rules.store import RULES, RuleRow

_COLLECTION = "products_collection"


async def create(work: Work, new: NewRule) -> RuleRow:
    """Errors: invalid_payload, invalid_validation_rules, not_found for goods that do not exist."""
    blank = RuleRow(
        id=work.new_id("val_"),
        name=new.name,
        type="expression",
        context_type=GLOBAL,
        rules={"logic": ""},
        applicable_to=_applicable(NewApplicableTo(), {}),
        created_at=work.now,
    )
    await work.db.begin()
    row = await _changed(work, blank, new)
    await RULES.insert(work.db, work.project.id, row)
    work.record("business_validation_rule.created", row.id, RuleCreated(views.rule_in_event(row, 0), iso(work.now)))
    return row


async def update(work: Work, row: RuleRow, patch: RulePatch) -> RuleRow:
    """The rule after the change; nothing is told if nothing changes. Errors: those of `create`, not_found."""
    await work.db.begin()
    held = await RULES.lock(work.db, work.project.id, row.id)
    if held is None:
        raise not_found("validation_rules", row.id)
    changed = await _changed(work, held, patch)
    if changed == held:
        return held
    changed = msgspec.structs.replace(changed, updated_at=work.now)
    await RULES.update(work.db, work.project.id, changed)
    count = await store.counts(work.db, work.project.id, [row.id])
    told = RuleUpdated(views.rule_in_event(changed, count.get(row.id, 0)), iso(work.now))
    work.record("business_validation_rule.updated", row.id, told)
    return changed


async def delete(work: Work, row: RuleRow) -> None:
    """Deletes a rule; what it was assigned to is free of it. Errors: not_found if somebody else was faster."""
    await work.db.begin()
    count = await store.counts(work.db, work.project.id, [row.id])
    gone = await store.remove(work.db, work.project.id, row.id)
    if gone is None:
        raise not_found("validation_rules", row.id)
    told = RuleDeleted(views.rule_in_event(gone, count.get(row.id, 0)), iso(work.now))
    work.record("business_validation_rule.deleted", row.id, told)


async def delete_collection(work: Work, row: CollectionRow) -> None:
    """Deletes a collection that no rule names. Errors: not_found, resource_in_use, resource_protected."""
    collections.check_own(row)
    await work.db.begin()
    if not await COLLECTIONS.delete(work.db, work.project.id, row.id):  # waits for those who are about to name it
        raise not_found(_COLLECTION, row.id)
    naming = await store.naming(work.db, work.project.id, row.id)
    if naming:
        raise in_use(_COLLECTION, row.id, "validation_ruless", naming)  # spelt as the reference spells it


async def _changed(work: Work, row: RuleRow, patch: NewRule | RulePatch) -> RuleRow:
    """The rule as the request makes it; collections that it names are held."""
    sent: dict[str, Any] = {
        name: value for name in ("name", "type", "context_type") if (value := getattr(patch, name)) is not None
    }
    if patch.context_type is not None:
        define.check_context(patch.context_type)
    if patch.rules is not None:
        sent["rules"] = define.rules(patch.rules)
    if patch.bundle_rules is not UNSET and (patch.bundle_rules is not None or row.bundle_rules is not None):
        sent["bundle_rules"] = define.bundle(patch.bundle_rules)
    if patch.error is not None:
        sent["error"] = msgspec.to_builtins(patch.error) or None
    changed = msgspec.structs.replace(row, **sent)
    new = patch.applicable_to
    entries = [*((new and new.included) or ()), *((new and new.excluded) or ())]
    goods = await _goods(work, changed, entries)
    if new is not None:
        changed = msgspec.structs.replace(changed, applicable_to=_applicable(new, goods))
    named = {name for kind, name in _named(changed) if kind == _COLLECTION}
    return msgspec.structs.replace(changed, collection_ids=sorted(named))


def _named(row: RuleRow) -> set[tuple[str, str]]:
    """Kind and name of everything that the stored rule names."""
    entries = [*row.applicable_to["included"], *row.applicable_to["excluded"]]
    return {
        *define.goods_of(row.rules),
        *define.goods_of(row.bundle_rules or {}),
        *((entry["object"], entry["id"]) for entry in entries),
    }


async def _goods(work: Work, row: RuleRow, entries: list[Entry]) -> dict[tuple[str, str], Definition]:
    """The ids of goods that a request names, by kind and name. Errors: not_found for what does not exist."""
    wanted = {*define.goods_of(row.rules), *define.goods_of(row.bundle_rules or {})}
    wanted |= {(entry.object, _name(entry)) for entry in entries}
    await collections_store.hold(work.db, work.project.id, [name for kind, name in wanted if kind == _COLLECTION])
    names = {kind: [name for found, name in wanted if found == kind] for kind in ("product", "sku")}
    known = await products.catalogue(work.db, work.project.id, names["product"], names["sku"], work.now)
    found: dict[tuple[str, str], Definition] = {}
    for kind, name in sorted(wanted):
        if kind == _COLLECTION:
            found[kind, name] = {"id": name, "source_id": None}
            continue
        row_ = known.product(name) if kind == "product" else known.sku(name)
        if row_ is None:
            raise not_found(kind, name)
        found[kind, name] = {"id": row_.id, "source_id": row_.source_id}
        if isinstance(row_, products.SkuRow):
            parent = known.product(row_.product_id)
            found[kind, name] |= {
                "product_id": row_.product_id,
                "product_source_id": parent.source_id if parent else None,
            }
    return found


def _name(entry: Entry) -> str:
    name = entry.id or entry.source_id
    if not name:
        raise invalid_payload("Property .applicable_to must name everything by 'id' or 'source_id'")
    return name


def _applicable(new: NewApplicableTo, goods: dict[tuple[str, str], Definition]) -> Definition:
    """As it is stored: every entry with the ids of what it names, and what is not said left out."""

    def whole(entry: Entry) -> Definition:
        ids = {name: value for name, value in goods[entry.object, _name(entry)].items() if value is not None}
        return {**msgspec.to_builtins(entry), **ids, "effect": entry.effect or "APPLY_TO_EVERY"}

    return {
        "included": [whole(entry) for entry in new.included or ()],
        "excluded": [whole(entry) for entry in new.excluded or ()],
        "included_all": bool(new.included_all),
    }

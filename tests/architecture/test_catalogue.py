"""The catalogue of events against the code, and against the reference's where that lies beside the checkout."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from event_judge import ACCEPTED, TOOLS, UNCAUSED
from guerdon.events.catalogue import ADDED_KEYS, EVENTS, Purpose, Scope
from guerdon.events.data_keys import Key

FAMILIES = Path(__file__).parents[2] / "src" / "guerdon" / "families"
REFERENCE = TOOLS.parents[1] / "spec" / "events-catalogue.json"
needs_reference = pytest.mark.skipif(not REFERENCE.exists(), reason="the specification is not beside this checkout")

PURPOSES = {
    "promotion": Purpose.PROMOTION,
    "send_and_publish_codes": Purpose.PUBLICATION,
    "plain_message": Purpose.MESSAGE,
}
# Where we differ from the reference's catalogue: event and key, or what else, and why.
DEVIATIONS = {
    "customer.publication.succeeded .vouchers": "all codes of a publication of several; `voucher` is the first",
    "manual_distribution_schedule .segment": "only for who is in the segment already that a distribution waits for",
    "publication.succeeded .vouchers": "its sample has this, its schema `voucher`: we send both where there is one",
    "customer.referred .custom_event": "null where a redemption converts: nothing else is then told",
    "redemption.rollback.failed entity": "the failed rollback's own id (decision 0066)",
    "redemption.rollback.succeeded entity": "the rollback's own id (decision 0066)",
}


def catalogued() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in json.loads(REFERENCE.read_text())["events"]}


def test_every_catalogued_event_has_a_cause_or_a_reason_why_it_has_none() -> None:
    named = {
        node.value
        for path in FAMILIES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {name for name in EVENTS if name not in named} == UNCAUSED.keys()
    assert all((*UNCAUSED.values(), *(why for *_, why in ACCEPTED), *DEVIATIONS.values()))


@needs_reference
def test_the_catalogue_has_the_events_of_the_reference_and_those_of_the_logs() -> None:
    theirs = catalogued()
    assert len(theirs) == 90
    assert {name: scope_of(one) for name, one in theirs.items()} == {
        name: event.scope for name, event in EVENTS.items() if event.scope is not Scope.LOG
    }


def scope_of(theirs: dict[str, Any]) -> Scope:
    return Scope(theirs["scope"])


@needs_reference
def test_ids_and_entities_are_those_of_the_reference() -> None:
    for name, theirs in catalogued().items():
        assert EVENTS[name].id_prefix == theirs["event_id_prefix"]["value"], name
        if f"{name} entity" not in DEVIATIONS:
            assert EVENTS[name].entity == theirs["entity"]["id_prefix"], name


@needs_reference
def test_purposes_and_what_they_add_are_those_of_the_matrix() -> None:
    for name, theirs in catalogued().items():
        matrix = theirs.get("distribution")
        allowed = {PURPOSES[one] for one, yes in matrix["purposes"].items() if yes} if matrix else set[Purpose]()
        assert EVENTS[name].purposes == allowed, name
        for one, keys in (matrix or {}).get("data_by_purpose", {}).items():
            if PURPOSES[one] in allowed:
                ours = {key.name for key in (*EVENTS[name].keys, *ADDED_KEYS[PURPOSES[one]])}
                assert {f"{name} .{key}" for key in ours ^ set(keys)} <= DEVIATIONS.keys(), (name, one)


@needs_reference
def test_keys_kinds_and_nulls_are_those_of_the_reference() -> None:
    found = {line for name, theirs in catalogued().items() for line in differences(name, theirs)}
    allowed = {line for line in DEVIATIONS if not line.endswith(" entity")}
    assert found == allowed


def differences(name: str, theirs: dict[str, Any]) -> set[str]:
    """Each key that we have and the reference has not or has otherwise, or that we lack."""
    keys = {one["key"]: one for one in theirs["data_keys"]} or proposed(theirs["proposed_data_keys"])
    ours = {key.name: key for key in EVENTS[name].keys}
    added = {key.name for purpose in EVENTS[name].purposes for key in ADDED_KEYS[purpose]}
    different = {key for key in keys.keys() - ours.keys() if key not in added}
    different |= {key for key, mine in ours.items() if key not in keys or not agrees(mine, keys[key])}
    return {f"{name} .{key}" for key in different}


def proposed(keys: list[str]) -> dict[str, dict[str, Any]]:
    pairs = (one.partition(":") for one in keys)
    return {key: {"kind": kind, "nullable_in_schema": False, "required_in_schema": False} for key, _, kind in pairs}


def agrees(ours: Key, theirs: dict[str, Any]) -> bool:
    """Null only where the schema or the example is, left out only where it may be."""
    null = theirs["nullable_in_schema"] or theirs.get("in_example") == "null"
    return (
        kind_of(theirs["kind"], ours) == ours.kind
        and (not ours.nullable or null)
        and (not ours.optional or not theirs["required_in_schema"])
    )


def kind_of(theirs: str, ours: Key) -> str:
    """The reference's name of a kind in our words; lists are sometimes declared as what they are of."""
    kind = theirs.partition(" & ")[0].removeprefix("string:")
    if kind.startswith("inline"):
        return "object"
    kind = kind.removeprefix("array<").removesuffix(">")
    return f"{kind}[]" if ours.kind == f"{kind}[]" else kind

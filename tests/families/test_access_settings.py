"""Campaigns that are assigned to areas and stores."""

from typing import Any

import pytest

import make
from installation import Project

COUPON = {"discount": {"type": "PERCENT", "percent_off": 10}}


def named(project: Project, name: str, **assign: list[str]) -> dict[str, Any]:
    body = {"name": name, "vouchers_count": 0, "voucher": COUPON, "access_settings": {"assign": assign}}
    return project.post("/v1/campaigns", body)


def targets(campaign: dict[str, Any]) -> list[tuple[str | None, bool, str | None]]:
    listed = campaign["access_settings_assignments"]
    assert listed["total"] == len(listed["data"])
    found = [(one.get("area_id"), one["all_stores"], one.get("area_store_id")) for one in listed["data"]]
    return sorted(found, key=str)


def test_a_campaign_is_made_with_what_it_is_assigned_to(project: Project) -> None:
    made = named(project, "North", areas_ids=["ar_1"], area_stores_ids=["ars_1"], area_all_stores_ids=["ar_2"])
    assert targets(made) == [("ar_1", False, None), ("ar_2", True, None), (None, False, "ars_1")]
    assert project.get("/v1/campaigns/North") == made
    one = made["access_settings_assignments"]["data"][0]
    assert one["id"].startswith("arsca_")
    assert one["object"] == "area_store_campaign_assignment"
    assert one["created_at"] == made["created_at"]
    assert "access_settings_assignments" not in project.get("/v1/campaigns/North/summary")["campaign"]


def test_a_campaign_is_assigned_elsewhere_at_once(project: Project) -> None:
    made = named(project, "North", areas_ids=["ar_1", "ar_2"])
    change = {
        "unassign": {"areas_ids": ["ar_1", "ar_none"]},
        "assign": {"areas_ids": ["ar_2"], "area_stores_ids": ["s"]},
    }
    changed = project.put("/v1/campaigns/North", {"access_settings": change})
    assert targets(changed) == [("ar_2", False, None), (None, False, "s")]
    kept = {one["id"] for one in made["access_settings_assignments"]["data"] if one.get("area_id") == "ar_2"}
    assert kept < {one["id"] for one in changed["access_settings_assignments"]["data"]}
    (event,) = project.recorded("campaign.updated")
    assert event["data"]["campaign"] == changed
    project.put("/v1/campaigns/North", {"access_settings": change})
    project.put("/v1/campaigns/North", {"description": "x"})
    assert len(project.recorded("campaign.updated", count=2)) == 2  # the same again is no change
    gone = {"unassign": {"areas_ids": ["ar_2"], "area_stores_ids": ["s"]}}
    assert "access_settings_assignments" not in project.put("/v1/campaigns/North", {"access_settings": gone})


def test_lists_are_narrowed_to_areas_and_stores(project: Project) -> None:
    named(project, "A", areas_ids=["ar_1"])
    named(project, "B", area_stores_ids=["ar_1", "s_1"])
    named(project, "C", area_all_stores_ids=["ar_1"], areas_ids=["ar_2"])
    named(project, "D")

    def names(**query: Any) -> list[str]:
        given = {f"access_settings[filter][{name}]": value for name, value in query.items()}
        found = project.get("/v1/campaigns", **given)
        assert found["total"] == len(found["campaigns"])
        return sorted(one["name"] for one in found["campaigns"])

    assert names() == ["A", "B", "C", "D"]
    assert names(areas_ids="ar_1") == ["A"]
    assert names(area_stores_ids=["ar_1", "none"]) == ["B"]
    assert names(area_all_stores_ids=["ar_1"]) == ["C"]
    assert names(areas_ids=["ar_1", "ar_2"], area_stores_ids=["s_1"]) == ["A", "B", "C"]
    assert names(areas_ids="") == []
    by_index = {"access_settings[filter][areas_ids][0]": "ar_1", "access_settings[filter][areas_ids][1]": "ar_2"}
    assert [one["name"] for one in project.get("/v1/campaigns", **by_index)["campaigns"]] == ["C", "A"]
    plural = {"access_settings[filter][areas_ids][]": ["ar_1", "ar_2"]}
    assert project.get("/v1/campaigns", **plural)["total"] == 2


def test_lists_show_assignments_if_asked(project: Project) -> None:
    named(project, "A", areas_ids=["ar_1"])
    make.campaign(project, name="Club", access_settings={"assign": {"areas_ids": ["ar_1"]}})
    for path in ("/v1/campaigns", "/v1/loyalties"):
        (first, *_) = project.get(path, expand="access_settings_assignments")["campaigns"]
        assert targets(first) == [("ar_1", False, None)]
        assert "access_settings_assignments" not in project.get(path)["campaigns"][0]
    project.refuse("GET", "/v1/campaigns?expand=everything", status=400, key="invalid_query_params")
    only = {"access_settings[filter][areas_ids]": "none"}
    assert project.get("/v1/loyalties", **only)["total"] == 0


@pytest.mark.parametrize(
    "settings",
    [
        [],
        {"assign": []},
        {"assign": {"areas_ids": "ar_1"}},
        {"assign": {"areas_ids": [None]}},
        {"assign": {"areas_ids": [""]}},
        {"assign": {"areas_ids": ["x" * 256]}},
        {"assign": {"areas_ids": [f"ar_{place}" for place in range(101)]}},
    ],
)
def test_settings_that_are_none_are_refused(project: Project, settings: Any) -> None:
    body = {"name": "A", "voucher": COUPON, "access_settings": settings}
    project.refuse("POST", "/v1/campaigns", body, status=400, key="invalid_payload")
    assert project.get("/v1/campaigns")["total"] == 0


def test_a_campaign_has_at_most_a_hundred_assignments(project: Project) -> None:
    many = {"areas_ids": [f"ar_{place}" for place in range(100)]}
    named(project, "A", **many)
    more = {"access_settings": {"assign": {"area_stores_ids": ["s"]}}}
    project.refuse("PUT", "/v1/campaigns/A", more, status=400, key="invalid_campaign")
    assert len(targets(project.get("/v1/campaigns/A"))) == 100
    for nothing in ({"assign": None, "unassign": None}, {"assign": {"areas_ids": None}}, None, {}):
        project.put("/v1/campaigns/A", {"access_settings": nothing})

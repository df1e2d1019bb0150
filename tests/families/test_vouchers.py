"""Vouchers over HTTP: read, listed, drawn, and without their holder."""

import io
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from PIL import Image

import make
from installation import Installation, Project, eventually

CODES = "/v1/campaigns/Club/vouchers"


def test_a_voucher_is_read_by_code_and_id(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS")
    made = project.post(f"{CODES}/A%20b", {})
    assert project.get("/v1/vouchers/A%20b") == made
    assert project.get(f"/v1/vouchers/{made['id']}") == made
    assert made["publish"] == {"object": "list", "count": 0, "url": "/v1/vouchers/A%20b/publications?page=1&limit=10"}
    assert None not in made.values()
    refusal = project.refuse("GET", "/v1/vouchers/a%20B", status=404, key="not_found")
    assert refusal["details"] == "Cannot find voucher with id a B"


def test_case_does_not_matter_where_the_project_says_so(installation: Installation) -> None:
    project = make.project(installation, case_sensitive_codes=False)
    make.campaign(project, "DISCOUNT_COUPONS")
    project.post(f"{CODES}/Summer", {})
    assert project.get("/v1/vouchers/sUMMER")["code"] == "Summer"
    assert project.get("/v1/vouchers", code="SUMMER")["total"] == 1


def test_vouchers_are_listed_and_narrowed(project: Project) -> None:
    first = make.campaign(project, "DISCOUNT_COUPONS", vouchers_count=0)
    make.campaign(project, "GIFT_VOUCHERS", "Other")
    for code in ("c", "a", "b"):
        project.post(f"{CODES}/{code}", {})
    page = project.get("/v1/vouchers", limit=2, page=2, campaign="Club", order="code")
    assert (page["object"], page["data_ref"], page["total"]) == ("list", "vouchers", 3)
    assert [row["code"] for row in page["vouchers"]] == ["c"]
    assert [row["code"] for row in project.get("/v1/vouchers", limit=2)["vouchers"]] == ["b", "a"]
    assert project.get("/v1/vouchers", campaign_id=first["id"])["total"] == 3
    assert project.get("/v1/vouchers", campaign="nope")["total"] == 0
    assert project.get("/v1/vouchers", code="a")["total"] == 1
    assert project.get("/v1/vouchers", category="x")["total"] == 0
    assert project.get("/v1/vouchers", **{"[created_at][after]": "2100-01-01"})["total"] == 0
    publication = make.published(project, "Other")
    for customer in ("ann", publication["customer_id"]):
        (held,) = project.get("/v1/vouchers", customer=customer)["vouchers"]
        assert held["id"] == publication["vouchers_id"][0]
    assert project.get("/v1/vouchers", customer="nobody")["total"] == 0
    project.refuse("GET", "/v1/vouchers?page=101", status=400, key="page_over_limit")
    project.refuse("GET", "/v1/vouchers?order=type", status=400, key="invalid_query_params")


def picture(asset: dict[str, Any], **query: Any) -> httpx.Response:
    """What somebody without keys gets."""
    return httpx.get(asset["url"], params=query)


def test_anybody_with_the_link_sees_the_code(project: Project) -> None:
    make.campaign(project)
    assets = make.published(project)["voucher"]["assets"]
    for asset in assets.values():
        drawn = picture(asset)
        assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/png")
        with Image.open(io.BytesIO(drawn.content)) as image:
            image.load()
            assert image.format == "PNG"
            assert image.convert("L").getextrema() == (0, 255)
        svg = picture(asset, format="svg")
        assert svg.headers["content-type"] == "image/svg+xml"
        assert ET.fromstring(svg.content).tag.endswith("svg")
        assert picture(asset, format="gif").status_code == 400
    assert assets["qr"]["id"] != assets["barcode"]["id"]


def test_different_codes_are_drawn_differently(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS")
    one, two = (project.post(f"{CODES}/{code}", {})["assets"] for code in ("1234567x", "1234567y"))
    for kind in ("qr", "barcode"):
        assert picture(one[kind]).content != picture(two[kind]).content


@pytest.mark.parametrize("code", ["ä-1", "x" * 200, "1", "12345", "ab12345cd", "<&>\"' ~"])
def test_any_code_can_be_drawn_as_far_as_the_picture_has_its_characters(project: Project, code: str) -> None:
    make.campaign(project, "DISCOUNT_COUPONS")
    assets = project.post(CODES, {"code": code})["assets"]
    for wanted in ("png", "svg"):
        assert picture(assets["qr"], format=wanted).status_code == 200
        assert picture(assets["barcode"], format=wanted).status_code == (200 if code.isascii() else 404)


def test_a_link_that_we_did_not_make_shows_nothing(project: Project, installation: Installation) -> None:
    make.campaign(project)
    assets = project.get("/v1/vouchers")["vouchers"][0]["assets"]
    qr = assets["qr"]["id"]
    other = make.project(installation)
    forged = [
        qr[:-1] + ("A" if qr[-1] != "A" else "B"),
        qr.replace(project.id, other.id),
        assets["barcode"]["id"],
        qr.rpartition(".")[0],
        "x",
        "..",
        "%C3%A4.b.c",
    ]
    for asset_id in forged:
        answer = httpx.get(f"{project.installation.base_url}/v1/assets/qr/{asset_id}")
        assert (answer.status_code, answer.json()["key"]) == (404, "not_found"), asset_id


def test_vouchers_of_a_deleted_customer_stay_without_a_holder(project: Project) -> None:
    make.campaign(project, type="STATIC")
    voucher = make.published(project)["voucher"]
    make.campaign(project, "GIFT_VOUCHERS", "Other")
    kept = make.published(project, "Other", "bob")["voucher"]
    project.delete("/v1/customers/ann")
    path = f"/v1/vouchers/{voucher['id']}"
    eventually(lambda: "holder_id" not in project.get(path))
    assert project.get(path)["publish"]["count"] == 1
    assert "holder_id" in project.get(f"/v1/vouchers/{kept['id']}")
    # It was published once, and is not given to the next one.
    body = {"campaign": "Club", "customer": {"source_id": "eve"}}
    project.refuse("POST", "/v1/publications", body, status=400, key="no_voucher_suitable_for_publication")
    (gone,) = project.get("/v1/publications", voucher=voucher["code"])["publications"]
    assert (gone["customer"]["source_id"], gone["voucher"]["code"]) == ("ann", voucher["code"])

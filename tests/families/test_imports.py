"""Imports and bulk operations: what is refused at once, what the background does, and whom nobody tells."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import make
from installation import Project

HEADERS = "Code,Voucher Type,Value,Discount Type,Category,Start Date,Expiration Date,Redemption Limit,Active,color\n"


def result(project: Project, accepted: dict[str, Any]) -> dict[str, Any]:
    return project.finished(accepted["async_action_id"], patience_s=30)["result"]


def test_codes_are_imported_by_themselves(project: Project) -> None:
    off = {"type": "PERCENT", "percent_off": 10}
    codes = [
        {"code": "TEN", "discount": off, "redemption": {"quantity": 3}, "metadata": {"a": 1}, "active": False},
        {"code": "CARD", "type": "GIFT_VOUCHER", "gift": {"amount": 500, "balance": 500}},
    ]
    made = result(project, project.post("/v1/vouchers/import", codes))

    assert made == {
        "message": "2 voucher(s) imported successfully, 0 failed.",
        "done_count": 2,
        "failed_count": 0,
        "failed": [],
    }
    ten, card = project.get("/v1/vouchers/TEN"), project.get("/v1/vouchers/CARD")
    assert (ten["active"], ten["redemption"]["quantity"], ten["metadata"]) == (False, 3, {"a": 1})
    assert card["gift"]["balance"] == 500


@pytest.mark.parametrize(
    ("body", "key", "details"),
    [
        (
            [{"discount": {"type": "AMOUNT", "amount_off": 1}}],
            "invalid_voucher",
            "Found 1 voucher(s) without 'code' value",
        ),
        (
            [{"code": "A", "gift": {"amount": 1}}, {"code": "A", "gift": {"amount": 1}}],
            "duplicate_key",
            "1 voucher codes(s) already exist.",
        ),
        ([{"code": "OLD", "gift": {"amount": 1}}], "duplicate_key", "1 voucher codes(s) already exist."),
        ([{"code": "A"}], "invalid_voucher", None),
        ([{"code": "a/b", "gift": {"amount": 1}}], "invalid_voucher", None),
        ([{"code": "A", "gift": {"amount": -1}}], "invalid_payload", None),
        ([], "invalid_payload", None),
        ({}, "invalid_payload", None),
    ],
)
def test_wrong_imports_are_refused_and_change_nothing(
    project: Project, body: Any, key: str, details: str | None
) -> None:
    project.post("/v1/vouchers/OLD", {"type": "GIFT_VOUCHER", "gift": {"amount": 1}})
    refusal = project.refuse("POST", "/v1/vouchers/import", body, status=400, key=key)
    assert details in {None, refusal["details"]}
    assert project.get("/v1/vouchers")["total"] == 1
    assert project.get("/v1/async-actions")["async_actions"] == []


def test_a_csv_of_codes_tells_what_is_wrong_with_each_row(project: Project) -> None:
    make.category(project, "First")
    lines = (
        "TEN,DISCOUNT_VOUCHER,10,PERCENT,First,2026-01-01,2090-01-01T10,5,TRUE,blue",
        "CARD,GIFT_VOUCHER,12.50,,,,,,,",
        "NONE,,10,AMOUNT,,,,,,",
        ",GIFT_VOUCHER,1,,,,,,,",
        "DATE,GIFT_VOUCHER,1,,,yesterday,,,,",
        "HALF,GIFT_VOUCHER,0.001,,,,,,,",
        "CAT,GIFT_VOUCHER,1,,Nowhere,,,,,",
        "TEN,DISCOUNT_VOUCHER,99,PERCENT,,,,,FALSE,",
    )
    made = result(project, project.upload("/v1/vouchers/importCSV", (HEADERS + "\n".join(lines)).encode()))

    assert (made["done_count"], made["failed_count"]) == (3, 5)
    reasons = {one["row"]: one["reason"] for one in made["failed"]}
    assert reasons[3] == "Voucher Type is required"
    assert reasons[4] == "Code is required"
    assert "ISO-8601" in reasons[5]
    assert "decimal places" in reasons[6]
    assert "Nowhere" in reasons[7]
    ten = project.get("/v1/vouchers/TEN")
    assert (ten["discount"]["percent_off"], ten["active"], ten["metadata"]) == (10, False, {"color": "blue"})
    assert ten["redemption"]["quantity"] == 5
    assert project.get("/v1/vouchers/CARD")["gift"]["amount"] == 1250


def test_a_csv_tells_webhooks_only_if_it_is_asked_to(project: Project) -> None:
    path = project.webhook("voucher.created", "voucher.updated")
    quiet = (HEADERS + "QUIET,GIFT_VOUCHER,1,,,,,,,").encode()
    loud = (HEADERS + "QUIET,GIFT_VOUCHER,1,,,,,,,\nLOUD,GIFT_VOUCHER,1,,,,,,,").encode()
    result(project, project.upload("/v1/vouchers/importCSV", quiet))
    answer = project.request(
        "POST",
        "/v1/vouchers/importCSV",
        files={"file": ("a.csv", loud)},
        data={"webhooks_enable": "true"},
    )
    result(project, answer.json())

    told = {one.json["type"]: one.json["data"]["voucher"]["code"] for one in project.receiver.wait(path, 2)}
    assert told == {"voucher.updated": "QUIET", "voucher.created": "LOUD"}


def test_codes_are_imported_into_a_campaign(project: Project) -> None:
    campaign = make.campaign(project, "GIFT_VOUCHERS", "Cards", vouchers_count=1)
    path = project.webhook("campaign.vouchers.added")
    codes = [{"code": "OWN", "gift": {"amount": 70}}, {"code": "LIKE"}]
    result(project, project.post("/v1/campaigns/Cards/import", codes))

    assert project.get("/v1/vouchers/OWN")["gift"]["balance"] == 70
    assert project.get("/v1/vouchers/LIKE")["gift"]["balance"] == 10_000
    assert project.get("/v1/campaigns/Cards")["vouchers_count"] == 3
    (event,) = project.receiver.wait(path, 1)
    assert (event.json["data"]["count"], event.json["data"]["campaign"]["id"]) == (2, campaign["id"])

    rows = b"Code,Gift Amount,Redeemed Amount,Redeemed Quantity\nCSV,30,10,2\nOVER,1,2,1\nOWN,5,,\n"
    made = result(project, project.upload(f"/v1/campaigns/{campaign['id']}/importCSV", rows))
    assert (made["done_count"], [one["code"] for one in made["failed"]]) == (2, ["OVER"])
    card = project.get("/v1/vouchers/CSV")
    assert (card["gift"]["amount"], card["gift"]["balance"], card["redemption"]["redeemed_quantity"]) == (3000, 2000, 2)
    assert project.get("/v1/vouchers/OWN")["gift"]["balance"] == 70


def test_a_campaign_refuses_what_it_cannot_have(project: Project) -> None:
    make.campaign(project, "GIFT_VOUCHERS", "Cards")
    off = {"type": "PERCENT", "percent_off": 10}
    make.campaign(project, "DISCOUNT_COUPONS", "Alone", type="STANDALONE", voucher={"code": "GENERIC", "discount": off})
    path = "/v1/campaigns/{}/import"
    wrong = [{"code": "A", "type": "DISCOUNT_VOUCHER", "discount": off}]
    project.refuse("POST", path.format("Cards"), wrong, status=400, key="invalid_voucher")
    points = [{"code": "A", "loyalty_card": {"points": 1}}]
    project.refuse("POST", path.format("Cards"), points, status=400, key="invalid_voucher")
    project.refuse("POST", path.format("Alone"), [{"code": "A"}], status=400, key="invalid_campaign")
    project.refuse("POST", path.format("nowhere"), [{"code": "A"}], status=404, key="not_found")


def test_two_imports_of_the_same_codes_add_each_once(project: Project) -> None:
    make.campaign(project, "DISCOUNT_COUPONS", "Coupons", vouchers_count=1)
    codes = [{"code": f"C{number}"} for number in range(700)]

    def begin(given: list[dict[str, str]]) -> Any:
        return project.request("POST", "/v1/campaigns/Coupons/import", json=given)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(begin, (codes, codes[::-1])))
    accepted = [answer.json() for answer in answers if answer.is_success]
    done = [result(project, one)["done_count"] for one in accepted]

    assert sum(done) == 700
    assert project.get("/v1/campaigns/Coupons")["vouchers_count"] == 701
    assert project.get("/v1/vouchers", campaign="Coupons")["total"] == 701


def test_metadata_of_many_codes(project: Project) -> None:
    for code in ("A", "B"):
        project.post(f"/v1/vouchers/{code}", {"type": "GIFT_VOUCHER", "gift": {"amount": 1}, "metadata": {"x": 1}})
    bulk = [{"code": "A", "metadata": {"y": 2}}, {"code": "NONE", "metadata": {}}]
    made = result(project, project.post("/v1/vouchers/bulk/async", bulk))
    assert (made["done_count"], made["failed_count"], made["errors"][0]["code"]) == (1, 1, "NONE")
    assert project.get("/v1/vouchers/A")["metadata"] == {"x": 1, "y": 2}

    same = {"codes": ["A", "B"], "metadata": {"z": 3}}
    action = project.finished(project.post("/v1/vouchers/metadata/async", same)["async_action_id"])
    assert (action["type"], action["operation_status"]) == ("VOUCHERS.METADATA_UPDATE", "SUCCESS")
    assert project.get("/v1/vouchers/B")["metadata"] == {"x": 1, "z": 3}


def test_many_products_are_made_and_changed(project: Project) -> None:
    make.product(project, "old", price=1)
    rows = [{"source_id": "old", "price": 5}, {"source_id": "new", "name": "New"}, {"source_id": "bad", "price": -1}]
    project.refuse("POST", "/v1/products/bulk/async", rows, status=400, key="invalid_payload")
    made = result(project, project.post("/v1/products/bulk/async", rows[:2]))
    assert (made["done_count"], made["errors"]) == (2, [])
    assert project.get("/v1/products/old")["price"] == 5
    same = {"source_ids": ["old", "new"], "metadata": {"a": 1}}
    result(project, project.post("/v1/products/metadata/async", same))
    assert project.get("/v1/products/new")["metadata"] == {"a": 1}


def test_products_and_variants_from_csv(project: Project) -> None:
    make.product(project, "old", price=1)
    rows = (
        b'name,source_id,price,attributes,maker\nShirt,shirt,1200,"color,size",Acme\n'
        b"Renamed,old,99,,\n,nameless,,,\nX,x,1.5,,\n"
    )
    made = result(project, project.upload("/v1/products/importCSV", rows))
    assert made["message"] == "2 product(s) imported successfully, 2 failed."
    assert [one["source_id"] for one in made["failed"]] == ["nameless", "x"]
    shirt, old = project.get("/v1/products/shirt"), project.get("/v1/products/old")
    assert (shirt["price"], shirt["attributes"], shirt["metadata"]) == (1200, ["color", "size"], {"maker": "Acme"})
    assert (old["name"], old["price"]) == ("Renamed", 1)

    rows = (
        b"product_id,sku,source_id,price,attributes\nshirt,Blue,blue,900,\"{'color':'blue'}\"\n"
        b"shirt,Red,red,900,\"{'taste':'sweet'}\"\nnone,X,x,1,\nshirt,Odd,odd,1,__import__('os')\n"
    )
    made = result(project, project.upload("/v1/skus/importCSV", rows))
    assert (made["done_count"], made["failed_count"]) == (1, 3)
    assert project.get("/v1/skus/blue")["attributes"] == {"color": "blue"}
    again = b"product_id,sku,source_id,price,attributes\nshirt,Navy,blue,800,\n"
    result(project, project.upload("/v1/skus/importCSV", again))
    blue = project.get("/v1/skus/blue")
    assert (blue["sku"], blue["price"], blue["attributes"]) == ("Navy", 800, {"color": "blue"})


def test_orders_are_imported_silently(project: Project) -> None:
    make.campaign(project)
    make.rule(project)
    make.member(project, "ann")
    path = project.webhook("*")
    orders = [
        {"source_id": "one", "status": "PAID", "amount": 700, "customer": {"source_id": "ann"}},
        {"source_id": "two", "status": "PAID", "amount": 300, "customer": {"source_id": "bob"}},
        {"source_id": "bad", "customer_id": "nobody"},
    ]
    answer = project.request("POST", "/v1/orders/import", json=orders)
    assert answer.status_code == 200
    made = result(project, answer.json())

    assert (made["done_count"], [one["source_id"] for one in made["failed"]]) == (2, ["bad"])
    ann = project.get("/v1/customers/ann")
    assert (ann["summary"]["orders"]["total_amount"], ann["loyalty"]["points"]) == (700, 0)
    assert project.get("/v1/orders/two")["status"] == "PAID"
    project.post("/v1/customers", {"source_id": "last"})
    (event,) = project.receiver.wait(path, 1)
    assert event.json["type"] == "customer.created"
    project.refuse("POST", "/v1/orders/import", [{"amount": 1}] * 2_001, status=400, key="invalid_payload")
    none = [{"items": [{"amount": 5}, {"quantity": 1, "initial_quantity": 0}]}]
    refusal = project.refuse("POST", "/v1/orders/import", none, status=400, key="invalid_payload")
    assert refusal["details"] == "Property .items[1].initial_quantity cannot be lower than 1"
    wrong = [{"items": [{"quantity": 1, "amount": "x"}]}]
    project.refuse("POST", "/v1/orders/import", wrong, status=400, key="invalid_payload")


@pytest.mark.parametrize(
    "path", ["/v1/vouchers/importCSV", "/v1/products/importCSV", "/v1/skus/importCSV", "/v1/campaigns/Cards/importCSV"]
)
def test_files_that_are_none_are_refused(project: Project, path: str) -> None:
    make.campaign(project, "GIFT_VOUCHERS", "Cards")
    for content in (b"", b"\xff\xfe", b"\n\n", b"a\x00b"):
        answer = project.request("POST", path, files={"file": ("a.csv", content)})
        assert (answer.status_code, answer.json()["key"]) == (400, "invalid_payload")
    answer = project.request("POST", path, files={"other": ("a.csv", b"x")})
    assert answer.json()["details"] == "Payload should have required property 'file'"

"""Whether an answer is one that a caller may get."""

import json
import re

import httpx

ALLOWED = {"code", "key", "message", "details", "request_id", "resource_id", "resource_type", "statusCode", "error"}
# What the refusal of a redeemable says in addition.
ALLOWED |= {"redeemable_type", "redeemable_id"}


def judge(answer: httpx.Response) -> None:
    """Fails on a 500, and on a refusal of another form than the documented."""
    request = answer.request
    request.read()
    said = (request.method, str(request.url)[:300], request.content[:2_000], answer.status_code, answer.text[:1_000])
    assert answer.status_code < 500, said
    if answer.is_success:
        return
    assert answer.headers["content-type"] == "application/json", said
    body = json.loads(answer.content)
    assert body["code"] == answer.status_code, said
    assert isinstance(body["message"], str), said
    assert re.fullmatch(r"v-[0-9a-f]{18}", body["request_id"]), said
    assert body.keys() <= ALLOWED, said

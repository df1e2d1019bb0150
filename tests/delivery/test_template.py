"""Designed payloads."""

import json

import pytest

from guerdon.webhooks import template

DATA = {
    "customer": {"name": 'Zoë "Z"', "email": None, "metadata": {"tags": ["a", 1.0]}},
    "order": {"total_amount": 1200, "paid": True},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": "Hello {{customer.name}}!"}', '{"a":"Hello Zoë \\"Z\\"!"}'),
        ('{"total": {{order.total_amount}}, "paid": {{ order.paid }}}', '{"total":1200,"paid":true}'),
        ('{"email": {{customer.email}}, "none": {{customer.phone.home}}}', '{"email":null,"none":null}'),
        ('{"email": "{{customer.email}}", "none": "<{{customer.phone}}>"}', '{"email":"","none":"<>"}'),
        ('{"whole": {{customer.metadata}}}', '{"whole":{"tags":["a",1]}}'),
        ('{"whole": "{{customer.metadata.tags}}"}', '{"whole":"[\\"a\\",1.0]"}'),
        ('{"static": {"n": 1.50, "10": 1, "9": 2}}', '{"static":{"9":2,"10":1,"n":1.5}}'),
        ('{"{{customer.name}}": 1}', '{"Zoë \\"Z\\"":1}'),
    ],
)
def test_placeholders_are_filled(text: str, expected: str) -> None:
    assert json.loads(template.render(text, DATA)) == json.loads(expected)
    assert " " not in template.render('{"a" : [1 , 2]}', DATA)


def test_a_raw_payload_may_be_any_text() -> None:
    assert template.render("  plain, not JSON  ", DATA) == "  plain, not JSON  "


def test_what_a_template_names_and_whether_it_gives_json() -> None:
    text = '{"a": "{{customer.name}} {{order.id}}", "b": {{order.total_amount}}}'
    assert template.paths(text) == ["customer.name", "order.id", "order.total_amount"]
    assert template.is_json(text)
    assert not template.is_json('{"a": {{order.id}}')

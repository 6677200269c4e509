"""The page of the HTTP API says what the OpenAPI document says, every link of it leads somewhere."""

import html
import re
from typing import Any

import pytest

from serving.access.tokens import Role
from tests.serving.caller import Service


@pytest.fixture(scope="module")
def document(served: Service) -> dict[str, Any]:
    return dict(served.client.get("/openapi.json").json())


@pytest.fixture(scope="module")
def page(served: Service) -> str:
    return served.client.get("/docs").text


def test_every_operation_parameter_schema_and_member_is_on_the_page(
    document: dict[str, Any], page: str
) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert f"<h3>{method.upper()} {path}</h3>" in page
            assert all(f"<code>{each['name']}</code>" in page for each in operation["parameters"])
            assert all(f"<b>{status}</b>" in page for status in operation["responses"])
    for name, schema in document["components"]["schemas"].items():
        _, _, section = page.partition(f'<div id="{name}">')
        members = section.partition("</table>")[0]
        assert all(f"<code>{member}</code>" in members for member in schema["properties"])


def test_every_link_within_the_page_has_a_place_that_it_leads_to(page: str) -> None:
    places = re.findall(r'id="([^"]+)"', page)
    assert len(places) == len(set(places))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(places)


def test_examples_are_shown_as_they_would_be_sent(document: dict[str, Any], page: str) -> None:
    shown = html.unescape(page)
    assert '{\n  "trader_id": "T0000012",\n  "top": 3\n}' in shown
    assert "GET /traders/T0000012/programme" in shown
    assert "\\n" not in shown


def test_whoever_may_read_the_document_may_read_its_page(served: Service) -> None:
    for role in Role:
        token = served.token(role)
        statuses = {served.client.get(path, headers=token).status_code for path in ("/openapi.json", "/docs")}
        assert statuses == {200}

"""Whatever is sent, a route answers as the OpenAPI document says, and nothing makes it fall over."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from schemathesis import APIOperation, Case, GenerationMode, checks, openapi
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.schemas import OpenApiSchema

from models.prediction import PER_TRADER
from serving.access.tokens import Role
from serving.api.app import ROUTES, Route
from serving.api.field_units import FIELD_UNITS, is_number
from serving.api.field_words import FIELD_WORDS
from serving.live.state import Live
from serving.settings import Settings
from tests.serving.caller import Service, service
from tests.serving.listening import listening
from tests.torture import TORTURE

Operation = APIOperation[Any, Any, Any, OpenApiSchema]
"""A route as schemathesis reads it; tests look into none of its parts."""
CASES = dict.fromkeys(Role, 100) if TORTURE else {Role.AUDITOR: 5, Role.RISK_UNIT: 2, Role.DATA_SCIENTIST: 2}
"""Of each route, in each mode; every endpoint is open to auditors."""
PATIENCE = 120
TOLD_BY_THE_CONTRACT = ("positive_data_acceptance",)
"""A schema cannot say all that the data contract asks of a row; 422 tells the rest."""
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@pytest.fixture(scope="module")
def running(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, OpenApiSchema]]:
    """The service with tokens, its port, and its OpenAPI document as schemathesis reads it."""
    with service(live, tmp_path_factory.mktemp("home")) as made, listening(made.client.app) as port:
        url = f"http://127.0.0.1:{port}/openapi.json"
        yield made, openapi.from_url(url, headers=made.token(Role.AUDITOR))


def held_against_the_document(
    operation: Operation, *, mode: GenerationMode, cases: int, token: dict[str, str]
) -> None:
    """Ask an operation whatever its schema allows, or does not, and hold the answers against the document."""
    names = set(checks.CHECKS.get_all_names()) - set(TOLD_BY_THE_CONTRACT)

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def ask(case: Case[Operation]) -> None:
        case.call_and_validate(
            headers=token,
            timeout=PATIENCE,
            checks=checks.CHECKS.get_by_names(sorted(names)),  # type: ignore[arg-type]  # classes too
        )

    ask()


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("role", Role)
def test_no_request_gets_a_5xx_or_an_answer_that_is_not_documented(
    running: tuple[Service, OpenApiSchema], role: Role, mode: GenerationMode
) -> None:
    made, document = running
    for result in document.get_all_operations():
        assert isinstance(result, Ok), result
        held_against_the_document(result.ok(), mode=mode, cases=CASES[role], token=made.token(role))


def test_the_document_names_every_route_but_itself_and_its_page(served: Service) -> None:
    document = served.client.get("/openapi.json").json()
    routes = {route.path for route in served.routes}
    assert set(document["paths"]) == routes - {"/openapi.json", "/docs"}
    assert document["openapi"] == "3.1.0"


@pytest.mark.parametrize("name", ["Predicted", "Said", "Ranked"])
def test_every_number_of_a_prediction_is_required_and_its_interval_described(
    served: Service, name: str
) -> None:
    schema = served.client.get("/openapi.json").json()["components"]["schemas"][name]
    assert set(PER_TRADER) <= set(schema["required"])
    assert all("description" in schema["properties"][end] for end in PER_TRADER[2:])


def test_every_body_has_an_example_that_is_answered_or_refused_for_its_content_alone(served: Service) -> None:
    document = served.client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for content in operations.get("post", {}).get("requestBody", {}).get("content", {}).values():
            for example in content["examples"].values():
                assert served.client.post(path, json=example["value"]).status_code in (200, 201, 404)


def test_every_member_and_parameter_is_described(served: Service) -> None:
    document = served.client.get("/openapi.json").json()
    schemas = document["components"]["schemas"].values()
    members = [member for schema in schemas for member in schema.get("properties", {}).values()]
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    parameters = [each for operation in operations for each in operation["parameters"]]
    assert all(each["description"] for each in (*members, *parameters))
    described = {name for schema in schemas for name in schema.get("properties", {})}
    assert set(FIELD_WORDS) <= described | {each["name"] for each in parameters}


def test_operations_keep_their_names_and_each_stands_in_a_group(served: Service) -> None:
    document = served.client.get("/openapi.json").json()
    operations = [each for path in document["paths"].values() for each in path.values()]
    names = [each["operationId"] for each in operations]
    assert len(names) == len(set(names))
    groups = {(each["operationId"], *each["tags"]) for each in operations}
    assert groups >= {
        ("predict", "predictions"),
        ("explain", "predictions"),
        ("score_declarations", "predictions"),
        ("outcomes", "outcomes"),
        ("ranking", "ranking"),
        ("models", "models"),
        ("plan", "plans"),
        ("ranking_page", "pages"),
        ("trader_page", "pages"),
    }
    assert {group for _, group in groups} == {tag["name"] for tag in document["tags"]}
    assert all(tag["description"] for tag in document["tags"])
    assert document["servers"][0]["url"] == "/"


def test_every_number_that_is_not_whole_says_its_unit(served: Service) -> None:
    document = served.client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    numbers = {
        f"{model}.{name}": member
        for model, schema in schemas.items()
        for name, member in schema.get("properties", {}).items()
        if is_number(member)
    }
    assert all(each["description"].endswith(f" Unit: {each['x-unit']}.") for each in numbers.values())
    units = {name: each["x-unit"] for name, each in numbers.items()}
    assert units["Predicted.expected"] == units["Outcome.amount"] == "reporting currency"
    assert units["Ranked.expected_hours"] == "h"
    assert units["Declaration.net_mass_kg"] == "kg"
    assert set(FIELD_UNITS) <= {*units, *(name.partition(".")[2] for name in units), *parameters(document)}


def parameters(document: dict[str, Any]) -> Iterator[str]:
    for path in document["paths"].values():
        for operation in path.values():
            yield from (each["name"] for each in operation["parameters"])


@pytest.mark.parametrize("route", [route for route in ROUTES if route.schema], ids=lambda route: route.path)
def test_every_answer_has_an_example_that_is_one(served: Service, route: Route) -> None:
    document = served.client.get("/openapi.json").json()
    answers = document["paths"][route.path][route.method.lower()]["responses"]
    example = answers["200"]["content"]["application/json"]["example"]
    assert route.schema is not None
    route.schema.model_validate_json(json.dumps(example), strict=True)


def test_the_example_of_reasons_adds_up_as_answers_do(served: Service) -> None:
    answers = served.client.get("/openapi.json").json()["paths"]["/explain"]["post"]["responses"]
    example = answers["200"]["content"]["application/json"]["example"]
    expected = example["prediction"]["expected"]
    assert sum(example["prediction"]["by_type"].values()) == pytest.approx(expected)
    assert example["base"] + sum(each["money"] for each in example["reasons"]) + example["rest"] == expected
    for topic in example["topics"]:
        assert example["base"] + topic["money"] == expected
        assert topic["money"] == sum(each["money"] for each in topic["by_type"])


def test_money_is_in_units_of_the_currency_that_is_set(live: Live, tmp_path: Path) -> None:
    with service(live, tmp_path, settings=Settings(currency="KZT")) as made:
        document = made.client.get("/openapi.json").json()
    assert "units of KZT, not in cents" in document["info"]["description"]
    expected = document["components"]["schemas"]["Predicted"]["properties"]["expected"]
    assert expected["x-unit"] == "KZT"
    assert expected["description"].endswith(" Unit: KZT.")

"""Whatever is sent, a route answers as the OpenAPI document says, and nothing makes it fall over."""

import pytest
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks, openapi
from starlette.routing import Route

from serving.access.tokens import Role
from tests.serving.caller import service
from tests.serving.listening import listening
from tests.torture import TORTURE

CASES = dict.fromkeys(Role, 100) if TORTURE else {Role.AUDITOR: 5, Role.RISK_UNIT: 2, Role.DATA_SCIENTIST: 2}
"""Of each route, in each mode; all doors open to auditors."""
PATIENCE = 120
TOLD_BY_THE_CONTRACT = ("positive_data_acceptance",)
"""A schema cannot say all that the data contract asks of a row; 422 tells the rest."""
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@pytest.fixture(scope="module")
def running(live, tmp_path_factory):
    """The service with tokens, its port, and its OpenAPI document as schemathesis reads it."""
    with service(live, tmp_path_factory.mktemp("home")) as made, listening(made.client.app) as port:
        url = f"http://127.0.0.1:{port}/openapi.json"
        yield made, openapi.from_url(url, headers=made.token(Role.AUDITOR))


def held_against_the_document(operation, *, mode, cases, token):
    """Ask an operation whatever its schema allows, or does not, and hold the answers against the document."""
    names = set(checks.CHECKS.get_all_names()) - set(TOLD_BY_THE_CONTRACT)

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def ask(case):
        case.call_and_validate(
            headers=token, timeout=PATIENCE, checks=checks.CHECKS.get_by_names(sorted(names))
        )

    ask()


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("role", Role)
def test_no_request_gets_a_5xx_or_an_answer_that_is_not_documented(running, role, mode):
    made, document = running
    for found in document.get_all_operations():
        held_against_the_document(found.ok(), mode=mode, cases=CASES[role], token=made.token(role))


def test_the_document_names_every_route_but_itself(served):
    told = served.client.get("/openapi.json").json()
    routes = {route.path for route in served.client.app.routes if isinstance(route, Route)}
    assert set(told["paths"]) == routes - {"/openapi.json"}
    assert told["openapi"] == "3.1.0"


def test_every_body_has_an_example_that_is_answered_or_refused_for_its_content_alone(served):
    told = served.client.get("/openapi.json").json()
    for path, operations in told["paths"].items():
        for content in operations.get("post", {}).get("requestBody", {}).get("content", {}).values():
            for example in content["examples"].values():
                assert served.client.post(path, json=example["value"]).status_code in (200, 201, 404)

"""Clients made from the OpenAPI document alone call the running service, and get every unit right."""

import importlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.access.tokens import Role
from serving.live.state import Live
from tests.serving.caller import Service, service
from tests.serving.listening import listening

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-clients" / "bin" / "openapi-python-client"
TYPESCRIPT = [ROOT / "node_modules" / ".bin" / name for name in ("openapi-typescript", "tsc")]
NODE = shutil.which("node")
needs_python = pytest.mark.skipif(
    not PYTHON.exists(), reason="there is no .venv-clients; `make test` makes it"
)
needs_typescript = pytest.mark.skipif(
    NODE is None or not all(each.exists() for each in TYPESCRIPT),
    reason="there is no openapi-typescript; .ci/run installs it where npm is",
)
SETTINGS = """
post_hooks: []
content_type_overrides:
  application/vnd.openxmlformats-officedocument.spreadsheetml.sheet: application/octet-stream
"""
"""No formatter; and XLSX is bytes, of which the generator has not heard."""


@pytest.fixture(scope="module")
def running(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of the service, and the token of an auditor."""
    with service(live, tmp_path_factory.mktemp("home")) as made, listening(made.client.app) as port:
        yield f"http://127.0.0.1:{port}", made.token(Role.AUDITOR)["Authorization"].removeprefix("Bearer ")


@pytest.fixture(scope="module")
def document(served: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The OpenAPI document as a file."""
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_bytes(served.client.get("/openapi.json").content)
    return path


def run(*command: str | Path, folder: Path) -> str:
    """Run a command in a folder; return what it says."""
    done = subprocess.run(
        command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@needs_python
def test_a_python_client_is_made_without_a_warning_and_gets_money_in_units(
    running: tuple[str, str], document: Path, live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings.yaml").write_text(SETTINGS)
    options = ("--meta", "none", "--config", "settings.yaml", "--fail-on-warning")
    run(
        PYTHON,
        "generate",
        "--path",
        document,
        "--output-path",
        "audit_yield_client",
        *options,
        folder=tmp_path,
    )
    monkeypatch.syspath_prepend(tmp_path)
    client_module, models, predict, explain, ranking, ranking_csv = (
        importlib.import_module(f"audit_yield_client.{name}")
        for name in (
            "client",
            "models",
            "api.predictions.predict",
            "api.predictions.explain",
            "api.ranking.ranking",
            "api.ranking.ranking_csv",
        )
    )
    address, token = running
    trader, least = live.ranking["trader_id"][0].as_py(), 10_000.0
    expected = live.rounded.expected[live.row_index[trader]]
    assert "Unit: reporting currency" in models.Predicted.__doc__
    with client_module.AuthenticatedClient(base_url=address, token=token, timeout=60.0) as client:
        predicted = predict.sync(client=client, body=models.Predict(trader_ids=[trader], purpose="a test"))
        assert predicted.answers[0].expected == expected
        reasons = explain.sync(client=client, body=models.Explain(trader_id=trader, top=3))
        assert reasons.base + sum(each.money for each in reasons.reasons) + reasons.rest == pytest.approx(
            expected, abs=0.005
        )
        listed = ranking.sync(client=client, least_money=least, page_size=1000)
        money = live.ranking["expected_yield"].to_pylist()
        assert listed.total == len(listed.rows) == sum(amount >= least for amount in money)
        assert listed.rows[0].expected == expected
        table = ranking_csv.sync_detailed(client=client, page_size=1)
        assert table.content.decode().splitlines()[1].startswith(f"{trader},")
        problem = explain.sync(client=client, body=models.Explain(trader_id="nobody"))
        assert isinstance(problem, models.Problem)
        assert problem.status == 404


@pytest.mark.long
@needs_typescript
def test_a_program_in_typescript_compiles_against_the_document_and_gets_money_in_units(
    running: tuple[str, str], document: Path, live: Live, tmp_path: Path
) -> None:
    openapi_typescript, tsc = TYPESCRIPT
    run(
        openapi_typescript,
        document,
        "--output",
        "schema.d.ts",
        "--default-non-nullable=false",
        folder=tmp_path,
    )
    shutil.copy(Path(__file__).with_name("program.ts"), tmp_path)
    options = ["--strict", "--target", "es2022", "--lib", "es2022,dom", "--module", "commonjs"]
    run(tsc, *options, "program.ts", folder=tmp_path)
    assert NODE is not None
    printed = json.loads(run(NODE, "program.js", *running, folder=tmp_path))
    expected = live.rounded.expected[live.row_index[printed["trader_id"]]]
    assert printed["expected"] == [pytest.approx(expected, abs=0.005)] * 3
    hours = dict(
        zip(live.ranking["trader_id"].to_pylist(), live.ranking["expected_hours"].to_pylist(), strict=True)
    )
    assert printed["expected_hours"] == hours[printed["trader_id"]]
    assert printed["cents"] is None
    assert "no such trader" in printed["refused"]

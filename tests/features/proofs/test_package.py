"""The proofs that a package runs over its own features: each finds the fault that is planted for it."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audit_yield.commands import app
from features.library import LIBRARY
from features.prepare import ROWS
from features.proofs import proofs
from features.proofs.histories import history
from features.proofs.proofs import Trial, as_known
from features.proofs.run import ProofReport, prove, to_text
from tests.features.proofs.leaks import KINDS, LEAKS, LEAKY

HEAD = "from features import Example, Unit, exact\nfrom features.feature import feature\n\n\n"
WHOLE = '''@feature(
    source="lines",
    months=(12,),
    unit=Unit.SHARE,
    indicator="own",
    reference="ours",
    inputs="declarations.customs_value",
    label="{label}",
    phrase="In {{window}} it is {{value}}.",
    why="{why}",
    example=Example("customs_value loading_port", [(300.0, "CNSHA"), (100.0, None)], {example}),
)
def {name}(lines):
    """{doc}"""
    return {value}


'''
GOOD = {
    "label": "Largest line",
    "why": "It is worth a look.",
    "example": 0.75,
    "doc": "The largest line, as a share of all.",
    "value": "exact.share(lines.customs_value.max(), lines.customs_value.sum())",
}
FAULTS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "misses": ("computed", {"value": "lines.customs_value.middle()"}),
    "miscounts": ("worked example", {"example": 0.5}),
    "speechless": ("words", {"doc": ""}),
    "one_sided": ("words", {"why": "The larger it is, the more is found."}),
    "unnamed": ("inputs", {"value": "lines.customs_value.sum(where=lines.loading_port.notnull()) / 400.0"}),
    "infinite": ("numbers", {"value": "0.75 + (lines.customs_value.sum() * 1e300 - 400.0 * 1e300)"}),
}
"""Features with a fault each: the proof that finds it, and what differs from the good one."""
SMALL = (partial(history, 1),)


def source(name: str, **changed: object) -> str:
    return WHOLE.format(name=name, **{**GOOD, "label": name.capitalize(), **changed})


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ProofReport:
    folder = tmp_path_factory.mktemp("own")
    faulty = "".join(source(name, **changed) for name, (_, changed) in FAULTS.items())
    still = source("still", value="lines.customs_value.sum() * 0 + 0.75")
    (folder / "quay.py").write_text(HEAD + source("good") + still + faulty, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setattr(proofs, "HISTORIES", SMALL)
        return prove("quay")


def test_a_good_feature_passes_every_proof(report: ProofReport) -> None:
    assert "good_12m" not in {failure.feature for some in report.failures.values() for failure in some}


def test_a_feature_that_the_histories_give_one_value_alone_is_said_to_be_unproved(
    report: ProofReport,
) -> None:
    assert report.unproved == ("still_12m",)
    assert any(line.startswith("CANNOT TELL: still_12m") for line in to_text(report))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_by_its_proof_alone_and_said_with_its_place(name: str, report: ProofReport) -> None:
    by_proof = {
        proof: [failure for failure in some if failure.feature == f"{name}_12m"]
        for proof, some in report.failures.items()
    }
    [failure] = by_proof.pop(FAULTS[name][0])
    assert not any(by_proof.values())
    assert "quay.py:" in failure.line
    assert failure.fault.endswith(".")
    text = "\n".join(to_text(report))
    assert text.startswith(f"FAILED: {len(FAULTS)} of {len(FAULTS) + 2} features of quay")
    assert f"{failure.feature} {failure.fault}" in text


def test_every_leak_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, kind in KINDS.items():
        monkeypatch.setitem(ROWS, name, kind)
    monkeypatch.setattr(proofs, "HISTORIES", SMALL)
    assert {failure.feature for failure in as_known(Trial(LEAKY.names, LEAKY, LIBRARY))} == set(LEAKS)


def test_the_command_says_what_each_feature_says_and_that_all_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pier.py").write_text(HEAD + source("good"), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(proofs, "HISTORIES", SMALL)
    shown = CliRunner().invoke(app, ["features", "test", "pier"])
    assert shown.exit_code == 0, shown.output
    assert shown.output.startswith("PASSED: 1 features of pier")
    assert "In the last 12 months it is 75.0 %." in shown.output

"""What `deploy/` names is there: metrics and settings of the service, commands, files; and nobody is root."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from prometheus_client.metrics_core import Metric
from typer.main import get_command

from audit_yield.commands import app
from features import environment
from serving import launch
from serving.metrics import REGISTRY
from serving.settings import PREFIX, Settings, variable

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
LISTED = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "deploy"]
FILES = [
    ROOT / name
    for name in subprocess.run(
        LISTED, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
]
"""Those of the repository, without what an operator keeps beside them, such as a home."""
CONTAINERFILE, UNIT = DEPLOY / "Containerfile", DEPLOY / "systemd" / "audit-yield.service"
RULES, BOARD = DEPLOY / "prometheus" / "rules.yml", DEPLOY / "grafana" / "audit-yield.json"
CASES = DEPLOY / "prometheus" / "rules_test.yml"
PAGE = ROOT / "docs" / "operators.md"
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
USER = 10001


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(text(path)))


def series(family: Metric) -> set[str]:
    """The names under which Prometheus has a metric."""
    return {f"{family.name}{suffix}" for suffix in SUFFIXES[family.type]}


def live_gauges() -> set[str]:
    """The gauges of the model that serves, as the code that makes them names them."""
    calls = [
        node
        for node in ast.walk(ast.parse(text(ROOT / "serving/live/gauges.py")))
        if isinstance(node, ast.Call)
    ]
    made = [call for call in calls if getattr(call.func, "id", "") == "GaugeMetricFamily"]
    return {ast.literal_eval(call.args[0]) for call in made}


def metrics_in(path: Path) -> set[str]:
    return set(re.findall(r"\b(?:audit_yield|process)_\w+", text(path)))


def alarms() -> list[dict[str, Any]]:
    return [rule for group in documents(RULES)[0]["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("path", [RULES, BOARD], ids=lambda path: str(path.name))
def test_every_metric_of_rules_and_board_is_one_that_the_service_exposes(path: Path) -> None:
    exposed = live_gauges().union(*map(series, REGISTRY.collect()))
    assert metrics_in(path)
    assert metrics_in(path) - exposed == set()


def test_everything_that_the_service_calls_an_alarm_is_one() -> None:
    meant = [family for family in REGISTRY.collect() if family.documentation.startswith("ALARM")]
    names = {name for name in live_gauges() if name.endswith("_alarm")}.union(*map(series, meant))
    assert len(names) > 1
    assert names - metrics_in(RULES) == set()


def test_every_alarm_says_in_one_sentence_what_to_do() -> None:
    for alarm in alarms():
        action = alarm["annotations"]["action"]
        assert action.endswith(".")
        assert ". " not in action, alarm["alert"]


def test_the_board_has_a_panel_for_each_alarm_of_the_service() -> None:
    in_board = {target["expr"] for panel in json.loads(text(BOARD))["panels"] for target in panel["targets"]}
    for name in metrics_in(RULES):
        assert any(name in expression for expression in in_board), name


def test_every_file_parses() -> None:
    for path in FILES:
        if path.suffix in {".yaml", ".yml"}:
            assert all(documents(path)), path
    assert json.loads(text(BOARD))["uid"]


def test_every_setting_is_one_that_the_service_reads() -> None:
    read = {variable(field.name) for field in fields(Settings)}
    read |= {each.name for each in (*environment.VARIABLES, *launch.VARIABLES)}
    named = {name for path in (*FILES, PAGE) for name in re.findall(rf"\b{PREFIX}[A-Z_]+", text(path))}
    assert f"{PREFIX}HOSTS" in named
    assert named - read == set()


@pytest.mark.parametrize("path", [RULES, PAGE], ids=lambda path: str(path.name))
def test_every_command_that_an_operator_is_told_to_run_exists(path: Path) -> None:
    called = re.findall(r"(?<!-u )\baudit-yield (?!audit-yield)([a-z]+)(?: ([a-z]+))?", text(path))
    assert called
    commands = getattr(get_command(app), "commands")  # noqa: B009  of a group, which the type does not say
    for name, second in called:
        assert name in commands
        assert second in getattr(commands[name], "commands", {second}), f"{name} {second}"


def test_every_file_of_the_page_is_there_and_every_mount_is_a_file_of_ours_or_the_operators() -> None:
    named = set(re.findall(r"`(deploy/[\w./-]+\w)`", text(PAGE)))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
    services = documents(DEPLOY / "compose.yaml")[0]["services"].values()
    mounts = {volume.split(":")[0] for service in services for volume in service["volumes"]}
    ours = {
        f"./{parent.relative_to(DEPLOY)}"
        for path in FILES
        for parent in (path, *path.parents[:-1])
        if parent.is_relative_to(DEPLOY)
    }
    operators = {"./home", "./data", "./tls", "./log.key"}
    assert {mount for mount in mounts if mount.startswith("./")} - ours == operators


def test_what_the_image_copies_is_there_and_reaches_the_builder() -> None:
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text(CONTAINERFILE), re.MULTILINE)
        for source in line.split()
    ]
    let_in = re.findall(r"^!(.+)$", text(ROOT / ".dockerignore"), re.MULTILINE)
    assert sorted(copied) == sorted(let_in)
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_tools_that_build_the_wheel_are_all_named_and_pinned_in_the_lock() -> None:
    named = re.search(r"\(((?:[\w-]+\|)+[\w-]+)\)==", text(CONTAINERFILE))
    assert named
    needed = set(map(required, tomllib.loads(text(ROOT / "pyproject.toml"))["build-system"]["requires"]))
    while (
        more := {required(line) for name in needed for line in requires(name) or () if applies(line)} - needed
    ):
        needed |= more
    assert set(named[1].split("|")) == needed
    assert needed <= set(re.findall(r"^([\w-]+)==", text(ROOT / "requirements.lock"), re.MULTILINE))


def required(line: str) -> str:
    return Requirement(line).name


def applies(line: str) -> bool:
    """Whether a package is required here, and not by an extra or another Python alone."""
    marker = Requirement(line).marker
    return marker is None or marker.evaluate({"extra": ""})


def test_nobody_is_root() -> None:
    users = re.findall(r"^USER (\S+)$", text(CONTAINERFILE), re.MULTILINE)
    assert users[-1] == f"{USER}:{USER}"
    [deployment] = [
        each for each in documents(DEPLOY / "kubernetes" / "audit-yield.yaml") if each["kind"] == "Deployment"
    ]
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == USER
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["enableServiceLinks"] is False
    assert re.findall(r"^User=(.+)$", text(UNIT), re.MULTILINE) == ["audit-yield"]


def verdict_of(*command: str | Path) -> str:
    """What a tool says of files that it does not take, nothing of others."""
    done = subprocess.run([*map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}" if done.returncode else ""


def tool(name: str) -> Path:
    """A program of the development environment; where it is not there, the test is skipped."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        pytest.skip(f"{name} is not here: make setup")
    return path


def promtool() -> str:
    path = shutil.which("promtool")
    if path is None:
        pytest.skip("promtool is not here: Debian's package prometheus has it")
    return path


def test_prometheus_takes_its_configuration_and_the_rules(tmp_path: Path) -> None:
    named = "/etc/prometheus/rules.yml"
    settings = tmp_path / "prometheus.yml"
    settings.write_text(text(DEPLOY / "prometheus" / "prometheus.yml").replace(named, str(RULES)))
    assert str(RULES) in text(settings)
    assert verdict_of(promtool(), "check", "config", settings) == ""
    assert verdict_of(promtool(), "check", "rules", "--lint=all", "--lint-fatal", RULES) == ""


def test_alarms_go_off_where_they_should_and_are_quiet_where_all_is_well() -> None:
    assert verdict_of(promtool(), "test", "rules", CASES) == ""


def test_every_alarm_is_tried() -> None:
    tried = re.findall(r'alertname="(\w+)"', text(CASES))
    assert {alarm["alert"] for alarm in alarms()} == set(tried)


def test_the_containerfile_is_as_hadolint_would_have_it() -> None:
    assert verdict_of(tool("hadolint"), "--no-color", CONTAINERFILE) == ""


def test_the_cluster_knows_every_field_of_the_manifest() -> None:
    assert (
        verdict_of(tool("kubernetes-validate"), "--strict", DEPLOY / "kubernetes" / "audit-yield.yaml") == ""
    )


def test_yaml_has_no_key_twice_and_no_word_that_is_a_truth() -> None:
    rules = "{braces: disable, brackets: disable, document-start: disable, line-length: disable}"
    assert (
        verdict_of(tool("yamllint"), "--strict", "-d", f"{{extends: default, rules: {rules}}}", DEPLOY) == ""
    )


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """With a program that is here in place of the one that is installed."""
    unit = tmp_path / UNIT.name
    unit.write_text(text(UNIT).replace("/opt/audit-yield/bin/audit-yield", sys.executable))
    verdict = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (verdict.returncode, verdict.stderr) == (0, "")

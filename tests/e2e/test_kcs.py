"""Published declarations whose labels are a proxy: `run` says so, sees a leak, and lets nothing serve."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import EXPERIMENT, call
from tests.features.data.systems.exports import KCS_FILES

EVERY = 2
"""So many lines of the files to one that is taken."""


@pytest.mark.long
@pytest.mark.skipif(
    not all(file.exists() for file in KCS_FILES), reason="the published Korean declarations are not here"
)
def test_labels_that_are_a_proxy_are_called_so_and_what_leaks_does_not_serve(tmp_path: Path) -> None:
    for file in KCS_FILES:
        names, *lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        (tmp_path / file.name).write_text(names + "".join(lines[::EVERY]), encoding="utf-8")
    (tmp_path / "quick.toml").write_text(EXPERIMENT.replace("fold_months = 9", "fold_months = 3"))
    assert call(tmp_path, "import", "kcs", *(file.name for file in KCS_FILES), "korea").returncode == 0
    done = call(tmp_path, "run", "korea", "--experiment", "quick.toml")
    assert done.returncode == 0, done.stderr
    assert "PROXY: nobody audited these importers" in done.stdout
    assert "LEAK SUSPECTED: " in done.stdout
    assert done.stdout.splitlines()[-1].startswith("The gate refused the model, so none serves.")
    [version] = json.loads(call(tmp_path, "models", "--json").stdout)
    assert version["aliases"] == ["challenger"]

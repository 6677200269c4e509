"""The notebooks hold no output, and run from top to bottom where the README's commands were followed."""

import contextlib
import io
import json
import warnings
from pathlib import Path

import matplotlib
import pytest

from tests.docs.pages import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EACH = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: str(path.stem))


def cells(notebook: Path) -> list[dict[str, object]]:
    content = json.loads(notebook.read_text(encoding="utf-8"))
    return [cell for cell in content["cells"] if cell["cell_type"] == "code"]


def source(cell: dict[str, object]) -> str:
    lines = cell["source"]
    assert isinstance(lines, list)
    return "".join(lines)


@EACH
def test_a_notebook_holds_no_output_and_no_count(notebook: Path) -> None:
    assert [cell for cell in cells(notebook) if cell["outputs"] or cell["execution_count"] is not None] == []


def test_from_data_to_reasons_in_money_are_ten_lines() -> None:
    _, ten, *_ = cells(NOTEBOOKS[0])
    assert source(ten).count("\n") + 1 == 10


@pytest.mark.long
@EACH
def test_a_notebook_runs_and_draws(notebook: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    matplotlib.use("agg")
    from matplotlib import pyplot

    drawn: list[object] = []
    monkeypatch.setattr(pyplot, "show", lambda: drawn.append(pyplot.gcf().number))
    (folder / "notebooks").mkdir()
    names = {"__name__": "__main__"}
    with (
        contextlib.chdir(folder / "notebooks"),
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # shap's dependencies warn of each other
        for cell in cells(notebook):
            exec(compile(source(cell), notebook.name, "exec"), names)  # noqa: S102  our own notebooks
    pyplot.close("all")
    assert drawn

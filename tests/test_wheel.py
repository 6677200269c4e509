"""The wheel holds what it needs to run elsewhere, and nothing else."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.long  # to build takes some seconds, and to run what was built a dozen

ROOT = Path(__file__).parents[1]
PACKAGES = ("audit_yield", "features", "models", "serving", "training")
TO_BUILD = ("LICENSE", "NOTICE", "README.md", "hatch_build.py", "pyproject.toml")


def files(*paths: str) -> list[str]:
    """The files of this repository below some paths."""
    command = ["git", "ls-files", *paths]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, built from a copy: to build compiles the kernel anew."""
    tree, folder = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    for name in files(*PACKAGES, *TO_BUILD):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=tree, capture_output=True, check=True)
    [built] = folder.glob("*.whl")
    return built


def test_it_holds_each_file_of_the_packages_the_kernel_and_the_licences(wheel: Path) -> None:
    names, packed = zipfile.ZipFile(wheel).namelist(), files(*PACKAGES)
    other = {name for name in names if ".dist-info/" not in name} - set(packed)
    assert set(packed) <= set(names)
    assert other <= {"models/treeshap/kernel.lib"}
    for name in ("LICENSE", "NOTICE"):
        assert [each for each in names if each.endswith(f"licenses/{name}")], name


def test_what_others_made_is_named_with_its_licence() -> None:
    """Data that we wrote ourselves is TOML, PO, a template, or names in our words; NOTICE has the rest."""
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    carried = [
        name for name in files(*PACKAGES) if Path(name).suffix in {".csv", ".tab", ".json", ".parquet"}
    ]
    assert [name for name in carried if name not in notice] == ["features/language/code_names.csv"]


def test_installed_elsewhere_it_simulates_and_checks_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    """Its dependencies are those of the tests' environment, without the copy that is installed there."""
    venv.create(tmp_path / "venv", with_pip=False)
    [packages] = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    zipfile.ZipFile(wheel).extractall(packages)
    [libraries] = {path for path in map(Path, sys.path) if path.name == "site-packages"}
    (packages / "dependencies.pth").write_text(f"{libraries}\n")
    empty = tmp_path / "empty"
    empty.mkdir()

    def python(*arguments: str) -> str:
        command = [str(tmp_path / "venv" / "bin" / "python"), *arguments]
        return subprocess.run(command, cwd=empty, capture_output=True, text=True, check=True).stdout

    assert Path(python("-c", "import features; print(features.__file__)")).is_relative_to(packages)
    assert "declarations" in python(
        "-m", "audit_yield", "simulate", "demo", "--traders", "50", "--years", "2"
    )
    assert python("-m", "audit_yield", "check", "demo/data")

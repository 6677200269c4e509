"""What `bentoml build` packs is all that serves: each file of the packages but training."""

import subprocess
from pathlib import Path

import pathspec
import yaml

ROOT = Path(__file__).parents[1]
PACKAGES = ("audit_yield", "features", "models", "serving")


def test_it_packs_each_file_that_a_package_reads() -> None:
    included = yaml.safe_load((ROOT / "bentofile.yaml").read_text(encoding="utf-8"))["include"]
    packed = pathspec.PathSpec.from_lines("gitignore", included)
    command = ["git", "ls-files", *PACKAGES]
    files = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [name for name in files if not packed.match_file(name)] == []

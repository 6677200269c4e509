"""A full disk is told in clear words; what was there is whole, and with room all goes well again."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.bundle.champion import read_champion
from tests.torture import TORTURE
from tests.torture.command import Place, begin, call
from training.tracking.registry import models

AS_OF = ("--as-of", "2024-10-01")
KILOBYTES = range(0, 1_600, 200)
"""How much room is left; a training needs about 1,500."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Place]:
    """A disk of 32 megabytes that holds a home and a folder to work in."""
    if os.geteuid():
        pytest.skip("only root may mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", disk], check=False)
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        yield Place.made(disk)
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def refused(place: Place, *arguments: str, largest_file: int | None = None) -> None:
    """Run a command that must fail, and say so in words: what is the matter, what it needs, what to do."""
    status, said = begin(place, *arguments, largest_file=largest_file).ended()
    assert status in (1, 2), said
    told_in_words(said)


def tried(place: Place, *arguments: str) -> bool:
    """Run a command for which the room may just suffice; return whether it did."""
    status, said = begin(place, *arguments).ended()
    if status:
        told_in_words(said)
    return status == 0


def told_in_words(said: str) -> None:
    assert re.search("full|space|too large", said), said
    assert "Traceback" not in said
    assert "fault of audit-yield" not in said
    assert len(said.splitlines()) == 3, said


def fill(place: Place, *, leaving: int) -> Path:
    """Fill a disk but for some kilobytes."""
    filler = place.work / "filler"
    free = os.statvfs(place.work)
    filler.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - leaving * 1024)))
    return filler


@pytest.mark.skipif(not TORTURE, reason="long: AUDIT_YIELD_TORTURE=1")
def test_a_full_disk_stops_each_command_in_words_and_harms_nothing(
    small_disk: Place, administration: Path
) -> None:
    data = str(administration / "demo/data")
    train = ("train", data, *AS_OF, "--experiment", str(administration / "experiment.toml"))
    score = ("score", data, *AS_OF, "--out", "scores.csv")
    call(small_disk, *train)
    call(small_disk, "promote", "--force", "a test")
    call(small_disk, *score)
    whole = (small_disk.work / "scores.csv").read_bytes()
    for room in KILOBYTES:
        filler = fill(small_disk, leaving=room)
        done = [
            tried(small_disk, *train),
            tried(small_disk, "score", data, "--as-of", "2024-11-01", "--out", "other.csv"),
            tried(small_disk, "import", "kcs", str(administration / "new.csv"), "korea", "--overwrite"),
        ]
        filler.unlink()
        assert room or not any(done)
        assert (small_disk.work / "scores.csv").read_bytes() == whole
        assert done[2] or not (small_disk.work / "korea").exists()
        shutil.rmtree(small_disk.work / "korea", ignore_errors=True)
        serving = read_champion(small_disk.home)
        assert serving is not None
        assert serving.version == "1"
        assert "1" in {each.version for each in models(small_disk.home)}
    call(small_disk, *score)
    call(small_disk, *train)
    assert small_disk.leftovers() == []


def test_a_limit_on_the_size_of_files_is_told_in_words(place: Place, administration: Path) -> None:
    """As a quota would, and without the rights of root."""
    (place.work / "out").mkdir()
    refused(
        place, "import", "kcs", str(administration / "new.csv"), "out", "--overwrite", largest_file=20_000
    )
    assert list((place.work / "out").iterdir()) == []
    assert place.leftovers() == []

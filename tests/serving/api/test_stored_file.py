"""A stored answer is on the disk from its first block beyond a limit on, not in memory."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.errors import OutputError
from serving.api.stored_file import IN_MEMORY, stored


def test_an_answer_moves_to_the_disk_while_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    blocks = [bytes(IN_MEMORY + 1), b"first", b"second"]
    opened: list[int] = []

    def made() -> Iterator[bytes]:
        for block in blocks:
            yield block
            opened.append(len(list(Path("/proc/self/fd").iterdir())))

    before = len(list(Path("/proc/self/fd").iterdir()))
    with stored(made()) as file:
        assert opened[0] == before + 1
        assert file.tell() == sum(map(len, blocks))
        file.seek(IN_MEMORY + 1)
        assert file.read() == b"firstsecond"
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_is_said_to_whoever_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    with pytest.raises(OutputError, match="temporary files cannot be used"):
        stored([bytes(IN_MEMORY + 1)])

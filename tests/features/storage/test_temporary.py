"""Temporary folders end with their call; those of the killed are removed, those of the living are not."""

import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from features.errors import OutputError
from features.storage.disk_full import is_disk_full
from features.storage.temporary import PREFIX, private_tempdir, temporary_folder

HOLDS = """
    import time
    from features.storage.temporary import temporary_folder

    with temporary_folder() as folder:
        (folder / "file").touch()
        print("made", flush=True)
        time.sleep(600)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_temporary_folder_and_what_is_in_it_end_with_the_block(temporary: Path) -> None:
    with temporary_folder() as folder:
        (folder / "file").touch()
        assert names(temporary) == [folder.name]
    assert names(temporary) == []


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_uses_is_not(temporary: Path) -> None:
    (temporary / f"{PREFIX}of-the-dead" / "deep").mkdir(parents=True)
    (temporary / "of-somebody-else").mkdir()
    command = [sys.executable, "-c", textwrap.dedent(HOLDS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as living:
        assert living.stdout
        assert living.stdout.readline() == "made\n"
        [used] = temporary.glob(f"{PREFIX}*")
        with temporary_folder() as own:
            assert names(temporary) == sorted([used.name, own.name, "of-somebody-else"])
        living.kill()


def test_the_temporary_files_of_others_lie_in_it_too(temporary: Path) -> None:
    with private_tempdir():
        assert Path(tempfile.mkdtemp()).parent.name.startswith(PREFIX)
    assert names(temporary) == []
    assert tempfile.gettempdir() == str(temporary)


def test_a_place_where_none_can_be_made_is_told(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "nowhere"))
    with pytest.raises(OutputError, match="TMPDIR"), temporary_folder():
        pass


def test_a_full_disk_is_known_by_its_number_its_words_and_through_what_was_raised_from_it() -> None:
    outer = RuntimeError("it went wrong")
    outer.__cause__ = OSError(28, "whatever the language")
    assert is_disk_full(outer)
    assert is_disk_full(RuntimeError("(sqlite3.OperationalError) database or disk is full"))
    assert not is_disk_full(FileNotFoundError(2, "No such file"))

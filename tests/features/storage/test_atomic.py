"""A folder is replaced whole or not at all, whatever goes wrong on the way."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from features.errors import OutputError
from features.storage.atomic import atomic_file, atomic_folder, restore


def write(target: Path, text: str) -> None:
    with atomic_folder(target) as folder:
        (folder / "a.txt").write_text(text)


def files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*")}


def test_a_new_folder_takes_the_place_of_the_old_with_nothing_left_of_it(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "target"
    with atomic_folder(target) as folder:
        (folder / "old.txt").touch()
    write(target, "new")
    assert files(tmp_path) == {"deep", "deep/target", "deep/target/a.txt"}


def test_an_error_on_the_way_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "target", "old")
    with pytest.raises(UnicodeEncodeError):
        write(tmp_path / "target", "half a letter: \ud800")
    assert (tmp_path / "target" / "a.txt").read_text() == "old"
    assert files(tmp_path) == {"target", "target/a.txt"}


def test_a_disk_that_refuses_is_an_output_error_that_names_the_place(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError) as error:
        write(tmp_path / "file" / "target", "new")
    assert str(tmp_path / "file" / "target") in error.value.found
    assert "unchanged" in error.value.advice


def test_a_file_in_the_place_of_the_folder_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    for text in ("one", "two"):
        write(tmp_path / "target", text)
        assert files(tmp_path) == {"target", "target/a.txt"}


def test_a_call_for_another_file_tidies_up_after_one_that_was_killed(tmp_path: Path) -> None:
    script = """
        import os, signal, sys
        from pathlib import Path
        from features.storage.atomic import atomic_file

        with atomic_file(Path(sys.argv[1])) as fresh:
            fresh.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    (tmp_path / "killed.txt").write_text("old")
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "killed.txt")]
    assert subprocess.run(command, check=False, timeout=60).returncode == -signal.SIGKILL
    assert len(files(tmp_path)) == 3
    with atomic_file(tmp_path / "other.txt") as fresh:
        fresh.touch()
    assert files(tmp_path) == {"killed.txt", "other.txt"}
    assert (tmp_path / "killed.txt").read_text() == "old"


def test_a_file_that_is_being_written_is_not_taken_for_a_leftover(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "a.txt") as slow:
        slow.write_text("whole")
        with atomic_file(tmp_path / "b.txt") as quick:
            quick.touch()
    assert (tmp_path / "a.txt").read_text() == "whole"
    assert files(tmp_path) == {"a.txt", "b.txt"}


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from features.storage.atomic import atomic_folder

    moment, rename = int(sys.argv[2]), Path.rename
    def rename_or_die(path, other):
        global moment
        moment -= 1
        if moment < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(path, other)
    Path.rename = rename_or_die
    with atomic_folder(Path(sys.argv[1])) as folder:
        (folder / "a.txt").write_text("new")
        rename_or_die(folder / "a.txt", folder / "a.txt")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("moment", range(4))
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_after_the_next_look(
    moment: int, tmp_path: Path
) -> None:
    """Killed while writing, before the old is moved aside, between the two renames, and after both."""
    target = tmp_path / "target"
    write(target, "old")
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(target), str(moment)]
    assert subprocess.run(command, check=False, timeout=60).returncode == -signal.SIGKILL
    restore(target)
    assert (target / "a.txt").read_text() == ("new" if moment == 3 else "old")
    assert files(tmp_path) == {"target", "target/a.txt"}


def test_writers_at_the_same_time_never_mix(tmp_path: Path) -> None:
    script = """
        import sys, time
        from pathlib import Path
        from features.storage.atomic import atomic_folder

        for _ in range(20):
            with atomic_folder(Path(sys.argv[1])) as folder:
                for name in "abc":
                    (folder / name).write_text(sys.argv[2])
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "target")]
    writers = [subprocess.Popen([*command, str(number)]) for number in range(4)]
    assert [writer.wait(timeout=60) for writer in writers] == [0] * 4
    assert len({(tmp_path / "target" / name).read_text() for name in "abc"}) == 1


def test_a_look_at_a_place_that_was_never_written_makes_nothing(tmp_path: Path) -> None:
    restore(tmp_path / "deep" / "target")
    assert not list(tmp_path.iterdir())

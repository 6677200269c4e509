"""Detection: only from double audits or a source, and never surer than they are."""

from pathlib import Path

import pytest

from features.errors import SettingError
from models.gap.detection import Detection, by_double_audits


def written(folder: Path, text: str) -> Path:
    path = folder / "detection.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_double_audits_give_chapmans_share(tmp_path: Path) -> None:
    share, low, high = by_double_audits(39, 31, 19)
    assert share == pytest.approx(39 / (40 * 32 / 20 - 1))
    assert 0.4 < low < share < high < 0.8
    read = Detection.read(
        written(tmp_path, "first = 39\nsecond = 31\nboth = 19\nsource = 'double audits 2024'")
    )
    assert (read.share, read.low, read.high) == (share, low, high)


def test_a_sourced_share_is_taken_with_its_deviation(tmp_path: Path) -> None:
    read = Detection.read(
        written(tmp_path, "share = 0.4\ndeviation = 0.05\nsource = 'Erard and Feinstein 2011'")
    )
    assert read.low == pytest.approx(0.302, abs=1e-3)
    assert read.high == pytest.approx(0.498, abs=1e-3)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("share = 0.4\ndeviation = 0.05", "source"),
        ("share = 0.4\nsource = 'a study'", "share"),
        ("share = 0.1\ndeviation = 0.1\nsource = 'a study'", "give or take"),
        ("share = 1.4\ndeviation = 0.1\nsource = 'a study'", "give or take"),
        ("first = 9\nsecond = 9\nboth = 6\nsource = 'a study'", "both teams"),
        ("first = 9\nsecond = 9\nboth = 10\nsource = 'a study'", "both teams"),
        ("share = 0.4\ndeviation = 0.05\nsource = 'a study'\nmore = 1", "more"),
        ("source = 'a study'", "source alone"),
    ],
)
def test_anything_else_is_refused_in_words(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(SettingError, match=word):
        Detection.read(written(tmp_path, text))

"""What treatments reach and cost: each number with its deviation and its source, or it is refused."""

from pathlib import Path

import pytest

from features.errors import SettingError
from models.plan.treatments import SHIPPED, TREATMENTS, Treatments


def test_what_ships_has_a_source_for_every_number() -> None:
    shipped = Treatments.read()
    assert shipped.values("reach").tolist() == [0.08, 0.6, 1.0, 1.12]
    assert set(shipped.content()) == set(TREATMENTS)
    assert all(each.source for name in ("reach", "later", "hours") for each in getattr(shipped, name))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("[letter]", "[leter]", "the treatment 'leter'"),
        ("value = 0.08, deviation = 0.05,", "value = 0.08,", "reach of .letter."),
        ("value = 0.08,", 'value = "some",', "reach of .letter."),
        ("hours = { value = 4,", "hours = { value = 0,", "hours of .letter."),
        ('source = "as for field audits"', 'source = ""', "has no source"),
    ],
)
def test_a_number_without_deviation_and_source_is_refused(
    tmp_path: Path, old: str, new: str, found: str
) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(SHIPPED.read_text().replace(old, new, 1))
    with pytest.raises(SettingError, match=found):
        Treatments.read(path)

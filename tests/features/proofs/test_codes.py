"""HS codes may stop at any level: tariff and lines at others, and some lines at others than the rest."""

import pytest

from features.proofs.changed import with_rows
from features.proofs.histories import history
from features.proofs.values import differences
from tests.features.proofs.values import run, values_of
from tests.features.tables import Row

pytestmark = pytest.mark.long

LONGEST = 12
DIGITS = "314159"


def test_codes_below_the_level_of_the_tariff_change_no_feature() -> None:
    longer = with_rows(history(0), "declarations", _divided)
    lengths = {len(row["hs_code"]) for row in longer["declarations"]}
    assert lengths == {6, 8, 10, 12}
    assert differences(values_of(0), run(longer)) == {}


def _divided(line: Row) -> Row:
    """A line under a code of more digits, other ones for each code; two of them stay as they are."""
    code = str(line["hs_code"])
    return (
        line
        if code.endswith(("29", "20"))
        else line | {"hs_code": (code + DIGITS)[: min(LONGEST, len(code) + 4)]}
    )

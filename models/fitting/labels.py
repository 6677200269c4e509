"""Labels: the money of audits, their weights and their circumstances, row for row beside the features."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.errors import SettingError, listed
from features.outcomes import BY_TYPE
from models.fitting.circumstances import REFERENCE
from models.fitting.matrix import ArrowStream, VectorLike, as_vector, read_table
from models.prediction import Floats

FEWEST_AUDITS = 20


def require_same_index(X: object, **beside: object) -> None:
    """Raise `SettingError` where pandas' index says that something beside the rows is of other rows.

    All goes by position; where both have an index it must be the same, or rows would be mixed up in silence.
    """
    index = _index(X)
    for what, values in beside.items():
        other = _index(values)
        if index is None or other is None or np.array_equal(index, other):
            continue
        raise SettingError(
            f"The index of the {what} is not that of the rows: other labels, or in another order.",
            expected="the same index on both, or none: they are taken row for row.",
            advice="Bring them into one order, as y.loc[X.index] does; pass .to_numpy() if it must differ.",
        )


def _index(values: object) -> NDArray[np.object_] | None:
    index = getattr(values, "index", None)
    return None if index is None or callable(index) else np.asarray(index, dtype=object)


def as_audits(audits: pa.Table | ArrowStream | None, *, y: Floats) -> pa.Table | None:
    """Return the audits that brought the money `y` (n,), of whatever library the table is, as Arrow's.

    Raises `SettingError` where they lack a column that models learn from, are not as many as the money or in
    another order, where a day of opening is empty or no day, and where an amount is no finite number.
    """
    if audits is None:
        return None
    table = read_table(audits)
    present = table.column_names
    if lacking := [name for name in ("opened_on", *REFERENCE, *BY_TYPE) if name not in present]:
        raise SettingError(
            f"The audits lack {len(lacking)} columns: {listed(lacking)}.",
            expected="a table with the columns of `features.outcomes`.",
            advice="Pass the rows that the money was taken from, or leave the audits out.",
        )
    if len(table) != len(y) or _is_shuffled(table, y):
        raise SettingError(
            f"There are {len(table)} audits beside {len(y)} rows, or they are in another order: their "
            "yield_amount is the money of other rows.",
            expected="an audit for each row, in the same order.",
            advice="Sort or filter rows, money and audits together.",
        )
    days = table["opened_on"]
    if len(days) and (not pa.types.is_temporal(days.type) or days.null_count):
        raise SettingError(
            f"The audits' opened_on holds {days.type}, {days.null_count} of them empty.",
            expected="the day on which each audit opened.",
            advice="Make days of texts, and leave out audits whose day is unknown.",
        )
    amounts = {name: as_vector(table[name], what=name) for name in BY_TYPE}
    if wrong := [name for name, values in amounts.items() if not np.isfinite(values).all()]:
        raise SettingError(
            f"The audits hold amounts that are empty or infinite in {listed(wrong)}.",
            expected="the money of each finding type, 0 where nothing was found.",
            advice="Fill in 0 where an audit closed without such a finding.",
        )
    beside = {name: table[name] for name in ("opened_on", *REFERENCE)}
    return pa.table({**beside, **amounts})


def _is_shuffled(audits: pa.Table, y: Floats) -> bool:
    """Return whether audits that tell their money tell that of `y`, but in another order."""
    if "yield_amount" not in audits.column_names:
        return False
    money = as_vector(audits["yield_amount"], what="yield_amount")
    return not np.array_equal(money, y) and np.array_equal(np.sort(money), np.sort(y))


def as_target(y: VectorLike, *, rows: int, fewest: int = FEWEST_AUDITS) -> Floats:
    """Return the money (n,), of at least the `fewest` audits, one of them adjusted where that is above 0.

    Raises `SettingError` where it does not fit the rows, is no number, or teaches too little.
    """
    target = as_vector(y, what="outcomes")
    if target.shape != (rows,) or not np.isfinite(target).all():
        raise SettingError(
            f"The outcomes have shape {target.shape}, and {np.count_nonzero(~np.isfinite(target))} "
            "of them are no numbers.",
            expected=f"one finite amount for each of the {rows} rows.",
            advice="Leave out audits that are still open: they have no outcome yet.",
        )
    if rows < fewest or (fewest and not (target != 0).any()):
        raise SettingError(
            f"There are {rows} closed audits, {int((target != 0).sum())} of them with an adjustment.",
            expected=f"at least {fewest} closed audits and one adjustment to learn from.",
            advice="Until then take the model 'hurdle' with all features: it ranks by money at stake without "
            "any audit.",
        )
    return target


def as_weight(weight: VectorLike | None, *, rows: int) -> Floats:
    """Return the weights (n,), one each where none are given."""
    weights = np.ones(rows) if weight is None else as_vector(weight, what="weights")
    if (
        weights.shape != (rows,)
        or not np.isfinite(weights).all()
        or (weights < 0).any()
        or (rows and not weights.any())
    ):
        raise SettingError(
            f"The weights are an array of shape {weights.shape}.",
            expected=f"one finite weight for each of the {rows} rows, none negative, some above 0.",
            advice="Leave them out to weigh all audits alike.",
        )
    return weights

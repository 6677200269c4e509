"""Hours of an audit, by treatment and size of the trader, as the administration's own audits took them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.plan.treatments import TREATMENTS, Treatments
from models.prediction import Floats

SIZE_BANDS = ("micro", "small", "medium", "large")
BY_SIZE = (0.7, 1.0, 1.4, 1.8)
"""Of the hours for a small trader, before any audit is known; a trader of unknown size counts as small."""
PRIOR_AUDITS = 10.0
"""A treatment, or a size, has hours of its own once so many audits are known; half of them until then."""


@dataclass(frozen=True)
class Hours:
    """The hours that audits take: by treatment for a small trader (4,), and the factors of sizes (4,)."""

    by_treatment: Floats
    by_size: Floats
    audits: int

    def of(self, size_band: pa.ChunkedArray) -> Floats:
        """Return the hours of each trader and treatment (n, 4), given the sizes of the traders."""
        return np.asarray(self.by_size[band_numbers(size_band)][:, None] * self.by_treatment, np.float64)


def fit_hours(
    treatment: pa.ChunkedArray, size_band: pa.ChunkedArray, hours_spent: pa.ChunkedArray, *, prior: Treatments
) -> Hours:
    """Fit the mean hours on closed audits (n,), shrunk towards `prior`.

    Logarithms of hours are a sum of treatment and size. Each effect is drawn towards what is assumed as if
    `PRIOR_AUDITS` audits had said so, so that 0, 10 and 1,000 audits are one path. The mean of hours lies
    above the exponential of their mean logarithm, by the mean ratio of hours to that (Duan's smearing, 1983),
    which is drawn towards 1. An audit without hours, or of a treatment that there is not, says nothing.
    """
    spent = np.nan_to_num(np.asarray(hours_spent.to_numpy(zero_copy_only=False), np.float64))
    names = treatment.to_pylist()
    known = (spent > 0) & np.array([name in TREATMENTS for name in names], bool)
    kinds = np.array([TREATMENTS.index(name) for name, use in zip(names, known, strict=True) if use], np.intp)
    bands = band_numbers(size_band)[known]
    assumed = np.log(prior.values("hours")), np.log(np.array(BY_SIZE))
    rest = np.log(spent[known]) - assumed[0][kinds] - assumed[1][bands]
    design = np.hstack([np.eye(len(TREATMENTS))[kinds], np.eye(len(SIZE_BANDS))[bands]])
    penalty = PRIOR_AUDITS * np.eye(design.shape[1])
    effects = np.linalg.solve(design.T @ design + penalty, design.T @ rest)
    ratios = np.exp(rest - design @ effects)
    smearing = (PRIOR_AUDITS + ratios.sum()) / (PRIOR_AUDITS + len(ratios))
    return Hours(
        smearing * np.exp(assumed[0] + effects[: len(TREATMENTS)]),
        np.exp(assumed[1] + effects[len(TREATMENTS) :]),
        int(known.sum()),
    )


def band_numbers(size_band: pa.ChunkedArray) -> np.ndarray:
    """Return the number of each size in `SIZE_BANDS` (n,), that of small where it is not known."""
    unknown = SIZE_BANDS.index("small")
    return np.array([SIZE_BANDS.index(band) if band else unknown for band in size_band.to_pylist()], np.intp)

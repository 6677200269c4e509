"""Random numbers of the simulation: one stream for each mechanism and quarter."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from features.simulate.arrays import Array, Floats, Whole
from features.simulate.mechanisms import FIRST_SCHEMES, Scheme


@dataclass(frozen=True)
class Chance:
    """The random seed of a run, with a stream of its own for each mechanism.

    A stream depends only on the seed, the mechanism's name and the quarter, so that a new mechanism
    does not shift the numbers of the others.
    """

    seed: int

    def stream(self, mechanism: str, quarter: int = 0) -> np.random.Generator:
        """Return the stream of a mechanism in a quarter (PCG64, as in NumPy's own default)."""
        sequence = np.random.SeedSequence(entropy=self.seed, spawn_key=(crc32(mechanism.encode()), quarter))
        return np.random.Generator(np.random.PCG64(sequence))


def lognormal(stream: np.random.Generator, size: int | tuple[int, ...], *, sigma: float) -> Floats:
    """Return lognormal factors whose mean is one."""
    return np.exp(sigma * stream.standard_normal(size) - sigma**2 / 2)


def heavy_tailed(
    chance: Chance, mechanism: str, noise: Floats, *, tail_weight: float, quarter: int = 0
) -> Floats:
    """Return normal `noise` as draws of Student's t with 1 / `tail_weight` degrees of freedom (0: as it is).

    The other half of t comes from a stream of its own, so that the normal noise is the same in every world.
    """
    if tail_weight == 0:
        return noise
    degrees = 1 / tail_weight
    chi = chance.stream(f"{mechanism} tails", quarter).chisquare(degrees, size=noise.shape)
    return noise * np.sqrt(degrees / chi)


def by_scheme(
    chance: Chance, stream: np.random.Generator, mechanism: str, *, rows: int, quarter: int = 0
) -> Floats:
    """Return uniform numbers (rows, schemes): from `stream` for the first schemes, for later ones not."""
    later = chance.stream(f"{mechanism} of later schemes", quarter)
    return np.hstack(
        [stream.random((rows, FIRST_SCHEMES)), later.random((rows, len(Scheme) - FIRST_SCHEMES))]
    )


def pick(stream: np.random.Generator, size: int, *, weights: Array) -> Whole:
    """Return `size` indices drawn in proportion to `weights`."""
    edges = np.cumsum(weights, dtype=np.float64)
    drawn: Whole = np.minimum(np.searchsorted(edges, stream.random(size) * edges[-1]), len(weights) - 1)
    return drawn

"""Proofs: what a feature must keep on drawn histories, a function a proof, each fault in words for people."""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from features.build import FeatureSet
from features.definition import place_of
from features.feature import Feature
from features.proofs.changed import emptied, extreme, permuted, shuffled
from features.proofs.draw import CUTOFFS
from features.proofs.example import worked_value
from features.proofs.histories import history
from features.proofs.inputs import NEVER_INPUTS, TO_NAME
from features.proofs.known import past
from features.proofs.tables import Tables
from features.proofs.values import Values, built_values, differences, traders
from features.spine import Spine

HISTORIES: tuple[Callable[[], Tables], ...] = (
    partial(history, 1),
    partial(history, 2, traders=16, lines=2000),
)
"""One whose traders are seldom alike, and one where peers and sellers are many enough to compare with."""
SAYS_A_DIRECTION = re.compile(r"The (more|less|fewer|\w+er)\b.*, the \w+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ProofFailure:
    """What is wrong with a feature: its line, what it does, what it should, and what to do next."""

    feature: str
    line: str
    fault: str
    expected: str
    advice: str


@dataclass(frozen=True)
class Trial:
    """Features on trial, beside those of the library that they are combined of, and their values.

    `names` are on trial; `library` holds all others that there are, whose labels are taken.
    """

    names: tuple[str, ...]
    features: FeatureSet
    library: FeatureSet

    @property
    def on_trial(self) -> tuple[Feature, ...]:
        """The features on trial, in order."""
        return tuple(self.features.named(name) for name in self.names)

    @cached_property
    def histories(self) -> tuple[Tables, ...]:
        """The drawn histories."""
        return tuple(draw() for draw in HISTORIES)

    @cached_property
    def values(self) -> tuple[Values, ...]:
        """The values in each history, of all traders as of `CUTOFFS`."""
        return tuple(built_values(self.features, tables) for tables in self.histories)

    def differences(self, number: int, other: Values) -> dict[str, str]:
        """Return where features on trial have other values than in the history of that number."""
        return {
            name: row for name, row in differences(other, self.values[number]).items() if name in self.names
        }

    def failure(self, name: str, fault: str, *, expected: str, advice: str) -> ProofFailure:
        """Return what is wrong with a feature, with its place."""
        line = place_of(self.features.named(name).function)
        return ProofFailure(feature=name, line=line, fault=fault, expected=expected, advice=advice)


def computed(trial: Trial) -> Iterator[ProofFailure]:
    """Its function is an expression that the engine computes, and that a digest can follow."""
    errors = {name: _raised(partial(_compute_example, trial, name)) for name in trial.names}
    rest = [name for name in trial.names if errors[name] is None]
    if _raised(partial(_build, trial, rest)):
        errors |= {name: _raised(partial(_build, trial, [name])) for name in rest}
    for name, error in errors.items():
        if error:
            yield trial.failure(
                name,
                f"cannot be computed: {type(error).__name__}: {str(error).splitlines()[0].rstrip('.')}.",
                expected="an Ibis expression of its source's rows, in the columns that its example names.",
                advice="Correct the function.",
            )


def _raised(compute: Callable[[], object]) -> Exception | None:
    """Return what a function of somebody else's raises, None where it raises nothing."""
    try:
        compute()
    except Exception as error:
        return error
    return None


def _compute_example(trial: Trial, name: str) -> object:
    alone = trial.features.select([name])
    return worked_value(alone.named(name)), alone.digest


def _build(trial: Trial, names: Sequence[str]) -> Values:
    return built_values(trial.features.select(names), trial.histories[0])


def worked_example(trial: Trial) -> Iterator[ProofFailure]:
    """It gives the value that its worked example says."""
    for feature in trial.on_trial:
        value, expected = worked_value(feature), feature.example.value
        if (value is None) != (expected is None) or not math.isclose(
            value or 0.0, expected or 0.0, rel_tol=1e-9, abs_tol=1e-6
        ):
            yield trial.failure(
                feature.name,
                f"gives {_shown(value)} for the rows of its worked example.",
                expected=f"{_shown(expected)}, as the example says.",
                advice="Work the example out by hand, and correct the one that is wrong.",
            )


def words(trial: Trial) -> Iterator[ProofFailure]:
    """Its docstring says what it is, its label is its own, and `why` says the direction that models learn."""
    taken = {(feature.label, feature.months): feature.name for feature in trial.library.features}
    for feature in trial.on_trial:
        if not feature.function.__doc__:
            yield trial.failure(
                feature.name,
                "has no docstring.",
                expected="a sentence that says what it is.",
                advice="Write one.",
            )
        other = taken.setdefault((feature.label, feature.months), feature.name)
        if other != feature.name:
            yield trial.failure(
                feature.name,
                f"has the label '{feature.label}', which {other} has.",
                expected="a label of its own: reasons and pages tell features apart by it.",
                advice="Choose other words.",
            )
        if not feature.direction and SAYS_A_DIRECTION.match(feature.why):
            yield trial.failure(
                feature.name,
                f"says a direction, and has none: {feature.why}",
                expected="`monotone` or `tends` of 1 or -1 where `why` says that the yield rises or falls.",
                advice="Add tends=1 or tends=-1, or say what the value is without a direction.",
            )
        if feature.monotone * feature.tends < 0:
            yield trial.failure(
                feature.name,
                f"has monotone={feature.monotone} and tends={feature.tends}.",
                expected="one direction.",
                advice="Leave out the one that is wrong.",
            )


def inputs(trial: Trial) -> Iterator[ProofFailure]:
    """It names the optional columns that it reads, and knows none that no feature may know."""
    for name, column in _known_in_vain(trial):
        yield trial.failure(
            name,
            f"reads {column}.",
            expected=f"a feature that does not: {NEVER_INPUTS[column]}.",
            advice="Do without the column.",
        )
    for named, names in _by_inputs(trial).items():
        unnamed = [column for column in TO_NAME if column not in named]
        for name, column in _reading(trial, names, unnamed):
            yield trial.failure(
                name,
                f"has other values where {column} is empty, and does not name it.",
                expected="all optional columns that it reads among its inputs: without one it is empty.",
                advice=f"Add {column} to its inputs, or do without.",
            )


def _known_in_vain(trial: Trial) -> Iterator[tuple[str, str]]:
    """Yield the features that know a column which none may know, with the column."""
    tables = trial.histories[0]
    dealt = tables
    for column in NEVER_INPUTS:
        dealt = permuted(dealt, column, seed=1)
    suspects = set(trial.differences(0, built_values(trial.features, dealt)))
    for column in NEVER_INPUTS:
        reading = {feature.name for feature in trial.on_trial if column in feature.inputs}
        if suspects:
            dealt = permuted(tables, column, seed=1)
            reading |= set(trial.differences(0, built_values(trial.features, dealt)))
        yield from ((name, column) for name in trial.names if name in reading)


def _by_inputs(trial: Trial) -> Mapping[frozenset[str], list[str]]:
    """Return the features on trial by the columns that they, and those they are combined of, name."""
    groups: dict[frozenset[str], list[str]] = defaultdict(list)
    for name in trial.names:
        parts = trial.features.select([name]).features
        groups[frozenset(column for part in parts for column in part.inputs)].append(name)
    return groups


def _reading(trial: Trial, names: Sequence[str], columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield those of some features that read one of some columns, with one that each reads."""
    values = built_values(trial.features.select(names), emptied(trial.histories[0], columns))
    reading = [name for name in names if name in trial.differences(0, values)]
    if len(columns) == 1:
        yield from ((name, columns[0]) for name in reading)
    elif reading:
        half = len(columns) // 2
        first = dict(_reading(trial, reading, columns[:half]))
        rest = [name for name in reading if name not in first]
        yield from first.items()
        yield from _reading(trial, rest, columns[half:]) if rest else ()


def as_known(trial: Trial) -> Iterator[ProofFailure]:
    """What becomes known on a day or later changes no value as of that day."""
    leaking: dict[str, str] = {}
    for number, tables in enumerate(trial.histories):
        for cutoff in CUTOFFS:
            spine = Spine.every(traders(tables), (cutoff,))
            before = built_values(trial.features, past(tables, cutoff), spine)
            leaking = trial.differences(number, before) | leaking
    for name, row in leaking.items():
        yield trial.failure(
            name,
            f"has another value with what became known later than without (trader, day, both values: {row}).",
            expected="the same value, whatever becomes known on the day or later.",
            advice="Compute it from the rows that it is given, and read no table beside them.",
        )


def alone_and_in_batch(trial: Trial) -> Iterator[ProofFailure]:
    """A value is the same to the bit alone and in a batch, in any order of rows, on any number of threads."""
    tables = trial.histories[0]
    ways = {
        "when its trader alone is asked for": built_values(
            trial.features, tables, Spine.every(traders(tables)[:1], CUTOFFS[1:2])
        ),
        "when the rows stand in another order": built_values(trial.features, shuffled(tables, 2), threads=2),
    }
    for way, values in ways.items():
        for name, row in trial.differences(0, values).items():
            yield trial.failure(
                name,
                f"has another value {way} (trader, day, both values: {row}).",
                expected="the same value, to the last bit: a service asks for traders one by one.",
                advice="Sum and average with features.exact, and break ties by a key.",
            )


def numbers(trial: Trial) -> Iterator[ProofFailure]:
    """It is a number or empty whatever amounts the contract lets through."""
    values = built_values(trial.features, extreme(trial.histories[0], seed=1))
    for name in trial.names:
        wrong = [row[name] for row in values.values() if not math.isfinite(row[name] or 0.0)]
        if wrong:
            yield trial.failure(
                name,
                f"is {wrong[0]} for amounts at the ends of what the contract allows.",
                expected="a number, or empty where none follows: when it divides by 0, say.",
                advice="Divide with features.exact.share or ratio, which are empty then.",
            )


def unproved(trial: Trial) -> Iterator[str]:
    """Yield the features that the histories give one value alone: of those the proofs can tell nothing."""
    for name in trial.names:
        if len({row[name] for values in trial.values for row in values.values()} - {None}) < 2:
            yield name


PROOFS: Mapping[str, Callable[[Trial], Iterator[ProofFailure]]] = {
    "worked example": worked_example,
    "words": words,
    "inputs": inputs,
    "as known": as_known,
    "alone and in batch": alone_and_in_batch,
    "numbers": numbers,
}
"""The proofs after `computed`, in the order in which they are tried; a new one is a function and a line."""


def _shown(value: float | None) -> str:
    return "no value" if value is None else f"{value:.12g}"

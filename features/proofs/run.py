"""The proofs of a package: run over its features, with the result as text and as JSON."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from features.build import FeatureSet
from features.definition import place_of
from features.feature import Feature
from features.library import LIBRARY
from features.packages import package_features, with_packages
from features.proofs.proofs import PROOFS, ProofFailure, Trial, computed, unproved
from features.unit import format_value


@dataclass(frozen=True)
class ProofReport:
    """What the proofs showed of the features of a package.

    `failures` are those of each proof, by its name; `unproved` are features of which they can tell nothing,
    since the drawn histories give them one value alone.
    """

    package: str
    features: tuple[Feature, ...]
    failures: Mapping[str, tuple[ProofFailure, ...]]
    unproved: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether no proof failed."""
        return not any(self.failures.values())

    def to_json(self) -> str:
        """Return all of it as JSON text."""
        content = {
            "package": self.package,
            "passed": self.passed,
            "features": [
                {"name": each.name, "line": place_of(each.function), "says": _sentence(each)}
                for each in self.features
            ],
            "proofs": {name: [asdict(each) for each in some] for name, some in self.failures.items()},
            "unproved": self.unproved,
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def prove(package: str) -> ProofReport:
    """Run the proofs over the features of a package, named as `import` names it.

    A feature that cannot be computed goes through no further proof. Raises `SettingError` for a package that
    cannot be imported, and for a feature that cannot be one or whose name is taken.
    """
    everything = with_packages((package,))
    own = tuple(feature.name for feature in package_features(package))
    trial = _trial(everything, own)
    broken = tuple(computed(trial))
    names = {failure.feature for failure in broken}
    trial = _trial(everything, tuple(name for name in own if not _needs(everything, name) & names))
    failures = {"computed": broken, **{name: tuple(proof(trial)) for name, proof in PROOFS.items()}}
    return ProofReport(
        package, tuple(map(everything.named, own)), failures, tuple(unproved(trial)) if trial.names else ()
    )


def _trial(everything: FeatureSet, names: tuple[str, ...]) -> Trial:
    return Trial(names, everything.select(names), LIBRARY)


def _needs(everything: FeatureSet, name: str) -> set[str]:
    return set(everything.select([name]).names)


def to_text(report: ProofReport) -> Iterator[str]:
    """Yield the verdict, what each feature says, each proof, and every failure, as lines for a terminal."""
    failed = {failure.feature for some in report.failures.values() for failure in some}
    verdict = f"FAILED: {len(failed)} of" if failed else "PASSED:"
    yield (
        f"{verdict} {len(report.features)} features of {report.package}, beside {len(LIBRARY.names)} of the "
        "library."
    )
    yield ""
    for feature in report.features:
        yield f"  {feature.name} ({place_of(feature.function)})"
        yield f"      {_sentence(feature)}"
    yield ""
    proofs = {"computed": computed, **PROOFS}
    for name, failures in report.failures.items():
        yield f"  {'FAILED' if failures else 'passed'}  {name + ':':20}{proofs[name].__doc__}"
    for name in report.unproved:
        yield ""
        yield (
            f"CANNOT TELL: {name} has one value alone in all drawn histories, so that it passes whatever it "
            "does. Try it on the simulated administration, and on data of your own."
        )
    for name, failures in report.failures.items():
        for failure in failures:
            yield ""
            yield f"FAILED, {name}: {failure.feature} {failure.fault}"
            yield f"  at {failure.line}"
            yield f"  Expected: {failure.expected}"
            yield f"  {failure.advice}"


def _sentence(feature: Feature) -> str:
    """Return the sentence that a reason says, with the value of the worked example."""
    return feature.say(format_value(feature.example.value, feature.unit))

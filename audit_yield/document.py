"""Write docs/settings.md from what declares each setting."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields

from features import environment
from features.data.mapping.dialect import SOURCE
from features.data.mapping.files import FILES
from features.data.mapping.form import VALUES
from features.data.mapping.tables import COLUMN, TABLE
from features.environment import Variable
from features.settings import Allowed, toml
from models.fitting.boosting import Growth
from models.fitting.parameters import GROWTH, OPTIONS
from models.plan import capacity
from serving import launch
from serving.settings import MEANING, ONE_OF, Settings, variable
from training.backtest import experiment, experiment_file

PREFACE = """\
# Settings

Every setting there is, by where it is set. This page is written from the code (`make fix`); a test proves that they agree.
A value that cannot be used is refused with what was expected, and so is a key that nobody knows, with the one that was probably meant.
"""


def document() -> str:
    """Return the page as Markdown."""
    return "\n".join((PREFACE, *_environment(), *_training(), *_other_files()))


def _environment() -> Iterator[str]:
    yield from (
        "## Every command",
        "",
        "Environment variables. A relative path is one of the folder where the command is called.",
        "",
        *_variables(environment.VARIABLES),
        "",
        "## The service",
        "",
        "Environment variables of `audit-yield serve` and `audit-yield run`. `audit-yield doctor` says which are set; what to do with them",
        "stands in [For operators](operators.md) and [For risk units](risk-units.md#who-may-do-what).",
        "",
        *_variables(service_variables()),
        "",
        "## A service that something else starts",
        "",
        "Environment variables that `audit-yield serve` makes of its arguments. Whoever starts the service by",
        "[`bentoml serve`](operators.md#a-bento) sets them.",
        "",
        *_variables(launch.VARIABLES),
        "",
    )


def _training() -> Iterator[str]:
    values = {name: getattr(experiment.Experiment(), name) for name in experiment.SETTINGS}
    grown = {each.name: each.default for each in fields(Growth)}
    yield from (
        "## An experiment",
        "",
        "Keys of the TOML file of `--experiment` ([for data scientists](data-scientists.md#the-experiment)).",
        "",
        *_table(
            ("key", "default", "must be", "meaning"),
            (
                (f"`{name}`", _default(values[name]), must, experiment_file.MEANINGS[name])
                for name, (_, must) in experiment.SETTINGS.items()
            ),
        ),
        "",
        "## How trees are grown",
        "",
        "Keys of `[parameters.growth]` in it. The defaults are those for a few hundred to a few thousand audits.",
        "",
        *_table(
            ("key", "default", "must be"),
            ((f"`{name}`", _default(grown[name]), must) for name, (_, must) in GROWTH.items()),
        ),
        "",
        "Keys of `[parameters.growth.options]`, which LightGBM takes; where none is given, its own defaults hold.",
        "",
        *_rules(OPTIONS),
        "",
    )


def _other_files() -> Iterator[str]:
    yield from (
        "## The capacity of a plan",
        "",
        "Keys of the TOML file of `--capacity` ([plans](plans.md)).",
        "",
        *_rules(capacity.SETTINGS),
        "",
        "## A mapping",
        "",
        "Keys at the top of `mapping.toml`. [Mappings](mapping.md) says what each means, and its default.",
        "",
        *_rules({**SOURCE, **FILES, **VALUES}),
        "",
        "Of a table, beside those of files and values:",
        "",
        *_rules({name: rule for name, rule in TABLE.items() if name not in {**FILES, **VALUES}}),
        "",
        "Of a column, beside those of values:",
        "",
        *_rules({name: rule for name, rule in COLUMN.items() if name not in VALUES}),
    )


def service_variables() -> Iterator[Variable]:
    """Yield the variables of the service, their defaults as somebody would write them."""
    for each in fields(Settings):
        among = each.metadata[ONE_OF]
        choices = f"; one of `{'`, `'.join(among)}`" if among else ""
        yield Variable(variable(each.name), _written(each.default), each.metadata[MEANING] + choices)


def _written(value: object) -> str:
    """Return a value as a variable of the environment has it."""
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else f"{value}"


def _variables(variables: Iterable[Variable]) -> Iterator[str]:
    rows = ((f"`{each.name}`", f"`{each.default or 'none'}`", each.meaning) for each in variables)
    return _table(("variable", "default", "meaning"), rows)


def _rules(rules: Mapping[str, Allowed]) -> Iterator[str]:
    return _table(("key", "must be"), ((f"`{name}`", must) for name, (_, must) in rules.items()))


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _default(value: object) -> str:
    """Return a default as TOML writes it."""
    return "`none`" if value is None else f"`{toml(value)}`"

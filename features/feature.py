"""Features: an expression over a trader's rows, and the texts that an auditor reads, together."""

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NotRequired, TypedDict, Unpack

from ibis.expr import types as ir

from features.definition import defined_already, validate_definition
from features.language import ENGLISH, Language
from features.topic import topic_of
from features.unit import Unit

ALL_HISTORY = None
EITHER_SIGN = re.compile(r"\[([^|\]]*)\|([^|\]]*)\]")
"""The alternatives in a phrase for a value from zero up, and for one below zero."""


@dataclass(frozen=True)
class Example:
    """A worked example, which is also the test of the feature.

    `columns` names columns, blank-separated; each of `rows` gives their values; `value` is the feature's
    value for these rows. Columns that are not named are empty.
    """

    columns: str
    rows: Sequence[tuple[Any, ...]]
    value: float | None


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One number about a trader as of a cutoff.

    - `name`: unique; ends in the window where there is one (`preference_share_12m`).
    - `family`: the module or package of the library that defines it.
    - `function`: an Ibis aggregate of the rows of `source`, or for a combined feature an expression of
      other features of the same row, its parameters' names; `source` is then None.
    - `months`: the window before the cutoff; None for all that is known.
    - `empty`: the value where the trader has no row; None where no value follows from that.
    - `label`: a few words; `phrase`: the template of `sentence`.
    - `why`: what follows from the value, in words that hold for more of it and for less: `the more ...`.
    - `finding_type`: the kind of finding that it concerns, None where none in particular.
    - `monotone`: +1 or -1 where theory says that the yield rises or falls with it, so that models are held
      to it, else 0; `tends`: the same for what `why` says where models are free to learn otherwise.
    - `prior_yield`: of money at stake under a suspicion, the share of it that an audit is expected to book
      before any audit is known; None for every other feature.
    - `indicator`: the indicator of the literature that it belongs to; `reference`: its source.
    - `inputs`: the columns of the contract without which it is empty, as `table.column`.
    """

    name: str
    family: str
    function: Callable[..., ir.Value]
    source: str | None = None
    months: int | None = ALL_HISTORY
    empty: float | None = None
    unit: Unit
    label: str
    phrase: str
    why: str
    finding_type: str | None = None
    monotone: int = 0
    tends: int = 0
    prior_yield: float | None = None
    indicator: str
    reference: str
    inputs: tuple[str, ...] = ()
    example: Example

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the function's parameters: for a combined feature, the features that it combines."""
        return tuple(inspect.signature(self.function).parameters)

    @property
    def direction(self) -> int:
        """+1 or -1 where `why` says that the yield rises or falls with the value, 0 where it says neither."""
        return self.monotone or self.tends

    @property
    def topic(self) -> str:
        """The topic under which its reasons are shown, that of its indicator."""
        return topic_of(self.indicator)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the function reads: those of its worked example."""
        return tuple(self.example.columns.split())

    def say(self, value: str, language: Language = ENGLISH) -> str:
        """Return the sentence with a value, written as a person reads it."""
        return sentence(self.phrase, value, months=self.months, language=language)


def sentence(phrase: str, value: str, *, months: int | None, language: Language = ENGLISH) -> str:
    """Return a phrase with a value, written as a person reads it, and its window.

    Where the phrase has words for either sign, they stand for the sign:

    >>> sentence("Prices are {value} [above|below] those of others.", "-12.0 %", months=None)
    'Prices are 12.0 % below those of others.'

    It begins with a capital where a language begins it with the window.
    """
    words = language.gettext(phrase)
    chosen = EITHER_SIGN.sub(r"\2" if value.startswith("-") else r"\1", words)
    unsigned = value if chosen == words else value.removeprefix("-")
    text = chosen.format(value=unsigned, window=window_words(months, language))
    return text[:1].upper() + text[1:]


def window_words(months: int | None, language: Language = ENGLISH) -> str:
    """Return the window in words: `the last 12 months`, or `all that is known`."""
    if months is None:
        return language.gettext("all that is known")
    words = language.ngettext("the last {months} month", "the last {months} months", months)
    return words.format(months=months)


class Definition:
    """A decorated function: the function itself, and the features that it defines, one for each window."""

    def __init__(self, function: Callable[..., ir.Value], features: tuple[Feature, ...]) -> None:
        self.features = features
        self.__doc__, self.__name__ = function.__doc__, function.__name__
        self.__wrapped__: Callable[..., ir.Value] = function

    def __call__(self, *args: Any) -> ir.Value:
        """Apply the function itself."""
        return self.__wrapped__(*args)


Decorator = Callable[[Callable[..., ir.Value]], Definition]


class Meaning(TypedDict):
    """Texts and metadata of every feature; see `Feature`."""

    unit: Unit
    label: str
    phrase: str
    why: str
    indicator: str
    reference: str
    example: Example
    finding_type: NotRequired[str]
    monotone: NotRequired[int]
    tends: NotRequired[int]
    prior_yield: NotRequired[float]


def feature(
    *,
    source: str,
    inputs: str,
    months: Sequence[int] | None = ALL_HISTORY,
    empty: float | None = None,
    **meaning: Unpack[Meaning],
) -> Decorator:
    """Make an aggregate of a source's rows a feature, one for each window of `months`.

    `inputs` names columns of the contract, blank-separated, as `table.column`. See `Feature` for the rest.
    Raises `SettingError` with the place in the code for what cannot be a feature: see `features.definition`.
    """

    def define(function: Callable[..., ir.Value]) -> Definition:
        rows = {"source": source, "inputs": tuple(inputs.split()), "empty": empty}
        return _defined(function, windows=(None,) if months is None else months, **rows, **meaning)

    return define


def combined(*, months: int | None = ALL_HISTORY, **meaning: Unpack[Meaning]) -> Decorator:
    """Make an expression of other features of the same row a feature; its parameters name them.

    The example's columns are those features. `months` is the window that they speak of, where it is one.
    Raises `SettingError` as `feature` does.
    """
    return lambda function: _defined(function, windows=(months,), **meaning)


def _defined(function: Callable[..., ir.Value], *, windows: Sequence[int | None], **given: Any) -> Definition:
    """Return what a function defines, by a decorator that was given this, after validation."""
    _require_own_name(function)
    validate_definition(function, {**given, "months": windows})
    family = function.__module__.removeprefix("features.library.").partition(".")[0]
    whole = Feature(name=function.__name__, family=family, function=function, **given)
    return Definition(
        function,
        tuple(
            whole if months is None else replace(whole, name=f"{whole.name}_{months}m", months=months)
            for months in windows
        ),
    )


def _require_own_name(function: Callable[..., ir.Value]) -> None:
    """Raise `SettingError` where an earlier feature of the same file would be lost under the same name.

    A cell of a notebook, or a file that is read again, defines the same once more.
    """
    earlier = function.__globals__.get(function.__name__)
    if not isinstance(earlier, Definition) or "<locals>" in function.__qualname__:
        return
    one, other = earlier.__wrapped__.__code__, function.__code__
    if one.co_filename == other.co_filename and one.co_firstlineno != other.co_firstlineno:
        raise defined_already(function, earlier.__wrapped__, name=function.__name__)

"""Feature tables: the features of a spine, each computed from the rows that its cutoff may see."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from ibis.expr import types as ir

from features.as_known import visible_rows
from features.data.warehouse import Warehouse
from features.data.warehouse.engine import execute_in_memory
from features.data.warehouse.tables import HasColumns
from features.days import WINDOWS
from features.definition import defined_already, place_of
from features.digest import CodeDigest
from features.errors import SettingError, did_you_mean, unknown
from features.exact import as_float, order_free
from features.feature import Definition, Feature
from features.prepare import ROWS, Prepared
from features.prepare.peers import COMPARISON_FACTS
from features.prepare.prepared import lines_in_parts
from features.prepare.script import Layout, Script, ScriptRun, Writer
from features.recent import Recent
from features.spine import Spine
from features.syntax import source_of

Written = TypeVar("Written")
KEY = ("trader_id", "cutoff")
MOST_WRITTEN = 64
"""Scripts that a set of features keeps: one a layout, and those of the reasons that people look behind."""
SPINE = frozenset({"cutoff", "cutoff_quarter", *(f"from_{m}m" for m in WINDOWS)})
"""The columns that a visible row takes from the spine."""
COMPUTING = (
    "features.as_known",
    "features.build",
    "features.days",
    "features.exact",
    "features.library",
    "features.prepare",
    "features.spine",
    "features.successors",
)
"""Modules and packages whose code the digest of the features follows."""


@dataclass(frozen=True)
class FeatureSet:
    """Features in a fixed order; their definitions, not the data, give its `digest`."""

    features: tuple[Feature, ...]

    def __post_init__(self) -> None:
        _require_names_of_their_own(self.features)
        _require_parts(self.features)

    @classmethod
    def of(cls, definitions: Iterable[Definition]) -> "FeatureSet":
        """Collect the features that functions define."""
        return cls(tuple(feature for definition in definitions for feature in definition.features))

    @cached_property
    def by_name(self) -> Mapping[str, Feature]:
        """The features by their names."""
        return {feature.name: feature for feature in self.features}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the features, in order."""
        return tuple(self.by_name)

    def named(self, name: str) -> Feature:
        """Return one feature; raise `SettingError` where there is none of that name."""
        if name not in self.by_name:
            raise unknown(name, self.names, what="There is no feature")
        return self.by_name[name]

    def select(self, names: Iterable[str]) -> "FeatureSet":
        """Return the set with these features and those that they are combined of.

        Raises `SettingError` for a name that does not exist.
        """
        wanted = {self.named(name).name for name in names}
        for feature in reversed(self.features):
            if feature.name in wanted and feature.source is None:
                wanted |= set(feature.parameters)
        chosen = tuple(feature for feature in self.features if feature.name in wanted)
        return self.once(frozenset(wanted), lambda: FeatureSet(chosen))

    def build(self, warehouse: Warehouse, spine: Spine) -> pa.Table:
        """Return one row a (trader_id, cutoff) of the spine, in its order, and one float64 column a feature.

        Only rows known before the cutoff count. A feature whose inputs the administration lacks is empty.
        The engine of the warehouse computes the aggregates; they are set side by side here.
        """
        values: dict[str, pa.ChunkedArray] = {}
        if len(spine):
            line_columns = self.line_columns(warehouse)
            parts = lines_in_parts(warehouse, spine.cutoffs, line_columns=line_columns)
            layout = Layout.of(warehouse, parts)
            script = self.once(layout, lambda: self._script(layout, warehouse.written))
            with ScriptRun(script, warehouse, spine, parts) as run:
                for result in run.results():
                    names = [name for name in result.column_names if name not in KEY]
                    values |= beside_spine(result, spine, map(self.named, names))
        return self.finished(spine, values)

    def _script(self, layout: Layout, written: Callable[[ir.Table], str]) -> Script:
        """Return the script of a build: what it stores and what it reads."""
        writer = Writer(layout, written)
        prepared = Prepared(writer, line_columns=self.line_columns(layout))
        for group in _groups(self.possible(layout)):
            writer.read(_aggregated(prepared, group))
        return writer.script

    def once(self, key: Hashable, write: Callable[[], Written]) -> Written:
        """Return what `write` returned when it was last called for this key and these features."""
        return self._written.of(key, write)

    @cached_property
    def _written(self) -> Recent:
        return Recent(MOST_WRITTEN)

    def possible(self, data: HasColumns) -> tuple[Feature, ...]:
        """Return the features that are not combined and whose inputs the administration has."""
        missing = self.missing(data)
        return tuple(f for f in self.features if f.source is not None and f.name not in missing)

    def missing(self, data: HasColumns) -> Mapping[str, tuple[str, ...]]:
        """Return, for each feature that must stay empty, the columns of the contract it lacks."""
        lacking: dict[str, tuple[str, ...]] = {}
        for feature in self.features:
            own = tuple(column for column in feature.inputs if not data.has(column))
            parts = (lacking.get(name, ()) for name in feature.parameters if feature.source is None)
            if lacks := tuple(dict.fromkeys((*own, *(column for part in parts for column in part)))):
                lacking[feature.name] = lacks
        return lacking

    def line_columns(self, data: HasColumns) -> frozenset[str]:
        """Return the columns of a line that features, or the grouping of their rows, need."""
        kinds = [(ROWS[f.source or ""], f) for f in self.possible(data)]
        grouped = [kind.needs for kind, _ in kinds]
        direct = [frozenset(f.columns) - SPINE - COMPARISON_FACTS for _, f in kinds if f.source == "lines"]
        return frozenset().union(*grouped, *direct)

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules outside the library that define features, in order; none of what is typed at a prompt.

        That has no source, so that its digest can follow its name alone.
        """
        own = (f.function for f in self.features if not f.function.__module__.startswith("features."))
        return tuple(dict.fromkeys(f.__module__ for f in own if source_of(f.__code__.co_filename)))

    @cached_property
    def digest(self) -> str:
        """The SHA-256 over what every feature computes, names apart: a model fits one digest only."""
        own = {_package(module) for module in self.modules}
        digests = CodeDigest(
            follow=lambda module: is_followed(module) or _package(module) in own,
            apart=(ROWS,),  # `describe` adds the kinds that are read
        )
        engine = (digests.of_method(FeatureSet.build, FeatureSet), digests.of_method(Spine.dated, Spine))
        features = [describe(feature, digests) for feature in self.features]
        return hashlib.sha256(json.dumps([engine, features]).encode()).hexdigest()

    def finished(self, spine: Spine, values: Mapping[str, pa.ChunkedArray]) -> pa.Table:
        """Return all features beside the spine: those in `values`, those combined of them, and empty ones."""
        table = ibis.memtable(_table(spine, self._without_combined(), values))
        columns: dict[str, ir.Value] = {name: table[name] for name in table.columns}
        available = set(values)
        for feature in self.features:
            if feature.source is None:
                available |= {feature.name} if available.issuperset(feature.parameters) else set()
                value = _combine(feature, columns) if feature.name in available else ibis.null("float64")
                columns[feature.name] = value.cast("float64")
        return execute_in_memory(table.select(*KEY, *(columns[name].name(name) for name in self.names)))

    def _without_combined(self) -> Iterator[str]:
        return (feature.name for feature in self.features if feature.source is not None)


def _require_names_of_their_own(features: Iterable[Feature]) -> None:
    earlier: dict[str, Feature] = {}
    for feature in features:
        if feature.name in earlier:
            raise defined_already(feature.function, earlier[feature.name].function, name=feature.name)
        earlier[feature.name] = feature


def _require_parts(features: Sequence[Feature]) -> None:
    """Raise `SettingError` for a feature combined of one that is not there, or combined only after it."""
    available = {feature.name for feature in features if feature.source is not None}
    for feature in features:
        parts = feature.parameters if feature.source is None else ()
        if lacking := [name for name in parts if name not in available]:
            raise SettingError(
                f"{place_of(feature.function)}: the feature {feature.name} is combined of {lacking[0]}, "
                "which is not there before it.",
                expected="parameters that name features.",
                advice=f"Define {lacking[0]}, or correct the name.{did_you_mean(lacking[0], available)}",
            )
        available.add(feature.name)


def _groups(features: Iterable[Feature]) -> Iterator[list[Feature]]:
    """Group features that share rows and window: they are one aggregate."""
    groups: dict[tuple[str | None, int | None], list[Feature]] = defaultdict(list)
    for feature in features:
        groups[feature.source, feature.months].append(feature)
    return iter(groups.values())


def aggregated_rows(prepared: Prepared, feature: Feature) -> ir.Table:
    """Return the rows that a feature aggregates, for every trader and cutoff of the spine."""
    kind = ROWS[feature.source or ""]
    spine_rows = prepared.numbers if kind.keeps else prepared.spine_rows
    visible = visible_rows(kind.read(prepared), spine_rows, months=feature.months)
    if kind.keeps:
        visible = visible.mutate(number=visible.trader_id, trader_id=visible.current_id).drop("current_id")
    return kind.regroup(visible, prepared) if kind.regroup else visible


def _aggregated(prepared: Prepared, features: list[Feature]) -> ir.Table:
    """Return features of one kind of rows and window, computed together in one scan."""
    rows = aggregated_rows(prepared, features[0])
    values = {feature.name: as_float(order_free(_value(feature, rows))) for feature in features}
    return rows.group_by(*KEY).aggregate(**values)


def _value(feature: Feature, rows: ir.Table) -> ir.Value:
    """Apply a feature's function; raise `SettingError` with its place where rows lack a column."""
    try:
        return feature.function(rows)
    except AttributeError as error:
        raise SettingError(
            f"{place_of(feature.function)}: the feature {feature.name} cannot be computed: {error}.",
            expected=f"columns that the rows of {feature.source} have, and that its example names.",
            advice=f"Correct the function or its example.{did_you_mean(str(error.name), rows.columns)}",
        ) from error


def beside_spine(results: pa.Table, spine: Spine, features: Iterable[Feature]) -> dict[str, pa.ChunkedArray]:
    """Return the values of aggregated rows in the order of the spine; a trader without a row gets `empty`."""
    row_indices = pc.index_in(_key(spine.rows), _key(results))
    return {
        feature.name: _in_spine_order(results[feature.name], row_indices, feature.empty)
        for feature in features
    }


def _key(rows: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(rows["trader_id"], rows["cutoff"].cast(pa.string()), "\0")


def _in_spine_order(values: pa.ChunkedArray, row_indices: pa.Array, empty: float | None) -> pa.ChunkedArray:
    ordered = values.cast(pa.float64()).take(row_indices)
    return ordered if empty is None else ordered.fill_null(empty)


def _table(spine: Spine, names: Iterable[str], values: Mapping[str, pa.ChunkedArray]) -> pa.Table:
    """Return the columns `names` beside the spine, empty where there are no values."""
    empty = pa.nulls(len(spine), pa.float64())
    key = {name: spine.rows[name] for name in KEY}
    return pa.table({**key, **{name: values.get(name, empty) for name in names}})


def _combine(feature: Feature, columns: Mapping[str, ir.Value]) -> ir.Value:
    return feature.function(*(columns[name] for name in feature.parameters))


def describe(feature: Feature, digests: CodeDigest) -> tuple[object, ...]:
    """Return what decides a feature's values: its function, rows and window, or what it is combined of."""
    if feature.source is None:
        return feature.name, digests.of(feature.function), feature.parameters
    rows = ROWS[feature.source]
    read = digests.of((rows.read, rows.regroup, rows.needs))
    return feature.name, digests.of(feature.function), read, feature.months, feature.empty, feature.inputs


def _package(module: str) -> str:
    return module.partition(".")[0]


def is_followed(module: str) -> bool:
    """Return whether the code of a module decides what a feature's value is."""
    return module.startswith(COMPUTING)

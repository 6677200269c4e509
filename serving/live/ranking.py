"""Filter the ranking: by what a trader is, whether it is free, its money, name, or who a caller may see."""

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.compute as pc

from features.data.contract.required import FINDING_TYPES
from serving.live.state import Live

FACETS = {"region": "Region", "sector": "Sector", "size_band": "Size", "office_code": "Office"}
"""The columns by which the ranking can be filtered, each with its label."""
FLAGS = {"audited": "Under audit", "tax_audited": "Under tax audit", "aeo": "AEO"}
"""What a trader is or is not, each with its label."""
ANSWERS = ("yes", "no")
ORDERS = {"money_an_hour": "money an hour"}
"""What else the ranking may be ordered by than money, each with its label."""
BOUND = re.compile(r"([a-z][a-z0-9_]*)(>=|<=)(-?[0-9]{1,15}(?:\.[0-9]{1,15})?)")
"""A bound on a feature: its name, whether the number is the least or the most, and that number."""
COMPARISONS = {">=": pc.greater_equal, "<=": pc.less_equal}


@dataclass(frozen=True)
class RankingQuery:
    """Filters of the ranking; what is empty filters nothing.

    - `region`, `sector`, `size_band`, `office_code`: the values of which a trader has one.
    - `audited`: whether an audit of it is planned or open, `tax_audited`: whether one by the tax
      administration is open, `aeo`: whether it is an authorised economic operator: yes or no.
    - `not_since`: no audit was opened on this day or later; `due_before`: its authorisation must be looked at
      again before this day.
    - `least_money`: expected, of the finding type where one is given; `most_hours`: of a field audit.
    - `new_among`: among so many first traders now, and not a month before.
    - `columns`: the features whose values are shown too; `where`: bounds on features, such as
      `customs_value_12m>=100000`.
    """

    find: str = ""
    region: tuple[str, ...] = ()
    sector: tuple[str, ...] = ()
    size_band: tuple[str, ...] = ()
    office_code: tuple[str, ...] = ()
    audited: str = ""
    tax_audited: str = ""
    aeo: str = ""
    not_since: date | None = None
    due_before: date | None = None
    least_money: float | None = None
    most_hours: float | None = None
    new_among: int | None = None
    columns: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    finding_type: str = ""
    order: str = ""
    page: int = 1

    @classmethod
    def of(
        cls, parameters: Mapping[str, str | Sequence[str]], *, features: Collection[str] = ()
    ) -> "RankingQuery":
        """Read the query of a URL about such features; a value that cannot be understood filters nothing."""
        several = {
            name: [values] if isinstance(values, str) else list(values) for name, values in parameters.items()
        }
        one = {name: values[0].strip() if values else "" for name, values in several.items()}
        where = [text.replace(" ", "") for text in several.get("where", ())]
        return cls(
            find=one.get("find", ""),
            region=_texts(several.get("region", ())),
            sector=_texts(several.get("sector", ())),
            size_band=_texts(several.get("size_band", ())),
            office_code=_texts(several.get("office_code", ())),
            audited=_one_of(one.get("audited", ""), ANSWERS),
            tax_audited=_one_of(one.get("tax_audited", ""), ANSWERS),
            aeo=_one_of(one.get("aeo", ""), ANSWERS),
            not_since=_day(one.get("not_since", "")),
            due_before=_day(one.get("due_before", "")),
            least_money=_number(one.get("least_money", "")),
            most_hours=_number(one.get("most_hours", "")),
            new_among=_count(one.get("new_among", "")),
            columns=tuple(name for name in several.get("columns", ()) if name in features),
            where=tuple(text for text in where if BOUND.fullmatch(text) and feature_of(text) in features),
            finding_type=_one_of(one.get("finding_type", ""), FINDING_TYPES),
            order=_one_of(one.get("order", ""), ORDERS),
            page=_count(one.get("page", "")) or 1,
        )

    @property
    def features(self) -> tuple[str, ...]:
        """The features that the query is about, each once."""
        return tuple(dict.fromkeys([*self.columns, *map(feature_of, self.where)]))

    def link(self, page: int) -> str:
        """Return the query string of another page."""
        given = {k: v for k, v in {**asdict(self), "page": page}.items() if v not in ("", None, ())}
        return "?" + urlencode(given, doseq=True)


def _texts(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(value.strip() for value in values if value.strip())


def _one_of(text: str, allowed: Collection[str]) -> str:
    return text if text in allowed else ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _count(text: str) -> int | None:
    """Return a whole number above 0, None where a text is none."""
    return int(text) or None if text.isascii() and text.isdigit() and len(text) < 9 else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def feature_of(bound: str) -> str:
    """Return the feature that a bound is on."""
    return re.split("[<>]", bound)[0]


def feature_column(feature: str) -> str:
    """Return the name of the column of a ranking that has the values of a feature."""
    return f"feature {feature}"


def with_features(live: Live, features: Iterable[str]) -> pa.Table:
    """Return the ranking with the values of features of the model beside it, null where unknown."""
    ranking = live.ranking
    rows = live.rows(ranking["trader_id"].to_pylist()) if features else []
    for name in features:
        values = live.X[rows, live.bundle.names.index(name)]
        ranking = ranking.append_column(feature_column(name), pa.array(values, from_pandas=True))
    return ranking


def filter_ranking(
    ranking: pa.Table, query: RankingQuery, *, only: Collection[str] | None = None
) -> pa.Table:
    """Return the matching rows of a ranking, which has the values of the query's features beside it.

    They stand by `order`, else by the money of the finding type where one is given. Among the traders
    `only` they have no `rank`: it would tell how many others stand before them.
    """
    mask = pa.array([True] * ranking.num_rows)
    for name in FACETS:
        if values := getattr(query, name):
            mask = pc.and_(mask, pc.is_in(ranking[name], pa.array(values, pa.string())))
    for condition in _conditions(ranking, query):
        mask = pc.and_(mask, pc.fill_null(condition, False))
    if query.find:
        name_mask = pc.or_(
            _contains(ranking["trader_id"], query.find), _contains(ranking["name"], query.find)
        )
        mask = pc.and_(mask, name_mask)
    if only is not None:
        mask = pc.and_(mask, pc.is_in(ranking["trader_id"], pa.array(sorted(only), pa.string())))
        ranking = without_ranks(ranking)
    matches = ranking.filter(mask)
    by = query.order or (query.finding_type and _money(query))
    return matches.sort_by([(by, "descending"), ("trader_id", "ascending")]) if by else matches


def _money(query: RankingQuery) -> str:
    """Return the column of the money that a query is about."""
    return f"expected_{query.finding_type or 'yield'}"


def _conditions(ranking: pa.Table, query: RankingQuery) -> Iterator[pa.ChunkedArray]:
    """Yield whether each trader is as the flags, days and limits of a query say; null where nobody knows."""
    yield from _flags(ranking, query)
    opened_on = ranking["last_opened_on"]
    if query.not_since is not None:
        yield pc.or_kleene(pc.is_null(opened_on), pc.less(opened_on, pa.scalar(query.not_since)))
    if query.due_before is not None:
        yield pc.less(ranking["aeo_revalidation_due"], pa.scalar(query.due_before))
    if query.least_money is not None:
        yield pc.greater_equal(ranking[_money(query)], query.least_money)
    if query.most_hours is not None:
        yield pc.less_equal(ranking["expected_hours"], query.most_hours)
    if query.new_among is not None:
        before = pc.fill_null(pc.greater(ranking["rank_before"], query.new_among), True)
        yield pc.and_(pc.less_equal(ranking["rank"], query.new_among), before)
    for feature, sign, number in (BOUND.findall(text)[0] for text in query.where):
        yield COMPARISONS[sign](ranking[feature_column(feature)], float(number))


def _flags(ranking: pa.Table, query: RankingQuery) -> Iterator[pa.ChunkedArray]:
    flags = {
        "audited": ranking["is_audited"],
        "tax_audited": ranking["is_tax_audited"],
        "aeo": pc.not_equal(pc.fill_null(ranking["aeo_status"], "none"), "none"),
    }
    for name, flag in flags.items():
        if answer := getattr(query, name):
            yield flag if answer == "yes" else pc.invert(flag)


def without_ranks(ranking: pa.Table) -> pa.Table:
    """Return a ranking whose ranks are null, today's and those before."""
    for name in ("rank", "rank_before"):
        position = ranking.column_names.index(name)
        ranking = ranking.set_column(position, name, pa.nulls(ranking.num_rows, ranking[name].type))
    return ranking


def _contains(column: pa.ChunkedArray, text: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.match_substring(column, text, ignore_case=True), False)

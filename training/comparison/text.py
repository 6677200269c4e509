"""Text of a comparison: a verdict, then metrics, features, settings and moves of rank, for a terminal."""

from collections.abc import Iterator, Sequence

from training.backtest.metrics import metrics
from training.backtest.populations import POPULATIONS
from training.backtest.report import HEADINGS
from training.comparison.compare import Comparison, Difference, Move, SettingChange

HEADLINE = ("captured_5", "captured_10", "gini")
"""Metrics of reference audits for the first line: the first that the audits are enough for."""
POPULATION = "reference"
SHOWN = (
    "captured_1",
    "captured_5",
    "captured_10",
    "gini",
    "total_ratio",
    "probability_ratio",
    "coverage",
    "width",
)
MONEY = ("measure", "with_penalties")
SHOWN_NAMES = 10
LONGEST_VALUE = 40


def comparison_to_text(compared: Comparison) -> Iterator[str]:
    """Yield a comparison, the verdict first, as lines for a terminal."""
    yield _verdict(compared)
    if any(change.name in MONEY for change in compared.changes):
        yield "They learned other money: what they expect cannot be compared, only the order of the audits."
    yield ""
    yield from _metrics(compared)
    yield ""
    yield from _features(compared)
    yield ""
    yield from _changed(compared.changes)
    yield ""
    yield from _moved(compared.moves, compared)


def _verdict(compared: Comparison) -> str:
    own = {each.metric: each for each in compared.differences if each.population == POPULATION}
    for metric in HEADLINE:
        difference = own.get(metric)
        if difference and difference.difference is not None:
            words = "not credibly better or worse than"
            if difference.credible:
                words = "better than" if difference.difference > 0 else "worse than"
            return (
                f"Version {compared.second} is {words} version {compared.first}: {metrics()[metric].words} "
                f"{difference.difference:+.2f} (s.e. {difference.standard_error or 0.0:.2f}, "
                f"{difference.audits:,} audits like the one predicted)."
            )
    return (
        f"Too few audits were tested by both versions {compared.first} and {compared.second} to compare them."
    )


def _metrics(compared: Comparison) -> Iterator[str]:
    first, second = compared.tested
    yield (
        f"Tested: version {compared.first} on {first:,} audits, version {compared.second} on {second:,}, "
        f"both on {compared.both:,}; on these, outcomes as version {compared.second} knew them:"
    )
    heads = [f"version {compared.first}", f"version {compared.second}", "difference", "s.e."]
    words = {name: metric.words for name, metric in metrics().items()}
    for population in POPULATIONS:
        rows = [
            each
            for each in compared.differences
            if each.population == population and each.metric in SHOWN and each.difference is not None
        ]
        audits = next((each.audits for each in compared.differences if each.population == population), 0)
        yield f"{HEADINGS[population]}: {audits:,}"
        if not rows:
            yield "  too few to say anything"
            continue
        yield f"  {'':36}{''.join(f'{head:>14}' for head in heads)}"
        for each in rows:
            yield f"  {words[each.metric]:36}{_cells(each)}"
    yield "* where the 95 % interval of the difference over resampled traders leaves out 0"


def _cells(each: Difference) -> str:
    form = ",.0f" if each.metric == "width" else ".3f"
    signed = "+,.0f" if each.metric == "width" else "+.3f"
    values = [
        f"{each.first:{form}}",
        f"{each.second:{form}}",
        f"{each.difference:{signed}}",
        f"{each.standard_error or 0.0:{form}}",
    ]
    return "".join(f"{value:>14}" for value in values) + (" *" if each.credible else "")


def _features(compared: Comparison) -> Iterator[str]:
    if not compared.features_added and not compared.features_removed:
        yield "Features: the same"
    for names, words in ((compared.features_added, "added"), (compared.features_removed, "removed")):
        if names:
            others = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
            yield f"Features {words}, {len(names)}: {', '.join(names[:SHOWN_NAMES])}{others}"


def _changed(changes: Sequence[SettingChange]) -> Iterator[str]:
    yield "Settings, data and code that differ:" if changes else "Settings, data and code: the same"
    for each in changes:
        yield f"  {each.name:20}{_short(each.first)} → {_short(each.second)}"


def _short(value: str | None) -> str:
    if value is None:
        return "none"
    return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…"


def _moved(moves: Sequence[Move], compared: Comparison) -> Iterator[str]:
    if not moves:
        yield "No audit in the first tenth of either order has another rank."
        return
    yield f"Largest moves of rank among {compared.both:,}, of audits in the first tenth of either order:"
    yield (
        f"  {'audit':14}{'trader':14}{'opened':12}{'rank':>12}{f'expected, version {compared.first}':>22}"
        f"{f'version {compared.second}':>14}{'found':>14}"
    )
    for each in moves:
        rank = f"{each.first_rank:,} → {each.second_rank:,}"
        yield (
            f"  {each.audit_id:14}{each.trader_id:14}{each.opened_on:12}{rank:>12}"
            f"{each.first_expected:>22,.0f}{each.second_expected:>14,.0f}{each.yield_amount:>14,.0f}"
        )

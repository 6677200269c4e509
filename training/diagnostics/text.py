"""Text of diagnostics: tables and sentences for a terminal."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from models.card import ReliabilityRow
from training.backtest.metrics import metrics
from training.diagnostics.effects import ODDS, Effect
from training.diagnostics.importance import Importance
from training.diagnostics.learning_curve import LearningStep
from training.diagnostics.report import Diagnostics

SHOWN_FEATURES, SHOWN_INDICATORS = 15, 10
SHOWN_NAMES = 6
SHOWN_LEVELS = 3
POPULATION = "reference"
CHANCE_HEADS = f"{'audits':>7}{'predicted':>11}{'found':>7}"
MONEY_HEADS = f"{'audits':>7}{'predicted':>12}{'found':>12}"
PARTS = {ODDS: "finds something", "amount": "amounts", "money": "money"}
"""Words for the parts of a model that circumstances change; another part is shown by its name."""


def diagnostics_to_text(diagnostics: Diagnostics) -> Iterator[str]:
    """Yield reliability, importance, circumstances and learning curve, as lines for a terminal."""
    yield from reliability_to_text(diagnostics.reliability)
    yield ""
    yield from importance_to_text(diagnostics.features, diagnostics.indicators)
    yield ""
    yield from effects_to_text(diagnostics.effects)
    if diagnostics.learning_curve:
        yield ""
        yield from learning_curve_to_text(diagnostics.learning_curve)


def reliability_to_text(rows: Sequence[ReliabilityRow]) -> Iterator[str]:
    """Yield predicted beside found, in groups of reference audits: chance on the left, money on the right."""
    shown = [row for row in rows if row.population == POPULATION]
    chances, money = ([row for row in shown if row.by == by] for by in ("chance", "money"))
    audits = sum(row.audits for row in chances)
    yield f"Reliability in {audits:,} audits like the one predicted, by groups, the highest predictions first"
    if not audits:
        yield "  none of them was tested"
        return
    yield f"  {'':2}{'by chance of an adjustment':44}by expected money"
    yield f"  {'':2}{CHANCE_HEADS:44}{MONEY_HEADS}"
    for number, (left, right) in enumerate(zip_longest(chances, money), start=1):
        yield f"  {number:>2}{_chance(left):44}{_money(right)}".rstrip()
    yield "  * predicted lies outside the 95 % interval; none stands where fewer than 5 audits found money"


def importance_to_text(features: Sequence[Importance], indicators: Sequence[Importance]) -> Iterator[str]:
    """Yield the weightiest features and indicators, and which features are empty or unused."""
    yield "Importance: money that a feature moves, up or down, in the mean audit not learned from"
    if not _used(features):
        yield "  none was seen to move any"
        yield from _not_used(features, "empty", "have no value in any audit")
        return
    yield f"  {'money':>12}{'share':>8}  {'in the folds':16}the weightiest of {len(features)} features"
    for each in _used(features)[:SHOWN_FEATURES]:
        yield f"{_importance(each)}{each.label} ({each.name})"
    yield f"  {'':38}the weightiest of {len(indicators)} indicators, the features of each together"
    for each in _used(indicators)[:SHOWN_INDICATORS]:
        yield f"{_importance(each)}{each.label}"
    yield from _not_used(features, "empty", "have no value in any audit")
    yield from _not_used(features, "unused", "have values, but no model of a fold goes by them")


def effects_to_text(effects: Sequence[Effect]) -> Iterator[str]:
    """Yield what treatment, channel and team change; of many teams the lowest and the highest."""
    if not effects:
        yield "Circumstances of audits: this model corrects for none"
        return
    parts = list(dict.fromkeys(each.part for each in effects))
    yield "Circumstances: times as often, or as much, as in an audit like the one predicted, all else equal;"
    yield "in brackets the lowest and highest in the models of the folds; few audits draw it towards 1"
    yield f"  {'':28}{'audits':>7}{''.join(f'  {PARTS.get(part, part):20}' for part in parts)}".rstrip()
    for column in dict.fromkeys(each.column for each in effects):
        levels: dict[str, dict[str, Effect]] = {}
        for each in effects:
            if each.column == column:
                levels.setdefault(each.level, {})[each.part] = each
        ranked = sorted(levels.items(), key=lambda level: next(iter(level[1].values())).times)
        if len(ranked) > 2 * SHOWN_LEVELS:
            yield f"  of {len(ranked)} levels of {column} the {SHOWN_LEVELS} lowest and highest:"
            ranked = ranked[:SHOWN_LEVELS] + ranked[-SHOWN_LEVELS:]
        for level, by_part in ranked:
            audits = next(iter(by_part.values())).audits
            cells = "".join(f"  {_effect(by_part.get(part)):20}" for part in parts)
            yield f"  {f'{column} {level}':28}{audits:>7,}{cells}".rstrip()


def learning_curve_to_text(steps: Sequence[LearningStep]) -> Iterator[str]:
    """Yield each metric by the part of the audits that was learned from."""
    yield "Learning curve: the model when it learns from a part of the audits before each fold, drawn by seed"
    words = {name: metric.words for name, metric in metrics().items()}
    for metric in dict.fromkeys(step.metric for step in steps):
        yield f"  {words[metric]}"
        of_metric = [step for step in steps if step.metric == metric]
        if all(step.value is None for step in of_metric):
            yield "    too few audits were tested to say"
            continue
        for step in of_metric:
            yield f"    {step.per_cent:>3} %, {step.audits:,} audits before the newest fold: {_step(step)}"


def _step(step: LearningStep) -> str:
    if step.value is None:
        return "-"
    interval = "" if step.low is None else f" [{step.low:.2f}, {step.high:.2f}]"
    if step.lead_of_all is None or step.lead_error is None:
        return f"{step.value:.2f}{interval}"
    return f"{step.value:.2f}{interval}, all lead by {step.lead_of_all:+.2f} (s.e. {step.lead_error:.2f})"


def _chance(row: ReliabilityRow | None) -> str:
    if row is None:
        return ""
    interval = f" [{row.low:.0%}, {row.high:.0%}]" if row.low is not None else ""
    return f"{row.audits:>7,}{row.predicted:>11.0%}{row.observed:>7.0%}{interval}{_outside(row)}"


def _money(row: ReliabilityRow | None) -> str:
    if row is None:
        return ""
    interval = f" [{row.low:,.0f}, {row.high:,.0f}]" if row.low is not None else ""
    return f"{row.audits:>7,}{row.predicted:>12,.0f}{row.observed:>12,.0f}{interval}{_outside(row)}"


def _outside(row: ReliabilityRow) -> str:
    return "" if row.low is None or row.high is None or row.low <= row.predicted <= row.high else " *"


def _importance(each: Importance) -> str:
    spread = f"{each.lowest_share:.1%} to {each.highest_share:.1%}"
    return f"  {each.moved_amount:>12,.0f}{each.share:>8.1%}  {spread:16}"


def _used(importances: Sequence[Importance]) -> list[Importance]:
    return [each for each in importances if each.state == "used"]


def _not_used(features: Sequence[Importance], state: str, words: str) -> Iterator[str]:
    names = [each.name for each in features if each.state == state]
    if names:
        others = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
        yield f"  {len(names)} of {len(features)} {words}: {', '.join(names[:SHOWN_NAMES])}{others}"


def _effect(effect: Effect | None) -> str:
    if effect is None:
        return ""
    spread = ""
    if effect.lowest_times is not None:
        spread = f" [{effect.lowest_times:.2f}, {effect.highest_times:.2f}]"
    return f"{effect.times:.2f}{spread}"

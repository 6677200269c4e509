"""Model card of a training: built from its backtest and leak report, and written as Markdown."""

from collections.abc import Iterator, Sequence

from models.card import (
    METRICS,
    UNTESTED,
    Group,
    LeakSummary,
    MeasuredGap,
    ModelCard,
    ReliabilityRow,
    Score,
    TrainingData,
)
from models.gap.report import GapReport
from training.backtest.fairness import SELECTED
from training.backtest.gain import gains
from training.backtest.labelled_audits import LabelledAudits
from training.backtest.populations import POPULATIONS
from training.backtest.run import BacktestReport
from training.leaks.alarm import LeakReport

INTENDED = (
    "Ranks traders for post-clearance audit by the money an audit would be expected to bring, and gives its "
    "reasons. It informs people who decide; it does not decide, and it is no evidence against a trader."
)
REFERENCE = (
    "A prediction is for a reference audit: in the field, by a team of average skill, of a trader drawn at "
    "random among those with its features. A desk audit, a referral or another team may bring more or less."
)
LIMITS = (
    "Audited traders were selected: of kinds of traders that are never audited it extrapolates. Audits "
    "selected at random are the only evidence without that bias; they are reported by themselves.",
    "It learned from what past audits found. What they never looked for, it cannot see.",
    "Intervals cover as they should for audits like those it learned from, not after a change of law, tariff "
    "or practice.",
    "An adjustment is no fraud: the probability is that of any booked adjustment, up or down.",
)
JUDGED = "reference"
"""The population in which the card holds predictions against what was found."""


def model_card(
    report: BacktestReport,
    *,
    leaks: LeakReport,
    reliability: Sequence[ReliabilityRow],
    groups: Sequence[Group],
    labelled_audits: LabelledAudits,
    written_weight: float,
    traders: str = "",
    gap: MeasuredGap | None = None,
    assumed: Sequence[str] = (),
) -> ModelCard:
    """Return the card of a model: nothing in it depends on when or where it was made.

    `reliability` and `groups` are out of fold, as the backtest is. `labelled_audits` are those that the model
    learned from, beside which what is written has the weight `written_weight`; `traders` is a sketch of those
    active. `gap` is what audits by lot measured. `assumed` is what the import and the check of the data
    assumed.
    """
    experiment = report.experiment
    return ModelCard(
        model=experiment.model,
        as_of=report.cutoff,
        intended_use=INTENDED,
        predicts=REFERENCE,
        data=TrainingData(
            fingerprint=labelled_audits.fingerprint,
            assumed=tuple(assumed),
            measure=experiment.measure,
            with_penalties=experiment.with_penalties,
            audits=len(labelled_audits),
            adjusted=labelled_audits.adjusted,
            written_weight=written_weight,
            tested_audits=report.out_of_fold.audits.num_rows,
            folds=tuple(each.fold.day for each in report.folds if each.enough),
            features=len(report.features.names),
            feature_digest=report.features.digest,
            traders=traders,
        ),
        performance=tuple(
            each
            for each in report.scores
            if each.metric in METRICS
            and each.against is None
            and (each.model == experiment.model or each.fold is None)
        ),
        gain=gains(report.out_of_fold),
        reliability=tuple(each for each in reliability if each.population == JUDGED),
        leaks=LeakSummary(leaks.suspected, tuple(each.sentence for each in leaks.raised)),
        fairness=tuple(groups),
        gap=gap,
        limits=LIMITS if len(report.out_of_fold) else (UNTESTED, *LIMITS),
    )


def measured_gap(report: GapReport) -> MeasuredGap | None:
    """Return the gap of the newest year that audits by lot measured; None without any."""
    if not report.years:
        return None
    year, gap = report.years[-1], report.years[-1].gap
    amount = None if gap.ends is None else gap.amount
    return MeasuredGap(year.year, amount, gap.low, gap.high, gap.answers, gap.non_zero, year.is_provisional)


def markdown(card: ModelCard) -> str:
    """Return the card as Markdown."""
    return "\n".join(_written(card)) + "\n"


def _written(card: ModelCard) -> Iterator[str]:
    data = card.data
    yield f"# {card.model}, from what was known before {card.as_of}"
    yield from ("", "## Intended use", "", card.intended_use, "", card.predicts)
    yield from ("", "## Data", "")
    yield f"- money {data.measure}, penalties {'included' if data.with_penalties else 'left out'}"
    yield f"- {data.audits:,} closed audits, {data.adjusted:,} of them with an adjustment"
    if data.written_weight:
        yield (
            f"- ranked {card.ranked}: beside these the written indicators weigh {data.written_weight:.0%} "
            "(as much as 20 audits with an adjustment)"
        )
    yield f"- {data.tested_audits:,} audits tested out of fold, folds from {', '.join(map(str, data.folds))}"
    yield f"- {data.features} features, digest `{data.feature_digest[:12]}`"
    yield f"- fingerprint of the data `{data.fingerprint[:12]}`"
    yield from (f"- assumed when the data was imported or checked: {sentence}" for sentence in data.assumed)
    yield from ("", "## Performance", "", "Out of fold; in brackets 95 % intervals over resampled traders.")
    for population in POPULATIONS:
        yield from ("", *_performance(card.performance, population))
    yield from ("", "## Leaks", "", *_leaks(card.leaks))
    yield from ("", "## Fairness", "", *_fairness(card.fairness))
    yield from ("", "## Compliance gap", "", *_gap(card.gap))
    yield from ("", "## Limits", "", *(f"- {limit}" for limit in card.limits))


def _performance(scores: Sequence[Score], population: str) -> Iterator[str]:
    """Yield a table of one population: a row a model, over all folds together."""
    by_model = {
        (each.model, each.metric): each
        for each in scores
        if each.population == population and each.fold is None
    }
    yield f"| {population} audits | {' | '.join(METRICS.values())} |"
    yield f"|---|{'---:|' * len(METRICS)}"
    for model in dict.fromkeys(model for model, _ in by_model):
        yield f"| {model} | {' | '.join(_cell(by_model.get((model, metric))) for metric in METRICS)} |"


def _cell(score: Score | None) -> str:
    if score is None or score.value is None:
        return "-"
    interval = f" ({score.low:.2f} to {score.high:.2f})" if score.low is not None else ""
    return f"{score.value:.2f}{interval}"


def _leaks(leaks: LeakSummary) -> Iterator[str]:
    if not leaks.suspected:
        yield "None suspected."
    yield from (f"- {sentence}" for sentence in leaks.raised)


def _gap(gap: MeasuredGap | None) -> Iterator[str]:
    """Yield what audits of all traders would book, whatever the model expects of them."""
    if gap is None:
        yield "Not measured: no audit was drawn by lot with a known probability."
    elif gap.amount is None:
        yield f"Too few to say: of {gap.answers} audits by lot of {gap.year}, {gap.adjusted} found money."
    else:
        yield (
            f"Audits of all traders would have booked {gap.amount:,.0f} in {gap.year} ({gap.low:,.0f} to "
            f"{gap.high:,.0f}), from {gap.answers} audits by lot"
            f"{', some of them still open' if gap.is_provisional else ''}."
        )


def _fairness(groups: Sequence[Group]) -> Iterator[str]:
    yield f"If the {SELECTED:.0%} of tested audits with the highest prediction were selected:"
    yield ""
    columns = (
        "selected",
        "not adjusted, selected",
        "adjusted",
        "predicted",
        "money predicted / found",
    )
    yield f"| group | audits | {' | '.join(columns)} |"
    yield f"|---|{'---:|' * (1 + len(columns))}"
    for each in groups:
        rates = (
            each.selection_rate,
            each.false_positive_burden,
            each.adjusted_rate,
            each.probability,
        )
        ratio = "-" if each.total_ratio is None else f"{each.total_ratio:.2f}"
        shares = " | ".join("-" if rate is None else f"{rate:.0%}" for rate in rates)
        yield f"| {each.attribute} {each.value} | {each.audits:,} | {shares} | {ratio} |"

"""Words of the lab: tables for the terminal, and a paragraph of what differs and what cannot be told."""

from collections.abc import Iterator, Sequence

from training.lab.differences import MEASURES, WANTED, Compared, Covered
from training.lab.measures import ALL_YEARS

SPOKEN = {
    "assessed_amount": ("books", "more", "less", "what it books"),
    "gap_amount": ("leaves unpaid", "more", "less", "what it leaves unpaid"),
    "nil_visits": ("visits in vain", "more", "fewer", "whom it visits in vain"),
}
"""The measures that the paragraph is about: verb, more, less, and what cannot be told."""


def to_text(compared: Sequence[Compared]) -> Iterator[str]:
    """Yield a line a measure, group and policy: its mean, the difference to the first, and if it is clear."""
    first = compared[0].policy
    wide = max(len(f"{each.group} ") if each.group else 0 for each in compared)
    beside = f"beside {first}"
    yield f"{'measure':22}{'':{wide}}{'policy':18}{'mean':>14}{beside:>24}{'± 2 errors':>14}"
    for measure in MEASURES:
        of_measure = [each for each in compared if each.measure == measure]
        for group in dict.fromkeys(each.group for each in of_measure):
            yield from (
                _line(each, wide, is_first=each.policy == first) for each in of_measure if each.group == group
            )


def _line(each: Compared, wide: int, *, is_first: bool) -> str:
    digits = 3 if each.measure.endswith("_share") else 0
    line = f"{each.measure:22}{each.group:{wide}}{each.policy:18}{each.mean:14,.{digits}f}"
    if is_first:
        return line
    word = ("more" if each.difference > 0 else "less") if each.is_clear else "cannot tell"
    spread = "none" if each.error is None else f"{2 * each.error:,.{digits}f}"
    return f"{line}{each.difference:24,.{digits}f}{spread:>14}  {word}"


def coverage_to_text(covered: Sequence[Covered]) -> Iterator[str]:
    """Yield a line a policy with a lottery and span: its answers, and how well they measure the gap."""
    yield (
        f"{'gap measured':16}{'policy':18}{'visits by lot':>15}{'with interval':>15}{'true in it':>12}"
        f"{'± 2 errors':>12}{'half width':>12}{f'for ±{WANTED:.0%}':>11}"
    )
    for each in covered:
        if not each.answers:
            continue
        span = "all years" if each.span == ALL_YEARS else "each year"
        line = f"{span:16}{each.policy:18}{each.answers:15,.0f}{each.given:15.0%}"
        if each.covered is not None and each.half_width is not None and each.needed is not None:
            error = "none" if each.error is None else f"{2 * each.error:.0%}"
            line += f"{each.covered:12.0%}{error:>12}{each.half_width:12.0%}{each.needed:11,.0f}"
        yield line


def in_words(compared: Sequence[Compared], covered: Sequence[Covered]) -> str:
    """Return the paragraph: what each policy brings beside the first, and how well the gap is measured."""
    first, seeds = compared[0].policy, compared[0].seeds
    base = {each.measure: each.mean for each in compared if each.policy == first}
    sentences = [f"Over {seeds} {'seed' if seeds == 1 else 'seeds'}, beside {first}:"]
    for policy in dict.fromkeys(each.policy for each in compared if each.policy != first):
        own = {each.measure: each for each in compared if each.policy == policy}
        clear = [_clause(own[name], base[name]) for name in SPOKEN if own[name].is_clear]
        unsure = [SPOKEN[name][-1] for name in SPOKEN if not own[name].is_clear]
        if not clear:
            sentences.append(f"{policy} cannot be told from it.")
            continue
        rest = f"; {' and '.join(unsure)} cannot be told from it" if unsure else ""
        sentences.append(f"{policy} {', '.join(clear)}{rest}.")
    for each in covered:
        if each.span == ALL_YEARS and each.covered is not None:
            sentences.append(
                f"With {each.answers:,.0f} visits by lot over all years, {each.policy} measures the gap "
                f"to within {each.half_width:.0%}; {each.covered:.0%} of the intervals hold the truth."
            )
    return " ".join(sentences)


def _clause(each: Compared, base: float) -> str:
    """Return what is more or less of a measure, as a part of the first policy's where that has any."""
    verb, more, less, _ = SPOKEN[each.measure]
    size = f"{abs(each.difference) / base:.0%}" if base > 0 else f"{abs(each.difference):,.0f}"
    return f"{verb} {size} {more if each.difference > 0 else less}"

"""Write docs/worlds.md from the worlds in code."""

from collections.abc import Iterable, Iterator

from features.simulate.mechanisms import Scheme
from features.simulate.worlds import ranges
from features.simulate.worlds.named import WORLDS
from features.simulate.worlds.parameters import STANDARD
from features.simulate.worlds.ranges import Range

PREFACE = """\
# Worlds

`audit-yield simulate OUT --world NAME` simulates one of the worlds below, `--world random` one that is drawn from the seed.
A model that is tuned to one world learns the marks of that world. So a default is judged over many
(`benchmarks/worlds.py`), and is better when it wins on average and in the worst. This page is written from the code
(`make fix`); [simulation.md](simulation.md) says how each mechanism works, `features/simulate/worlds/` holds the numbers.

What holds in a world is printed, and stands in `OUT/truth/world.json`, where no model looks. Random numbers come from
streams named after what draws them, so that the standard world is the same, byte for byte, whatever others can do.

| world | |
|---|---|
"""

SCHEMES = """
## Schemes

Each exists in a drawn world with probability {exists}, and at least {fewest} do. A scheme is taken up with a probability
a quarter, times how the trader leans; its severity is the share of a price or quantity that is left out, between two
bounds that are drawn themselves.

| scheme | start a quarter in the standard world | lowest severity, drawn | highest severity, drawn | marks it leaves |
|---|---|---|---|---|
"""

RANGES = """
## Ranges

Drawn evenly between the two bounds, or evenly in the logarithm where it says so. "Or 0: 40%" is how often there is none.
The ranges are set by hand, around what is published: they shall hold what an administration may meet, not what
is usual.
"""

TABLES = """
## Data

With probability {thin} a drawn world is thin: of the optional tables it has at most {thin_tables}.
Otherwise each optional table is there with probability {full}. These optional columns of declarations are missing,
those of one line together, with probability {missing[0]}, in a thin world {missing[1]}:

"""


def document() -> str:
    """Return the page as Markdown."""
    parts = (_worlds(), _schemes(), _ranges(), [_tables()])
    return "\n".join(line for part in parts for line in part)


def _worlds() -> Iterator[str]:
    yield PREFACE + "\n".join(f"| `{world.name}` | {world.about} |" for world in WORLDS.values())
    yield "| `random` | drawn from the seed, as the rest of this page says |"


def _schemes() -> Iterator[str]:
    yield SCHEMES.format(exists=ranges.EXISTS, fewest=ranges.FEWEST_SCHEMES) + "\n".join(
        f"| `{scheme.name.lower()}` | {STANDARD.evasion.schemes[scheme].start or 'none'} | "
        f"{_severity(scheme)} | {ranges.MARKS[scheme]} |"
        for scheme in Scheme
    )


def _severity(scheme: Scheme) -> str:
    if scheme not in ranges.SEVERITY:
        return "all of it | all of it"
    low, high, lower, upper = ranges.SEVERITY[scheme]
    return f"{low:.2f} to {high:.2f} | {lower:.2f} to {upper:.2f}"


def _ranges() -> Iterator[str]:
    yield RANGES
    trade = (*ranges.TRADE, ranges.PHOENIXES, ranges.ASSISTS)
    schemes = (ranges.START, ranges.COVERAGE, ranges.OPENS, ranges.CLOSES)
    usual = vars(STANDARD.trade) | vars(STANDARD.evasion) | vars(STANDARD.audits)
    yield from _table("Traders and trade", trade, usual=usual)
    yield from _table("Evasion", ranges.EVASION, usual=usual)
    yield from _table("Each scheme", schemes, usual={})
    yield from _table("Audits", ranges.AUDITS, usual=usual)


def _table(title: str, drawn: Iterable[Range], *, usual: dict[str, float]) -> Iterator[str]:
    yield f"| {title} | standard | drawn | source or reason |"
    yield "|---|---|---|---|"
    for each in drawn:
        bounds = f"{each.lowest:g} to {each.highest:g}{', logarithm' * each.logarithmic}"
        absent = f", or {each.none:g}: {each.absent:.0%}" if each.absent else ""
        standard = f"{usual[each.name]:.3g}" if each.name in usual else ""
        yield f"| `{each.name}` | {standard} | {bounds}{absent} | {each.source} |"
    yield ""


def _tables() -> str:
    return TABLES.format(
        thin=ranges.THIN,
        thin_tables=" and ".join(f"`{name}` ({odds})" for name, odds in ranges.THIN_TABLES.items()),
        full=ranges.FULL_TABLE,
        missing=ranges.COLUMNS_MISSING,
    ) + "".join(f"- {', '.join(f'`{name}`' for name in group)}\n" for group in ranges.COLUMNS)

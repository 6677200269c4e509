"""Editions of the Harmonized System: the subheading under which lines of different editions are compared.

A code is followed from the edition in which its line was accepted into the later ones, over `MOST_EDITIONS`
of them. Where one code became one of the same heading, the later stands for both. Where goods were divided,
joined or moved to another heading, the code stands for its own edition alone, so that its goods meet others
under their heading. Whatever a later edition says, lines that had one subheading have one, and others
another, below the same heading: no value before it changes.
"""

import ibis
from ibis.expr import types as ir

from features.data.warehouse.tables import Stores

MOST_EDITIONS = 6
DIGITS = 6
"""Those of a subheading: what nations add below changes in ways of their own."""


def with_subheading(declarations: ir.Table, tables: Stores) -> ir.Table:
    """Add the `subheading` of each line, under which it is compared: its code unless editions changed it."""
    lines = declarations.mutate(own_code=declarations.hs_code.substr(0, DIGITS))
    if not tables.has("hs_correlations.new_code"):
        return lines.mutate(subheading=lines.own_code).drop("own_code")
    spans = tables.materialise(changed_subheadings(tables.table("hs_correlations"), lines))
    joined = lines.left_join(
        spans,
        [
            lines.own_code == spans.code,
            spans.from_on.isnull() | (lines.accepted_on >= spans.from_on),
            lines.accepted_on < spans.until_on,
        ],
    )
    subheading = joined.changed.coalesce(joined.own_code)
    return joined.select(*declarations.columns, subheading=subheading)


def changed_subheadings(correlations: ir.Table, lines: ir.Table) -> ir.Table:
    """Return the subheadings that are not those of their code: code, from_on, until_on, `changed`.

    A line accepted from `from_on`, empty where no edition is before, until the eve of `until_on` has it.
    """
    pairs = correlations.select(
        "valid_from",
        former=correlations.former_code.substr(0, DIGITS),
        new=correlations.new_code.substr(0, DIGITS),
    ).distinct()
    changes = _changes(pairs)
    editions = _numbered(changes)
    changes = changes.join(editions, "until_on")
    codes = lines.select(code=lines.own_code).distinct()
    spans = codes.cross_join(editions)
    spans = spans.mutate(changed=spans.code)
    for later in range(MOST_EDITIONS):
        spans = _followed(spans, changes, later)
    return spans.filter(spans.changed != spans.code).drop("edition")


def _numbered(changes: ir.Table) -> ir.Table:
    """Return the span of days before each edition that changes a code: its number, from_on and until_on."""
    begun = changes.select("until_on").distinct()
    in_order = ibis.window(order_by=begun.until_on)
    return begun.mutate(edition=ibis.row_number().over(in_order), from_on=begun.until_on.lag().over(in_order))


def _changes(pairs: ir.Table) -> ir.Table:
    """Return the codes that an edition changed on a day, until_on: `touched`, and the code that one `became`.

    That is empty where goods were divided, joined or moved, and of a code that is given to other goods.
    """
    by_former = ibis.window(group_by=("valid_from", "former"))
    by_new = ibis.window(group_by=("valid_from", "new"))
    is_one = (pairs.new.count().over(by_former) == 1) & (pairs.former.count().over(by_new) == 1)
    is_renamed = is_one & (pairs.former.substr(0, 4) == pairs.new.substr(0, 4))
    counted = pairs.mutate(became=is_renamed.ifelse(pairs.new, ibis.null("string")))
    former = counted.select("became", touched="former", until_on="valid_from").distinct()
    given = pairs.select(touched="new", until_on="valid_from").distinct()
    others = given.anti_join(former, ["touched", "until_on"]).mutate(became=ibis.null("string"))
    both = former.union(others.select(*former.columns))
    return both.filter(both.became.isnull() | (both.became != both.touched))


def _followed(spans: ir.Table, changes: ir.Table, later: int) -> ir.Table:
    """Bring subheadings into the edition so many after the one that ends their span."""
    named = changes.select("touched", "became", number="edition", begun_on="until_on")
    numbered = spans.mutate(number=spans.edition + later)
    joined = numbered.left_join(named, ["number", ("changed", "touched")])
    apart = joined.changed + " before " + joined.begun_on.cast("string")
    changed = ibis.cases((joined.touched.isnull(), joined.changed), else_=joined.became.coalesce(apart))
    return joined.select("code", "edition", "from_on", "until_on", changed=changed)

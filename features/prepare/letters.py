"""Letters to traders and what followed: what a letter led to, and what the trader corrected by itself."""

import ibis
from ibis.expr import types as ir

from features import exact

ANSWER_DAYS = 120
"""Days after a letter in which the trader's own amendments count as an answer: a month to reply, and three
for the amendments to be made and recorded."""

LETTER_COLUMNS = ("trader_id", "audit_id", "happened_on", "known_on", "superseded_on")


def rows(states: ir.Table, amendments: ir.Table) -> ir.Table:
    """Return the letters as far as known, and the trader's own amendments that followed each.

    Both have `closes` and `asked` of a letter (what it assessed at first), `answers` (1 where more was
    assessed or collected, or a line amended) and `corrected`, the taxes that amendments added.
    """
    letters = states.filter(states.treatment == "letter")
    opened = letters.select(
        *LETTER_COLUMNS,
        closes=letters.is_closed.ifelse(1.0, 0.0),
        asked=letters.gross_assessed,
        answers=((letters.assessed > 0) | (letters.collected > 0)).ifelse(1.0, 0.0),
        corrected=ibis.literal(0.0),
    )
    return opened.union(_corrections(letters, amendments).select(*opened.columns))


def _corrections(letters: ir.Table, amendments: ir.Table) -> ir.Table:
    """Return the trader's amendments of lines in a letter's scope, in the days after it was opened."""
    scopes = letters.group_by("audit_id", "trader_id", "opened_on", "period_from", "period_to").aggregate(
        letter_known_on=letters.known_on.min()
    )
    own = amendments.filter(amendments.amended_by == "trader")
    joined = own.select(
        *("trader_id", "accepted_on", "happened_on", "known_on", "superseded_on", "tax_change")
    ).join(scopes, "trader_id")
    followed = joined.filter(
        joined.accepted_on >= joined.period_from,
        joined.accepted_on <= joined.period_to,
        joined.known_on > joined.opened_on,
        joined.known_on <= (joined.opened_on + ibis.interval(days=ANSWER_DAYS)).cast("date"),
    )
    return followed.mutate(
        known_on=ibis.greatest(followed.known_on, followed.letter_known_on),
        closes=ibis.literal(0.0),
        asked=ibis.literal(0.0),
        answers=ibis.literal(1.0),
        corrected=ibis.greatest(followed.tax_change, 0.0),
    )


def by_letter(rows: ir.Table) -> ir.Table:
    """Bring the rows that a cutoff may see to one a letter, `is_over` once it is closed or answered."""
    return rows.group_by("trader_id", "cutoff", "audit_id").aggregate(
        asked=exact.total(rows.asked),
        corrected=exact.total(rows.corrected),
        is_answered=rows.answers.max() > 0,
        is_over=(rows.closes.max() > 0) | (rows.answers.max() > 0),
    )

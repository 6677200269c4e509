"""Corrections: amendments by the trader of its own accord or after a letter, and by customs."""

from ibis.expr import types as ir

from features import exact
from features.feature import Example, feature
from features.library.history.inputs import FINDINGS
from features.library.literature import LETTERS, WCO_AUDIT
from features.unit import Unit


@feature(
    source="amendments",
    months=(24,),
    empty=0.0,
    unit=Unit.COUNT,
    indicator="amendments",
    reference=WCO_AUDIT,
    inputs="declarations.version declarations.known_on",
    label="Amended lines",
    phrase="Amendments of lines in {window}: {value}.",
    why="Amendments come of declarations made without the facts at hand: the more of them, the likelier "
    "others are wrong.",
    tends=1,
    example=Example("version", [(1,), (1,), (2,)], 3.0),
)
def amendments(amended: ir.Table) -> ir.IntegerScalar:
    """Number of versions after the first, by the day they became known."""
    return amended.count()


@feature(
    source="amendments",
    months=(24,),
    unit=Unit.SHARE,
    indicator="amendments",
    reference=WCO_AUDIT,
    inputs="declarations.version declarations.known_on declarations.amended_by",
    label="Amendments by the trader itself",
    phrase="{value} of the amendments in {window} were asked for by the trader itself.",
    why="The more a trader comes forward with its own errors, the less is left to find.",
    monotone=-1,
    example=Example("amended_by", [("trader",), ("customs",), ("customs",), (None,)], 1.0 / 3.0),
)
def own_amendment_share(amended: ir.Table) -> ir.FloatingScalar:
    """Share of the amendments whose initiator is known that the trader asked for."""
    return exact.share(amended.count(where=amended.amended_by == "trader"), amended.amended_by.count())


@feature(
    source="amendments",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="amendments",
    reference=WCO_AUDIT,
    inputs="declarations.version declarations.known_on declarations.duty_assessed",
    label="Taxes changed by amendments",
    phrase="Amendments in {window} changed taxes by {value}.",
    why="Amendments that lower taxes deserve a second look; ones that raise them show what was missed.",
    example=Example("tax_change", [(120.0,), (-20.0,), (None,)], 100.0),
)
def amended_taxes(amended: ir.Table) -> ir.FloatingScalar:
    """Duty, levies, VAT and excise of the new versions less those of the ones before."""
    return amended.tax_change.sum()


@feature(
    source="amendments",
    months=(24,),
    empty=0.0,
    unit=Unit.MONEY,
    indicator="amendments",
    reference=WCO_AUDIT,
    inputs="declarations.version declarations.known_on declarations.duty_assessed",
    label="Taxes lowered by amendments",
    phrase="Amendments in {window} lowered taxes by {value}, those that raised them left aside.",
    why="The more a trader paid too much at first, the more it may be owed.",
    tends=-1,
    example=Example("tax_change", [(120.0,), (-20.0,), (None,)], 20.0),
)
def lowered_taxes(amended: ir.Table) -> ir.FloatingScalar:
    """Taxes taken off by the new versions that lowered them."""
    return amended.tax_change.negate().clip(lower=0.0).sum()


@feature(
    source="letters",
    unit=Unit.SHARE,
    indicator="letter_response",
    reference=LETTERS,
    inputs=f"{FINDINGS} audits.treatment declarations.amended_by",
    label="Letters answered",
    phrase="{value} of the letters to this trader were answered by a payment or an amendment.",
    why="The more letters a trader leaves unanswered, the more a visit may find.",
    tends=-1,
    example=Example(
        "is_answered is_over", [(True, True), (False, True), (False, True), (False, False)], 1.0 / 3.0
    ),
)
def letters_answered_share(letters: ir.Table) -> ir.FloatingScalar:
    """Share of the letters, closed or answered, that the trader answered.

    An answer is money assessed or collected, or an amendment of a line in scope by the trader, in 120 days.
    """
    return exact.share(letters.count(where=letters.is_answered), letters.count(where=letters.is_over))


@feature(
    source="letters",
    unit=Unit.RATIO,
    indicator="letter_response",
    reference=LETTERS,
    inputs=f"{FINDINGS} audits.treatment declarations.amended_by declarations.duty_assessed",
    label="Self-corrected after letters",
    phrase="After letters the trader itself put right {value} of the money that was asked.",
    why="The less a trader puts right of what a letter asks, the more is left to find.",
    tends=-1,
    example=Example("corrected asked", [(150.0, 200.0), (0.0, 100.0)], 0.5),
)
def self_corrected_share(letters: ir.Table) -> ir.FloatingScalar:
    """Taxes added by the trader's amendments within 120 days of letters, by what the letters assessed."""
    return exact.share(letters.corrected.sum(), letters.asked.sum())

"""Ranges: from where a drawn world takes each of its parameters, with the source or the reason."""

from dataclasses import dataclass

from features.simulate.mechanisms import Scheme


@dataclass(frozen=True)
class Range:
    """The range of a parameter, drawn evenly or evenly in its logarithm; `none` with probability `absent`."""

    name: str
    lowest: float
    highest: float
    source: str
    logarithmic: bool = False
    absent: float = 0.0
    none: float = 0.0


TRADE = (
    Range(
        "size_spread",
        0.9,
        1.5,
        "a few importers hold most of the trade (Bernard, Jensen, Redding, Schott 2018)",
    ),
    Range("largest_size", 25, 100, "the same, without the ceiling of the standard world", logarithmic=True),
    Range("shipment_spread", 0.3, 0.8, "the value of a consignment differs by mode, goods and stock keeping"),
    Range("price_noise", 0.7, 2.5, "orders, qualities and dates move a price that nobody falsifies"),
    Range("quality_spread", 0.15, 0.6, "unit values of one product differ by factors of 20 (Schott 2004)"),
    Range(
        "tail_weight", 0.08, 0.33, "Student's t with 12 to 3 degrees of freedom: unit values are heavy-tailed"
    ),
    Range("mass_spread", 0.1, 0.5, "a piece of one heading may weigh twice another"),
    Range("renewals", 0.05, 0.5, "pairs of buyer and seller last short (Monarch, Schmidt-Eisenlohr 2023)"),
    Range("renewal_spread", 0.05, 0.35, "a new seller charges another price, up or down"),
    Range("rings", 0.05, 0.25, "families of firms around one person"),
    Range(
        "overpayers",
        0.01,
        0.1,
        "a tenth to a third of preferences go unclaimed (Kommerskollegium, UNCTAD 2018)",
        absent=0.4,
    ),
)

EVASION = (
    Range("leaning_spread", 0.8, 1.8, "evasion is that of few, or of many"),
    Range("small_lean", -0.5, 1.2, "small firms evade more often; elsewhere large ones have the experts"),
    Range(
        "broker_push",
        0.0,
        1.2,
        "brokers are at the centre of evasion (Chalendar and others 2023), or are not",
    ),
    Range("example", 0.0, 3.0, "members of a ring follow one another, or do not"),
    Range("stop", 0.03, 0.15, "a scheme lasts two to eight years"),
    Range(
        "caught_stop",
        0.3,
        0.9,
        "audits deter some (Kleven and others 2011) and teach others (Gemmell and Ratto 2012)",
    ),
    Range("growth", -0.5, 1.0, "evasion comes and goes with rates and enforcement"),
    Range("severity_drift", -0.7, 0.3, "evaders learn what escapes notice (Yang 2008)"),
    Range("carelessness", 0.008, 0.05, "error rates of compliance measurement programmes", logarithmic=True),
    Range("disclosed", 0.002, 0.04, "programmes of voluntary disclosure differ", logarithmic=True),
    Range(
        "confessed", 0.0001, 0.002, "who cheats seldom corrects a line of it", logarithmic=True, absent=0.4
    ),
    Range("books_true", 0.1, 0.8, "whether a second invoice is booked", absent=0.3),
    Range(
        "freight_follows", 0.0, 1.0, "freight is declared from the carrier's bill, or as a share of the value"
    ),
    Range("forged", 0.3, 1.0, "a proof of origin is forged, or missing"),
    Range("transhipped", 0.0, 0.7, "goods pass through the country that is claimed (OLAF on transhipment)"),
    Range("gross_stays", 0.05, 0.5, "the carrier's mass is checked, or copied", absent=0.3),
)

AUDITS = (
    Range("a_year", 0.05, 0.13, "450 to 1,200 audits of 3,000 traders in three years", logarithmic=True),
    Range("random_share", 0.03, 0.3, "many administrations draw none at random", absent=0.25),
    Range("referrals", 0.0, 0.25, "cases that the border hands over"),
    Range("joint_tax", 0.0, 0.15, "cases of the tax administration"),
    Range("complaints", 0.0, 0.15, "letters and denunciations"),
    Range("size", 0.0, 1.2, "plans by size, from none to nothing else"),
    Range("prejudice", 0.0, 1.5, "sectors are suspected by habit"),
    Range("record", 0.0, 1.5, "who was adjusted is audited again"),
    Range("suspicion", 0.5, 3.0, "officers hear of things, some of them true", absent=0.3),
    Range("judgement", 0.5, 2.5, "the noise in all of it"),
    Range("field_share", 0.2, 0.9, "field audits against audits at the desk and letters"),
    Range("skill_spread", 0.05, 0.5, "examiners differ in what they detect (Feinstein 1991)"),
    Range("catch", 0.65, 1.0, "audits miss half of what is there (Feinstein 1991)"),
    Range("booked", 0.7, 1.1, "what is seen is not all assessed"),
    Range("half_money", 150, 1200, "materiality", logarithmic=True),
    Range("half_share", 0.001, 0.005, "audits work from samples", logarithmic=True),
    Range("appeals", 0.3, 2.0, "how often assessments are contested"),
)

START = Range(
    "start", 0.02, 0.08, "between a few and a quarter of the traders run a scheme", logarithmic=True
)
COVERAGE = Range("coverage", 0.3, 0.95, "a scheme for one product, or for all")
OPENS = Range(
    "opens", 0.2, 0.7, "evasion moves to where enforcement does not look yet (Yang 2008)", absent=0.7
)
CLOSES = Range("closes", 0.3, 0.8, "a reform closes a way, or none does", absent=0.8, none=1.0)
PHOENIXES = Range("phoenixes", 0.01, 0.04, "chains of short-lived companies (Anderson and others 2014)")
ASSISTS = Range(
    "assists", 0.05, 0.35, "moulds and designs supplied free of charge (WTO agreement, article 8.1 b)"
)

SEVERITY = {
    Scheme.UNDERVALUE: (0.10, 0.30, 0.40, 0.75),
    Scheme.UNDERDECLARE_QUANTITY: (0.08, 0.20, 0.30, 0.60),
    Scheme.LOWER_OWN_PRICE: (0.08, 0.15, 0.20, 0.45),
    Scheme.SWITCH_SELLER: (0.10, 0.20, 0.30, 0.60),
    Scheme.RUSH: (0.20, 0.35, 0.50, 0.75),
    Scheme.PHOENIX: (0.20, 0.40, 0.50, 0.80),
}
"""Of a scheme with a severity: where its lowest lies (from, to), and its highest (from, to)."""

MARKS = {
    Scheme.UNDERVALUE: "price against peers, freight, tax return",
    Scheme.MISCLASSIFY: "code",
    Scheme.FALSE_ORIGIN: "origin, route, missing proof",
    Scheme.UNDERDECLARE_QUANTITY: "mass, or nothing",
    Scheme.OMIT_ROYALTY: "tax return",
    Scheme.ABUSE_RELIEF: "procedure",
    Scheme.LOWER_OWN_PRICE: "price against the own past",
    Scheme.SWITCH_SELLER: "seller, price",
    Scheme.MISDESCRIBE: "text, code, price against peers",
    Scheme.OMIT_ASSIST: "nothing",
    Scheme.RUSH: "timing, price",
    Scheme.PHOENIX: "links, age, price",
}
"""The marks that a scheme leaves in the data, where the world's data has the tables and columns."""

EXISTS = 0.5
"""The probability that a scheme exists in a drawn world; of the schemes at least `FEWEST_SCHEMES` do."""
FEWEST_SCHEMES = 4

THIN = 0.5
"""The probability that a drawn world has no optional table but, perhaps, the tariff and tax returns."""
THIN_TABLES = {"tariff": 0.85, "tax_returns": 0.7}
FULL_TABLE = 0.85
"""The probability of each optional table in a world that is not thin."""

COLUMNS = (
    ("seller_id",),
    ("gross_mass_kg",),
    ("freight_amount",),
    ("description",),
    ("origin_proof_id",),
    ("loading_port", "transport_mode"),
    ("related_party", "valuation_method"),
    ("valuation_adjustment",),
    ("dispatch_country",),
    ("channel",),
    ("declarant_id",),
    ("invoice_amount", "invoice_currency"),
)
"""Optional columns of declarations that are missing together."""
COLUMNS_MISSING = (0.05, 0.3)
"""The probability that each of them is missing: with full tables, and in a thin world."""

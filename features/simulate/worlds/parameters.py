"""Parameters: what may differ between simulated worlds; the defaults are those of the standard world."""

from dataclasses import dataclass

from features.simulate.mechanisms import Scheme

OPTIONAL_TABLES = ("tariff", "tax_returns", "tax_audits", "controls", "links", "payments")


@dataclass(frozen=True)
class SchemeParameters:
    """How traders use a scheme.

    `start` is the probability to take it up in a quarter, at average leaning (0: it does not exist); `lowest`
    and `highest` bound its severity, the share of a price or quantity that is left out; `coverage` is the
    share of a trader's products that it takes in; it is taken up from the share `opens` of the run until the
    share `closes`.
    """

    start: float = 0.0
    lowest: float = 0.0
    highest: float = 0.0
    coverage: float = 0.75
    opens: float = 0.0
    closes: float = 1.0


STANDARD_SCHEMES = (
    SchemeParameters(start=0.020, lowest=0.20, highest=0.60),
    SchemeParameters(start=0.016),
    SchemeParameters(start=0.018),
    SchemeParameters(start=0.012, lowest=0.12, highest=0.40),
    SchemeParameters(start=0.038),
    SchemeParameters(start=0.026, opens=0.5),
    *[SchemeParameters()] * (len(Scheme) - 6),
)


@dataclass(frozen=True)
class TradeParameters:
    """Traders and their honest trade. A spread is the standard deviation of a logarithm.

    `size_spread` (lines) and `largest_size` (times the mean), `shipment_spread` (value of a line);
    `price_noise` multiplies the noise of prices from line to line, `quality_spread` is that between products
    of one heading; `tail_weight` is one over the degrees of freedom of Student's t (0: normal) of both;
    `mass_spread` is that of the mass of a unit; `renewals` is the share of products whose seller changes
    once, honestly, and the price with it by `renewal_spread`; `assists` the share of products to whose value
    goods supplied free of charge belong; `rings` the share of traders in rings, `phoenixes` in chains of
    short-lived linked traders, and `overpayers` of those that pay more than they owe.
    """

    size_spread: float = 1.10
    largest_size: float = 25.0
    shipment_spread: float = 0.45
    price_noise: float = 1.0
    quality_spread: float = 0.22
    tail_weight: float = 0.0
    mass_spread: float = 0.2
    renewals: float = 0.0
    renewal_spread: float = 0.0
    assists: float = 0.0
    rings: float = 0.16
    phoenixes: float = 0.0
    overpayers: float = 0.0


@dataclass(frozen=True)
class EvasionParameters:
    """Intent to evade, and the marks that it leaves; `schemes` stand in the order of `Scheme`.

    `leaning_spread` is how unequal traders are; `small_lean` how much more the small ones lean (0: all
    alike); `broker_push` the weight of a crooked broker, `example` that of the own ring; `stop` the
    probability to stop in a quarter, `caught_stop` of those whom an audit caught; `growth` the change of all
    starts over the run and `severity_drift` that of the logarithm of severity; `carelessness` the share of
    lines with a mistake. `disclosed` is the probability that a line with a mistake is corrected by its trader
    in a quarter, `confessed` of one with a scheme. `books_true` is the share of traders whose tax returns
    show what was really paid; `freight_follows` how far freight falls with a false price; `forged` the share
    of false claims of origin with a proof on file; `transhipped` the share of them that pass through the
    claimed country; `gross_stays` how much of a hidden quantity still weighs in the gross mass. `adapts` is
    how far traders keep clear of visits: starts change by the power `-adapts` of how often traders of their
    sector and size were visited in the last year, beside all (0: they do not look).
    """

    schemes: tuple[SchemeParameters, ...] = STANDARD_SCHEMES
    leaning_spread: float = 1.2
    small_lean: float = 1.0
    broker_push: float = 0.7
    example: float = 2.0
    stop: float = 0.07
    caught_stop: float = 0.75
    growth: float = 1 / 3
    severity_drift: float = 0.0
    carelessness: float = 0.014
    disclosed: float = 0.02
    confessed: float = 0.003
    books_true: float = 0.55
    freight_follows: float = 0.0
    forged: float = 0.60
    transhipped: float = 0.0
    gross_stays: float = 0.25
    adapts: float = 0.0


@dataclass(frozen=True)
class AuditParameters:
    """Selection and work of audits.

    `a_year` is the audits a trader and year, `random_share` those drawn at random. Of the targeted ones the
    shares `referrals`, `joint_tax` and `complaints` come from elsewhere; a score of rules selects the rest:
    weights of `size` (logarithm of declared value), `prejudice` against sectors, `record` of findings,
    `suspicion` (a hunch that is right more often than not) and `judgement`, which is noise. `skill_spread` is
    that between teams; `catch` multiplies the probability to come upon a kind of fault, `booked` the share of
    its lines that is then assessed; a fault of `half_money`, and one that is the share `half_share` of the
    taxes, is as likely missed as not; `appeals` multiplies how often assessments are contested.
    `letter_reach` is what a letter books of what a field audit would; `letter_stop` and `notified_stop` are
    the probabilities that a scheme stops on a letter and on notice of a visit, and `cleared_ease` multiplies
    that of those whom an audit cleared.
    """

    a_year: float = 0.0625
    random_share: float = 0.18
    referrals: float = 0.12
    joint_tax: float = 0.06
    complaints: float = 0.06
    size: float = 0.35
    prejudice: float = 1.00
    record: float = 1.10
    suspicion: float = 0.0
    judgement: float = 1.10
    field_share: float = 0.62
    skill_spread: float = 0.28
    catch: float = 1.0
    booked: float = 1.0
    half_money: float = 500.0
    half_share: float = 0.004
    appeals: float = 1.0
    letter_reach: float = 0.35
    letter_stop: float = 0.35
    notified_stop: float = 0.30
    cleared_ease: float = 0.5


@dataclass(frozen=True)
class Parameters:
    """The parameters of a world: its name and what it is about, what holds in it, and what its data has.

    `tables` are the optional tables that exist, levies, assignments and second audits only where they are
    named, and `absent` the optional columns of declarations that do not. `doubled` is the share of
    declarations that are entered once more by mistake, and cancelled within weeks.
    """

    name: str = "standard"
    about: str = "the world of every example and of most tests: all tables, six schemes"
    trade: TradeParameters = TradeParameters()
    evasion: EvasionParameters = EvasionParameters()
    audits: AuditParameters = AuditParameters()
    tables: tuple[str, ...] = OPTIONAL_TABLES
    absent: tuple[str, ...] = ()
    doubled: float = 0.0


STANDARD = Parameters()

"""Worlds with a name: the standard one, and such as are extreme on purpose."""

from collections.abc import Mapping
from dataclasses import replace

from features.errors import SettingError
from features.simulate.mechanisms import Scheme
from features.simulate.worlds.drawn import RANDOM, draw
from features.simulate.worlds.parameters import (
    OPTIONAL_TABLES,
    STANDARD,
    AuditParameters,
    EvasionParameters,
    Parameters,
    SchemeParameters,
    TradeParameters,
)


def _only(**schemes: SchemeParameters) -> tuple[SchemeParameters, ...]:
    """Return the parameters of all schemes when only the named ones exist."""
    return tuple(schemes.get(scheme.name.lower(), SchemeParameters()) for scheme in Scheme)


THIN_TABLES = replace(
    STANDARD,
    name="thin-tables",
    about="the standard world, of which only the required tables reach the data",
    tables=(),
)

REFUNDS = Parameters(
    name="refunds",
    about="two traders in five pay more than they owe, and few evade: most findings are refunds",
    trade=TradeParameters(overpayers=0.4),
    evasion=EvasionParameters(
        schemes=_only(
            undervalue=SchemeParameters(start=0.003, lowest=0.2, highest=0.6),
            misclassify=SchemeParameters(start=0.003),
        )
    ),
)

SILENT = Parameters(
    name="silent",
    about="what is wrong leaves nothing in the data: only size, and what audits brought, say anything",
    trade=TradeParameters(assists=0.35),
    evasion=EvasionParameters(
        schemes=_only(
            omit_assist=SchemeParameters(start=0.06),
            underdeclare_quantity=SchemeParameters(start=0.03, lowest=0.15, highest=0.45),
        ),
        books_true=0.0,
        gross_stays=0.0,
        broker_push=0.0,
        example=0.0,
    ),
    audits=AuditParameters(suspicion=0.0, referrals=0.0, complaints=0.0),
)

GIANTS = Parameters(
    name="giants",
    about="a few traders hold most of the trade and of the money, and lean to evade as the small ones do",
    trade=TradeParameters(
        size_spread=1.9, largest_size=400.0, shipment_spread=1.0, price_noise=1.8, tail_weight=0.3
    ),
    evasion=EvasionParameters(small_lean=-0.3),
    audits=AuditParameters(size=0.9, half_share=0.001),
)

FULL_TABLES = replace(
    STANDARD,
    name="full-tables",
    about="the standard world with levies against dumping, and with declarations entered twice and cancelled",
    tables=(*OPTIONAL_TABLES, "levies"),
    doubled=0.02,
)

SOURCED = replace(
    STANDARD,
    name="sourced",
    about="the standard world with letters as weak as in trials, visits that teach by findings alone, and "
    "what was assigned to whom on record, and some visits by lot made twice",
    audits=AuditParameters(
        letter_reach=0.08, letter_stop=0.13, notified_stop=STANDARD.evasion.stop, cleared_ease=1.0
    ),
    tables=(*OPTIONAL_TABLES, "assignments", "second_audits"),
)

ADAPTING = replace(
    SOURCED,
    name="adapting",
    about="the sourced world, in which traders start schemes where sector and size are seldom visited",
    evasion=EvasionParameters(adapts=1.0),
)

WORLDS: Mapping[str, Parameters] = {
    world.name: world
    for world in (STANDARD, THIN_TABLES, FULL_TABLES, REFUNDS, SILENT, GIANTS, SOURCED, ADAPTING)
}


def parameters_of(name: str, *, seed: int) -> Parameters:
    """Return the parameters of a world by its name; those of "random" are drawn from the seed.

    Raises `SettingError` for a name that no world has.
    """
    if name == RANDOM:
        return draw(seed)
    if name not in WORLDS:
        raise SettingError(
            f"world is {name!r}.",
            expected=f"{', '.join(WORLDS)} or {RANDOM}.",
            advice="Choose one of these; docs/worlds.md describes them.",
        )
    return WORLDS[name]

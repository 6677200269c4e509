"""The world of the traders: countries, sellers, brokers, customs offices and audit teams."""

from dataclasses import dataclass

import numpy as np

from features.simulate.arrays import Array, Floats, Whole
from features.simulate.chance import Chance, lognormal
from features.simulate.clock import Calendar
from features.simulate.trade.goods import AGREEMENTS, Goods, goods
from features.simulate.worlds.parameters import STANDARD, Parameters

# ISO 3166-1 leaves these codes to users: no real country is meant.
COUNTRIES = np.array(
    [f"Q{letter}" for letter in "MNOPQRSTUVWXYZ"] + [f"X{letter}" for letter in "BCDEFGHIJL"]
)
HOME = "XA"
REGIONS = np.array([f"{HOME}-{number:02d}" for number in range(1, 9)])
OFFICES = np.array([f"{HOME}{number:03d}100" for number in range(1, 13)])
SECTORS = np.array(["10", "13", "20", "26", "28", "29", "43", "45", "46", "47"])
MODES = np.array(["1", "3", "4"])  # sea, road, air, as in UNECE Recommendation 19
FREIGHT_PER_KG = np.array([0.11, 0.20, 2.1])
FREIGHT_ON_GOODS = np.array([0.015, 0.012, 0.008])
HUBS = 3  # goods of other countries pass through the first countries
TEAMS = 10


@dataclass(frozen=True)
class World:
    """The environment of the traders: C countries, sellers, brokers and teams.

    `agreement` (C) is the agreement of a country, -1 for none; `price_of_origin` (H, C) and
    `price_of_seller` are factors on a heading's price; `crooked` is a broker's push to evade (mean
    one); `sector_habit` the propensity of a sector to evade (mean one) and `sector_suspect` the suspicion
    of the administration, half record and half prejudice; `skill` a team's probability to find a fault
    relative to that of the average team (mean exactly one).
    """

    parameters: Parameters
    calendar: Calendar
    goods: Goods
    agreement: Whole
    price_of_origin: Floats
    distance: Floats
    seller_country: Whole
    price_of_seller: Floats
    broker_share: Floats
    crooked: Floats
    strictness: Floats
    skill: Floats
    affinity: Floats
    sector_habit: Floats
    sector_suspect: Floats
    ports: Array


def world(chance: Chance, *, calendar: Calendar, traders: int, parameters: Parameters = STANDARD) -> World:
    """Draw the world in which `traders` trade, within its `parameters`."""
    stream = chance.stream("world")
    wares = goods(chance, quarters=calendar.quarters)
    sellers, brokers, countries = max(60, traders), max(10, traders // 50), COUNTRIES.size
    habit = lognormal(stream, SECTORS.size, sigma=0.6)
    skill = np.exp(parameters.audits.skill_spread * stream.standard_normal(TEAMS))
    return World(
        parameters=parameters,
        calendar=calendar,
        goods=wares,
        agreement=_agreements(stream),
        price_of_origin=lognormal(stream, (wares.price.size, countries), sigma=0.22),
        distance=0.5 + 1.2 * stream.random(countries),
        seller_country=stream.integers(0, countries, size=sellers),
        price_of_seller=lognormal(stream, sellers, sigma=0.16),
        broker_share=lognormal(stream, brokers, sigma=1.0),
        crooked=lognormal(stream, brokers, sigma=0.9),
        strictness=lognormal(stream, OFFICES.size, sigma=0.3),
        skill=np.minimum(skill / skill.mean(), 1.4) / np.minimum(skill / skill.mean(), 1.4).mean(),
        affinity=stream.gamma(0.25, size=(SECTORS.size, wares.price.size)) + 1e-4,
        sector_habit=habit,
        sector_suspect=0.5 * np.log(habit) + 0.5 * stream.standard_normal(SECTORS.size),
        ports=np.array([f"{code}{end}" for code in COUNTRIES for end in ("AAA", "PRT")]),
    )


def _agreements(stream: np.random.Generator) -> Whole:
    """Draw five countries for each agreement; the others, hubs among them, have none."""
    agreement = np.full(COUNTRIES.size, -1)
    members = HUBS + stream.permutation(COUNTRIES.size - HUBS)[: 5 * len(AGREEMENTS)]
    agreement[members] = np.repeat(np.arange(len(AGREEMENTS)), 5)
    return agreement

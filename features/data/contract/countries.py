"""Countries of ISO 3166-1 as shipped, and what is known of other codes in customs data.

`countries.csv` holds codes and short names of ISO 3166-1 as in the package iso3166 3.0.0 (MIT licence), and
usual English names as in `iso3166.tab` of the time zone database (public domain): see NOTICE.
"""

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SHIPPED = Path(__file__).with_name("countries.csv")


@dataclass(frozen=True)
class Country:
    """A country of ISO 3166-1: its two and three letters, its number of three digits, and its names."""

    code: str
    alpha_3: str
    number: str
    name: str
    usual_name: str

    def words(self) -> Iterator[str]:
        """Yield all by which sources call it; a number also as it is left where zeros were lost."""
        yield from (self.code, self.alpha_3, self.number, str(int(self.number)), self.name, self.usual_name)


def _shipped() -> Iterator[Country]:
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        yield from (Country(**row) for row in csv.DictReader(file))


COUNTRIES: Mapping[str, Country] = {country.code: country for country in _shipped()}

OTHER_CODES = {
    "AN": "withdrawn: the Netherlands Antilles, now BQ, CW and SX",
    "BU": "withdrawn: Burma, now MM",
    "CS": "withdrawn: Serbia and Montenegro, now RS and ME; before, Czechoslovakia",
    "DD": "withdrawn: the German Democratic Republic, now DE",
    "EL": "the European Union's code for Greece, GR",
    "EU": "reserved: the European Union, which is no country",
    "FX": "withdrawn: metropolitan France, now FR",
    "SU": "withdrawn: the Soviet Union",
    "TP": "withdrawn: East Timor, now TL",
    "UK": "reserved: the United Kingdom is GB",
    "XX": "assigned by users: most often, unknown",
    "YD": "withdrawn: Democratic Yemen, now YE",
    "YU": "withdrawn: Yugoslavia",
    "ZR": "withdrawn: Zaire, now CD",
    "ZZ": "assigned by users: most often, unknown",
}
"""Codes outside the list that customs data has, and what they mean."""
ASSIGNED_BY_USERS = re.compile("AA|Q[M-Z]|X[A-Z]|ZZ")
MEANT = {
    "BU": "MM",
    "DD": "DE",
    "EL": "GR",
    "FX": "FR",
    "TP": "TL",
    "UK": "GB",
    "YD": "YE",
    "ZR": "CD",
}
"""Those of them that mean one country of the list."""
MEAN_NONE = ("XX", "ZZ")
"""Those of them by which a source says that it does not know."""


def is_unknown(code: str | None, declared: Collection[str] = ()) -> bool:
    """Return whether a code names no country: no list has it, and a source has not `declared` it.

    ISO 3166-1 leaves some codes to users, such as XK, for Kosovo with most: a source that uses one means a
    country by it, but none by XX and ZZ.

    >>> [is_unknown(code, ["EU"]) for code in ("DE", "EU", "UK", "XK", "ZZ", None)]
    [False, False, True, False, True, False]
    """
    if code is None or code in COUNTRIES or code in declared:
        return False
    return code in MEAN_NONE or not ASSIGNED_BY_USERS.fullmatch(code)

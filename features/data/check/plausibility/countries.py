"""Country codes of ISO 3166-1 alpha-2, and what is known of other codes in customs data.

Source: ISO/TC 46 N1108 (2023-04-05), as in `iso3166.tab` of the time zone database, in the public domain.
"""

import re

COUNTRIES = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI
    FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN
    IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF
    PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE
    YT ZA ZM ZW
    """.split()  # noqa: SIM905  a code a word reads better than 249 quoted ones
)

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
MEANS_UNKNOWN = ("XX", "ZZ")


def is_unknown(code: str | None) -> bool:
    """Return whether a code names no country: neither one of ISO 3166-1, nor one that users may assign.

    An administration may mean a country by a code of the latter, but by XX and ZZ it means none.

    >>> [is_unknown(code) for code in ("DE", "UK", "XK", "ZZ", None)]
    [False, True, False, True, False]
    """
    if code is None or code in COUNTRIES:
        return False
    return code in MEANS_UNKNOWN or not ASSIGNED_BY_USERS.fullmatch(code)

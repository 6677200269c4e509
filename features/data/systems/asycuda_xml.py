"""Declarations of ASYCUDA World in XML, as offices and brokers save them: a line for each item.

Elements as in the public schema of version 4.2.1 and in files that integrators publish: `ASYCUDA` with
`Property`, `Identification`, `Traders` and an `Item` each, `<null/>` for no value. Containers, attached
documents and totals are passed over. Document types and entities are refused.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from features.data.contract.violation import Violation
from features.data.warehouse.source import UnreadableError, unreadable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Line = Mapping[str, str | None]

DECLARATION, ITEM = "ASYCUDA", "Item"
GENERAL = {
    "IDE_CUO_COD": "Identification/Office_segment/Customs_clearance_office_code",
    "IDE_TYP_TYP": "Property/Sad_flow",
    "IDE_REG_SER": "Identification/Registration/Serial_number",
    "IDE_REG_NBR": "Identification/Registration/Number",
    "IDE_REG_DAT": "Identification/Registration/Date",
    "IDE_AST_NBR": "Identification/Assessment/Number",
    "IDE_AST_DAT": "Identification/Assessment/Date",
    "CMP_CON_COD": "Traders/Consignee/Consignee_code",
    "CMP_CON_NAM": "Traders/Consignee/Consignee_name",
    "CMP_EXP_COD": "Traders/Exporter/Exporter_code",
    "DEC_COD": "Declarant/Declarant_code",
    "GEN_CTY_EPT_COD": "General_information/Country/Export/Export_country_code",
    "TPT_MOT_BRD_COD": "Transport/Means_of_transport/Border_information/Mode",
}
OF_ITEM = {
    "TAR_HSC_NB1": "Tarification/HScode/Commodity_code",
    "TAR_HSC_NB2": "Tarification/HScode/Precision_1",
    "TAR_PRF": "Tarification/Preference_code",
    "TAR_PRC_EXT": "Tarification/Extended_customs_procedure",
    "TAR_VMT": "Tarification/Valuation_method_code",
    "TAR_SUP_COD": "Tarification/Supplementary_unit/Suppplementary_unit_code",
    "TAR_SUP_QTY": "Tarification/Supplementary_unit/Suppplementary_unit_quantity",
    "GDS_ORG_CTY": "Goods_description/Country_of_origin_code",
    "GDS_DS3": "Goods_description/Commercial_Description",
    "VIT_WGT_GRS": "Valuation_item/Weight_itm/Gross_weight_itm",
    "VIT_WGT_NET": "Valuation_item/Weight_itm/Net_weight_itm",
    "VIT_CIF": "Valuation_item/Total_CIF_itm",
}
PARTS = {
    "INV": "Item_Invoice",
    "EFR": "item_external_freight",
    "IFR": "item_internal_freight",
    "INS": "item_insurance",
    "OTC": "item_other_cost",
    "DED": "item_deduction",
}
AMOUNTS = {"AMT_FCX": "Amount_foreign_currency", "CUR_COD": "Currency_code", "CUR_RAT": "Currency_rate"}
PATHS = OF_ITEM | {
    f"VIT_{part}_{column}": f"Valuation_item/{element}/{name}"
    for part, element in PARTS.items()
    for column, name in AMOUNTS.items()
}
NEVER_THERE = ("IDE_PST_NBR", "IDE_PST_DAT")
"""Columns that a declaration in XML has no element for: after a post-entry it is assessed once more."""
DUE = "1"
"""The mode of payment of tax that is due."""


def xml_lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a file, with one declaration or many; raise `UnreadableError` where it has none.

    Columns are those of `features.data.systems.asycuda_fields`, and two for each tax by its own code:
    `TAX_LIN_RAT_DOG` and `TAX_LIN_AMT_DOG`.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    number = 0
    try:
        with path.open("rb") as content:
            for _, element in iterparse(content, forbid_dtd=True):
                if element.tag == DECLARATION:
                    number += 1
                    yield from _lines_of(element, name=f"{path.name}/{number}")
                    element.clear()
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        raise UnreadableError(_unreadable(path, str(error))) from error
    if not number:
        raise UnreadableError(_unreadable(path, f"it has no element {DECLARATION}"))


def _unreadable(path: Path, fault: str) -> Violation:
    return unreadable(
        "asycuda",
        f"{path.name} cannot be read: {fault}.",
        expected=f"declarations of ASYCUDA World as it saves them, each an element {DECLARATION}, without a "
        "document type.",
        advice="Save the declarations again, or export them as a table.",
    )


def _lines_of(declaration: "Element", *, name: str) -> Iterator[Line]:
    general = {column: _text(declaration, path) for column, path in GENERAL.items()}
    registered = ("IDE_CUO_COD", "IDE_REG_DAT", "IDE_REG_SER", "IDE_REG_NBR")
    reference = "/".join(general[column] or "" for column in registered) if general["IDE_REG_NBR"] else name
    general |= {"INSTANCEID": reference, "PTY_STS": _status(general)} | dict.fromkeys(NEVER_THERE)
    for number, item in enumerate(declaration.iterfind(ITEM), start=1):
        yield {
            **general,
            "KEY_ITM_NBR": str(number),
            **{column: _text(item, path) for column, path in PATHS.items()},
            **_taxes(item),
        }


def _status(general: Line) -> str:
    if general["IDE_REG_NBR"] is None:
        return "Stored"
    return "Registered" if general["IDE_AST_NBR"] is None else "Assessed"


def _text(element: "Element", path: str) -> str | None:
    return (element.findtext(path) or "").strip() or None


def _taxes(item: "Element") -> dict[str, str | None]:
    """Return the rate of each tax on an item, and what is due of it: lines of one tax are added up."""
    taxes: dict[str, str | None] = {}
    for line in item.iterfind("Taxation/Taxation_line"):
        code = _text(line, "Duty_tax_code")
        if code is None:
            continue
        taxes[f"TAX_LIN_RAT_{code}"] = _text(line, "Duty_tax_rate")
        amount = _text(line, "Duty_tax_amount") if _text(line, "Duty_tax_MP") in (DUE, None) else None
        taxes[f"TAX_LIN_AMT_{code}"] = _sum(taxes.get(f"TAX_LIN_AMT_{code}"), amount)
    return taxes


def _sum(one: str | None, other: str | None) -> str | None:
    """Add up two amounts as they are written; where one is none, the result is both, which nothing reads."""
    if one is None or other is None:
        return one or other
    try:
        return str(Decimal(one) + Decimal(other))
    except InvalidOperation:
        return f"{one} + {other}"

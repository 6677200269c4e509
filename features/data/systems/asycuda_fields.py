"""The columns of an ASYCUDA World extract, one line a goods item, and the query that makes it.

The names are those of ASYCUDA's own database, as they stand in public programs of customs administrations:
SAD_GENERAL_SEGMENT, SAD_ITEM, SAD_TAX and SAD_SUPPLEMENTARY_UNIT in the commented schema and the open-data
extracts of Sydonia (Madagascar), the entity classes of Benin's tax administration (INSTANCEID, KEY_ITM_NBR,
TAR_HSC_NB1, VIT_INV_AMT_FCX, IDE_PST_NBR), and reports over the schema AWUNADM (PTY_BLU, TAX_LIN_AMT,
TAX_LIN_MOP). Tax columns join a name of SAD_TAX to the tax, since each administration has its own tax codes.
Box numbers are those of the Single Administrative Document.
"""

from features.data.contract.table import day, flag, identifier, number, text, whole
from features.data.systems.system import Field
from features.unit import Unit

PARTS = {
    "INV": "invoice (box 42)",
    "EFR": "external freight",
    "IFR": "internal freight",
    "INS": "insurance",
    "OTC": "other costs",
    "DED": "deductions",
}
ALSO_FILLS = {"INV": ("declarations.invoice_amount",), "EFR": ("declarations.freight_amount",)}
ALSO_DOES = {"INV": "as it stands; ", "EFR": "times its rate; "}
REFERENCE = ("declarations.declaration_id",)
CHANNEL = ("declarations.channel",)

OBTAIN = """\
Extract the tables of the declaration, joined, with the names of the columns in the first line. Put your own
codes for customs duty, value added tax and excise in place of `DTY`, `VAT`, `EXC`; mode of payment 1 is tax
that is due. ASYCUDA's tables hold the last state of a declaration alone, and the first state is what the
trader said before anyone looked: extract every day what was assessed or amended since, keep each day's file,
and give all of them. Lines that repeat alike are left out; two that differ in one state are refused.

```sql
SELECT g.INSTANCEID, g.IDE_CUO_COD, g.IDE_TYP_TYP, g.IDE_REG_SER, g.IDE_REG_NBR, g.IDE_REG_DAT,
       g.IDE_AST_DAT, g.IDE_PST_NBR, g.IDE_PST_DAT, g.CMP_CON_COD, g.CMP_CON_NAM, g.CMP_EXP_COD, g.DEC_COD,
       g.GEN_CTY_EPT_COD, g.TPT_MOT_BRD_COD, g.PTY_GRE, g.PTY_YEL, g.PTY_RED, g.PTY_BLU,
       i.KEY_ITM_NBR, i.TAR_HSC_NB1, i.TAR_HSC_NB2, i.TAR_PRF, i.TAR_PRC_EXT, i.TAR_VMT, i.GDS_ORG_CTY,
       i.GDS_DS3, i.VIT_WGT_GRS, i.VIT_WGT_NET, s.TAR_SUP_COD, s.TAR_SUP_QTY, i.VIT_CIF,
       i.VIT_INV_AMT_FCX, i.VIT_INV_CUR_COD, i.VIT_INV_CUR_RAT, i.VIT_INV_CUR_REF,  -- and EFR IFR INS OTC DED
       MAX(CASE WHEN t.TAX_LIN_COD = 'DTY' THEN t.TAX_LIN_RAT END) AS TAX_LIN_RAT_DTY,
       SUM(CASE WHEN t.TAX_LIN_COD = 'DTY' AND t.TAX_LIN_MOP = '1' THEN t.TAX_LIN_AMT END) AS TAX_LIN_AMT_DTY,
       SUM(CASE WHEN t.TAX_LIN_COD = 'VAT' AND t.TAX_LIN_MOP = '1' THEN t.TAX_LIN_AMT END) AS TAX_LIN_AMT_VAT,
       SUM(CASE WHEN t.TAX_LIN_COD = 'EXC' AND t.TAX_LIN_MOP = '1' THEN t.TAX_LIN_AMT END) AS TAX_LIN_AMT_EXC
FROM SAD_GENERAL_SEGMENT g
JOIN SAD_ITEM i ON i.INSTANCEID = g.INSTANCEID
LEFT JOIN SAD_SUPPLEMENTARY_UNIT s
       ON s.INSTANCEID = i.INSTANCEID AND s.KEY_ITM_NBR = i.KEY_ITM_NBR AND s.KEY_SUP_RNK = 1
LEFT JOIN SAD_TAX t ON t.INSTANCEID = i.INSTANCEID AND t.KEY_ITM_NBR = i.KEY_ITM_NBR
WHERE COALESCE(g.IDE_PST_DAT, g.IDE_AST_DAT) >= …  -- the day of the last extract
GROUP BY …  -- every column that is not a sum
```"""


def _part(part: str, words: str) -> tuple[Field, ...]:
    """Return the four columns of a part of the value: amount, currency, rate, and the rate's units."""
    stem = f"VIT_{part}"
    value = ("declarations.customs_value", *ALSO_FILLS.get(part, ()))
    how = f"{ALSO_DOES.get(part, '')}a part of customs_value where VIT_CIF is empty"
    currency = ("declarations.invoice_currency",) if part == "INV" else ()
    return (
        Field(number(f"{stem}_AMT_FCX", f"{words}: amount in its currency", None), value, how),
        Field(text(f"{stem}_CUR_COD", f"{words}: its currency"), currency),
        Field(number(f"{stem}_CUR_RAT", f"{words}: national currency for so many units", None)),
        Field(number(f"{stem}_CUR_REF", f"{words}: the units, 1, 10, 100 or 1000; empty is 1", None)),
    )


GENERAL_SEGMENT = (
    Field(identifier("INSTANCEID", "internal key of the declaration", required=True)),
    Field(
        text("IDE_CUO_COD", "customs office of clearance (box A)", required=True),
        ("declarations.office_code",),
    ),
    Field(text("IDE_TYP_TYP", "flow: I import, E export", required=True)),
    Field(
        identifier("IDE_REG_SER", "registration serial (box A)", required=True, nullable=True),
        REFERENCE,
        "office, year of registration, serial and number, as in KN01-2024-C123",
    ),
    Field(
        identifier("IDE_REG_NBR", "registration number (box A)", required=True, nullable=True),
        REFERENCE,
        "see IDE_REG_SER",
    ),
    Field(
        day("IDE_REG_DAT", "day of registration (box A)", required=True, nullable=True),
        ("declarations.accepted_on",),
    ),
    Field(
        day("IDE_AST_DAT", "day of assessment"),
        ("declarations.known_on",),
        "of version 0, where it is later than the registration",
    ),
    Field(
        identifier("IDE_PST_NBR", "number of the post-entry; empty before any", required=True, nullable=True),
        ("declarations.version",),
        "empty or 0 is version 0; the post-entries of a declaration count from 1 in the order of their days",
    ),
    Field(
        day("IDE_PST_DAT", "day of the post-entry", required=True, nullable=True),
        ("declarations.known_on",),
        "of a post-entry",
    ),
    Field(
        identifier("CMP_CON_COD", "consignee (box 8)", required=True),
        ("declarations.trader_id", "traders.trader_id"),
    ),
    Field(text("CMP_CON_NAM", "name of the consignee (box 8)"), ("traders.name",), "as on the first line"),
    Field(identifier("CMP_EXP_COD", "exporter (box 2)"), ("declarations.seller_id",)),
    Field(identifier("DEC_COD", "declarant (box 14)"), ("declarations.declarant_id",)),
    Field(text("GEN_CTY_EPT_COD", "country of export (box 15)"), ("declarations.dispatch_country",)),
    Field(
        text("TPT_MOT_BRD_COD", "mode of transport at the border (box 25)"),
        ("declarations.transport_mode",),
    ),
    Field(flag("PTY_GRE", "selected for the green lane"), CHANNEL, "the first of blue, red, yellow, green"),
    Field(flag("PTY_YEL", "selected for the yellow lane"), CHANNEL, "see PTY_GRE"),
    Field(flag("PTY_RED", "selected for the red lane"), CHANNEL, "see PTY_GRE"),
    Field(flag("PTY_BLU", "selected for the blue lane"), CHANNEL, "see PTY_GRE"),
)

ITEM = (
    Field(whole("KEY_ITM_NBR", "item (box 32)", required=True), ("declarations.item_number",)),
    Field(
        text("TAR_HSC_NB1", "commodity code (box 33)", required=True),
        ("declarations.hs_code",),
        "with TAR_HSC_NB2 where both have at most 10 digits",
    ),
    Field(text("TAR_HSC_NB2", "national precision (box 33)"), ("declarations.hs_code",), "see TAR_HSC_NB1"),
    Field(text("TAR_PRF", "preference (box 36)"), ("declarations.preference_code",)),
    Field(
        text("TAR_PRC_EXT", "extended customs procedure (box 37)", required=True),
        ("declarations.procedure_code",),
    ),
    Field(whole("TAR_VMT", "valuation method (box 43)"), ("declarations.valuation_method",)),
    Field(text("GDS_ORG_CTY", "country of origin (box 34)", required=True), ("declarations.origin_country",)),
    Field(text("GDS_DS3", "commercial description (box 31)"), ("declarations.description",)),
    Field(
        number("VIT_WGT_GRS", "gross mass (box 35)", Unit.KILOGRAM),
        ("declarations.gross_mass_kg",),
    ),
    Field(
        number("VIT_WGT_NET", "net mass (box 38)", Unit.KILOGRAM, required=True),
        ("declarations.net_mass_kg",),
    ),
    Field(text("TAR_SUP_COD", "supplementary unit (box 41)"), ("declarations.supplementary_unit",)),
    Field(
        number("TAR_SUP_QTY", "quantity in it (box 41)", None),
        ("declarations.supplementary_quantity",),
    ),
    Field(
        number("VIT_CIF", "CIF value of the item, in national currency", None, required=True, nullable=True),
        ("declarations.customs_value",),
        "where it is empty: invoice, freight, insurance and other costs less deductions, each times its rate",
    ),
    *(column for part, words in PARTS.items() for column in _part(part, words)),
)

TAXES = (
    Field(
        number(
            "TAX_LIN_RAT_DTY", "rate of customs duty, in percent (box 47)", None, required=True, nullable=True
        ),
        ("declarations.duty_rate",),
        "divided by 100; empty is 0",
    ),
    Field(
        number(
            "TAX_LIN_AMT_DTY",
            "customs duty (box 47), in national currency",
            None,
            required=True,
            nullable=True,
        ),
        ("declarations.duty_assessed",),
        "empty is 0",
    ),
    Field(
        number(
            "TAX_LIN_AMT_VAT",
            "value added tax (box 47), in national currency",
            None,
            required=True,
            nullable=True,
        ),
        ("declarations.vat_assessed",),
        "empty is 0",
    ),
    Field(
        number("TAX_LIN_AMT_EXC", "excise (box 47), in national currency", None),
        ("declarations.excise_assessed",),
    ),
)

FIELDS = GENERAL_SEGMENT + ITEM + TAXES

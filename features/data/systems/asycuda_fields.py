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
Either save declarations as XML and give the files, or a folder of thousands; or extract the tables of the
database.

**XML.** Each file is one declaration or several. Its taxes have your own codes: a mapping says which is
customs duty, value added tax and excise, and how days are written; `audit-yield look` proposes it. A
declaration that was only stored, or registered and not yet assessed, holds no duties and is left out; one
that was assessed again under another number, after a post-entry, is a later version.

```text
[asycuda]
dates = "mm/dd/yy"
pivot = 50

[asycuda.columns]
TAX_LIN_RAT_DTY = "TAX_LIN_RAT_DOG"
TAX_LIN_AMT_DTY = "TAX_LIN_AMT_DOG"
TAX_LIN_AMT_VAT = { sum = ["TAX_LIN_AMT_TVS", "TAX_LIN_AMT_TVA"] }
```

**Tables.** Extract those of the declaration, joined, with the names of the columns in the first line. Put
your own codes for customs duty, value added tax and excise in place of `DTY`, `VAT`, `EXC`; mode of payment 1
is tax that is due. ASYCUDA's tables hold the last state of a declaration alone, and the first state is what
the trader said before anyone looked: extract every day what was assessed or amended since, keep each day's
file, and give all of them. Lines that repeat alike are left out; two that differ in one state are refused.

```sql
SELECT g.INSTANCEID, g.IDE_CUO_COD, g.IDE_TYP_TYP, g.IDE_REG_SER, g.IDE_REG_NBR, g.IDE_REG_DAT,
       g.IDE_AST_DAT, g.IDE_AST_NBR, g.IDE_PST_NBR, g.IDE_PST_DAT, g.PTY_STS, g.CMP_CON_COD, g.CMP_CON_NAM,
       g.CMP_EXP_COD, g.DEC_COD,
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
  AND g.PTY_STS <> 'Cancelled'
GROUP BY …  -- every column that is not a sum
```

**ASYCUDA++** (SIDUNEA++) has the same under other names. `lst_ope` is `U` for what is in force and `D` for
what was deleted, cancelled declarations among it; `sad_num` is 0 for the last state.

```sql
SELECT g.key_year || '/' || g.key_cuo || '/' || COALESCE(g.key_dec, '') || '/' || g.key_nber AS INSTANCEID,
       g.key_cuo AS IDE_CUO_COD, CASE g.sad_flw WHEN 1 THEN 'I' ELSE 'E' END AS IDE_TYP_TYP,
       g.sad_reg_serial AS IDE_REG_SER, g.sad_reg_nber AS IDE_REG_NBR, g.sad_reg_date AS IDE_REG_DAT,
       g.sad_asmt_date AS IDE_AST_DAT, g.sad_asmt_nber AS IDE_AST_NBR,
       CASE WHEN g.sad_pst_dat IS NOT NULL THEN '1' END AS IDE_PST_NBR, g.sad_pst_dat AS IDE_PST_DAT,
       g.sad_consignee AS CMP_CON_COD, g.sad_exporter AS CMP_EXP_COD, g.key_dec AS DEC_COD,
       g.sad_cty_expcod AS GEN_CTY_EPT_COD, g.sad_mot_bord AS TPT_MOT_BRD_COD,
       i.itm_nber AS KEY_ITM_NBR, i.saditm_hs_cod AS TAR_HSC_NB1, i.saditm_hsprec_cod AS TAR_HSC_NB2,
       i.saditm_prefer_cod AS TAR_PRF, i.saditm_extd_proc AS TAR_PRC_EXT,
       i.saditm_cty_origcod AS GDS_ORG_CTY, i.saditm_goods_desc3 AS GDS_DS3,
       i.saditm_gross_mass AS VIT_WGT_GRS, i.saditm_net_mass AS VIT_WGT_NET,
       i.saditm_supp_units AS TAR_SUP_QTY, i.saditm_stat_val AS VIT_CIF,
       100 * MAX(CASE WHEN t.saditm_tax_code = 'DTY' THEN t.saditm_tax_amount END)
           / NULLIF(i.saditm_stat_val, 0) AS TAX_LIN_RAT_DTY,
       SUM(CASE WHEN t.saditm_tax_code = 'DTY' AND t.saditm_tax_mop = '1' THEN t.saditm_tax_amount END)
           AS TAX_LIN_AMT_DTY,
       SUM(CASE WHEN t.saditm_tax_code = 'VAT' AND t.saditm_tax_mop = '1' THEN t.saditm_tax_amount END)
           AS TAX_LIN_AMT_VAT
FROM sad_gen g
JOIN sad_itm i ON i.key_year = g.key_year AND i.key_cuo = g.key_cuo AND i.key_nber = g.key_nber
     AND COALESCE(i.key_dec, '') = COALESCE(g.key_dec, '') AND i.sad_num = g.sad_num
LEFT JOIN sad_tax t ON t.key_year = i.key_year AND t.key_cuo = i.key_cuo AND t.key_nber = i.key_nber
     AND COALESCE(t.key_dec, '') = COALESCE(i.key_dec, '') AND t.sad_num = i.sad_num
     AND t.itm_nber = i.itm_nber
WHERE g.lst_ope = 'U' AND g.sad_num = 0 AND g.sad_flw = 1 AND g.sad_asmt_date IS NOT NULL
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
        identifier("IDE_AST_NBR", "number of the assessment (box B)"),
        ("declarations.version",),
        "another after the first is a later version, as a post-entry is",
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
    Field(text("PTY_STS", "status, such as Stored, Registered, Assessed, Paid, Cancelled")),
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

"""Declarations of ASYCUDA World in XML: one or thousands, in the states in which offices save them."""

import json
import re
import tomllib
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import sqlglot

from features.data.look import look
from features.data.look.proposal import as_toml
from features.data.systems import SYSTEMS
from features.data.systems.asycuda_fields import OBTAIN
from features.data.warehouse import Dialect
from features.errors import DataError
from tests.features.data.systems.exports import bring, rows
from tests.features.tables import Row

MAPPING = {
    "dates": "mm/dd/yy",
    "pivot": 50,
    "asycuda": {
        "columns": {
            "TAX_LIN_RAT_DTY": "TAX_LIN_RAT_DOG",
            "TAX_LIN_AMT_DTY": "TAX_LIN_AMT_DOG",
            "TAX_LIN_AMT_VAT": {"sum": ["TAX_LIN_AMT_TVS", "TAX_LIN_AMT_PCC"]},
        }
    },
}
TABLES = {"asycuda": SYSTEMS["asycuda"].source}


def declaration(
    number: str = "902",
    *,
    assessed: tuple[str, str] | None = ("880", "10/29/16"),
    flow: str = "I",
    value: str = "1000",
) -> str:
    """Return a declaration of two items, as the client saves it: registered where it has a number."""
    serial, day = ("C", "10/28/16") if number else ("<null/>", "")
    assessment = "<Number>%s</Number><Date>%s</Date>" % (assessed or ("", ""))
    items = "".join(
        f"""<Item>
  <Tarification><HScode><Commodity_code>87033219</Commodity_code><Precision_1>000</Precision_1></HScode>
   <Preference_code><null/></Preference_code><Extended_customs_procedure>4000</Extended_customs_procedure>
   <Supplementary_unit><Suppplementary_unit_code>C62</Suppplementary_unit_code></Supplementary_unit>
  </Tarification>
  <Goods_description><Country_of_origin_code>ES</Country_of_origin_code></Goods_description>
  <Taxation><Taxation_line/>{tax("DOG", "5.0", "50.0")}{tax("DOG", "5.0", "7.5")}
   {tax("DOG", "5.0", "99.0", "2")}{tax("TVS", "20.0", "210.0")}{tax("PCC", "1.0", "10.5")}</Taxation>
  <Valuation_item><Weight_itm><Net_weight_itm>12.5</Net_weight_itm></Weight_itm>
   <Total_CIF_itm>{cif}</Total_CIF_itm>
   <Item_Invoice><Amount_foreign_currency>10</Amount_foreign_currency><Currency_code>EUR</Currency_code>
    <Currency_rate>100.5</Currency_rate></Item_Invoice>
   <item_external_freight><Amount_foreign_currency>0.0</Amount_foreign_currency><Currency_code><null/></Currency_code>
    <Currency_rate>0</Currency_rate></item_external_freight></Valuation_item>
 </Item>"""
        for cif in (value, "500")
    )
    return f"""<ASYCUDA id="1"><Assessment_notice><Item_tax_total/></Assessment_notice>
 <Property><Sad_flow>{flow}</Sad_flow></Property>
 <Identification><Office_segment><Customs_clearance_office_code>XX11</Customs_clearance_office_code></Office_segment>
  <Registration><Serial_number>{serial}</Serial_number><Number>{number}</Number><Date>{day}</Date></Registration>
  <Assessment><Serial_number>A</Serial_number>{assessment}</Assessment></Identification>
 <Traders><Consignee><Consignee_code>K1</Consignee_code><Consignee_name>ÉLAN</Consignee_name></Consignee></Traders>
 <Container><Item_Number>1</Item_Number></Container>{items}</ASYCUDA>"""


def tax(code: str, rate: str, amount: str, payment: str = "1") -> str:
    return (
        f"<Taxation_line><Duty_tax_code>{code}</Duty_tax_code><Duty_tax_rate>{rate}</Duty_tax_rate>"
        f"<Duty_tax_amount>{amount}</Duty_tax_amount><Duty_tax_MP>{payment}</Duty_tax_MP></Taxation_line>"
    )


def saved(folder: Path, **texts: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.xml").write_text(
            f'<?xml version="1.0" encoding="UTF-8"?>\n{text}', encoding="utf-8"
        )
    return folder


def imported(source: Path, out: Path) -> list[Row]:
    bring("asycuda", source, out=out, dialect=Dialect.of(MAPPING, tables=TABLES))
    return rows(out, "declarations")


def test_an_item_goes_over_with_what_is_due_of_its_taxes(tmp_path: Path) -> None:
    first, second = imported(saved(tmp_path / "xml", one=declaration()), tmp_path / "out")
    assert {name: value for name, value in first.items() if value is not None} == {
        "declaration_id": "XX11-2016-C902",
        "item_number": 1,
        "version": 0,
        "accepted_on": date(2016, 10, 28),
        "known_on": date(2016, 10, 29),
        "trader_id": "K1",
        "office_code": "XX11",
        "procedure_code": "4000",
        "hs_code": "87033219",
        "origin_country": "ES",
        "customs_value": 1000.0,
        "freight_amount": 0.0,
        "net_mass_kg": 12.5,
        "supplementary_unit": "C62",
        "duty_rate": 0.05,
        "duty_assessed": 57.5,
        "vat_assessed": 220.5,
        "invoice_amount": 10.0,
        "invoice_currency": "EUR",
    }
    assert (second["item_number"], second["customs_value"]) == (2, 500.0)


def test_the_states_of_a_declaration_are_one_or_its_versions(tmp_path: Path) -> None:
    """Registered and not assessed it counts no more than stored; the same assessed or paid is one state."""
    states = saved(
        tmp_path / "xml",
        stored=declaration("", assessed=None),
        registered=declaration(assessed=None, value="1"),
        assessed=declaration(),
        paid=declaration().replace(
            "</Identification>", "<receipt><Number>7</Number></receipt></Identification>"
        ),
        amended=declaration(assessed=("12", "02/01/17"), value="1400"),
        export=declaration("903", flow="E"),
    )
    items = imported(states, tmp_path / "out")
    assert [
        (row["item_number"], row["version"], str(row["known_on"]), row["customs_value"]) for row in items
    ] == [
        (1, 0, "2016-10-29", 1000.0),
        (1, 1, "2017-02-01", 1400.0),
        (2, 0, "2016-10-29", 500.0),
        (2, 1, "2017-02-01", 500.0),
    ]
    report = json.loads((tmp_path / "out.import.json").read_text(encoding="utf-8"))
    assert report["remarks"] == {
        "lines of exports or of no flow, left out": 2,
        "import lines never registered, left out": 2,
        "import lines registered and not yet assessed, whose duties nobody knows, left out": 2,
    }
    assert {file["name"]: file["lines"] for file in report["files"]}["paid.xml"] == 2


def test_many_declarations_in_one_file_are_as_many_in_a_file_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.data.systems.export.LINES_AT_ONCE", 3)
    texts = {f"d{number}": declaration(str(number)) for number in range(10)}
    each = imported(saved(tmp_path / "each", **texts), tmp_path / "out")
    together = saved(tmp_path / "all", all=f"<Batch>{''.join(texts.values())}</Batch>")
    assert imported(together, tmp_path / "out2") == each
    assert len(each) == 20


def test_an_import_that_leaves_everything_out_is_refused_with_the_reason(tmp_path: Path) -> None:
    source = saved(tmp_path / "xml", one=declaration("903", flow="E"), two=declaration(assessed=None))
    with pytest.raises(DataError) as raised:
        imported(source, tmp_path / "out")
    assert "Of 4 lines read no declaration is left" in raised.value.found
    assert "not yet assessed, whose duties nobody knows, left out: 2" in raised.value.found
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<ASYCUDA><Item>", "no element found"),
        ("<Awmds/>", "it has no element ASYCUDA"),
        ('<!DOCTYPE a [<!ENTITY e "x">]><ASYCUDA>&e;</ASYCUDA>', "DTDForbidden"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><ASYCUDA/>', "DTDForbidden"),
    ],
)
def test_what_is_no_declaration_is_told_with_its_file(text: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as raised:
        imported(saved(tmp_path / "xml", good=declaration(), bad=text), tmp_path / "out")
    assert "bad.xml cannot be read" in raised.value.found
    assert fault in raised.value.found


def test_taxes_without_a_mapping_are_named_and_a_look_proposes_one(tmp_path: Path) -> None:
    source = saved(tmp_path / "xml", one=declaration(), two=declaration("904"))
    with pytest.raises(DataError) as raised:
        bring("asycuda", source, out=tmp_path / "out")
    assert "lacks 'TAX_LIN_RAT_DTY', 'TAX_LIN_AMT_DTY'" in raised.value.found
    assert "TAX_LIN_RAT_DOG, TAX_LIN_AMT_DOG, TAX_LIN_RAT_TVS" in raised.value.found
    proposed = as_toml(look([str(source)]))
    assert tomllib.loads(proposed)["asycuda"] == {"dates": "mm/dd/yy", "pivot": 50, "columns": {}}
    assert re.findall("^#[?] (TAX\\w+) = ", proposed, re.MULTILINE) == [
        "TAX_LIN_RAT_DTY",
        "TAX_LIN_AMT_DTY",
        "TAX_LIN_AMT_VAT",
    ]


def test_the_query_for_asycuda_plus_plus_leaves_out_what_was_deleted(tmp_path: Path) -> None:
    world, plus = re.findall("```sql\n(.*?)```", OBTAIN, re.DOTALL)
    assert "g.PTY_STS <> 'Cancelled'" in world
    grouped = [
        select.this.sql() if select.alias else select.sql()
        for select in sqlglot.parse_one(plus.partition("GROUP BY")[0], into=sqlglot.exp.Select).selects
        if not select.find(sqlglot.exp.AggFunc)
    ]
    keys = {"key_year": 2024, "key_cuo": "N1", "key_dec": None, "sad_num": 0}
    general = {
        "sad_flw": 1,
        "sad_reg_serial": "C",
        "sad_reg_date": "2024-03-04",
        "sad_asmt_date": "2024-03-05",
    }
    general |= {"sad_pst_dat": None, "sad_consignee": "T1", "sad_exporter": "S1", "sad_cty_expcod": "ES"}
    item = {"itm_nber": 1, "saditm_hs_cod": "87033219", "saditm_hsprec_cod": "000", "saditm_prefer_cod": None}
    item |= {"saditm_extd_proc": "4000", "saditm_cty_origcod": "ES", "saditm_goods_desc3": "CAR"}
    item |= {"saditm_gross_mass": 10, "saditm_net_mass": 9, "saditm_supp_units": 1, "saditm_stat_val": 1000}
    general_rows, item_rows, tax_rows = [], [], []
    for number, state in ((1, "U"), (2, "D"), (3, "U")):
        own = {**keys, "key_nber": number}
        registered = {"lst_ope": state, "sad_reg_nber": number, "sad_asmt_nber": number, "sad_mot_bord": "1"}
        general_rows.append({**own, **general, **registered})
        item_rows.append({**own, **item})
        for code, amount in (("DTY", 50), ("VAT", 210)):
            due = {"saditm_tax_code": code, "saditm_tax_mop": "1", "saditm_tax_amount": amount}
            tax_rows.append({**own, "itm_nber": 1, **due})
    query = f"{plus.partition('GROUP BY')[0]} GROUP BY {', '.join(grouped)}"
    with duckdb.connect() as connection:
        for name, each in (("sad_gen", general_rows), ("sad_itm", item_rows), ("sad_tax", tax_rows)):
            texts = {"key_dec": pa.string(), "saditm_prefer_cod": pa.string(), "sad_pst_dat": pa.string()}
            table = pa.Table.from_pylist(each)
            columns = [table[name].cast(texts.get(name, table[name].type)) for name in table.column_names]
            connection.register(name, pa.table(columns, names=table.column_names))
        connection.sql(query).write_csv(str(tmp_path / "plus.csv"))
    bring("asycuda", tmp_path / "plus.csv", out=tmp_path / "out")
    assert [
        (row["declaration_id"], row["duty_rate"], row["duty_assessed"], row["vat_assessed"])
        for row in rows(tmp_path / "out", "declarations")
    ] == [("N1-2024-C1", 0.05, 50.0, 210.0), ("N1-2024-C3", 0.05, 50.0, 210.0)]

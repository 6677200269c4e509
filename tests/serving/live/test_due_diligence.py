"""Due diligence: ties from both ends and through thirds, and names on a watchlist that move no estimate."""

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.data.dataset import Dataset
from serving.live.due_diligence import DueDiligence, due_diligence, due_diligence_table
from serving.live.state import Live, load_live
from serving.live.watchlist import matches, plain_name
from tests.features.tables import Row, good_tables, trader, write_parquet
from tests.serving import tiny

DAY = date(2024, 5, 1)
OPEN_SANCTIONS = """\
id,schema,name,aliases,birth_date,countries,addresses,identifiers,sanctions,phones,emails,dataset,\
first_seen,last_seen,last_change
NK-1,Company,Мюллер и сыновья,"Mueller & Soehne;Sons, Muller",,ru;de,,,,,,Test list,2023-04-20T09:12:33,,
NK-2,Person,Ann Acme,,,xa,,,,,,Test list,2024-05-01T00:00:00,,
"""
PAGE = Path(__file__).parents[3] / "docs" / "mapping.md"


def link(one: str, other: str, kind: str = "director", **more: object) -> Row:
    days = {"valid_from": date(2023, 2, 1), "valid_to": None, "known_on": date(2023, 3, 1)}
    return {"from_id": one, "to_id": other, "link_type": kind, **days, **more}


def entry(name: str, **more: object) -> Row:
    return {
        "entry_id": "W1",
        "name": name,
        "aliases": None,
        "kind": None,
        "countries": None,
        "dataset": None,
        **more,
    }


def dataset_in(folder: Path) -> Dataset:
    return Dataset(data=str(folder / "data"), cutoff=DAY, today=date(2025, 6, 1), home=folder / "home")


def look(folder: Path, trader_id: str = "007", **tables: list[Row]) -> DueDiligence:
    """Return who stands behind a trader of a small administration with other tables."""
    write_parquet(folder / "data", good_tables(**tables))
    return due_diligence(dataset_in(folder), trader_id)


def test_a_tie_counts_from_either_end_and_a_third_leads_to_others_tied_to_it_in_the_same_way(
    tmp_path: Path,
) -> None:
    links = [
        link("007", "Jane Doe"),
        link("Jane Doe", "0815", valid_from=date(2024, 1, 1), known_on=date(2024, 1, 5)),
        link("T3", "Jane Doe", "phone"),  # another kind of tie says nothing of this one
        link("T3", "007", "bank"),
    ]
    ties = [(tie.party_id, tie.link_type, tie.through, tie.since) for tie in look(tmp_path, links=links).ties]
    assert ties == [
        ("Jane Doe", "director", None, date(2023, 2, 1)),
        ("T3", "bank", None, date(2023, 2, 1)),
        ("0815", "director", "Jane Doe", date(2024, 1, 1)),
    ]


def test_what_was_not_known_before_the_day_is_not_there(tmp_path: Path) -> None:
    links = [link("007", "A", known_on=DAY), link("007", "B", valid_from=DAY), link("007", "C")]
    assert [tie.party_id for tie in look(tmp_path, links=links).ties] == ["C"]


def test_of_a_tied_trader_name_registration_and_declarations_are_said(tmp_path: Path) -> None:
    traders = [trader("007"), trader("0815", registered_on=date(2023, 12, 1)), trader("T3")]
    [tie] = look(tmp_path, links=[link("007", "0815", "group")], traders=traders).ties
    assert (tie.name, tie.registered_on, tie.is_young) == ("Acme", date(2023, 12, 1), True)
    assert (tie.lines, tie.customs_value, tie.last_import) == (1, 100.0, date(2024, 3, 1))


def test_a_trader_without_a_name_is_compared_by_none(tmp_path: Path) -> None:
    traders = [trader("007", name=None), trader("0815"), trader("T3")]
    listed = [entry("007", known_on=date(2024, 1, 1))]
    diligence = look(tmp_path, links=[link("007", "0815")], traders=traders, watchlist=listed)
    assert (diligence.names, diligence.matches) == (1, ())


def test_a_third_that_everybody_shares_relates_nobody_and_is_counted(tmp_path: Path) -> None:
    links = [link(f"F{number}", "Harbour 1", "address") for number in range(50)]
    diligence = look(tmp_path, links=[link("007", "Harbour 1", "address"), *links])
    assert [tie.party_id for tie in diligence.ties] == ["Harbour 1"]
    assert [(crowd.party_id, crowd.traders) for crowd in diligence.crowds] == [("Harbour 1", 50)]


def test_without_links_and_without_a_list_there_is_nothing(tmp_path: Path) -> None:
    diligence = look(tmp_path)
    assert (diligence.ties, diligence.matches, diligence.has_watchlist) == ((), (), False)


@pytest.mark.parametrize(
    ("name", "listed", "score"),
    [
        ("Müller & Söhne", "SOHNE, MULLER", 100.0),
        ("Общество Ромашка", "Obshchestvo Romashka", 100.0),
        ("Εταιρεία Αθηνά", "Etairia Athina", 96.6),
        ("Acme Trading", "Acme Tradings", 96.0),
        ("Acme Trading", "Zenith Holding", None),
    ],
)
def test_names_are_compared_across_scripts_marks_and_the_order_of_words(
    name: str, listed: str, score: float | None
) -> None:
    scores = [match.score for match in matches([("T", name)], [entry(listed)])]
    assert scores == ([] if score is None else [score])


def test_the_most_alike_of_name_and_aliases_stands_for_an_entry(tmp_path: Path) -> None:
    listed = entry("Something else", aliases="Acme Tradings; ACME TRADING ;")
    [match] = matches([("T", "Acme Trading")], [listed])
    assert (match.listed_as, match.score) == ("ACME TRADING", 100.0)


def test_a_name_without_letters_is_like_no_other() -> None:
    assert matches([("T", "???")], [entry("!!!")]) == ()
    assert plain_name("") == ""


def test_the_layout_of_open_sanctions_is_read_by_the_mapping_of_the_docs(tmp_path: Path) -> None:
    write_parquet(tmp_path / "data", good_tables(links=[link("007", "Ann Acme")]))
    (tmp_path / "data" / "targets.simple.csv").write_text(OPEN_SANCTIONS, encoding="utf-8")
    section = PAGE.read_text(encoding="utf-8").partition("## A list of sanctions")[2]
    mapping = section.partition("```toml sanctions.toml\n")[2].partition("```")[0]
    (tmp_path / "data" / "mapping.toml").write_text(mapping, encoding="utf-8")
    dataset = dataset_in(tmp_path)
    [match] = due_diligence(dataset, "0815").matches
    assert (match.entry_id, match.listed_as, match.kind) == ("NK-1", "Mueller & Soehne", "Company")
    assert due_diligence(dataset, "007").matches == ()  # NK-2 was first seen on the day itself


def test_the_file_has_a_row_a_tie_and_a_row_a_match(tmp_path: Path) -> None:
    links, watchlist = [link("007", "Jane Doe")], [entry("Doe, Jane", known_on=date(2024, 1, 1))]
    table = due_diligence_table(look(tmp_path, links=links, watchlist=watchlist))
    rows = [{name: row[name] for name in ("row", "party_id", "score")} for row in table.to_pylist()]
    assert rows == [
        {"row": "tie", "party_id": "Jane Doe", "score": None},
        {"row": "watchlist", "party_id": "Jane Doe", "score": 100.0},
    ]


def test_no_feature_and_no_estimate_changes_with_the_watchlist(own: Path, live: Live) -> None:
    data = own / "sim" / "data"
    names = live.snapshot.traders["name"]
    pq.write_table(
        pa.table(
            {
                "entry_id": [f"W{number}" for number in range(len(names))],
                "name": names.fill_null("nobody"),
                "known_on": pa.array([date(2020, 1, 1)] * len(names), pa.date32()),
            }
        ),
        data / "watchlist.parquet",
    )
    shutil.rmtree(own / "mlruns" / "snapshots", ignore_errors=True)  # built anew, beside the list
    listed = load_live(tiny.dataset(data, own / "mlruns"))
    assert listed.bundle.feature_digest == live.bundle.feature_digest
    assert listed.snapshot.features.digest == live.snapshot.features.digest
    assert np.array_equal(listed.X, live.X, equal_nan=True)
    assert listed.snapshot_digest == live.snapshot_digest
    assert listed.prediction.matrix.tolist() == live.prediction.matrix.tolist()
    trader_id = next(
        each for each in live.row_index if live.snapshot.traders["name"][live.row_index[each]].as_py()
    )
    assert due_diligence(listed.dataset, trader_id).matches[0].score == 100.0

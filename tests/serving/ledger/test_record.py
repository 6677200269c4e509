"""POST /outcomes: what an audit found is in the ledger once, whole or not at all, in its own form."""

import gzip
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from features.data.check import check
from features.data.dataset import Dataset
from features.data.warehouse import open_warehouse
from features.errors import OutputError
from serving.access.tokens import LOCAL, Caller, Role
from serving.ledger.database import append
from serving.ledger.record import RecordedOutcome, record_outcome
from serving.live.state import Live
from serving.problems import ProblemError, ProblemKind
from tests.features.data.workbooks import sheet_lines, write_workbook
from tests.features.tables import TODAY, Cell, Row, Tables, audit, good_tables, write_csv, write_parquet
from tests.optional import not_none
from tests.postgres import Server
from tests.serving.caller import Service, service

EVENT = {
    "audit_id": "A1",
    "event_number": 4,
    "finding_type": "valuation",
    "tax_type": "duty",
    "event": "assessed",
    "amount": 182.5,
    "event_on": date(2025, 6, 1),
    "declaration_id": None,
    "item_number": None,
    "culpability": None,
    "corrects": None,
}
NOW = datetime(2025, 6, 30, 9, 30, tzinfo=UTC)
RECORDED = ("known_on", "corrects", "recorded_by", "recorded_at", "confirmed")


def tables() -> Tables:
    """The small administration, its ledger with columns for when a row was known and who recorded it."""
    changed = good_tables()
    empty: Row = dict.fromkeys(RECORDED)
    changed["findings"] = [row | empty | {"known_on": row["event_on"]} for row in changed["findings"]]
    return changed


def a_file(folder: Path) -> str:
    return str(write_parquet(folder / "data", tables()))


def parts(folder: Path) -> str:
    data = write_parquet(folder / "data", tables())
    (data / "findings").mkdir()
    (data / "findings.parquet").rename(data / "findings" / "part-0.parquet")
    return str(data)


def csv(folder: Path) -> str:
    return str(write_csv(folder / "data", tables()))


def foreign_csv(folder: Path) -> str:
    """A CSV as German offices write it, without a line end after the last row."""
    data = write_csv(folder / "data", tables(), separator=";", encoding="latin-1")
    lines = [
        "audit_id;event_number;finding_type;tax_type;event;amount;event_on;" + ";".join(RECORDED) + ";team"
    ]
    lines += [
        f"A1;{number};valuation;duty;assessed;12,25;01.02.2025;01.02.2025;;;;;Köln" for number in (1, 2, 3)
    ]
    (data / "findings.csv").write_bytes("\r\n".join(lines).encode("latin-1"))
    for other in ("traders", "declarations", "audits"):
        (data / f"{other}.csv").unlink()
    write_parquet(data, {name: rows for name, rows in tables().items() if name != "findings"})
    (data / "dialect.toml").write_text(
        'encoding = "latin-1"\ndecimal = ","\ndates = "dd.mm.yyyy"\nignore = ["findings.team"]\n'
    )
    return str(data)


def packed_csv(folder: Path) -> str:
    data = write_csv(folder / "data", tables())
    plain = data / "findings.csv"
    (data / "findings.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    return str(data)


def a_database(folder: Path) -> str:
    data, file = write_parquet(folder / "data", tables()), folder / "customs.duckdb"
    with duckdb.connect(str(file)) as connection:
        for name in tables():
            connection.read_parquet(str(data / f"{name}.parquet")).create(name)
    return str(file)


def in_postgres(postgres: Server) -> str:
    database = postgres.new_database()
    made = {
        "traders": "trader_id text, valid_from date, registered_on date",
        "declarations": "declaration_id text, trader_id text, version int, accepted_on date,"
        " customs_value numeric(14, 2), duty_assessed numeric(14, 2), vat_assessed numeric(14, 2)",
        "audits": "audit_id text, trader_id text, treatment text, selection_channel text, period_from date,"
        " period_to date, opened_on date, closed_on date, status text",
        "findings": "audit_id text, event_number int, finding_type text, tax_type text, event text,"
        " amount numeric(14, 2), event_on date, known_on date, corrects int, recorded_by text,"
        " recorded_at text, confirmed boolean",
    }
    postgres.run(database, *(f"CREATE TABLE {name} ({columns})" for name, columns in made.items()))
    postgres.run(
        database,
        "INSERT INTO audits VALUES ('A1', '007', 'field', 'rule', '2024-01-01', '2024-12-31',"
        " '2025-01-15', '2025-05-01', 'closed')",
        "INSERT INTO declarations VALUES ('D1', '007', 0, '2024-03-01', 900.00, 90.00, 180.00)",
        "INSERT INTO findings SELECT 'A1', n, 'valuation', 'duty', 'assessed', 5.00, '2025-03-20'"
        " FROM generate_series(1, 3) AS n",
    )
    role, secret = f"recorder_{database}", "Geheim"
    postgres.run(
        database,
        f"CREATE ROLE {role} LOGIN PASSWORD '{secret}'",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT INSERT ON findings TO {role}",
    )
    return postgres.url(database, user=role, password=secret)


FORMS = {each.__name__: each for each in (a_file, parts, csv, foreign_csv, packed_csv, a_database)}


@pytest.fixture(params=[*FORMS, "in_postgres"])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a ledger in each form."""
    if request.param == "in_postgres":
        return in_postgres(request.getfixturevalue("postgres"))
    return FORMS[request.param](tmp_path)


def record(
    data: str,
    *,
    caller: Caller = LOCAL,
    confirm: bool = False,
    predicted: tuple[str, ...] | None = None,
    **event: Cell,
) -> RecordedOutcome:
    dataset = Dataset(data=data, cutoff=TODAY, today=TODAY, home=Path())
    row = EVENT | event
    return record_outcome(dataset, row, caller=caller, now=NOW, confirm=confirm, predicted=predicted)


def ledger(data: str) -> dict[tuple[str, int], Row]:
    with open_warehouse(data) as warehouse:
        rows = warehouse.table("findings").order_by("audit_id", "event_number").to_pyarrow().to_pylist()
    return {(row["audit_id"], row["event_number"]): row for row in rows}


def test_an_event_is_in_the_ledger_known_from_the_day_it_was_recorded(data: str) -> None:
    before = ledger(data)
    assert record(data).is_new
    after = ledger(data)
    added = after.pop(("A1", 4))
    assert after == before
    assert {name: value for name, value in added.items() if name in EVENT} == EVENT
    assert added["known_on"] == TODAY
    assert (added["recorded_by"], added["recorded_at"]) == ("this machine", "2025-06-30T09:30:00Z")
    assert added["confirmed"] is None


def test_the_ledger_stays_as_open_to_others_as_it_was(tmp_path: Path) -> None:
    data = a_file(tmp_path)
    ledger = Path(data) / "findings.parquet"
    ledger.chmod(0o660)
    record(data)
    assert ledger.stat().st_mode & 0o777 == 0o660


def test_the_same_event_again_changes_nothing(data: str) -> None:
    record(data)
    before = ledger(data)
    again = record(data)
    assert (again.is_new, again.known_on) == (False, TODAY)
    assert ledger(data) == before


def test_another_event_of_the_same_number_is_a_conflict_with_both_shown(data: str) -> None:
    record(data)
    with pytest.raises(ProblemError) as refused:
        record(data, amount=5.0)
    assert refused.value.kind is ProblemKind.CONFLICT
    assert refused.value.more["known"] == {"amount": 182.5}
    assert refused.value.more["sent"] == {"amount": 5.0}


@pytest.mark.parametrize("form", [a_file, parts, foreign_csv, packed_csv])
def test_the_data_keep_the_contract_afterwards(tmp_path: Path, form: Callable[[Path], str]) -> None:
    data = form(tmp_path)
    record(data)
    with open_warehouse(data) as warehouse:
        assert check(warehouse, today=TODAY).report.accepted


def test_a_foreign_csv_stays_as_it_was_but_for_the_row_in_its_own_form(tmp_path: Path) -> None:
    data = foreign_csv(tmp_path)
    before = (Path(data) / "findings.csv").read_bytes()
    record(data)
    after = (Path(data) / "findings.csv").read_bytes()
    row = b"A1;4;valuation;duty;assessed;182,5;01.06.2025;30.06.2025;;this machine;2025-06-30T09:30:00Z;;"
    assert after == before + b"\r\n" + row + b"\r\n"


@pytest.mark.parametrize(
    ("spoilt", "rule"),
    [
        ({"amount": 10.0, "event": "reduced"}, "sign_of_event"),
        ({"finding_type": "theft"}, "code"),
        ({"event_number": 0}, "at_least_1"),
        ({"event_on": date(2031, 1, 1)}, "past_day"),
    ],
)
def test_an_event_that_breaks_the_contract_is_refused_and_nothing_written(
    tmp_path: Path, spoilt: Row, rule: str
) -> None:
    data = a_file(tmp_path)
    before = (Path(data) / "findings.parquet").read_bytes()
    with pytest.raises(ProblemError) as refused:
        record(data, **spoilt)
    assert refused.value.kind is ProblemKind.REFUSED
    violations = refused.value.more["violations"]
    assert isinstance(violations, list)
    assert rule in [each["rule"] for each in violations]
    assert (Path(data) / "findings.parquet").read_bytes() == before


@pytest.mark.parametrize(
    ("contradicted", "rule"),
    [
        ({"event_on": date(2025, 1, 14)}, "audit_opened"),
        ({"audit_id": "A3", "event_number": 1}, "audit_goes_on"),
        ({"event": "cancelled", "amount": -100.01}, "lowered_at_most"),
        ({"declaration_id": "D2"}, "line_of_trader"),
        ({"declaration_id": "D9"}, "line_of_trader"),  # whose line it is, and whether it exists, is not told
        ({"declaration_id": "D1", "item_number": 3}, "line_of_trader"),
        ({"event_number": 6}, "numbers_follow"),
        ({"event_number": 2**53}, "numbers_follow"),
        ({"corrects": 9}, "corrects_earlier"),
        ({"corrects": 2, "event": "reduced", "amount": -120.26}, "lowered_at_most"),
    ],
)
def test_an_event_that_other_rows_contradict_is_refused_and_the_next_number_told(
    tmp_path: Path, contradicted: Row, rule: str
) -> None:
    everything = tables()
    everything["audits"].append(audit("A3", "007", status="abandoned"))
    data = write_parquet(tmp_path / "data", everything)
    before = (data / "findings.parquet").read_bytes()
    with pytest.raises(ProblemError) as refused:
        record(str(data), **contradicted)
    assert refused.value.kind is ProblemKind.REFUSED
    violations = refused.value.more["violations"]
    assert isinstance(violations, list)
    assert [each["rule"] for each in violations] == [rule]
    assert refused.value.more["next_event_number"] == (1 if "audit_id" in contradicted else 4)
    assert (data / "findings.parquet").read_bytes() == before


def test_an_amount_beyond_what_was_declared_is_recorded_only_after_a_second_look(data: str) -> None:
    before = ledger(data)
    with pytest.raises(ProblemError) as refused:
        record(data, amount=-18250.5)
    assert refused.value.kind is ProblemKind.UNCONFIRMED
    assert "18,250.50 is more than" in refused.value.detail
    assert '"confirm": true' in str(refused.value.more["advice"])
    assert ledger(data) == before
    assert record(data, amount=-18250.5, confirm=True).is_confirmed
    assert ledger(data)["A1", 4]["confirmed"] is True
    assert record(data, amount=-18250.5).is_confirmed  # the same again


def test_a_second_look_that_nobody_asked_for_is_not_recorded(tmp_path: Path) -> None:
    data = a_file(tmp_path)
    assert not record(data, confirm=True).is_confirmed
    assert ledger(data)["A1", 4]["confirmed"] is None


def test_a_mistake_is_undone_by_a_row_that_names_it(data: str) -> None:
    record(data)
    before = ledger(data)
    assert record(data, event_number=5, corrects=4, amount=0.0).is_new
    after = ledger(data)
    assert after.pop(("A1", 5))["corrects"] == 4
    assert after == before
    with pytest.raises(ProblemError) as refused:
        record(data, event_number=6, corrects=4, amount=1.0)
    assert [each["rule"] for each in refused.value.more["violations"]] == ["corrected_once"]  # type: ignore[attr-defined]


ANN = Caller("ann", frozenset({Role.AUDITOR}))
BEN = replace(ANN, name="ben")
PLANNING = Caller("planning", frozenset({Role.RISK_UNIT}))


def test_who_recorded_an_event_or_a_risk_unit_corrects_it_and_nobody_else(tmp_path: Path) -> None:
    data = a_file(tmp_path)
    record(data, caller=ANN)
    correction: dict[str, Cell] = {"event_number": 5, "corrects": 4, "amount": 1.0}
    for caller, corrected in ((BEN, 4), (ANN, 3), (BEN, 99)):
        with pytest.raises(ProblemError) as refused:
            record(data, caller=caller, **correction | {"corrects": corrected})
        assert refused.value.kind is ProblemKind.FORBIDDEN
    record(data, caller=ANN, **correction)
    record(data, caller=PLANNING, event_number=6, corrects=5, amount=2.0)
    by = [row["recorded_by"] for row in ledger(data).values()]
    assert by == [None, None, None, "ann", "ann", "planning"]


def test_a_risk_unit_records_nothing_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as refused:
        record(a_file(tmp_path), caller=PLANNING)
    assert refused.value.kind is ProblemKind.FORBIDDEN


def test_a_prediction_that_is_named_is_of_the_audits_trader(tmp_path: Path) -> None:
    data = a_file(tmp_path)
    words = set()
    for others in ((), ("0815",)):
        with pytest.raises(ProblemError) as refused:
            record(data, predicted=others)
        words.add(str(refused.value.document()))
    assert len(words) == 1  # whether it exists is not told
    assert record(data, predicted=("007",)).is_new


def test_an_event_of_an_audit_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as refused:
        record(a_file(tmp_path), audit_id="A9")
    assert refused.value.kind is ProblemKind.NOT_FOUND


def test_an_auditor_limited_to_traders_records_for_those_alone(tmp_path: Path) -> None:
    data = a_file(tmp_path)
    with pytest.raises(ProblemError) as refused:
        record(data, caller=replace(ANN, traders=frozenset({"0815"})))
    assert refused.value.kind is ProblemKind.FORBIDDEN
    assert record(data, caller=replace(ANN, traders=frozenset({"007"}))).trader_id == "007"


def test_a_ledger_that_cannot_say_when_a_finding_was_known_is_not_written_to(tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "data", good_tables())
    assert "known_on" not in pq.read_schema(data / "findings.parquet").names
    with pytest.raises(ProblemError) as refused:
        record(str(data))
    assert "known_on, recorded_by, recorded_at" in refused.value.detail


def test_a_ledger_in_a_spreadsheet_is_not_written_to(tmp_path: Path) -> None:
    data = Path(a_file(tmp_path))
    (data / "findings.parquet").unlink()
    file = write_workbook(data / "findings.xlsx", {"findings": sheet_lines(tables()["findings"])})
    before = file.read_bytes()
    with pytest.raises(ProblemError) as raised:
        record(str(data))
    assert "in a spreadsheet" in raised.value.detail
    assert file.read_bytes() == before


def test_a_ledger_that_cannot_be_written_is_an_error_and_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = a_file(tmp_path)
    before = (Path(data) / "findings.parquet").read_bytes()

    def full(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError):
        record(data)
    monkeypatch.undo()
    assert (Path(data) / "findings.parquet").read_bytes() == before
    assert sorted(path.name for path in Path(data).iterdir() if "new" in path.name) == []


def test_a_database_that_is_damaged_is_an_error_in_words(tmp_path: Path) -> None:
    damaged = tmp_path / "customs.duckdb"
    damaged.write_bytes(b"no database")
    with pytest.raises(OutputError, match="The ledger cannot be written"):
        append(str(damaged), EVENT)


def test_a_ledger_of_another_kind_of_database_is_not_written_to() -> None:
    with pytest.raises(ProblemError) as refused:
        append("pyspark://customs", EVENT)
    assert refused.value.kind is ProblemKind.REFUSED


def test_a_database_that_lacks_a_column_for_a_value_is_not_written_to(tmp_path: Path) -> None:
    data = a_database(tmp_path)
    with duckdb.connect(data) as connection:
        connection.execute("ALTER TABLE findings DROP COLUMN known_on")
    before = ledger(data)
    with pytest.raises(ProblemError) as refused:
        append(data, EVENT | {"known_on": TODAY})
    assert "known_on" in refused.value.detail
    assert ledger(data) == before


def test_of_two_events_of_one_number_at_once_a_database_takes_one(postgres: Server) -> None:
    data = in_postgres(postgres)
    append(data, EVENT)
    with pytest.raises(ProblemError) as refused:
        append(data, EVENT | {"amount": 5.0})
    assert refused.value.kind is ProblemKind.CONFLICT


@pytest.fixture(scope="module")
def recorded(live: Live, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service on a copy of the data, which it may write to."""
    folder = tmp_path_factory.mktemp("recorded")
    data = shutil.copytree(trained / "sim" / "data", folder / "data")
    moved = replace(live, dataset=replace(live.dataset, data=str(data)))
    with service(moved, folder / "home") as running:
        yield running


def event_of(running: Service, **other: Cell) -> Row:
    """The next event of a closed audit that is in the ledger."""
    with open_warehouse(running.held.current.dataset.data) as warehouse:
        audits, findings = warehouse.table("audits"), warehouse.table("findings")
        last = findings.group_by("audit_id").aggregate(number=findings.event_number.max())
        closed = audits.filter(audits.status == "closed").join(last, "audit_id").order_by("audit_id").limit(1)
        [found] = closed.to_pyarrow().to_pylist()
    sent = {name: value for name, value in EVENT.items() if value is not None}
    day = found["closed_on"].isoformat()
    own: Row = {"audit_id": found["audit_id"], "event_number": found["number"] + 1, "event_on": day}
    return sent | own | other


def trader_of(running: Service, event: Row) -> str:
    with open_warehouse(running.held.current.dataset.data) as warehouse:
        audits = warehouse.table("audits")
        rows = audits.filter(audits.audit_id == event["audit_id"]).to_pyarrow().to_pylist()
    return str(rows[0]["trader_id"])


def test_over_http_an_event_is_created_once_and_logged_with_what_was_decided(recorded: Service) -> None:
    event = event_of(recorded, human_decision="audited", override_reason="tip")
    asked = recorded.client.post("/predict", json={"trader_ids": [trader_of(recorded, event)]}).json()
    event["prediction_id"] = asked["answers"][0]["prediction_id"]
    first, again = (recorded.client.post("/outcomes", json=event) for _ in range(2))
    assert [first.status_code, again.status_code] == [201, 200]
    assert [first.json()["recorded"], again.json()["recorded"]] == [True, False]
    assert first.json()["known_on"] == date.today().isoformat()
    decision = recorded.log.read(first.json()["prediction_id"]).entry.decision
    assert (decision.about, decision.human_decision) == (event["prediction_id"], "audited")
    assert "182.5" in not_none(decision.outcome)


@pytest.mark.parametrize("named", ["1-1-00000000", "nonsense", "of another"])
def test_over_http_a_prediction_that_is_not_the_traders_is_refused(recorded: Service, named: str) -> None:
    event = event_of(recorded)
    own = trader_of(recorded, event)
    other = next(each for each in recorded.held.current.row_index if each != own)
    asked = recorded.client.post("/predict", json={"trader_ids": [other]}).json()
    foreign = asked["answers"][0]["prediction_id"] if named == "of another" else named
    got = recorded.client.post("/outcomes", json=event | {"prediction_id": foreign})
    assert (got.status_code, got.json()["title"]) == (422, "The rows break the data contract")


@pytest.mark.parametrize("column", ["known_on", "recorded_by", "recorded_at", "confirmed"])
def test_over_http_nobody_chooses_what_the_service_records(recorded: Service, column: str) -> None:
    got = recorded.client.post("/outcomes", json=event_of(recorded, **{column: "2020-01-01"}))
    assert got.status_code == 400


def test_over_http_a_number_used_otherwise_is_a_conflict(recorded: Service) -> None:
    event = event_of(recorded)
    recorded.client.post("/outcomes", json=event)
    got = recorded.client.post("/outcomes", json=event | {"amount": 1.0})
    assert got.status_code == 409


def test_over_http_an_odd_amount_is_confirmed_and_a_mistake_undone(recorded: Service) -> None:
    event = event_of(recorded, amount=9e11)
    asked = recorded.client.post("/outcomes", json=event)
    assert (asked.status_code, asked.json()["type"]) == (422, "urn:audit-yield:problem:needs-confirmation")
    confirmed = recorded.client.post("/outcomes", json=event | {"confirm": True})
    assert (confirmed.status_code, confirmed.json()["confirmed"]) == (201, True)
    undone = event_of(recorded, amount=0.0, corrects=event["event_number"])
    assert recorded.client.post("/outcomes", json=undone).status_code == 201


def test_over_http_nothing_is_recorded_under_a_request_id_that_stands_for_another_event(
    recorded: Service,
) -> None:
    used = {"X-Request-Id": "twice"}
    first = event_of(recorded)
    assert recorded.client.post("/outcomes", json=first, headers=used).status_code == 201
    other = event_of(recorded)
    assert recorded.client.post("/outcomes", json=other, headers=used).status_code == 409
    assert recorded.client.post("/outcomes", json=first, headers=used).status_code == 200
    assert recorded.client.post("/outcomes", json=other).json()["recorded"] is True

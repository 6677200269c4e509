"""Stored plans: a folder a plan in the home, sealed, from which the draw can be repeated.

`plans/PERIOD-NUMBER/` holds `plan.parquet`, a row a trader with everything that was decided and everything it
was decided on, and `plan.json`: period, capacity, model, seed and what it was made of, caps, prices, burden,
and the digests that seal both. Nothing is ever replaced: a second plan of a period needs a reason, and both
stay.
"""

import hashlib
import io
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import scipy

from features.errors import DataError, SettingError, unknown
from features.storage.atomic import atomic_file, atomic_folder
from models.plan.audit_plan import AuditPlan, make_plan
from models.plan.burden import burdens
from models.plan.candidates import Candidates
from models.plan.capacity import Capacity

FOLDER = "plans"
NONCE = "nonce"
"""The file of the home's secret number, made once: nobody can choose it, or know it before the first plan."""
TABLE, RECORD = "plan.parquet", "plan.json"


@dataclass(frozen=True)
class StoredPlan:
    """A plan as it was stored: its name, the `record` about it, and its `table` of traders."""

    name: str
    record: Mapping[str, Any]
    table: pa.Table

    @property
    def capacity(self) -> Capacity:
        """What the plan might use."""
        return Capacity.of_content(self.record["capacity"])


def seed_of(candidates: Candidates, capacity: Capacity, *, nonce: str, name: str) -> int:
    """Return the seed of a plan: a digest of what it decides on, the home's secret number and its name.

    Nobody can choose it: another candidate, hour or plan gives another, and the secret number is made once.
    """
    parts = [digest_of(candidates.table()), capacity.content(), nonce, name]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).digest()
    return int.from_bytes(digest[:16], "big")


def nonce_of(home: Path) -> str:
    """Return the home's secret number, made where there is none."""
    path = home / FOLDER / NONCE
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as fresh:
            fresh.write_text(secrets.token_hex(16))
            fresh.chmod(0o600)
    return path.read_text()


def new_name(home: Path, capacity: Capacity, *, reason: str | None) -> str:
    """Return the name of the next plan of a period: its days and a number.

    Raises `SettingError` where the period has a plan and no reason is given for another: who may draw again
    until the draw pleases draws nothing.
    """
    period = f"{capacity.first_day}_{capacity.last_day}"
    earlier = [name for name in names(home) if name.startswith(f"{period}-")]
    if earlier and not (reason or "").strip():
        raise SettingError(
            f"{capacity.first_day} to {capacity.last_day} has a plan already: {earlier[-1]}.",
            expected="one plan a period; another needs a reason, and both stay.",
            advice="Show it with `audit-yield plan show`, or say with --reason why another is needed.",
        )
    return f"{period}-{len(earlier) + 1}"


def names(home: Path) -> list[str]:
    """Return the names of all plans, in the order of their periods."""
    stored = (path.parent.name for path in (home / FOLDER).glob(f"*/{RECORD}"))
    return sorted(stored, key=lambda name: (name.rpartition("-")[0], int(name.rpartition("-")[2])))


def write_plan(plan: AuditPlan, home: Path, *, name: str, about: Mapping[str, Any]) -> StoredPlan:
    """Store a plan under its name, sealed; `about` says what else its record holds."""
    content = io.BytesIO()
    pq.write_table(plan.table(), content, compression="zstd")
    record = {"name": name, **about, **_result(plan), "table": hashlib.sha256(content.getvalue()).hexdigest()}
    record["seal"] = _seal(record)
    with atomic_folder(home / FOLDER / name) as fresh:
        (fresh / TABLE).write_bytes(content.getvalue())
        (fresh / RECORD).write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return read_plan(home, name)


def read_plan(home: Path, name: str) -> StoredPlan:
    """Return a stored plan; raises `SettingError` where there is none and `DataError` where it is damaged."""
    if not (known := names(home)):
        raise SettingError(
            "There is no plan yet.",
            expected="a plan that was made in this home.",
            advice="`audit-yield plan DATA --as-of DAY --capacity FILE` makes one.",
        )
    if name not in known:
        raise unknown(name, known, what="There is no plan")
    folder = home / FOLDER / name
    try:
        record, content = json.loads((folder / RECORD).read_bytes()), (folder / TABLE).read_bytes()
        seal = record.pop("seal")
    except (OSError, ValueError, KeyError, RecursionError) as error:
        raise _damaged(name, str(error)) from error
    if seal != _seal(record) or record["table"] != hashlib.sha256(content).hexdigest():
        raise _damaged(name, "it is not as it was written")
    return StoredPlan(name, record, pq.read_table(io.BytesIO(content)))


def require_same_draw(stored: StoredPlan) -> None:
    """Raise `DataError` where seed and draw do not follow from what the plan decided on."""
    drawn_by = stored.record["drawn_by"]
    candidates, capacity = Candidates.of_table(stored.table), stored.capacity
    seed = seed_of(candidates, capacity, nonce=drawn_by["nonce"], name=stored.name)
    if str(seed) != drawn_by["seed"]:
        raise _damaged(stored.name, "its seed does not follow from its candidates, capacity and number")
    again = make_plan(candidates, capacity, seed=seed).table()
    if not again.equals(stored.table):
        differing = [name for name in again.column_names if again[name] != stored.table[name]]
        versions = f"SciPy {drawn_by['scipy']} then, {scipy.__version__} now"
        raise _damaged(stored.name, f"another draw comes out: {', '.join(differing)} differ ({versions})")


def digest_of(table: pa.Table) -> str:
    """Return the SHA-256 of a table's values and names."""
    digest = hashlib.sha256()
    for name in table.column_names:
        digest.update(json.dumps([name, table[name].to_pylist()]).encode())
    return digest.hexdigest()


def drawn_by(seed: int, nonce: str) -> dict[str, str]:
    """Return what a draw is repeated from: seed, the secret number that is none now, and the solver."""
    return {"seed": str(seed), "nonce": nonce, "scipy": scipy.__version__}


def _result(plan: AuditPlan) -> dict[str, Any]:
    """Return what came out: the plan's worth, each cap with its use and price, the burden on each group."""
    return {
        "value": plan.value,
        "bound": plan.limits.bound,
        "value_without_caps_on_groups": plan.without_groups.value,
        "draws": plan.drawn.draws,
        "caps": plan.caps.priced_rows(plan.used, plan.limits.prices),
        "burdens": [asdict(each) for each in burdens(plan)],
    }


def _seal(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _damaged(name: str, reason: str) -> DataError:
    return DataError(
        f"The plan {name} cannot be trusted: {reason}.",
        expected="the files as `audit-yield plan` wrote them.",
        advice="Restore them from a backup. Do not act on this copy.",
    )

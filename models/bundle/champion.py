"""The champion pointer: a small file that names the published model that serves, replaced in one step."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from features.errors import DataError
from features.storage.atomic import atomic_file

POINTER = "champion.json"
PUBLISHED = "published"


@dataclass(frozen=True)
class Champion:
    """A published model: its version, the folder of its bundle below the home, and what proves it.

    `digest` is that of the bundle, `feature_digest` that of the features it takes, `promoted_at` the moment
    of its promotion (ISO, UTC).
    """

    version: str
    folder: str
    digest: str
    feature_digest: str
    promoted_at: str


def read_champion(home: Path) -> Champion | None:
    """Return the champion that the pointer in `home` names; None where nothing was ever promoted.

    Raises `DataError` where the pointer is not as `point_to` wrote it.
    """
    path = home / POINTER
    try:
        return Champion(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise DataError(
            f"{path} does not say which model serves: {error}.",
            expected="the file as `audit-yield promote` wrote it.",
            advice="Promote a version again.",
        ) from error


def point_to(home: Path, champion: Champion) -> None:
    """Make `champion` the model that serves: a reader sees the old one or the new one, also after a kill."""
    advice = "Free some space; the model that served before still serves."
    with atomic_file(home / POINTER, advice=advice) as new_path, new_path.open("w") as file:
        file.write(json.dumps(asdict(champion), indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())

"""Launch settings of `audit-yield serve`, passed to its processes by environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

from features.data.dataset import Dataset
from features.data.warehouse import Dialect
from features.errors import SettingError

DATA, AS_OF, DIALECT, DRAIN, OPEN, STALE = (
    f"AUDIT_YIELD_{name}" for name in ("DATA", "AS_OF", "DIALECT", "DRAIN_SECONDS", "OPEN", "STALE")
)


@dataclass(frozen=True)
class LaunchSettings:
    """The data to answer from, and how to end.

    `as_of` None is today, whatever day that is; `drain` is how many seconds the service still answers after
    it turned not ready, for a balancer to notice; `is_open` answers this machine without tokens, even where
    there were some; `stale` answers from data that ends long before the day.
    """

    data: str
    as_of: date | None = None
    dialect: Path | None = None
    drain: float = 5.0
    is_open: bool = False
    stale: bool = False

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings from the environment; raises `SettingError` where it names no data."""
        try:
            return cls(
                data=environment[DATA],
                as_of=date.fromisoformat(environment[AS_OF]) if environment.get(AS_OF) else None,
                dialect=Path(environment[DIALECT]) if environment.get(DIALECT) else None,
                drain=max(0.0, float(environment.get(DRAIN) or cls.drain)),
                is_open=environment.get(OPEN) == "1",
                stale=environment.get(STALE) == "1",
            )
        except (KeyError, ValueError) as error:
            raise SettingError(
                f"The environment does not say what to serve: {error}.",
                expected=f"{DATA}, a folder or URL; perhaps {AS_OF}, a day; {DRAIN}, a number.",
                advice="Start it with: audit-yield serve DATA.",
            ) from error

    def environment(self) -> dict[str, str]:
        """Return the settings as variables, independent of the working directory."""
        return {
            DATA: str(Path(self.data).absolute()) if Path(self.data).exists() else self.data,
            AS_OF: self.as_of.isoformat() if self.as_of else "",
            DIALECT: str(self.dialect.absolute()) if self.dialect else "",
            DRAIN: str(self.drain),
            OPEN: "1" if self.is_open else "",
            STALE: "1" if self.stale else "",
        }

    def dataset(self, *, today: date, home: Path) -> Dataset:
        """Return the dataset to answer from on a day."""
        dialect = Dialect.read(self.dialect) if self.dialect else None
        return Dataset(
            data=self.data,
            cutoff=self.as_of or today,
            today=today,
            home=home,
            dialect=dialect,
            stale=self.stale,
        )

"""Launch settings of `audit-yield serve`, passed to its processes by environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

from features.data.dataset import Dataset
from features.data.warehouse import Dialect
from features.environment import Variable
from features.errors import SettingError

DATA = Variable("AUDIT_YIELD_DATA", "", "what it answers from: a folder, a DuckDB file or a URL; must be set")
AS_OF = Variable(
    "AUDIT_YIELD_AS_OF", "", "the cutoff, as 2024-10-01; today, every day anew, where it is not set"
)
DIALECT = Variable(
    "AUDIT_YIELD_DIALECT", "", "the file of a mapping; else `mapping.toml` in the folder of the data"
)
DRAIN = Variable(
    "AUDIT_YIELD_DRAIN_SECONDS", "5.0", "for how long it still answers, not ready, before it ends"
)
OPEN = Variable("AUDIT_YIELD_OPEN", "", "`1` answers this machine without tokens, also after some were made")
STALE = Variable("AUDIT_YIELD_STALE", "", "`1` answers from data that ends long before the day")
VARIABLES = (DATA, AS_OF, DIALECT, DRAIN, OPEN, STALE)


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
                data=environment[DATA.name],
                as_of=date.fromisoformat(text) if (text := AS_OF.read(environment)) else None,
                dialect=Path(text) if (text := DIALECT.read(environment)) else None,
                drain=max(0.0, float(DRAIN.read(environment))),
                is_open=OPEN.read(environment) == "1",
                stale=STALE.read(environment) == "1",
            )
        except (KeyError, ValueError) as error:
            raise SettingError(
                f"The environment does not say what to serve: {error}.",
                expected=f"{DATA.name}, a folder or URL; else {AS_OF.name}, a day; {DRAIN.name}, a number.",
                advice="Start it with: audit-yield serve DATA.",
            ) from error

    def environment(self) -> dict[str, str]:
        """Return the settings as variables, independent of the working directory."""
        return {
            DATA.name: str(Path(self.data).absolute()) if Path(self.data).exists() else self.data,
            AS_OF.name: self.as_of.isoformat() if self.as_of else "",
            DIALECT.name: str(self.dialect.absolute()) if self.dialect else "",
            DRAIN.name: str(self.drain),
            OPEN.name: "1" if self.is_open else "",
            STALE.name: "1" if self.stale else "",
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

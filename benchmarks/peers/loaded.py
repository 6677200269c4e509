"""The live model and snapshot of a home, for a benchmark's peers."""

from datetime import date
from pathlib import Path

from serving.live import Live, Source, load_live


def loaded(home: Path, data: str, day: str) -> Live:
    """Load what serves."""
    return load_live(Source(data, date.fromisoformat(day), date.today()), home=home)

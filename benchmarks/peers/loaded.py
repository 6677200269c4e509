"""The live model and snapshot of a home, for a benchmark's peers."""

from datetime import date
from pathlib import Path

from features.data.dataset import Dataset
from serving.live.state import Live, load_live


def loaded(home: Path, data: str, day: str) -> Live:
    """Load what serves."""
    cutoff, today = date.fromisoformat(day), date.today()
    return load_live(Dataset(data=data, cutoff=cutoff, today=today, home=home))

"""The documents that are written from the code: `python docs/write.py [--check]`."""

import sys
from pathlib import Path

from features import document as features
from features.data.contract import document as contract
from features.data.systems import document as systems
from features.simulate.worlds import document as worlds

DOCS = Path(__file__).parent
DOCUMENTS = {
    DOCS / "contract.md": contract.document,
    DOCS / "features.md": features.document,
    DOCS / "systems.md": systems.document,
    DOCS / "worlds.md": worlds.document,
}


def main() -> int:
    """Write every document, or with --check say which ones are out of date."""
    if "--check" not in sys.argv:
        for path, content in DOCUMENTS.items():
            path.write_text(content(), encoding="utf-8")
        return 0
    stale = [path.name for path, made in DOCUMENTS.items() if path.read_text(encoding="utf-8") != made()]
    for name in stale:
        print(f"docs/{name} is out of date: run `make fix`")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())

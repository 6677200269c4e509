"""The documents that are written from the code: `python docs/write.py [--check]`."""

import sys
from pathlib import Path

from audit_yield import document as settings
from docs import messages
from features import document as features
from features.data.contract import document as contract
from features.data.systems import document as systems
from features.simulate.worlds import document as worlds

DOCS = Path(__file__).parent
DOCUMENTS = {
    DOCS / "contract.md": contract.document,
    DOCS / "features.md": features.document,
    DOCS / "settings.md": settings.document,
    DOCS / "systems.md": systems.document,
    DOCS / "worlds.md": worlds.document,
    **messages.DOCUMENTS,
}


def main() -> int:
    """Write every document, or with --check say which ones are out of date."""
    if "--check" not in sys.argv:
        for path, content in DOCUMENTS.items():
            path.write_text(content(), encoding="utf-8")
        for code in messages.TRANSLATED:
            lacking, count = messages.untranslated(code)
            print(f"{code}: {lacking} of {count} messages have no translation.")
        return 0
    stale = [path for path, made in DOCUMENTS.items() if path.read_text(encoding="utf-8") != made()]
    for path in stale:
        print(f"{path.relative_to(DOCS.parent)} is out of date: run `make fix`")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())

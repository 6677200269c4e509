"""Print pages as PDF, by the Chromium of the machine; a page loads nothing and has no script."""

import os
import shutil
import subprocess
from pathlib import Path

from features.errors import OutputError, SettingError
from features.storage.atomic import output_file
from features.storage.temporary import temporary_folder

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 120.0
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
)


def write_pdf(page: str, path: Path) -> None:
    """Print a page to a PDF file atomically; `-` is standard output.

    Raises `SettingError` where the machine has no Chromium, `OutputError` where that or the disk refuses.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SettingError(
            "There is no Chromium on this machine to print with.",
            expected=f"one of {', '.join(BROWSERS)} on the PATH.",
            advice="Install it, or leave out --pdf and print the page from a browser.",
        )
    with temporary_folder() as folder:
        source, target = folder / "page.html", folder / "page.pdf"
        source.write_text(page, encoding="utf-8")
        sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()  # Chromium has none for the superuser
        command = [browser, *FLAGS, *sandbox, f"--user-data-dir={folder}", f"--print-to-pdf={target}"]
        try:
            subprocess.run([*command, source.as_uri()], capture_output=True, timeout=SECONDS, check=True)  # noqa: S603  our own page, no shell
            content = target.read_bytes()
        except (subprocess.SubprocessError, OSError) as error:
            raise OutputError(
                f"{Path(browser).name} did not print the page: {error}.",
                expected="a PDF of it.",
                advice="Leave out --pdf and print the page from a browser.",
            ) from error
    with output_file(path) as file:
        file.write(content)

"""A real Chromium for tests: what it makes of a page, as text, picture or paper; without a network."""

import html
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

BINARY = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
DARK = "--blink-settings=preferredColorScheme=0"
QUIET = (
    "--headless",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--virtual-time-budget=10000",
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')

needs_chromium = pytest.mark.skipif(BINARY is None, reason="there is no Chromium; .ci/run installs it")
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="there is no axe-core; .ci/run installs it")


def dom(page: str, folder: Path, *flags: str) -> str:
    """Return what a page has become once it is loaded, as HTML."""
    return _run(write_page(page, folder), "--dump-dom", *flags)


def paper(page: str, folder: Path) -> int:
    """Print a page; return how many sheets of A4 it takes."""
    target = folder / "page.pdf"
    _run(write_page(page, folder), "--no-pdf-header-footer", f"--print-to-pdf={target}")
    return len(re.findall(rb"/Type\s*/Page\b", target.read_bytes()))


def picture(address: str, folder: Path) -> bytes:
    """Return what the first screen of an address looks like, as PNG."""
    target = folder / "screen.png"
    _run(address, "--window-size=1280,800", f"--screenshot={target}")
    return target.read_bytes()


def evaluate(page: str, folder: Path, *flags: str, script: str) -> Any:
    """Return what a script finds on a page whose policy, which forbids scripts, was taken away."""
    tag = f"<script>(async () => {{ {script} }})().then(outcome => {{"
    tag += "const at = document.createElement('pre'); at.id = 'outcome';"
    tag += "at.textContent = JSON.stringify(outcome); document.body.append(at) })</script>"
    bare, taken = POLICY.subn("", page)
    assert taken == 1
    content = dom(bare.replace("</body>", tag + "</body>"), folder, *flags)
    match = re.search(r'<pre id="outcome">(.*)</pre>', content, re.DOTALL)
    assert match, content[-2000:]
    return json.loads(html.unescape(match[1]))


def looked_over(page: str, folder: Path, *flags: str) -> dict[str, Any]:
    """Return what a browser and axe-core see of a page.

    `faults` by axe-core's rules for WCAG 2.2 AA and its own good practice, `wide` how many pixels it is wider
    than the window, `loaded` what it fetched; beside them `passes` of axe-core and the `paper` it is on.
    """
    (folder / "axe.js").write_text(AXE.read_text())
    script = f"""
        const wide = document.documentElement.scrollWidth - innerWidth;
        const loaded = performance.getEntriesByType('resource').map(r => r.name.split('/').pop());
        const paper = getComputedStyle(document.body).backgroundColor;
        const outcome = await axe.run({{runOnly: {json.dumps(RULES)}}});
        const faults = outcome.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.html.slice(0, 200)));
        const passes = outcome.passes.length;
        return {{faults, wide, loaded: loaded.filter(n => n != 'axe.js'), passes, paper}}
    """
    with_axe = page.replace("</head>", '<script src="axe.js"></script></head>')
    return dict(evaluate(with_axe, folder, *flags, script=script))


def write_page(page: str, folder: Path) -> str:
    """Write a page to a file; return its address."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    return path.as_uri()


def _run(*arguments: str) -> str:
    assert BINARY
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with tempfile.TemporaryDirectory(prefix="audit-yield-chromium-", ignore_cleanup_errors=True) as profile:
        command = [BINARY, *QUIET, *sandbox, f"--user-data-dir={profile}", *arguments]
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return done.stdout.decode("utf-8", errors="replace")

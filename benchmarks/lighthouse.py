"""Lighthouse's score of accessibility for every page: `make lighthouse`.

Lighthouse comes from npm by `npx`, in the version named here, and runs Debian's Chromium (or the one in CHROME_PATH)
against a server of this process. Bound: 95 of 100 on every page.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import doors
from tests.conftest import CHROMIUM_NAMES

LIGHTHOUSE = "lighthouse@12.8.2"
LEAST = 95
PAGES = ("/help-center", f"/policies/{doors.ITALKI}", "/policies", "/agents", f"/embed?policy={doors.ITALKI}", "/")
_CHROME = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update"
_SECONDS = 300


def main() -> int:
    """Prints the scores; 1 where one of them is below the bound, 2 where Lighthouse cannot run here."""
    npx = shutil.which("npx")
    chrome = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if npx is None or chrome is None:
        print("Lighthouse needs Node.js with npx, and Chromium on PATH or in CHROME_PATH.", file=sys.stderr)
        return 2
    lowest = 100
    with tempfile.TemporaryDirectory() as folder, doors.open_doors(Path(folder)) as servers:
        for page in PAGES:
            score, wrong = _score(npx, chrome, servers.own + page, Path(folder) / "report.json")
            print(f"{page:42} {score:3}  {', '.join(wrong)}".rstrip(), flush=True)
            lowest = min(lowest, score)
    return 0 if lowest >= LEAST else 1


def _score(npx: str, chrome: str, url: str, report: Path) -> tuple[int, list[str]]:
    """The score of one page, and the names of what costs points."""
    command = [npx, "--yes", "--loglevel=error", LIGHTHOUSE, url, "--only-categories=accessibility", "--quiet"]
    command += ["--output=json", f"--output-path={report}", f"--chrome-flags={_CHROME}"]
    environment = {**os.environ, "CHROME_PATH": chrome, "CI": "1"}
    subprocess.run([*command, "--no-enable-error-reporting"], env=environment, check=True, timeout=_SECONDS)
    read = json.loads(report.read_text(encoding="utf-8"))
    counted = {one["id"] for one in read["categories"]["accessibility"]["auditRefs"] if one["weight"]}
    wrong = [name for name in counted if read["audits"][name]["score"] not in (1, None)]
    return round(100 * read["categories"]["accessibility"]["score"]), sorted(wrong)


if __name__ == "__main__":
    sys.exit(main())

"""How soon the server is ready: part of `make load`, or `PYTHONPATH=. python benchmarks/start.py`.

From `python app.py` until `/readyz` says so, over the built index of corpus/, in turns with a process that only imports
the libraries that the customer has chosen, which nothing can be faster than. Bound: 6 seconds at the median.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.operated import ROOT, operated

IMPORTS = "import faiss, gradio, rank_bm25, sentence_transformers"
BOUND = 6.0


def main() -> int:
    """Prints the figures; the exit code is 1 where the bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="starts that are timed (default: 5)")
    parser.add_argument("--workers", default="0", help="as of app.py")
    options = parser.parse_args()
    imports, ready = [], []
    for _ in range(options.rounds + 1):
        started = time.monotonic()
        subprocess.run([sys.executable, "-c", IMPORTS], cwd=ROOT, check=True)
        imports.append(time.monotonic() - started)
        ready.append(_ready(options.workers))
    # The first round reads the files from the disk.
    floor, took = statistics.median(imports[1:]), statistics.median(ready[1:])
    print(f"imports alone: {floor:.1f} s ({min(imports[1:]):.1f} to {max(imports[1:]):.1f})")
    print(f"ready:         {took:.1f} s ({min(ready[1:]):.1f} to {max(ready[1:]):.1f}), {took / floor:.2f} of that")
    return took > BOUND


def _ready(workers: str) -> float:
    """Seconds until the server can answer."""
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp())
    with operated(folder, program=("app.py", "--workers", workers), log="off") as server:
        while time.monotonic() < started + 60:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{server.url}/readyz", trust_env=False).status_code == 200:
                    return time.monotonic() - started
            time.sleep(0.02)
    raise SystemExit("The server was not ready within a minute.")


if __name__ == "__main__":
    sys.exit(main())

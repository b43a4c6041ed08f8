"""The fuzzers find what they should, and what they once found stays mended."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.run import CORPUS, TARGETS, target

ROOT = CORPUS.parents[2]
# Seconds that a process may take to start on a busy machine, fuzz for three, and end.
PATIENCE = 120


@pytest.mark.parametrize("name", TARGETS)
def test_every_kept_input_keeps_the_laws(name: str) -> None:
    tried, inputs = target(name), sorted((CORPUS / name).iterdir())
    assert inputs
    for path in inputs:
        try:
            tried(path.read_bytes())
        except Exception as error:
            error.add_note(f"with {path.relative_to(ROOT)}")
            raise


def test_every_input_has_a_target() -> None:
    assert {path.name for path in CORPUS.iterdir() if path.is_dir()} == set(TARGETS)


def test_what_is_kept_is_small() -> None:
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < 500_000


def fuzzed(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Runs `code` in a process of its own, its findings in `folder`."""
    # A process that is started in place of another inherits the most memory that this one ever had, and a fuzzer takes
    # it for its own; what a shell starts begins anew.
    shell = ("sh", "-c", '"$0" "$@"; exit $?')
    command = [
        *shell,
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.fuzz import run; {code}",
    ]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False
    )


@pytest.mark.parametrize("name", TARGETS)
def test_each_fuzzer_runs_with_coverage(tmp_path: Path, name: str) -> None:
    runs = len(list((CORPUS / name).iterdir())) + 100
    found = fuzzed(tmp_path, f"run.fuzz({name!r}, {PATIENCE // 2}, '-seed=1', '-runs={runs}')")
    assert found.returncode == 0, found.stderr[-3000:]
    assert f"Done {runs} runs" in found.stderr
    (branches,) = re.findall(r"DONE\s+cov: (\d+)", found.stderr)
    assert int(branches) > 200
    assert not list((tmp_path / ".fuzz").glob("*-*"))


BROKEN = """
def read(data):
    if data[:1] == b"q":
        if data[1:2] == b"z":
            if data[2:3] == b"x":
                raise AssertionError("a broken law")
"""


def test_a_fuzzer_finds_a_broken_law_by_its_branches(tmp_path: Path) -> None:
    """No input holds the letters that break it; they are found one after the other."""
    (tmp_path / "broken.py").write_text(BROKEN, encoding="utf-8")
    planted = "run.TARGETS['broken'] = ('broken', 'read', 8, ('broken',)); run.fuzz('broken', 60, '-seed=1')"
    found = fuzzed(tmp_path, planted)
    assert found.returncode != 0
    assert "a broken law" in found.stdout
    (kept,) = (tmp_path / ".fuzz").glob("broken-crash-*")
    assert kept.read_bytes().startswith(b"qzx")

"""Coverage-guided fuzzing by atheris: `python -m tests.fuzz.run TARGET|all [SECONDS [options of libFuzzer]]`.

New inputs go to .fuzz/TARGET, and one that breaks a law to .fuzz/TARGET-crash-…, -timeout-… or -oom-…; what is worth
keeping goes to tests/fuzz/corpus/TARGET, which every test run replays: `TARGET 600 -merge=1 tests/fuzz/corpus/TARGET`
adds the smallest new inputs that cover something more.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / "corpus"
WORK = Path(".fuzz")
# Of each target its module and function, the longest input in bytes, and what is watched for branches beside assistant.
TARGETS: dict[str, tuple[str, str, int, tuple[str, ...]]] = {
    "text": ("tests.fuzz.readers", "read_text", 4096, ()),
    "markdown": ("tests.fuzz.readers", "read_markdown", 4096, ("markdown_it", "mdit_py_plugins")),
    "html": ("tests.fuzz.readers", "read_html", 4096, ()),
    "pdf": ("tests.fuzz.readers", "read_pdf", 8192, ("pypdf",)),
    "policies_csv": ("tests.fuzz.readers", "read_policies_csv", 2048, ()),
    "ask": ("tests.fuzz.questions", "ask", 4096, ()),
    "question": ("tests.fuzz.questions", "question", 600, ()),
}
# A single input may take so many seconds and MiB.
_BOUNDS = ("-timeout=10", "-rss_limit_mb=3000", "-malloc_limit_mb=2000")


def target(name: str) -> Callable[[bytes], None]:
    """The function that takes the inputs of a target."""
    module, function, *_ = TARGETS[name]
    found: Callable[[bytes], None] = getattr(importlib.import_module(module), function)
    return found


def fuzz(name: str, seconds: int, *options: str) -> None:
    """Fuzzes one target, and ends the process."""
    import atheris

    _, _, longest, watched = TARGETS[name]
    with atheris.instrument_imports(include=["assistant", *watched]):
        tried = target(name)
    new, kept = WORK / name, CORPUS / name
    new.mkdir(parents=True, exist_ok=True)
    words = kept.with_suffix(".dict")
    given = [f"-dict={words}"] if words.exists() else []
    given += [f"-max_total_time={seconds}", f"-max_len={longest}", f"-artifact_prefix={WORK}/{name}-"]
    folders = [str(folder) for folder in (new, kept) if folder.is_dir()]
    # What it starts itself by anew, to merge.
    command = f"{sys.executable} -m tests.fuzz.run {name} {seconds}"
    atheris.Setup([command, *_BOUNDS, *given, *options, *folders], tried)
    atheris.Fuzz()


def main(name: str, seconds: str = "60", *options: str) -> None:
    """Fuzzes one target, or "all", each in a process of its own; ends with the first that fails."""
    if name != "all":
        fuzz(name, int(seconds), *options)
    for each in TARGETS:
        command = [sys.executable, "-m", "tests.fuzz.run", each, seconds, *options]
        if code := subprocess.run(command, check=False).returncode:
            sys.exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What `python -m assistant ingest` does: builds the index, says what is stale, or follows the folder."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TextIO

from assistant.errors import AssistantError
from assistant.freshness import is_stale, stale
from assistant.settings import Settings
from assistant.terminal import progress


def build(corpus: Path, index: Path, out: TextIO) -> int:
    """Builds the index, tells each bad file on stderr and a summary on `out`; returns the number of bad files.

    Raises:
        CorpusError, SettingsError, AssistantError: as for `ingest`.
    """
    from assistant.ingest import ingest
    from assistant.isolated import Limits

    settings = Settings.from_environment()
    limits = Limits(settings.max_file_mb, settings.max_file_seconds, settings.max_file_memory_mb)

    def waiting() -> None:
        print(f"Waiting for another ingest into {index}/ …", file=out, flush=True)

    with progress("passages") as advance:
        report = ingest(corpus, index, advance, limits, waiting)
    for error in report.errors:
        print(error, file=sys.stderr)
    bad = f", {len(report.errors)} left out" if report.errors else ""
    new = f" ({report.encoded} new)" if report.encoded < report.passages else ""
    print(f"{report.documents} documents{bad}, {report.passages} passages{new}, {report.seconds:.1f} s.", file=out)
    return len(report.errors)


def check(corpus: Path, index: Path, out: TextIO) -> bool:
    """Says on `out` what an ingest would take up; whether there is anything.

    Raises:
        CorpusError: the folder does not exist or cannot be listed.
    """
    reasons = stale(index, corpus)
    for reason in reasons:
        print(reason, file=out)
    if not reasons:
        print(f"The index of {corpus}/ is up to date.", file=out)
    return bool(reasons)


def watch(corpus: Path, index: Path, out: TextIO, stop: threading.Event | None = None) -> None:
    """Builds the index now and after each change of the folder, until it is interrupted or `stop` is set.

    What goes wrong with one build is told, and the next change is waited for.

    Raises:
        CorpusError: the folder does not exist or cannot be listed.
    """
    import watchfiles

    if is_stale(index, corpus):
        build(corpus, index, out)
    print(f"Watching {corpus}/ …", file=out, flush=True)
    for _ in watchfiles.watch(corpus, stop_event=stop, recursive=False, raise_interrupt=False, rust_timeout=1000):
        try:
            if is_stale(index, corpus):
                build(corpus, index, out)
                out.flush()
        except AssistantError as error:
            print(error, file=sys.stderr, flush=True)

"""What `python -m assistant ingest` does: builds the index, says what is stale, or follows the folder."""

from __future__ import annotations

import contextlib
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from assistant.errors import AssistantError
from assistant.freshness import is_stale, stale
from assistant.settings import Settings
from assistant.terminal import progress

if TYPE_CHECKING:
    from assistant.ingest import IngestReport
    from assistant.isolated import Limits

# Seconds after which a folder that has not changed is looked at again.
AGAIN = 60.0
# Seconds between two looks at whether the folder is still there.
_TURN = 1.0


def build(corpus: Path, index: Path, out: TextIO) -> int:
    """Builds the index, tells each bad file on stderr and a summary on `out`; returns the number of bad files.

    Raises:
        CorpusError, SettingsError, AssistantError: as for `ingest`.
    """
    from assistant.ingest import ingest

    limits = limits_of(Settings.from_environment())

    def waiting() -> None:
        print(f"Waiting for another ingest into {index}/ …", file=out, flush=True)

    with progress("passages") as bar:
        report = ingest(corpus, index, bar.advance, limits, waiting, bar.step)
    return tell(report, out)


def limits_of(settings: Settings) -> Limits:
    """What reading one file may take."""
    from assistant.isolated import Limits

    return Limits(settings.max_file_mb, settings.max_file_seconds, settings.max_file_memory_mb)


def tell(report: IngestReport, out: TextIO) -> int:
    """Tells each bad file on stderr and a summary on `out`; returns the number of bad files."""
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
    return tell_stale(stale(index, corpus), corpus, out)


def tell_stale(reasons: Sequence[str], corpus: Path, out: TextIO) -> bool:
    """Says on `out` what is out of date, or that nothing is; whether anything is."""
    for reason in reasons:
        print(reason, file=out)
    if not reasons:
        print(f"The index of {corpus}/ is up to date.", file=out)
    return bool(reasons)


def watch(corpus: Path, index: Path, out: TextIO, stop: threading.Event | None = None) -> None:
    """Builds the index now and after each change of the folder, as `follow`.

    Raises:
        AssistantError: the first build fails.
    """
    follow(corpus, out, lambda: is_stale(index, corpus), lambda: build(corpus, index, out), stop)


def follow(
    corpus: Path,
    out: TextIO,
    due: Callable[[], bool],
    rebuild: Callable[[], object],
    stop: threading.Event | None = None,
) -> None:
    """Builds now and after each change of the folder where that is due, until it is interrupted or `stop` is set.

    What goes wrong with a later build is told once. It is tried again after the next change, and now and then without
    one: space on the disk comes back, and a folder that was moved away.

    Raises:
        AssistantError: the first build fails.
    """
    if due():
        rebuild()
    print(f"Watching {corpus}/ …", file=out, flush=True)
    told = ""
    with contextlib.suppress(KeyboardInterrupt):
        for _ in _looks(corpus, stop or threading.Event()):
            try:
                if due():
                    rebuild()
                    out.flush()
                told = ""
            except AssistantError as error:
                if str(error) != told:
                    print(error, file=sys.stderr, flush=True)
                told = str(error)


def _looks(corpus: Path, stop: threading.Event) -> Iterator[None]:
    """Yields after each change of the folder and every `AGAIN` seconds; the folder may go away, and come back."""
    import watchfiles

    while not stop.is_set():
        here, looked = _inode(corpus), -math.inf
        if here is None:
            yield
            stop.wait(_TURN)
            continue
        for changes in watchfiles.watch(
            corpus, stop_event=stop, recursive=False, rust_timeout=int(1000 * _TURN), yield_on_timeout=True
        ):
            if changes or time.monotonic() > looked + AGAIN:
                yield
                looked = time.monotonic()
            # What was watched has another name now, or none.
            if _inode(corpus) != here:
                break


def _inode(folder: Path) -> tuple[int, int] | None:
    """What names a folder whatever it is called; None where there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino

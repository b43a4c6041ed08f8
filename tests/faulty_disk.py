"""A disk that gets full at every moment of an ingest and of a vote: `python -m tests.faulty_disk FOLDER [ROOM]`.

FOLDER lies on a disk that may be filled up; without ROOM files are bounded in size instead, as a quota does. What was
told is printed as JSON. It fails where an index was lost, anything was left behind, or the next try did not succeed.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from assistant import ingest
from assistant.cli import main as command
from assistant.errors import FeedbackError
from assistant.feedback.store import FeedbackStore
from assistant.feedback.votes import Vote
from assistant.index import load
from benchmarks.light import Here, Light

TEXT = "Shop Privacy Policy\n\n1. Data\nWe keep your name for {} days.\n\n2. Sharing\nWe never sell data."
PAGE = 4096
LOCKS = {".ingest", ".lock"}


def main(folder: Path, filled: bool) -> None:
    """Tries with more and more room until it is enough."""
    corpus, place = folder / "corpus", folder / "index"
    corpus.mkdir()
    ballast = folder / "ballast"

    @contextlib.contextmanager
    def little(room: int) -> Iterator[None]:
        if not filled:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room * 512, resource.RLIM_INFINITY))
            yield
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            return
        fill(ballast, room)
        yield
        ballast.unlink()

    write(corpus, 0)
    assert ingested(corpus, place) == ""
    told = {"ingest": tried(little, lambda: checked(corpus, place))}
    store = FeedbackStore(folder / "feedback.sqlite")
    store.vote(Vote(True))
    told["vote"] = tried(little, lambda: voted(store))
    json.dump(told, sys.stdout)


def tried(
    little: Callable[[int], contextlib.AbstractContextManager[None]], use: Callable[[], Iterator[str]]
) -> list[str]:
    """What `use` says with 0, 1, 2 … pages of room, up to the first that is enough.

    Args:
        little: leaves so much room.
        use: makes ready, yields, tries, yields what was told, and looks at what became of it.
    """
    said = []
    for room in range(2000):
        steps = use()
        next(steps)
        with little(room):
            sentence = next(steps)
        assert next(steps, "") == ""
        if not sentence:
            return said
        said.append(sentence)
    raise AssertionError("no room was enough")


def checked(corpus: Path, place: Path) -> Iterator[str]:
    """An ingest on a disk that may be full; then what is left of it, and one on a disk that is not."""
    before = days(place)
    write(corpus, before + 1)
    yield ""
    told = ingested(corpus, place)
    yield told
    assert days(place) == before + (not told)
    assert left(place) == 1
    assert ingested(corpus, place) == ""
    assert days(place) == before + 1
    assert left(place) == 1


def voted(store: FeedbackStore) -> Iterator[str]:
    """A vote on a disk that may be full, and one on a disk that is not."""
    before = len(store.votes())
    told = ""
    yield ""
    try:
        store.vote(Vote(False, note="n " * 400))
    except FeedbackError as error:
        told = str(error)
    yield told
    store.vote(Vote(True))
    assert before + 1 <= len(store.votes()) <= before + 2


def ingested(corpus: Path, place: Path) -> str:
    """What an ingest says on stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = command(["ingest", "--corpus", str(corpus), "--index", str(place)])
    assert code == bool(err.getvalue()), err.getvalue()
    return err.getvalue()


def write(corpus: Path, number: int) -> None:
    (corpus / "shop.txt").write_text(TEXT.format(number), encoding="utf-8")


def days(place: Path) -> int:
    (document,) = load(place).documents
    return int(document.text.partition(" days")[0].rpartition(" ")[2])


def left(place: Path) -> int:
    """How many builds there are; nothing else may be there but the manifest and the locks."""
    names = {path.name for path in place.iterdir()} - LOCKS - {"manifest.json"}
    assert all(name.startswith("build-") for name in names), names
    return len(names)


def fill(ballast: Path, room: int) -> None:
    """Fills the disk up to so many pages."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(PAGE))
    with ballast.open("r+b") as file:
        file.truncate(max(0, os.fstat(file.fileno()).st_size - room * PAGE))


if __name__ == "__main__":
    with mock.patch.object(ingest, "Reader", return_value=Here()), mock.patch.object(ingest, "Encoder", Light):
        main(Path(sys.argv[1]), filled=len(sys.argv) > 2)

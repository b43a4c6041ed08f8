"""Policies are read in a process of their own, bounded in time and memory: a bad file takes down that one alone.

The process gets a path and gives back lines of JSON, as the index holds them; nothing that it sends is ever run. It
reads files one after the other and is started anew after one that it did not survive.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, cast

import orjson

from assistant.errors import PolicyFileError
from assistant.policies.parse import parse
from assistant.policies.passages import split
from assistant.policies.source import read_source
from assistant.records import check_passage, document_line, passage_line, read_document, read_passage
from assistant.types import Document, Passage, Policy

_MEBIBYTE = 1 << 20
_ROOT = Path(__file__).resolve().parent.parent
# Bytes in front of each message that say how long it is.
_HEAD = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one policy may take."""

    # Largest file.
    file_mb: float = 50
    # From the path to the passages.
    seconds: float = 120
    # Address space of the process that reads.
    memory_mb: int = 4096


class Reader:
    """Reads policies one after the other; a context manager, whose end is the end of the process."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def read(self, path: Path, row: Policy | None = None) -> tuple[Document, tuple[Passage, ...]]:
        """The document in a file, and its passages numbered from 0.

        Args:
            path: the file.
            row: what policies.csv says of it.

        Raises:
            PolicyFileError: it cannot be read as what its ending says, or not within the limits.
        """
        asked = {"path": os.fsencode(path).hex(), "row": asdict(row) if row else None}
        answer = self._answer(orjson.dumps(asked), path.name)
        if "wrong" in answer:
            raise PolicyFileError(path.name, answer["wrong"], answer["remedy"])
        document = read_document(answer["document"].encode())
        passages = tuple(read_passage(line.encode(), at) for at, line in enumerate(answer["passages"]))
        for passage in passages:
            check_passage(passage, document)
        return document, passages

    def _answer(self, asked: bytes, name: str) -> dict[str, str]:
        process = self._process = self._process or self._start()
        stdin, stdout = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self._limits.seconds, end)
        timer.start()
        try:
            _send(stdin, asked)
            answer = _receive(stdout)
        except OSError:
            answer = None
        finally:
            timer.cancel()
        if answer is not None:
            if late.is_set():
                # Killed with its answer already on the way: the next file needs another process.
                self._end()
            found: dict[str, str] = orjson.loads(answer)
            return found
        self._end()
        if late.is_set():
            wrong = f"reading it takes more than {self._limits.seconds:g} seconds"
            raise PolicyFileError(name, wrong, "split it, or raise ASSISTANT_MAX_FILE_SECONDS")
        raise PolicyFileError(name, "its reader broke down on it", "save it in another format, or remove it")

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "assistant.isolated", orjson.dumps(asdict(self._limits)).decode()]
        paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.communicate()


def main(argv: Sequence[str]) -> None:
    """The process that reads: answers one message after the other until its input ends."""
    limits = Limits(**orjson.loads(argv[0]))
    _bound(limits)
    inward, outward = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What a library prints is no answer.
    os.dup2(2, 1)
    while (asked := _receive(inward)) is not None:
        _send(outward, orjson.dumps(_told(asked, limits)))


def _told(asked: bytes, limits: Limits) -> dict[str, object]:
    message = orjson.loads(asked)
    path = Path(os.fsdecode(bytes.fromhex(message["path"])))
    row = Policy(**message["row"]) if message["row"] else None
    try:
        document = parse(read_source(path, int(limits.file_mb * _MEBIBYTE)), row)
        passages = [passage_line(passage).decode() for passage in split(document)]
        return {"document": document_line(document).decode(), "passages": passages}
    except PolicyFileError as error:
        return {"wrong": error.wrong, "remedy": error.remedy}
    except MemoryError:
        wrong = f"reading it takes more than {limits.memory_mb:,} MiB of memory"
        return {"wrong": wrong, "remedy": "split it, or raise ASSISTANT_MAX_FILE_MEMORY_MB"}
    except Exception as error:
        # Whatever a library raises over a hostile file: the file is left out, and the others are read.
        wrong = f"its reader failed on it ({type(error).__name__})"
        return {"wrong": wrong, "remedy": "save it in another format, or remove it"}


def _bound(limits: Limits) -> None:
    """Bounds the memory of this process, where the system can."""
    try:
        import resource
    except ImportError:
        return
    memory = limits.memory_mb * _MEBIBYTE
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _send(stream: IO[bytes], message: bytes) -> None:
    stream.write(len(message).to_bytes(_HEAD, "big") + message)
    stream.flush()


def _receive(stream: IO[bytes]) -> bytes | None:
    """The next message; None at the end of the stream or where it is cut."""
    head = stream.read(_HEAD)
    if len(head) < _HEAD:
        return None
    length = int.from_bytes(head, "big")
    message = stream.read(length)
    return message if len(message) == length else None


if __name__ == "__main__":
    main(sys.argv[1:])

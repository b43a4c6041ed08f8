"""The only start of the server: settings → assistant over the newest index → web application."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.workers.process import usual_count

if TYPE_CHECKING:
    from assistant.generations import Generations
    from assistant.workers import Workers
    from assistant.workers.worker import Call, Job, Reply


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until stopped; 1 and one sentence where the settings, the index or the model cannot be used."""
    args = parser().parse_args(argv)
    # The first process of a container would not hear it else; the server finishes what is in hand before.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Nothing of what is loaded goes away again: looking for that takes a fifth of the time. `serve` looks again.
    gc.disable()
    try:
        settings = Settings.from_environment()
        if args.workers is not None:
            settings = replace(settings, workers=args.workers)
        settings = replace(settings, workers=settings.workers or usual_count())
        (_serve_here if settings.workers == 1 else _serve_by_workers)(settings)
    except AssistantError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        gc.enable()
    return 0


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="python app.py",
        description="Starts the web server over the built index. Settings are read from the variables ASSISTANT_*.",
        allow_abbrev=False,
    )
    made.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes that answer, beside the one that serves; 0 for one for each core, four at most; 1 for all in "
        "one process (default: ASSISTANT_WORKERS)",
    )
    return made


def _serve_here(settings: Settings) -> None:
    """Everything in this process."""
    generations = _generations(settings)
    from assistant.web.app import serve

    serve(generations, settings)


def _serve_by_workers(settings: Settings) -> None:
    """Pages in this process, answers in others, which load the encoder while this one loads the web application."""
    from assistant.web.log import start_log
    from assistant.workers import CALLS, Workers, shared_out

    answering = _answering(settings)
    # What is started from here reads them.
    os.environ.update(shared_out(settings.workers))
    # An answer is sent while the next one is made.
    settings = replace(settings, concurrency=max(settings.concurrency, (CALLS + 1) * settings.workers))
    prepare = partial(start_log, settings.log)
    longest = settings.max_question_chars
    with Workers(settings.index, settings.workers, longest, prepare=prepare, answering=answering) as workers:
        from assistant.web.app import serve

        serve(_generations(settings, workers), settings)


def _answering(settings: Settings) -> Callable[[Job], Callable[[Call], Reply]]:
    """What makes workers reply, where there is something to reply from: told before anything is started."""
    if settings.embedded:
        from assistant.index import read_manifest
        from assistant.workers.worker import Answering

        read_manifest(settings.index)
        return Answering
    from assistant.engines.milvus.opening import opened_store
    from assistant.remote import AnsweringRemotely

    opened_store(settings)
    return partial(AnsweringRemotely, settings)


def _generations(settings: Settings, workers: Workers | None = None) -> Generations:
    """The newest policies of the engine, answered from by `workers`, or in this process where there are none."""
    if not settings.embedded:
        from assistant.remote import followed

        return followed(settings, workers)
    from assistant.generations import Generations

    index, longest = settings.index, settings.max_question_chars
    if workers is None:
        return Generations(index, longest)
    from assistant.workers.served import open_served

    return Generations(index, longest, lambda _: open_served(index, longest, workers))


if __name__ == "__main__":
    sys.exit(main())

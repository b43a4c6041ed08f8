"""Which index a command asks, built first where that is called for."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import IndexDamagedError, IndexStaleError
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.ask import Assistant


def folders(args: argparse.Namespace) -> tuple[Path, Path]:
    """Corpus and index: as given, else as set in the environment, else the defaults."""
    settings = Settings.from_environment()
    return getattr(args, "corpus", settings.corpus), getattr(args, "index", settings.index)


def served(args: argparse.Namespace, settings: Settings) -> bool:
    """Whether a server is asked; an index that is named on the command line goes before the settings."""
    return not settings.embedded and not hasattr(args, "index")


def opened(args: argparse.Namespace) -> Assistant:
    """The assistant over the index, which is built first where it is missing or of another corpus.

    An index that is named without its corpus is used as it stands: the default corpus must not replace it. So is one
    whose corpus is not there.
    """
    corpus, index = folders(args)
    settings = Settings.from_environment()
    if served(args, settings):
        from assistant.remote import opened as opened_there

        return opened_there(settings)
    longest = settings.max_question_chars
    from assistant.ask import Assistant
    from assistant.freshness import is_stale

    named_alone = hasattr(args, "index") and not hasattr(args, "corpus")
    may_build = not named_alone and (corpus.is_dir() or hasattr(args, "corpus"))
    if may_build and is_stale(index, corpus):
        _build_first(corpus, index)
    try:
        return Assistant.open(index, longest)
    except (IndexStaleError, IndexDamagedError):
        if not may_build:
            raise
    _build_first(corpus, index)
    return Assistant.open(index, longest)


def _build_first(corpus: Path, index: Path) -> None:
    from assistant.upkeep import build

    print(f"Building the index of {corpus}/ …", file=sys.stderr)
    build(corpus, index, sys.stderr)

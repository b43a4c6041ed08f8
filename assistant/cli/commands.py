"""What each command does; heavy libraries are imported where they are needed."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from assistant.cli.opening import folders, opened, served
from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.shards import Shard


def ingest(args: argparse.Namespace) -> int:
    """Builds the index, says what is stale, or follows the folder; 1 where a file is bad or something is stale."""
    corpus, index = folders(args)
    settings = Settings.from_environment()
    if served(args, settings):
        return _upload(args, settings, corpus)
    if args.shard:
        raise SettingsError(
            "--shard is for several machines that fill one Milvus server, and an index on this machine has one writer; "
            "name the server with ASSISTANT_ENGINE, or leave --shard out."
        )
    from assistant.freshness import is_stale
    from assistant.upkeep import build, check, watch

    if args.check or (args.if_stale and not is_stale(index, corpus)):
        return 1 if check(corpus, index, sys.stdout) else 0
    if args.watch:
        watch(corpus, index, sys.stdout)
        return 0
    return 1 if build(corpus, index, sys.stdout) else 0


def _upload(args: argparse.Namespace, settings: Settings, corpus: Path) -> int:
    """As `ingest`, into a server."""
    from assistant import upload

    shard = Shard.parse(args.shard) if args.shard else Shard()
    if args.check:
        return 1 if upload.check(settings, corpus, shard, sys.stdout) else 0
    if args.watch:
        upload.watch(settings, corpus, shard, sys.stdout)
        return 0
    # What is up to date is not written again.
    return 1 if upload.build(settings, corpus, shard, sys.stdout) else 0


def ask(args: argparse.Namespace) -> int:
    """Answers one question."""
    answer = opened(args).ask(
        _clean(args.question),
        policies=args.policy,
        history=tuple(_clean(earlier) for earlier in args.history),
        top_k=args.top_k,
    )
    if args.json:
        from assistant.json_form import answer_form

        _print_json(answer_form(answer))
    else:
        from assistant.terminal import answer_text

        print(answer_text(answer, **_style()))
    return 0


def clause(args: argparse.Namespace) -> int:
    """Shows a clause."""
    from assistant.terminal import citations_text

    print(citations_text(opened(args).clause(args.policy, args.number), **_style()))
    return 0


def policies(args: argparse.Namespace) -> int:
    """Lists the policies."""
    from assistant.terminal import policies_text

    print(policies_text(opened(args).policies()))
    return 0


def password(args: argparse.Namespace) -> int:
    """Makes a line of settings of a password."""
    from assistant.password import login_line

    print(login_line(args.name))
    return 0


def evaluate(args: argparse.Namespace) -> int:
    """Asks judged questions and shows the figures."""
    from assistant.evaluation import evaluate as asking
    from assistant.evaluation import report as figures
    from assistant.evaluation.details import details_line
    from assistant.evaluation.questions import read_questions
    from assistant.terminal import progress

    questions = read_questions(args.from_feedback or args.questions, reviewed_only=args.from_feedback is not None)
    assistant = opened(args)
    outcomes = []
    with contextlib.ExitStack() as stack:
        # Opened before the first question: a path that cannot be written is told at once.
        details = stack.enter_context(args.details.open("w", encoding="utf-8")) if args.details else None
        bar = stack.enter_context(progress("questions", len(questions)))
        for outcome in asking.evaluate(assistant, questions, top_k=args.top_k):
            outcomes.append(outcome)
            if details:
                details.write(details_line(outcome) + "\n")
            bar.advance(1)
    print(figures.report(figures.rows(outcomes)))
    return 0


def report(args: argparse.Namespace) -> int:
    """Shows what was not covered, or adds it to a file for review."""
    from assistant.feedback.gaps import gaps
    from assistant.feedback.report import report_form, report_text
    from assistant.feedback.store import FeedbackStore

    settings = Settings.from_environment()
    store = FeedbackStore(settings.feedback, retention_days=settings.retention_days)
    if args.review:
        from assistant.feedback.review import add_candidates, candidates

        rows = candidates(opened(args), store, args.days)
        print(f"{add_candidates(args.review, rows)} of {len(rows)} questions are new in {args.review}.")
        return 0
    found = gaps(store, args.days)
    if args.json:
        _print_json(report_form(found))
    else:
        print(report_text(found))
    return 0


def _style() -> dict[str, Any]:
    """How citations are printed: wrapped and with marks set bold on a terminal, plain elsewhere."""
    if not sys.stdout.isatty():
        return {}
    return {"width": min(100, shutil.get_terminal_size().columns), "bold": not os.environ.get("NO_COLOR")}


def _print_json(form: dict[str, object]) -> None:
    # Escapes are ugly, but right on every terminal and in every locale.
    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    print(json.dumps(form, ensure_ascii=ascii_only, indent=2))


def _clean(argument: str) -> str:
    """An argument with bytes that are no UTF-8 replaced, so that it can be printed again."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
